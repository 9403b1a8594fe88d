//! The small values of the codec: what they say, how they are shown and how large they are.
#![cfg(feature = "leios")]

use std::hash::{DefaultHasher, Hash, Hasher};

use nodewire::codec::leios::{
    Bitmap64, Deliverable, DeliverableId, Hash32, KeepAliveMessage, LeiosPoint, LinearLeiosVote,
    NonEmpty, PoolId, RankingBlockHeader, RequestNo, SlotNo, TxBitmaps, TxDelivery, Txs,
    VoteIssuer,
};
use nodewire::codec::{Malformed, MalformedKind, Mode, SegmentHeader};

const POINT: LeiosPoint = LeiosPoint::new(SlotNo(7), Hash32([0xab; 32]));

#[test]
fn values_are_shown_as_numbers_and_hex() {
    assert_eq!((SlotNo(7).to_string(), RequestNo(8).to_string()), ("7".into(), "8".into()));
    assert_eq!(Hash32([0xab; 32]).to_string(), "ab".repeat(32));
    assert_eq!(format!("{:?}", Hash32([0x0c; 32])), "0c".repeat(32));
    let pool = PoolId([0x1d; 28]);
    assert_eq!((pool.to_string(), format!("{pool:?}")), ("1d".repeat(28), "1d".repeat(28)));
}

#[test]
fn what_is_malformed_says_what_and_where() {
    let malformed = Malformed::new(MalformedKind::TooDeep, 3);
    assert_eq!(malformed.to_string(), "TooDeep at byte 3");
    assert_eq!(malformed.within(4), Malformed::new(MalformedKind::TooDeep, 7));
    assert_eq!(malformed.within(usize::MAX).offset, usize::MAX);
    for (kind, name) in [
        (MalformedKind::TooLarge, "TooLarge"),
        (MalformedKind::KeysNotAscending, "KeysNotAscending"),
        (MalformedKind::ZeroLengthSegment, "ZeroLengthSegment"),
    ] {
        assert_eq!((kind.name(), kind.to_string().as_str()), (name, name));
    }
}

#[test]
fn each_side_of_a_segment_is_the_others_other() {
    assert_eq!(Mode::Initiator.flip(), Mode::Responder);
    assert_eq!(Mode::Responder.flip(), Mode::Initiator);
    for mode in [Mode::Initiator, Mode::Responder] {
        let header = SegmentHeader { time: 5, mode, number: 25, length: 9 };
        assert_eq!(SegmentHeader::decode(header.encode()), Ok(header));
    }
}

#[test]
fn bitmaps_name_transactions_from_the_most_significant_bit() {
    let bits = |bits| Bitmap64::new(bits).unwrap();
    assert_eq!(Bitmap64::new(0), None);
    assert_eq!(bits(1 << 63 | 1).offsets().collect::<Vec<_>>(), [0, 63]);
    assert!(bits(0b100).is_subset_of(bits(0b110)) && !bits(0b101).is_subset_of(bits(0b110)));
    let windows = TxBitmaps::from_indices([0, 1, 64, 200]).unwrap();
    assert_eq!(windows.window(0), Some(bits(0b11 << 62)));
    assert_eq!(windows.window(3), Some(bits(1 << 55)));
    assert_eq!(windows.window(2), None);
    assert_eq!(windows.count(), 4);
    assert_eq!(windows.indices().collect::<Vec<_>>(), [0, 1, 64, 200]);
    assert_eq!(TxBitmaps::from_indices([1, 1]), None, "twice");
    assert_eq!(TxBitmaps::from_indices([2, 1]), None, "descending");
    assert_eq!(TxBitmaps::from_indices([1 << 22]), None, "beyond the last window");
    assert_eq!(TxBitmaps::all(0), None);
}

#[test]
fn names_and_deliveries_know_their_length() {
    let windows = TxBitmaps::from_indices([0, 64]).unwrap();
    // A point is 2 + 1 + 34 bytes less one of its own head; the map has two windows.
    for (id, length) in [
        (DeliverableId::LinearLeiosBlockId(POINT), 2 + 36),
        (DeliverableId::LinearLeiosVoteId(SlotNo(300), VoteIssuer(7)), 2 + 3 + 1),
        (DeliverableId::LeiosBlockTxsId(POINT, windows), 2 + 36 + 1 + 2 * (1 + 9)),
    ] {
        assert_eq!(id.wire_len(), length, "{id:?}");
    }
    let vote = LinearLeiosVote::new(SlotNo(7), POINT.hash, VoteIssuer(1), [9; 48]);
    let delivery = Deliverable::LinearLeiosVoteDelivery(vote.clone());
    assert_eq!(delivery.wire_len(), 2 + vote.raw().len());
    let bitmap = Bitmap64::new(1).unwrap();
    let txs = Txs::from_slices([[5; 10]]);
    let window = TxDelivery { window: 0, bitmap, txs };
    let delivery = Deliverable::LeiosBlockTxsDelivery(POINT, NonEmpty::one(window));
    assert_eq!(delivery.wire_len(), 2 + 36 + 1 + 1 + 1 + 1 + 1 + 11);
    assert!(delivery.heap() >= 10);
}

