//! Messages of all 49 functions: round trips, cuts, flips.

use nodewire::bytes::Bytes;
use nodewire::codec::chia::{Function, Message};
use nodewire::codec::{Malformed, MalformedKind, Source};
use proptest::prelude::*;

use crate::{any_message, encoded, functions, message_of};

/// Encodes, decodes from a shared and from a copied read, prints and parses: always the same.
fn check_identity(message: &Message) {
    let read = Bytes::from(encoded(message));
    assert_eq!(read.len(), message.wire_len());
    let shared = Message::decode(&read, Source::of(&read)).expect("our own encoding");
    assert_eq!(&shared, message);
    assert_eq!(Message::decode(&read, Source::COPY).as_ref(), Ok(message));
    assert_eq!(encoded(&shared), read);
    let json = serde_json::to_string(message).expect("messages are data");
    assert_eq!(&serde_json::from_str::<Message>(&json).expect("what we wrote"), message);
}

/// A part is never a message; it ends too early, or has too few bytes for what it claims.
fn check_prefixes(bytes: &[u8]) {
    for end in 0..bytes.len() {
        let error = Message::decode(&bytes[..end], Source::COPY).expect_err("a part");
        let short = matches!(error.kind, MalformedKind::UnexpectedEnd | MalformedKind::TooLarge);
        assert!(short && error.offset <= end, "{error} of {end}");
    }
    let error = Malformed::new(MalformedKind::TrailingBytes, bytes.len());
    assert_eq!(Message::decode(&[bytes, &[0xff]].concat(), Source::COPY), Err(error));
}

/// Whatever bytes: no panic, an offset inside them, and a message whose encoding is its only one
/// and never longer.
pub fn check_any_bytes(bytes: &[u8]) {
    let read = Bytes::copy_from_slice(bytes);
    let found = Message::decode(&read, Source::of(&read));
    assert_eq!(Message::decode(bytes, Source::COPY), found, "sharing changes the value");
    match found {
        Ok(message) => {
            let canonical = encoded(&message);
            assert_eq!(canonical.len(), message.wire_len());
            assert!(canonical.len() <= bytes.len());
            assert_eq!(Message::decode(&canonical, Source::COPY), Ok(message));
        }
        Err(error) => assert!(error.offset <= bytes.len(), "{error}"),
    }
}

proptest! {
    #[test]
    fn every_message_is_read_as_it_was_written(message in any_message()) {
        check_identity(&message);
    }

    #[test]
    fn every_cut_is_an_error(message in any_message()) {
        check_prefixes(&encoded(&message));
    }

    /// Every byte of a message, changed in one way or another.
    #[test]
    fn every_flip_is_an_error_or_another_message(message in any_message(), bits in 1..=255_u8) {
        let mut bytes = encoded(&message);
        for at in 0..bytes.len() {
            bytes[at] ^= bits;
            check_any_bytes(&bytes);
            bytes[at] ^= bits;
        }
    }

    #[test]
    fn spliced_messages(
        one in any_message(), other in any_message(), at: prop::sample::Index,
        from: prop::sample::Index,
    ) {
        let (one, other) = (encoded(&one), encoded(&other));
        check_any_bytes(&[&one[..at.index(one.len())], &other[from.index(other.len())..]].concat());
    }
}

proptest! {
    /// The members of one function under the name of another.
    #[test]
    fn members_belong_to_their_function(message in any_message(), other in functions()) {
        let name = message.function().name();
        let bytes = encoded(&message);
        let text = |name: &str| match name.len() {
            len @ 0..=23 => [&[0x60 | len as u8][..], name.as_bytes()].concat(),
            len => [&[0x78, len as u8][..], name.as_bytes()].concat(),
        };
        let rest = &bytes[3 + text(name).len()..];
        let renamed = [&bytes[..3], &text(other.name()), rest].concat();
        check_any_bytes(&renamed);
        if let Ok(found) = Message::decode(&renamed, Source::COPY) {
            prop_assert_eq!(found.function(), other);
        }
    }
}

/// Not by chance: every function, from its smallest members and from others.
#[test]
fn all_functions_keep_the_laws() {
    let mut seen = 0;
    for function in Function::ALL {
        for bytes in [vec![0; 1_600], vec![0x5a; 2_000], vec![0xff; 3_000]] {
            let message = message_of(*function, &bytes).expect("bytes enough");
            assert_eq!(message.function(), *function);
            check_identity(&message);
            check_prefixes(&encoded(&message));
            seen += 1;
        }
    }
    assert_eq!(seen, 3 * 49);
}

/// Every input of up to two bytes, and every envelope of up to two bytes of members.
#[test]
fn all_short_inputs() {
    for length in 0..=2 {
        for number in 0..1_u32 << (8 * length) {
            let bytes = &number.to_be_bytes()[4 - length..];
            check_any_bytes(bytes);
            check_any_bytes(&[b"\xa2\x61f\x64ping\x61d", bytes].concat());
            check_any_bytes(&[b"\xa2\x61f\x6crequest_data\x61d\xa2\x6amin_height", bytes].concat());
        }
    }
}
