//! Our encodings against the grammar, by two validators that have not read our code.
//!
//! Neither is right on its own: `cddl` doesn't take named types as map keys, `cddl-cat` knows no
//! tags; each gets a copy of the grammar with those written otherwise, and `cddl-cat` has no say
//! where a tag is. Neither looks at
//! what follows the item or at the form of integers; our own decoder does, and is asked here too.

use arbitrary::{Arbitrary, Unstructured};
use nodewire::codec::leios::{NaiveMessage, ReplyMessage, RequestMessage};
use nodewire::codec::{Malformed, Source};
use proptest::prelude::*;

const GRAMMAR: &str = include_str!("../../src/codec/leios/leios.cddl");

/// The grammar for `cddl`, with this rule first.
fn for_cddl(rule: &str) -> String {
    let grammar = GRAMMAR.replace("word16 =>", "uint =>").replace("hash32 =>", "bytes =>");
    format!("root = {rule}\n{grammar}")
}

/// The grammar for `cddl-cat`.
fn for_cat() -> String {
    GRAMMAR.replace("#6.24(bstr)", "any")
}

/// What `cddl` says, and what `cddl-cat` says where it can.
fn verdicts(rule: &str, bytes: &[u8]) -> (bool, Option<bool>) {
    let first = cddl::validate_cbor_from_slice(&for_cddl(rule), bytes, None).is_ok();
    let tagged = bytes.windows(2).any(|pair| pair == [0xd8, 24]);
    let second = || cddl_cat::validate_cbor_bytes(rule, &for_cat(), bytes).is_ok();
    (first, (!tagged).then(second))
}

fn value<M: for<'a> Arbitrary<'a>>(data: &[u8]) -> Option<M> {
    M::arbitrary(&mut Unstructured::new(data)).ok()
}

/// What we write is in the grammar.
fn conforms<M>(rule: &str, data: &[u8], encode: fn(&M, &mut Vec<u8>))
where
    M: for<'a> Arbitrary<'a> + std::fmt::Debug,
{
    let Some(message) = value::<M>(data) else { return };
    let mut bytes = Vec::new();
    encode(&message, &mut bytes);
    let (first, second) = verdicts(rule, &bytes);
    assert!(first && second != Some(false), "{first} {second:?} {message:?}");
}

/// What is not in the grammar, we don't read: a byte of a good message is changed.
fn refuses<M>(
    rule: &str,
    data: &[u8],
    (at, byte): (usize, u8),
    encode: fn(&M, &mut Vec<u8>),
    decode: fn(&[u8], Source<'_>) -> Result<M, Malformed>,
) where
    M: for<'a> Arbitrary<'a> + std::fmt::Debug,
{
    let Some(message) = value::<M>(data) else { return };
    let mut bytes = Vec::new();
    encode(&message, &mut bytes);
    let at = at % bytes.len();
    bytes[at] = byte;
    if decode(&bytes, Source::COPY).is_ok() {
        let (first, second) = verdicts(rule, &bytes);
        assert!(first || second == Some(true), "{bytes:02x?} is read, but neither validator finds it in {rule}");
    }
}

proptest! {
    #[test]
    fn encodings_conform(data in prop::collection::vec(any::<u8>(), 0..600)) {
        conforms("leiosRequestMessage", &data, RequestMessage::encode);
        conforms("leiosReplyMessage", &data, ReplyMessage::encode);
        conforms("naiveLeiosMessage", &data, NaiveMessage::encode);
    }

    #[test]
    fn what_is_read_conforms(
        data in prop::collection::vec(any::<u8>(), 0..200), at: usize, byte: u8,
    ) {
        refuses("leiosRequestMessage", &data, (at, byte), RequestMessage::encode, RequestMessage::decode);
        refuses("leiosReplyMessage", &data, (at, byte), ReplyMessage::encode, ReplyMessage::decode);
        refuses("naiveLeiosMessage", &data, (at, byte), NaiveMessage::encode, NaiveMessage::decode);
    }
}

#[test]
fn the_validators_can_say_no() {
    let bad = [0x83, 1, 0, 0x80];
    assert_eq!(verdicts("leiosRequestMessage", &bad), (false, Some(false)));
    assert!(RequestMessage::decode(&bad, Source::COPY).is_err());
}
