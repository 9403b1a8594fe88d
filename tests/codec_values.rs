//! The small values of the codec: what they say, how they are shown and how large they are.
#![cfg(feature = "leios")]

use std::hash::{DefaultHasher, Hash, Hasher};

use nodewire::bytes::Bytes;
use nodewire::codec::cbor::Scanner;
use nodewire::codec::leios::{
    Bitmap64, Deliverable, DeliverableId, HandshakeMessage, Hash32, KeepAliveMessage, LeiosPoint,
    LinearLeiosBlock, LinearLeiosVote, NaiveMessage, NonEmpty, PoolId, RankingBlockHeader,
    RefuseReason, RequestNo, SlotNo, TxBitmaps, TxDelivery, TxReference, Txs, VersionData,
    VoteIssuer,
};
use nodewire::codec::{Malformed, MalformedKind, Mode, SegmentHeader, Source};

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
    let header = header.unwrap();
    assert!(header.heap() >= 6);

    let block = LinearLeiosBlock::new(&[TxReference { hash: point.hash, size: 9 }]).unwrap();
    let vote = LinearLeiosVote::new(SlotNo(1), point.hash, VoteIssuer(2), [9; 48]);
    for (message, least) in [
        (NaiveMessage::MsgLeiosAnnouncement(header.clone()), header.raw().len()),
        (NaiveMessage::MsgLeiosBlock(block.clone()), block.raw().len()),
        (NaiveMessage::MsgLeiosBlockTx(Bytes::from(vec![7; 100])), 100),
        (NaiveMessage::MsgLeiosVote(vote.clone()), vote.raw().len()),
    ] {
        assert!(message.heap() >= least, "{} bytes for {message:?}", message.heap());
    }
    assert_eq!(NaiveMessage::MsgLeiosBlockOffer(point).heap(), 0);

    let data = VersionData {
        network_magic: 1,
        initiator_only: false,
        peer_sharing: true,
        query: false,
        peras: None,
    };
    let table = vec![(14, Some(data)); 5];
    let entries = 5 * size_of::<(u16, Option<VersionData>)>();
    for (message, least) in [
        (HandshakeMessage::MsgProposeVersions(table.clone()), entries),
        (HandshakeMessage::MsgQueryReply(table), entries),
        (HandshakeMessage::MsgRefuse(RefuseReason::VersionMismatch(vec![14; 50])), 100),
        (HandshakeMessage::MsgRefuse(RefuseReason::Refused(14, "no".repeat(50))), 100),
    ] {
        assert!(message.heap() >= least, "{} bytes for {message:?}", message.heap());
    }
    assert_eq!(HandshakeMessage::MsgAcceptVersion(14, data).heap(), 0);
}

#[test]
fn a_list_is_an_array_of_either_form_and_nothing_else() {
    let refused = |list: &[u8]| {
        let item = [&[0x82, 2, 0x82, 0][..], list].concat();
        HandshakeMessage::decode(&item, Source::COPY)
    };
    let versions = HandshakeMessage::MsgRefuse(RefuseReason::VersionMismatch(vec![14, 15]));
    assert_eq!(refused(&[0x82, 14, 15]), Ok(versions.clone()));
    assert_eq!(refused(&[0x9f, 14, 15, 0xff]), Ok(versions));
    // A map, a string and a number of two, and what has no length.
    let wrong = Malformed::new(MalformedKind::TypeMismatch, 4);
    for list in [&[0xa2, 14, 15][..], &[0x42, 14, 15], &[2, 14, 15], &[0xbf, 14, 15, 0xff]] {
        assert_eq!(refused(list), Err(wrong), "{list:x?}");
    }
    assert_eq!(refused(&[0x5f, 14, 15, 0xff]), Err(wrong));
}

#[test]
fn a_hash_of_another_length_is_told_at_its_head() {
    for length in [0, 31, 33, 255] {
        // Whether its bytes are there or not.
        for there in [0, length] {
            let mut item = vec![0x82, 5, 0x82, 1, 0x58, length];
            item.extend(vec![7; there.into()]);
            let wrong = Malformed::new(MalformedKind::BadHashLength, 4);
            let decoded = NaiveMessage::decode(&item, Source::COPY);
            assert_eq!(decoded, Err(wrong), "{length} bytes, {there} there");
        }
    }
}

#[test]
fn an_item_has_no_more_bytes_than_the_limit_of_the_moment() {
    let large = |seen| Err(Malformed::new(MalformedKind::TooLarge, seen));
    assert_eq!(Scanner::new(8).feed(&[1], 0), large(0));
    assert_eq!(Scanner::new(8).feed(&[], 0), Ok(None), "nothing has begun");
    // The limit falls to what is there already.
    let mut scanner = Scanner::new(8);
    assert_eq!(scanner.feed(&[0x82, 1], 10), Ok(None));
    let mut same = scanner.clone();
    assert_eq!(same.feed(&[], 3), Ok(None));
    assert_eq!(same.feed(&[2], 3), Ok(Some(1)));
    assert_eq!(scanner.feed(&[], 2), large(2));
}

/// `leios.md` 9.2: blocks stay below 16 MiB, so an entry may begin at the last byte of them.
#[test]
fn the_last_entry_of_a_block_begins_within_16_mib() {
    // A head of 5 bytes, then entries of 35 and of 36 bytes up to the last offset there is.
    let block = |longer: u32, shorter: u32| {
        let mut raw = vec![0xba];
        raw.extend((longer + shorter + 1).to_be_bytes());
        for number in 0..=longer + shorter {
            raw.extend([0x58, 0x20]);
            raw.extend(number.reverse_bits().to_be_bytes());
            raw.extend([0; 28]);
            raw.extend(if number < longer { &[0x18, 200][..] } else { &[20] });
        }
        let last = raw.len() - 35;
        (last, LinearLeiosBlock::from_raw(Bytes::from(raw)).map(|block| block.count()))
    };
    assert_eq!(block(30, 479_318), ((1 << 24) - 1, Ok(479_349)));
    let wrong = Malformed::new(MalformedKind::TooLarge, 1 << 24);
    assert_eq!(block(31, 479_317), (1 << 24, Err(wrong)));
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
