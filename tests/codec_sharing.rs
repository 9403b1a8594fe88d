//! What decoded messages share with the read they came in, and that `heap` covers it.

#![cfg(feature = "leios")]

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::leios::{
    Deliverable, Hash32, LeiosPoint, LinearLeiosVote, MsgReplyPayload, NonEmpty, ReplyMessage,
    RequestNo, SlotNo, TxBitmaps, TxDelivery, Txs, VoteIssuer,
};

const POINT: LeiosPoint = LeiosPoint::new(SlotNo(1_657_673), Hash32([7; 32]));

fn reply(deliverables: Vec<Deliverable>) -> Bytes {
    let payload = MsgReplyPayload::LeiosDeliveries(RequestNo(0), deliverables);
    let mut out = Vec::new();
    ReplyMessage::MsgLeiosReply(payload).encode(&mut out);
    Bytes::from(out)
}

fn deliveries(item: &[u8], source: Source<'_>) -> (ReplyMessage, Vec<Deliverable>) {
    let message = ReplyMessage::decode(item, source).expect("our own encoding");
    match message.clone() {
        ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(_, items)) => (message, items),
        other => panic!("{other:?}"),
    }
}

/// `count` transactions of `size` bytes, in as many windows as they take.
fn txs(count: u32, size: usize) -> Deliverable {
    let bitmaps = TxBitmaps::all(count).expect("some");
    let window = |&(window, bitmap): &(u16, _)| {
        let bitmap: nodewire::codec::leios::Bitmap64 = bitmap;
        let txs = Txs::from_slices((0..bitmap.count()).map(|byte| vec![byte as u8; size]));
        TxDelivery { window, bitmap, txs }
    };
    let windows = bitmaps.windows().iter().map(window).collect();
    Deliverable::LeiosBlockTxsDelivery(POINT, NonEmpty::from_vec(windows).expect("some"))
}

fn windows(deliverable: &Deliverable) -> &[TxDelivery] {
    match deliverable {
        Deliverable::LeiosBlockTxsDelivery(_, windows) => windows,
        other => panic!("{other:?}"),
    }
}

/// Where the transactions are, as offsets into `read`; `None` if any is elsewhere.
fn inside(read: &Bytes, windows: &[TxDelivery]) -> Option<Vec<usize>> {
    let tx = |tx: &[u8]| {
        let offset = (tx.as_ptr() as usize).checked_sub(read.as_ptr() as usize)?;
        (offset + tx.len() <= read.len()).then_some(offset)
    };
    windows.iter().flat_map(|window| window.txs.iter()).map(tx).collect()
}

#[test]
fn windows_of_a_large_reply_are_slices_of_the_read() {
    let read = reply(vec![txs(500, 200)]);
    let (message, items) = deliveries(&read, Source::of(&read));
    let offsets = inside(&read, windows(&items[0])).expect("nothing was copied");
    assert_eq!(offsets.len(), 500);
    assert!(offsets.windows(2).all(|two| two[0] < two[1]));
    assert!(message.heap() >= read.len(), "it keeps the read alive");
    assert!(message.heap() <= Source::SHARE * read.len() + 64 * 1024);

    let tx = windows(&items[0])[3].txs.get(5).expect("it is there");
    assert_eq!(tx, vec![5; 200]);
    assert_eq!(windows(&items[0])[3].txs.get(64), None);
}

#[test]
fn a_small_part_of_a_read_is_copied() {
    let item = reply(vec![txs(70, 20)]);
    let read = Bytes::from([&item[..], &vec![0; 100_000]].concat());
    let (message, items) = deliveries(&read[..item.len()], Source::of(&read));
    assert_eq!(inside(&read, windows(&items[0])), None);
    let (first, second) = (&windows(&items[0])[0].txs, &windows(&items[0])[1].txs);
    let (first, second) = (first.get(63).expect("64"), second.get(0).expect("6"));
    let gap = second.as_ptr() as usize - (first.as_ptr() as usize + first.len());
    assert!(gap < 32, "both windows are in one copy: {gap}");
    assert!(message.heap() < 4 * item.len() + 16 * 1024, "{}", message.heap());
}

#[test]
fn votes_are_shared_or_copied_by_their_part_of_the_read() {
    let vote = LinearLeiosVote::new(POINT.slot, POINT.hash, VoteIssuer(915), [1; 48]);
    for (votes, shared) in [(1, true), (3, true), (5, false)] {
        let read = reply(vec![Deliverable::LinearLeiosVoteDelivery(vote.clone()); votes]);
        let (_, items) = deliveries(&read, Source::of(&read));
        for item in items {
            let Deliverable::LinearLeiosVoteDelivery(got) = item else { panic!("{item:?}") };
            assert_eq!(got, vote);
            let range = read.as_ptr_range();
            assert_eq!(range.contains(&got.raw().as_ptr()), shared, "{votes}");
            assert!(got.heap() >= if shared { read.len() } else { got.raw().len() });
        }
    }
}
