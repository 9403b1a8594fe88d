//! What holds for every message and for any bytes.
#![cfg(all(feature = "leios", feature = "arbitrary", feature = "serde"))]

mod odd;
mod oracle;

use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use nodewire::bytes::Bytes;
use nodewire::codec::cbor::Scanner;
use nodewire::codec::leios::{
    HandshakeMessage, Hash32, KeepAliveMessage, LeiosPoint, LinearLeiosBlock, LinearLeiosVote,
    MESSAGE_DEPTH, NaiveMessage, RankingBlockHeader, ReplyMessage, RequestMessage, SlotNo,
    TxReference,
};
use nodewire::codec::{Malformed, MalformedKind, Source};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use odd::{cborish, mutate, mutations};
use oracle::well_formed;

/// What the message types have in common.
trait Message: Clone + Debug + PartialEq + Serialize + DeserializeOwned {
    fn decode(item: &[u8], source: Source<'_>) -> Result<Self, Malformed>;
    fn encoded(&self) -> (Vec<u8>, usize);
    fn heap(&self) -> usize;
}

macro_rules! messages {
    ($($name:ident),*) => {$(
        impl Message for $name {
            fn decode(item: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
                $name::decode(item, source)
            }
            fn encoded(&self) -> (Vec<u8>, usize) {
                let mut out = Vec::new();
                $name::encode(self, &mut out);
                (out, self.wire_len())
            }
            fn heap(&self) -> usize {
                $name::heap(self)
            }
        }
    )*};
}

messages!(RequestMessage, ReplyMessage, NaiveMessage, HandshakeMessage, KeepAliveMessage);

/// A message made from random bytes.
fn any_message<M: for<'a> Arbitrary<'a> + Debug>() -> impl Strategy<Value = M> {
    prop::collection::vec(any::<u8>(), 0..3000)
        .prop_filter_map("too few bytes", |bytes| M::arbitrary(&mut Unstructured::new(&bytes)).ok())
}

/// Encodes, decodes from a shared and from a copied read, prints and parses: always the same.
fn check_identity<M: Message>(message: &M) {
    let (bytes, length) = message.encoded();
    assert_eq!(bytes.len(), length);
    let read = Bytes::from(bytes);
    let shared = M::decode(&read, Source::of(&read)).expect("our own encoding");
    let copied = M::decode(&read, Source::COPY).expect("our own encoding");
    assert_eq!(&shared, message);
    assert_eq!(&copied, message);
    assert_eq!(shared.encoded().0, read);
    let json = serde_json::to_string(message).expect("messages are data");
    assert_eq!(&serde_json::from_str::<M>(&json).expect("what we wrote"), message);
    assert!(copied.heap() <= 64 * (read.len() + 64), "{} for {}", copied.heap(), read.len());
}

/// A strict prefix is never a message, and never wrong in another way than being short.
fn check_prefixes<M: Message>(message: &M) {
    let (bytes, _) = message.encoded();
    let step = 1 + bytes.len() / 200;
    for end in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
        let error = M::decode(&bytes[..end], Source::COPY).expect_err("a prefix");
        assert_eq!(error, Malformed::new(MalformedKind::UnexpectedEnd, end));
    }
    let mut longer = bytes.clone();
    longer.push(0xff);
    let error = Malformed::new(MalformedKind::TrailingBytes, bytes.len());
    assert_eq!(M::decode(&longer, Source::COPY), Err(error));
}

fn check<M: Message>(message: &M) {
    check_identity(message);
    check_prefixes(message);
}

