//! What an envelope may look like beside the one way in which it is written (D-1 to D-8, R-2).

use nodewire::codec::chia::{Function, Message, SKIP_DEPTH};
use nodewire::codec::{Malformed, MalformedKind, Source};
use proptest::prelude::*;

use crate::{any_message, encoded};

/// Names and values, as they are encoded.
type Members = Vec<(Vec<u8>, Vec<u8>)>;

/// An encoding in its parts.
struct Envelope {
    function: Vec<u8>,
    members: Members,
}

impl Envelope {
    fn of(message: &Message) -> Self {
        let bytes = encoded(message);
        let mut decoder = minicbor::Decoder::new(&bytes);
        let item = |decoder: &mut minicbor::Decoder<'_>| {
            let from = decoder.position();
            decoder.skip().unwrap();
            bytes[from..decoder.position()].to_vec()
        };
        assert_eq!(decoder.map().unwrap(), Some(2));
        assert_eq!(decoder.str().unwrap(), "f");
        let function = item(&mut decoder);
        assert_eq!(decoder.str().unwrap(), "d");
        let count = decoder.map().unwrap().unwrap();
        let members = (0..count).map(|_| (item(&mut decoder), item(&mut decoder))).collect();
        Self { function, members }
    }

    fn d(&self) -> Vec<u8> {
        let pairs = self.members.iter().flat_map(|(name, value)| [&name[..], value].concat());
        // No minimal head: it means the same (D-5).
        [0xb9, 0, self.members.len() as u8].into_iter().chain(pairs).collect()
    }

    /// `d` before `f`, and before and between them what nobody knows.
    fn other_way_round(&self, unknown: &[u8]) -> Vec<u8> {
        let parts = [
            &[0xb8, 4, 0x61, b'x'][..],
            unknown,
            &[0x78, 1, b'd'],
            &self.d(),
            &[0x60],
            unknown,
            &[0x61, b'f'],
            &self.function,
        ];
        parts.concat()
    }

    fn plain(&self) -> Vec<u8> {
        [&[0xa2, 0x61, b'f'][..], &self.function, &[0x61, b'd'], &self.d()].concat()
    }
}

fn decode(bytes: &[u8]) -> Result<Message, Malformed> {
    Message::decode(bytes, Source::COPY)
}

fn check(bytes: &[u8], message: &Message) {
    assert_eq!(decode(bytes).as_ref(), Ok(message));
}

fn kind(bytes: &[u8]) -> MalformedKind {
    decode(bytes).expect_err("no message").kind
}

/// So many arrays in one another.
fn nested(levels: usize) -> Vec<u8> {
    [vec![0x81; levels], vec![0]].concat()
}

proptest! {
    #[test]
    fn order_and_unknown_keys_mean_nothing(message in any_message(), by in 0..4_usize) {
        let mut envelope = Envelope::of(&message);
        let members = envelope.members.len().max(1);
        envelope.members.rotate_left(by % members);
        check(&envelope.plain(), &message);
        let unknown = [
            &[0xa1, 0x61, b'y', 0x82, 0x39, 1, 0, 0xf6][..],
            &[0xf5],
            &[0x5a, 0, 0, 0, 2, 1, 2],
            &nested(SKIP_DEPTH),
        ];
        for unknown in unknown {
            let bytes = envelope.other_way_round(unknown);
            check(&bytes, &message);
        }
    }

    #[test]
    fn each_member_is_there_once(message in any_message(), which: prop::sample::Index) {
        let envelope = Envelope::of(&message);
        if envelope.members.is_empty() {
            return Ok(());
        }
        let which = which.index(envelope.members.len());
        let with = |change: &dyn Fn(&mut Members)| {
            let mut envelope = Envelope::of(&message);
            change(&mut envelope.members);
            kind(&envelope.plain())
        };
        prop_assert_eq!(with(&|it| drop(it.remove(which))), MalformedKind::MissingMember);
        prop_assert_eq!(
            with(&|it| it.push(it[which].clone())),
            MalformedKind::DuplicateMember
        );
        prop_assert_eq!(
            with(&|it| it.insert(which, (vec![0x61, b'q'], vec![0]))),
            MalformedKind::UnknownMember
        );
        // Neither a tag nor an indefinite length is any value (D-8).
        let tagged = with(&|it| it[which].1.insert(0, 0xd8));
        prop_assert!(tagged != MalformedKind::MissingMember);
        for other in [&[0xf9, 0, 0][..], &[0x5f, 0xff], &[0x7f, 0xff], &[0x9f, 0xff], &[0xf7]] {
            with(&|it| it[which].1 = other.to_vec());
        }
    }

    #[test]
    fn of_f_and_d_there_is_one_each(message in any_message()) {
        let envelope = Envelope::of(&message);
        let (f, d) = ([&[0x61, b'f'][..], &envelope.function].concat(), envelope.d());
        let d = [&[0x61, b'd'][..], &d].concat();
        let of = |parts: &[&[u8]]| [&[0xa0 | parts.len() as u8][..], &parts.concat()].concat();
        check(&of(&[&d, &f]), &message);
        prop_assert_eq!(kind(&of(&[&f])), MalformedKind::MissingMember);
        prop_assert_eq!(kind(&of(&[&d])), MalformedKind::MissingMember);
        prop_assert_eq!(kind(&of(&[])), MalformedKind::MissingMember);
        prop_assert_eq!(kind(&of(&[&f, &d, &d])), MalformedKind::DuplicateMember);
        prop_assert_eq!(kind(&of(&[&d, &d, &f])), MalformedKind::DuplicateMember);
        prop_assert_eq!(kind(&of(&[&f, &f, &d])), MalformedKind::DuplicateMember);
        prop_assert_eq!(kind(&of(&[&d, &f, &f])), MalformedKind::DuplicateMember);
        // Also after an unknown key.
        prop_assert_eq!(kind(&of(&[b"\x61x\x00", &f, &f])), MalformedKind::DuplicateMember);
    }
}

