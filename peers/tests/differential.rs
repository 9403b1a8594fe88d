//! Where the shapes coincide, both sides make the same bytes and mean the same by them.

use bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::leios::{
    Deliverable, DeliverableId, HandshakeMessage, Hash32, KeepAliveMessage, LeiosPoint,
    LinearLeiosBlock, MsgReplyPayload, MsgRequestPayload, NaiveMessage, ReplyMessage,
    RequestMessage, SlotNo, TxBitmaps, TxReference, VersionData,
};
use nodewire_peers::{their_bytes, their_point};
use pallas_codec::minicbor;
use pallas_network2::protocol::handshake::n2n;
use pallas_network2::protocol::{AnyCbor, EbId, handshake, keepalive, leiosfetch, leiosnotify};
use proptest::prelude::*;

fn encoded(encode: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out);
    out
}

fn point() -> impl Strategy<Value = LeiosPoint> {
    (any::<u64>(), any::<[u8; 32]>())
        .prop_map(|(slot, hash)| LeiosPoint::new(SlotNo(slot), Hash32(hash)))
}

fn indices() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::btree_set(0..14_222u32, 1..200).prop_map(|set| set.into_iter().collect())
}

fn txs() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..65)
}

/// The reply that delivers `list`, an encoded list of transactions, as the first of a window.
fn reply_around(point: LeiosPoint, count: u32, list: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x83, 2, 0, 0x81, 0x83, 1];
    bytes.extend(their_bytes(&their_point(point)));
    bytes.extend([0xa1, 0, 0x82, 0x1b]);
    let bitmap = u64::MAX << (64 - count);
    bytes.extend(bitmap.to_be_bytes());
    bytes.extend(list);
    bytes
}

#[test]
fn keep_alive() {
    for cookie in 0..=u16::MAX {
        for (ours, theirs) in [
            (KeepAliveMessage::MsgKeepAlive(cookie), keepalive::Message::KeepAlive(cookie)),
            (
                KeepAliveMessage::MsgKeepAliveResponse(cookie),
                keepalive::Message::ResponseKeepAlive(cookie),
            ),
        ] {
            let bytes = encoded(|out| ours.encode(out));
            assert_eq!(bytes, their_bytes(&theirs));
            assert_eq!(KeepAliveMessage::decode(&bytes, Source::COPY), Ok(ours));
        }
    }
    let done = encoded(|out| KeepAliveMessage::MsgDone.encode(out));
    assert_eq!(done, their_bytes(&keepalive::Message::Done));
}