/// Whatever bytes: no panic, an offset inside them, and a message that encodes to itself.
fn check_any_bytes(bytes: &[u8]) {
    fn check<M: Message>(bytes: &[u8]) {
        match M::decode(bytes, Source::COPY) {
            Ok(message) => {
                let (canonical, length) = message.encoded();
                assert_eq!(canonical.len(), length);
                assert!(canonical.len() <= bytes.len());
                let again = M::decode(&canonical, Source::COPY).expect("our own encoding");
                assert_eq!(again.encoded().0, canonical);
            }
            Err(error) => assert!(error.offset <= bytes.len(), "{error}"),
        }
    }
    check::<RequestMessage>(bytes);
    check::<ReplyMessage>(bytes);
    check::<NaiveMessage>(bytes);
    check::<HandshakeMessage>(bytes);
    check::<KeepAliveMessage>(bytes);
    let raw = Bytes::copy_from_slice(bytes);
    if let Ok(header) = RankingBlockHeader::from_raw(raw.clone()) {
        if let Err(error) = header.view() {
            assert_eq!(error.kind, MalformedKind::InvalidHeader);
            assert!(error.offset <= bytes.len());
        }
    }
    if let Ok(block) = LinearLeiosBlock::from_raw(raw.clone()) {
        assert_eq!(block.references().count(), block.count() as usize);
    }
    if let Ok(vote) = LinearLeiosVote::from_raw(raw) {
        assert_eq!(vote.raw().len(), bytes.len());
    }
    assert_eq!(scan(bytes), well_formed(bytes, 0).map(Option::from));
}

