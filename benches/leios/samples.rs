//! The messages that are measured: the same every time.

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    CountedNotification, Deliverable, DeliverableId, Hash32, LeiosPoint, LinearLeiosBlock,
    MsgReplyPayload, MsgRequestPayload, NonEmpty, Notification, RankingBlockHeader, ReplyMessage,
    RequestMessage, RequestNo, SlotNo, TxBitmaps, TxDelivery, TxReference, Txs,
};

pub fn point() -> LeiosPoint {
    LeiosPoint::new(SlotNo(5_000_000), hash(1))
}

/// A hash like no other: spread by a multiplication, as hashes are.
pub fn hash(number: u64) -> Hash32 {
    let mut bytes = [0; 32];
    for (at, part) in bytes.chunks_mut(8).enumerate() {
        let spread = number.wrapping_add(at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        part.copy_from_slice(&(spread ^ spread >> 29).to_be_bytes());
    }
    Hash32(bytes)
}

pub fn news(notifications: Vec<Notification>) -> ReplyMessage {
    news_for(7, notifications)
}

pub fn news_for(request: u64, notifications: Vec<Notification>) -> ReplyMessage {
    let counted = notifications.into_iter().map(CountedNotification::new).collect();
    let list = NonEmpty::from_vec(counted).expect("at least one");
    ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(
        RequestNo(request),
        false,
        list,
    ))
}

pub fn offer() -> ReplyMessage {
    news(vec![Notification::LinearLeiosBlockOffer(point())])
}

/// A header of the usual size, 860 bytes, which announces an endorser block.
pub fn header() -> RankingBlockHeader {
    header_of(9)
}

/// The same, by an issuer whose key and endorser block's hash are this byte and no other.
pub fn header_of(issuer: u8) -> RankingBlockHeader {
    header_at(5_000_000, issuer)
}

/// The same in this slot, a number of four bytes.
pub fn header_at(slot: u32, issuer: u8) -> RankingBlockHeader {
    assert!(slot > 0xffff);
    let mut body = vec![0x82, 0x8c, 0x1a, 0, 0x40, 0, 0, 0x1a];
    body.extend(slot.to_be_bytes());
    let bytes = |out: &mut Vec<u8>, len: u16| {
        out.push(0x59);
        out.extend(len.to_be_bytes());
        out.extend((0..len).map(|at| at as u8));
    };
    let short = |out: &mut Vec<u8>| {
        out.extend([0x58, 32]);
        out.extend([issuer; 32]);
    };
    (0..3).for_each(|_| short(&mut body)); // previous hash, issuer, VRF key
    body.push(0x82); // VRF result
    bytes(&mut body, 64);
    bytes(&mut body, 80);
    body.extend([0x19, 0x40, 0]); // body size
    short(&mut body);
    body.push(0x84); // operational certificate
    short(&mut body);
    body.extend([0x03, 0x19, 2, 0]);
    bytes(&mut body, 64);
    body.extend([0x82, 10, 0]); // protocol version
    body.extend([0xf4, 0x82]); // the Leios extension
    short(&mut body);
    body.extend([0x1a, 0, 7, 0xa1, 0x20]);
    bytes(&mut body, 448); // signature
    let mut raw = vec![0x82, 0x07, 0xd8, 24, 0x59];
    raw.extend((body.len() as u16).to_be_bytes());
    raw.extend(body);
    let header = RankingBlockHeader::from_raw(Bytes::from(raw)).expect("a header");
    assert!(header.view().is_ok_and(|view| view.announces.is_some()));
    header
}

pub fn announcement() -> ReplyMessage {
    news(vec![Notification::LinearLeiosAnnouncement(header())])
}

pub fn references(count: u64) -> Vec<TxReference> {
    (0..count).map(|at| TxReference { hash: hash(at), size: 860 + (at % 100) as u32 }).collect()
}

pub fn block(count: u64) -> LinearLeiosBlock {
    LinearLeiosBlock::new(&references(count)).expect("distinct")
}

pub fn deliveries(deliverables: Vec<Deliverable>) -> ReplyMessage {
    ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(RequestNo(7), deliverables))
}

pub fn block_reply(count: u64) -> ReplyMessage {
    deliveries(vec![Deliverable::LinearLeiosBlockDelivery(block(count))])
}

/// So many transactions of so many bytes.
pub fn txs_reply(count: u32, size: usize) -> ReplyMessage {
    let windows = TxBitmaps::all(count).expect("not none");
    let windows = windows.windows().iter().map(|&(window, bitmap)| {
        let txs = (0..bitmap.count()).map(|at| vec![at as u8; size]);
        TxDelivery { window, bitmap, txs: Txs::from_slices(txs) }
    });
    let windows = NonEmpty::from_vec(windows.collect()).expect("not none");
    deliveries(vec![Deliverable::LeiosBlockTxsDelivery(point(), windows)])
}

/// A request for transactions of so many windows.
pub fn request(windows: u32) -> RequestMessage {
    let bitmaps = TxBitmaps::all(windows * 64).expect("not none");
    let ids = NonEmpty::one(DeliverableId::LeiosBlockTxsId(point(), bitmaps));
    RequestMessage::MsgLeiosRequest(MsgRequestPayload::LeiosDeliverableIds(RequestNo(7), ids))
}

pub fn encoded(message: &ReplyMessage) -> Bytes {
    let mut out = Vec::new();
    message.encode(&mut out);
    Bytes::from(out)
}