#[test]
fn transactions_are_equal_by_content() {
    let txs = Txs::from_slices([&b"one"[..], b"", b"three"]);
    assert_eq!((txs.len(), txs.is_empty()), (3, false));
    assert_eq!(txs.iter().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
    assert_eq!((txs.get(2).as_deref(), txs.get(3)), (Some(&b"three"[..]), None));
    assert!(Txs::from_slices([""; 0]).is_empty());
    let other = Txs::from_slices([&b"on"[..], b"e", b"three"]);
    assert_ne!(txs, other, "cut elsewhere");
    let hash = |txs: &Txs| {
        let mut hasher = DefaultHasher::new();
        txs.hash(&mut hasher);
        hasher.finish()
    };
    let same = Txs::from_slices([&b"one"[..], b"", b"three"]);
    assert_eq!((&txs, hash(&txs)), (&same, hash(&same)));
    assert_ne!(hash(&txs), hash(&other));
}

#[cfg(feature = "serde")]
#[test]
fn what_is_no_value_is_no_data() {
    let wrong = |text: &str| serde_json::from_str::<TxBitmaps>(text).unwrap_err().to_string();
    let bit = "8000000000000000";
    assert!(wrong("[]").contains("there must be one"));
    assert!(wrong(&format!(r#"[[1,"{bit}"],[0,"{bit}"]]"#)).contains("must ascend"));
    assert!(wrong(r#"[[0,"0000000000000000"]]"#).contains("without a bit"));
    assert!(wrong(r#"[[0,"80"]]"#).contains("16 hex digits"));
    let right: TxBitmaps = serde_json::from_str(&format!(r#"[[1,"{bit}"]]"#)).unwrap();
    assert_eq!(right.indices().collect::<Vec<_>>(), [64]);

    let hash = |text: &str| serde_json::from_str::<Hash32>(text).unwrap_err().to_string();
    assert!(hash("7").contains("bytes, as hex in text"), "{}", hash("7"));
    assert!(hash("\"abc\"").contains("even number of hex digits"));
    assert!(hash("\"0g\"").contains("even number of hex digits"));
    assert!(hash("\"abcd\"").contains("invalid length 2"));
    let slot = |text: &str| serde_json::from_str::<SlotNo>(text).unwrap_err().to_string();
    assert!(slot("true").contains("an unsigned 64-bit integer"));
    assert!(slot("-1").contains("out of range"), "{}", slot("-1"));
}

#[test]
fn heap_is_never_less_than_what_is_held() {
    let bitmaps = TxBitmaps::all(64 * 100).unwrap();
    assert!(bitmaps.heap() >= 100 * 10, "{}", bitmaps.heap());
    let point = LeiosPoint::new(SlotNo(1), Hash32([2; 32]));
    let id = DeliverableId::LeiosBlockTxsId(point, bitmaps);
    assert!(id.heap() >= 100 * 10, "{}", id.heap());
    assert_eq!(DeliverableId::LinearLeiosVoteId(SlotNo(1), VoteIssuer(2)).heap(), 0);
    assert_eq!(KeepAliveMessage::MsgDone.heap(), 0);
    let header = RankingBlockHeader::from_raw(vec![0x82, 0x06, 0xd8, 0x18, 0x41, 0x07].into());
    assert!(header.unwrap().heap() >= 6);
}

#[test]
fn a_header_is_what_its_wrapper_holds() {
    // The same byte under two heads of different length: one header.
    let wrappers = [&[0x82, 0x06, 0xd8, 0x18, 0x41, 0x07][..], &[0x82, 6, 0xd8, 0x18, 0x58, 1, 7]];
    let [short, long] = wrappers.map(|raw| RankingBlockHeader::from_raw(raw.to_vec().into()));
    assert_eq!((short.unwrap().header(), long.unwrap().header()), (&[7][..], &[7][..]));
}

#[test]
fn lists_that_are_not_empty_become_lists_again() {
    assert_eq!(NonEmpty::one(7).into_vec(), [7]);
    assert_eq!(NonEmpty::from_vec(vec![7]).unwrap().into_vec(), [7]);
    assert_eq!(NonEmpty::from_vec(vec![3, 1, 2]).unwrap().into_vec(), [3, 1, 2]);
    assert_eq!(NonEmpty::<u8>::from_vec(vec![]), None);
}