/// Where the first item ends by the scanner: `Ok(None)` if it isn't complete.
fn scan(bytes: &[u8]) -> Result<Option<usize>, MalformedKind> {
    Scanner::new(MESSAGE_DEPTH).feed(bytes, usize::MAX).map_err(|error| error.kind)
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn requests(message in any_message::<RequestMessage>()) {
        check(&message);
    }

    #[test]
    fn replies(message in any_message::<ReplyMessage>()) {
        check(&message);
    }

    #[test]
    fn naive(message in any_message::<NaiveMessage>()) {
        check(&message);
    }

    #[test]
    fn handshakes(message in any_message::<HandshakeMessage>()) {
        check(&message);
    }

    #[test]
    fn keep_alives(message in any_message::<KeepAliveMessage>()) {
        check(&message);
    }

    #[test]
    fn mutated_replies(message in any_message::<ReplyMessage>(), by in mutations()) {
        check_any_bytes(&mutate(message.encoded().0, &by));
    }

    #[test]
    fn mutated_requests(message in any_message::<RequestMessage>(), by in mutations()) {
        check_any_bytes(&mutate(message.encoded().0, &by));
    }

    #[test]
    fn mutated_naive(message in any_message::<NaiveMessage>(), by in mutations()) {
        check_any_bytes(&mutate(message.encoded().0, &by));
    }

    #[test]
    fn mutated_handshakes(message in any_message::<HandshakeMessage>(), by in mutations()) {
        check_any_bytes(&mutate(message.encoded().0, &by));
    }

    #[test]
    fn mutated_headers(header in any_message::<RankingBlockHeader>(), by in mutations()) {
        check_any_bytes(&mutate(header.raw().to_vec(), &by));
    }

    #[test]
    fn any_bytes(bytes in cborish()) {
        check_any_bytes(&bytes);
    }

    /// However a stream is cut, the scanner says the same, and in the end is as if new.
    #[test]
    fn cuts(bytes in cborish(), cuts in prop::collection::vec(0..8_usize, 0..120), limit in 0..200_usize) {
        let whole = Scanner::new(5).feed(&bytes, limit);
        let mut scanner = Scanner::new(5);
        let mut at = 0;
        let mut cuts = cuts.into_iter().chain(std::iter::repeat(1));
        let outcome = loop {
            let end = (at + cuts.next().unwrap()).min(bytes.len());
            match scanner.feed(&bytes[at..end], limit) {
                Ok(None) if end == bytes.len() => break Ok(None),
                Ok(None) => {
                    at = end;
                    prop_assert_eq!(scanner.seen(), at);
                }
                Ok(Some(used)) => break Ok(Some(at + used)),
                Err(error) => break Err(error),
            }
        };
        prop_assert_eq!(outcome, whole);
        if let Ok(Some(end)) = outcome {
            prop_assert!(end <= limit);
            prop_assert!(scanner.is_between_items());
            prop_assert_eq!(scanner, Scanner::new(5));
        }
    }

    /// A limit only ever turns an item that is too long into an error.
    #[test]
    fn limits(bytes in cborish(), limit in 0..130_usize) {
        let free = Scanner::new(40).feed(&bytes, usize::MAX);
        let bound = Scanner::new(40).feed(&bytes, limit);
        match (free, bound) {
            (Ok(Some(end)), Ok(Some(other))) => prop_assert!(end == other && end <= limit),
            (Ok(Some(end)), Err(error)) => {
                prop_assert_eq!(error.kind, MalformedKind::TooLarge);
                prop_assert!(end > limit);
            }
            (Ok(None), Ok(None)) => prop_assert!(bytes.len() < limit || bytes.is_empty()),
            (Ok(None), Err(error)) => prop_assert_eq!(error.kind, MalformedKind::TooLarge),
            (Err(free), Err(bound)) => {
                prop_assert!(bound == free || bound.kind == MalformedKind::TooLarge);
            }
            (free, bound) => prop_assert!(false, "{free:?} but {bound:?}"),
        }
    }

    /// Slots of every width, also where points are read at one glance.
    #[test]
    fn points(slot in any::<u64>(), shift in 0..64_u32, hash in any::<[u8; 32]>()) {
        let slot = slot >> shift;
        let mut bytes = vec![0x82, 0x02, 0x82];
        match slot {
            0..=23 => bytes.push(slot as u8),
            24..=0xff => bytes.extend([0x18, slot as u8]),
            0x100..=0xffff => bytes.extend([&[0x19][..], &slot.to_be_bytes()[6..]].concat()),
            0x1_0000..=0xffff_ffff => {
                bytes.extend([&[0x1a][..], &slot.to_be_bytes()[4..]].concat());
            }
            _ => bytes.extend([&[0x1b][..], &slot.to_be_bytes()].concat()),
        }
        bytes.extend([0x58, 32]);
        bytes.extend(hash);
        let point = LeiosPoint::new(SlotNo(slot), Hash32(hash));
        let message = NaiveMessage::MsgLeiosBlockOffer(point);
        prop_assert_eq!(NaiveMessage::decode(&bytes, Source::COPY), Ok(message.clone()));
        prop_assert_eq!(message.encoded(), (bytes.clone(), bytes.len()));
    }

    /// References are told apart by all of their bytes, and by nothing else.
    #[test]
    fn references(
        beginnings in prop::collection::vec(0..3_u8, 1..40),
        ends in prop::collection::vec(0..6_u8, 40),
    ) {
        let references: Vec<TxReference> = beginnings
            .iter()
            .zip(&ends)
            .map(|(beginning, end)| {
                let mut hash = [0; 32];
                (hash[4], hash[31]) = (*beginning, *end);
                TxReference { hash: Hash32(hash), size: u32::from(*end) * 1000 }
            })
            .collect();
        let later = |(at, reference): (usize, &TxReference)| {
            references[..at].iter().any(|other| other.hash == reference.hash)
        };
        let first = references.iter().enumerate().position(later);
        let mut raw = vec![0xb8, u8::try_from(references.len()).unwrap()];
        let mut offsets = Vec::new();
        for TxReference { hash, size } in &references {
            offsets.push(raw.len());
            raw.extend([0x58, 32]);
            raw.extend(hash.0);
            raw.push(0x1a);
            raw.extend(size.to_be_bytes());
        }
        match (LinearLeiosBlock::from_raw(raw.into()), first) {
            (Ok(block), None) => {
                prop_assert_eq!(block.references().collect::<Vec<_>>(), references);
            }
            (Err(error), Some(at)) => {
                let wanted = Malformed::new(MalformedKind::DuplicateTxReference, offsets[at]);
                prop_assert_eq!(error, wanted);
            }
            (outcome, first) => prop_assert!(false, "{outcome:?} but {first:?}"),
        }
    }
}

/// Every input of up to two bytes; of up to three in an optimised build.
#[test]
fn all_short_inputs() {
    let longest = if cfg!(debug_assertions) { 2 } else { 3 };
    for length in 0..=longest {
        for number in 0..1_u32 << (8 * length) {
            check_any_bytes(&number.to_be_bytes()[4 - length..]);
        }
    }
}