/// Skipped values nest so deep and no deeper, and are bounded by what is there (D-3, A-3).
#[test]
fn what_is_skipped_is_bounded() {
    let ack = Envelope::of(&nodewire::codec::chia::messages::HandshakeAck {}.into());
    assert!(decode(&ack.other_way_round(&nested(SKIP_DEPTH))).is_ok());
    let deep = ack.other_way_round(&nested(SKIP_DEPTH + 1));
    assert_eq!(kind(&deep), MalformedKind::TooDeep);
    assert_eq!(kind(&ack.other_way_round(&nested(1_000_000))), MalformedKind::TooDeep);
    for claim in [0x9b, 0xbb, 0x5b, 0x7b] {
        let claim = [&[claim][..], &[0x7f; 8]].concat();
        let found = kind(&ack.other_way_round(&claim));
        assert!(matches!(found, MalformedKind::TooLarge | MalformedKind::UnexpectedEnd));
    }
    let floats = [&[0xf9, 0, 20][..], &[0xfa, 0, 0, 0, 21], &[0xfb, 0, 0, 0, 0, 0, 0, 0, 22]];
    for odd in [&[0xc1, 0][..], &[0xf9, 0, 0], &[0x5f, 0xff], &[0x9f, 0xff], &[0xbf, 0xff], &[0xf7]]
        .into_iter()
        .chain(floats)
    {
        assert_eq!(kind(&ack.other_way_round(odd)), MalformedKind::TypeMismatch, "{odd:x?}");
    }
}

/// Names are compared as a whole (D-11), and are texts.
#[test]
fn only_the_functions_are_known() {
    let named = |name: &[u8]| {
        let head = [0x78, name.len() as u8];
        [b"\xa2\x61f", &head[..], name, b"\x61d\xa0"].concat()
    };
    assert!(decode(&named(b"handshake_ack")).is_ok());
    for function in Function::ALL {
        let name = function.name().as_bytes();
        let longer = [name, b"s"].concat();
        for other in [&name[1..], &name[..name.len() - 1], &longer, &name.to_ascii_uppercase()] {
            let other = named(other);
            let known = Function::ALL.iter().any(|it| other == named(it.name().as_bytes()));
            assert!(known || kind(&other) == MalformedKind::UnknownMessage);
        }
    }
    assert_eq!(kind(&named(b"")), MalformedKind::UnknownMessage);
    assert_eq!(kind(&named(&[0xff])), MalformedKind::BadUtf8);
    assert_eq!(kind(b"\xa2\x61f\x64ping\x61d\xa1\x61\xff\x00"), MalformedKind::BadUtf8);
    assert_eq!(kind(b"\xa2\x61f\x64ping\x61\xff\x00"), MalformedKind::BadUtf8);
    assert_eq!(kind(b"\xa2\x61f\x44ping\x61d\xa0"), MalformedKind::TypeMismatch);
    assert_eq!(kind(b"\xbf\x61f\x64ping\x61d\xa0\xff"), MalformedKind::BadArity);
    assert_eq!(kind(b""), MalformedKind::UnexpectedEnd);
}