proptest! {
    #[test]
    fn offers_and_requests_of_blocks(point in point()) {
        let theirs = their_bytes(&leiosnotify::Message::BlockTxsOffer(their_point(point)));
        let ours = NaiveMessage::MsgLeiosBlockTxsOffer(point);
        prop_assert_eq!(encoded(|out| ours.encode(out)), theirs.clone());
        prop_assert_eq!(NaiveMessage::decode(&theirs, Source::COPY), Ok(ours));

        // Theirs is message 0 of its protocol, ours message 5.
        let mut theirs = their_bytes(&leiosfetch::Message::BlockRequest(their_point(point)));
        theirs[1] = 5;
        let ours = NaiveMessage::MsgLeiosBlockRequest(point);
        prop_assert_eq!(encoded(|out| ours.encode(out)), theirs);
    }

    #[test]
    fn blocks(sizes in prop::collection::vec(1..16_384u32, 1..300)) {
        let reference = |(at, &size): (usize, &u32)| {
            let mut hash = [7; 32];
            hash[..8].copy_from_slice(&at.to_be_bytes());
            TxReference { hash: Hash32(hash), size }
        };
        let references: Vec<_> = sizes.iter().enumerate().map(reference).collect();
        let block = LinearLeiosBlock::new(&references).expect("distinct");

        // Theirs is message 1, ours message 6; both carry the block as it is.
        let their_block = AnyCbor::from_raw_bytes(block.raw().to_vec());
        let mut theirs = their_bytes(&leiosfetch::Message::Block(their_block));
        theirs[1] = 6;
        let ours = NaiveMessage::MsgLeiosBlock(block.clone());
        prop_assert_eq!(encoded(|out| ours.encode(out)), theirs);

        // What minicbor alone reads from it.
        let mut decoder = minicbor::Decoder::new(block.raw());
        let entries = decoder.map_iter::<minicbor::bytes::ByteArray<32>, u32>().expect("a map");
        let entries: Result<Vec<_>, _> = entries.collect();
        let entries = entries.expect("hashes and sizes");
        let plain: Vec<_> = entries
            .into_iter()
            .map(|(hash, size)| TxReference { hash: Hash32(*hash), size })
            .collect();
        prop_assert_eq!(plain, block.references().collect::<Vec<_>>());
    }

    #[test]
    fn bitmaps(point in point(), indices in indices()) {
        let ours = TxBitmaps::from_indices(indices.iter().copied()).expect("not empty");
        let theirs = leiosfetch::Bitmaps::from_indices(indices.iter().map(|&at| at as usize));
        let windows: Vec<_> = theirs.0.iter().map(|(&window, &bits)| (window, bits)).collect();
        let our_windows: Vec<_> =
            ours.windows().iter().map(|&(window, bitmap)| (window, bitmap.bits())).collect();
        prop_assert_eq!(windows, our_windows);

        // Theirs writes the map with indefinite length, ours definite; each reads both.
        let request = |id: &[u8]| [&[0x83, 1, 0, 0x81, 0x83, 1][..], id].concat();
        let id = [their_bytes(&their_point(point)), their_bytes(&theirs)].concat();
        let decoded = RequestMessage::decode(&request(&id), Source::COPY);
        let Ok(RequestMessage::MsgLeiosRequest(MsgRequestPayload::LeiosDeliverableIds(_, ids))) =
            &decoded
        else {
            panic!("{decoded:?}");
        };
        prop_assert_eq!(ids.as_slice(), [DeliverableId::LeiosBlockTxsId(point, ours)]);
        let bytes = encoded(|out| decoded.as_ref().unwrap().encode(out));
        let read: (EbId, leiosfetch::Bitmaps) = {
            let mut decoder = minicbor::Decoder::new(&bytes[6..]);
            (decoder.decode().expect("a point"), decoder.decode().expect("bitmaps"))
        };
        prop_assert_eq!(read, (their_point(point), theirs));
    }

    #[test]
    fn all_of_a_block(count in 1..14_222u32) {
        let ours = TxBitmaps::all(count).expect("not none");
        let theirs = leiosfetch::Bitmaps::all(count as usize);
        let ours: Vec<_> = ours.windows().iter().map(|(at, bits)| (*at, bits.bits())).collect();
        prop_assert_eq!(ours, theirs.0.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn transactions(point in point(), txs in txs()) {
        let list = their_bytes(&txs.iter().map(|tx| {
            AnyCbor::from_raw_bytes(their_bytes(&minicbor::bytes::ByteVec::from(tx.clone())))
        }).collect::<Vec<_>>());
        let bytes = reply_around(point, txs.len() as u32, &list);
        let read = Bytes::from(bytes.clone());
        let decoded = ReplyMessage::decode(&read, Source::of(&read));
        let Ok(ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(_, deliveries))) =
            &decoded
        else {
            panic!("{decoded:?}");
        };
        let [Deliverable::LeiosBlockTxsDelivery(at, windows)] = deliveries.as_slice() else {
            panic!("{deliveries:?}");
        };
        prop_assert_eq!(*at, point);
        let ours: Vec<Vec<u8>> =
            windows.iter().flat_map(|window| window.txs.iter().map(<[u8]>::to_vec)).collect();
        prop_assert_eq!(&ours, &txs);
        // The other way: our list is theirs, byte for byte.
        let bytes = encoded(|out| decoded.as_ref().unwrap().encode(out));
        prop_assert!(bytes.ends_with(&list));
    }

    #[test]
    fn handshakes(
        magic: u32, version in 11..16u16, initiator: bool, sharing: bool, query: bool,
        others in prop::collection::btree_set(1..=u16::MAX, 1..20),
    ) {
        let ours = VersionData {
            network_magic: magic, initiator_only: initiator, peer_sharing: sharing, query,
            peras: None,
        };
        let theirs =
            n2n::VersionData::new(magic.into(), initiator, Some(sharing.into()), Some(query));
        let values = [(u64::from(version), theirs.clone())].into_iter().collect();
        let table = handshake::VersionTable { values };
        let refusal = handshake::RefuseReason::VersionMismatch(
            others.iter().map(|&version| version.into()).collect(),
        );
        use nodewire::codec::leios::RefuseReason;
        for (ours, theirs) in [
            (
                HandshakeMessage::MsgProposeVersions(vec![(version.into(), Some(ours.clone()))]),
                handshake::Message::Propose(table.clone()),
            ),
            (
                HandshakeMessage::MsgAcceptVersion(version.into(), ours.clone()),
                handshake::Message::Accept(version.into(), theirs.clone()),
            ),
            (
                HandshakeMessage::MsgQueryReply(vec![(version.into(), Some(ours.clone()))]),
                handshake::Message::QueryReply(table.clone()),
            ),
            (
                HandshakeMessage::MsgRefuse(RefuseReason::VersionMismatch(
                    others.iter().map(|&version| version.into()).collect(),
                )),
                handshake::Message::Refuse(refusal.clone()),
            ),
            (
                HandshakeMessage::MsgRefuse(RefuseReason::Refused(version.into(), "no".into())),
                handshake::Message::Refuse(handshake::RefuseReason::Refused(
                    version.into(), "no".into(),
                )),
            ),
        ] {
            let theirs = their_bytes(&theirs);
            prop_assert_eq!(encoded(|out| ours.encode(out)), theirs.clone());
            prop_assert_eq!(HandshakeMessage::decode(&theirs, Source::COPY), Ok(ours));
        }
    }

    /// Ours is the stricter one: what it takes, theirs takes too and means the same. The reverse
    /// doesn't hold: theirs doesn't look at array lengths or at what follows.
    #[test]
    fn whatever_ours_accepts_theirs_accepts(
        cookie: u16, at in 0..8usize, byte: u8, more in prop::collection::vec(any::<u8>(), 0..3),
    ) {
        let mut bytes = encoded(|out| KeepAliveMessage::MsgKeepAlive(cookie).encode(out));
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        bytes.extend(more);
        if let Ok(ours) = KeepAliveMessage::decode(&bytes, Source::COPY) {
            let theirs: keepalive::Message = minicbor::decode(&bytes).expect("accepted by us");
            prop_assert_eq!(encoded(|out| ours.encode(out)), their_bytes(&theirs));
        }
    }
}