/// Every sequence of five of the bytes that structure is made of.
#[test]
fn all_short_structures() {
    let alphabet = [0x00, 0x18, 0x40, 0x41, 0x5f, 0x61, 0x7f, 0x81, 0x9f, 0xa1, 0xbf, 0xc1, 0xff];
    let count = alphabet.len();
    for number in 0..count.pow(5) {
        let bytes = [0, 1, 2, 3, 4].map(|place| alphabet[number / count.pow(place) % count]);
        assert_eq!(scan(&bytes), well_formed(&bytes, 0).map(Option::from), "{bytes:02x?}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |by: &[u8], levels: usize| [by.repeat(levels), vec![0]].concat();
    for by in [&[0x81][..], &[0x9f], &[0xa1, 0x00], &[0xbf, 0x00], &[0xc1]] {
        let deep = nested(by, 1_000_000);
        let mut scanner = Scanner::new(MESSAGE_DEPTH);
        let error = scanner.feed(&deep, usize::MAX).unwrap_err();
        assert_eq!(error.kind, MalformedKind::TooDeep);
        assert!(error.offset <= by.len() * (MESSAGE_DEPTH as usize + 1));
        assert!(scanner.heap() <= 2048, "{}", scanner.heap());
        let mut scanner = Scanner::new(MESSAGE_DEPTH);
        assert!(scanner.feed(&nested(by, MESSAGE_DEPTH as usize), usize::MAX).is_ok());
        let raw = Bytes::from([&[0x82, 0x00, 0xa1, 0x01][..], &deep].concat());
        let error = HandshakeMessage::decode(&raw, Source::of(&raw)).unwrap_err();
        assert_eq!(error.kind, MalformedKind::TooDeep);
    }
}

/// Claims of a length that can't be there take neither time nor memory.
#[test]
fn claims_are_not_believed() {
    for major in [0x40, 0x60, 0x80, 0xa0] {
        for info in [26, 27] {
            let claim =
                [&[major | info][..], &[0x7f; 8][..if info == 26 { 4 } else { 8 }]].concat();
            let error = Scanner::new(9).feed(&claim, 2_500_000).unwrap_err();
            assert_eq!(error, Malformed::new(MalformedKind::TooLarge, claim.len()));
            for start in
                [&[0x83, 0x01, 0x00][..], &[0x83, 0x02, 0x00], &[0x82, 0x08], &[0x82, 0x06]]
            {
                let bytes = [start, &claim].concat();
                assert!(RequestMessage::decode(&bytes, Source::COPY).is_err());
                assert!(ReplyMessage::decode(&bytes, Source::COPY).is_err());
                assert!(NaiveMessage::decode(&bytes, Source::COPY).is_err());
            }
        }
    }
}

#[test]
fn large_numbers_are_text_in_json() {
    use nodewire::codec::leios::RequestNo;
    let json = |value: u64| serde_json::to_string(&RequestNo(value)).unwrap();
    assert_eq!(json(1 << 53), "9007199254740992");
    assert_eq!(json((1 << 53) + 1), "\"9007199254740993\"");
    assert_eq!(serde_json::from_str::<SlotNo>("\"7\"").unwrap(), SlotNo(7));
    assert!(serde_json::from_str::<SlotNo>("-1").is_err());
    assert!(serde_json::from_str::<SlotNo>("\"0x7\"").is_err());
    let point = LeiosPoint::new(SlotNo(u64::MAX), Hash32([0xab; 32]));
    let text = serde_json::to_string(&point).unwrap();
    let wanted = format!(r#"{{"slot":"{}","hash":"{}"}}"#, u64::MAX, "ab".repeat(32));
    assert_eq!(text, wanted);
    assert_eq!(serde_json::from_str::<LeiosPoint>(&text).unwrap(), point);
    assert!(serde_json::from_str::<Hash32>("\"abcd\"").is_err());
}
