//! Replies to requests for deliverables (L-17 to L-19, L-46 to L-54).

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    Bitmap64, Deliverable, LinearLeiosBlock, NonEmpty, SlotNo, TxDelivery, TxReference, Txs,
};
use nodewire::state::leios::{
    Blake2b, ClientCommand, ClientNotice, Limits, RustCryptoBlake2b, Verdict,
};

use crate::support::*;

fn small() -> Block {
    Block::new(NOW, &[b"one", b"two", b"three", b"four"])
}

/// A delivery of one window, as it stands.
fn window(block: &Block, window: u16, bits: u64, txs: &[&[u8]]) -> Deliverable {
    let bitmap = Bitmap64::new(bits).unwrap();
    let delivery = TxDelivery { window, bitmap, txs: Txs::from_slices(txs) };
    Deliverable::LeiosBlockTxsDelivery(block.point, NonEmpty::one(delivery))
}

const FIRST: u64 = 1 << 63;

fn txs_fault(deliverables: Vec<Deliverable>) -> (&'static str, &'static str) {
    let mut rig = Rig::new();
    rig.want_txs(&small(), &[0, 1, 2]);
    fault(&rig.deliver(0, deliverables))
}

#[test]
fn a_block_comes() {
    let (mut rig, block) = (Rig::new(), small());
    assert_eq!(wanted(&rig.want_block(&block)).len(), 1);
    assert_eq!(rig.client.outstanding_requests(), 1);
    let acts = rig.deliver(0, vec![block.delivery()]);
    let expected = ClientNotice::Block { point: block.point, block: block.block.clone() };
    assert_eq!(notices(&acts), [expected]);
    assert_eq!((rig.client.outstanding_requests(), rig.client.outstanding_bytes()), (0, 0));
}

#[test]
fn transactions_come() {
    let (mut rig, block) = (Rig::new(), Block::bulk(NOW, 200, 20));
    rig.want_txs(&block, &[0, 63, 64, 199]);
    assert_eq!(rig.client.outstanding_txs(), 4);
    let acts = rig.deliver(0, vec![block.txs(&[0, 63, 64, 199])]);
    let Some(ClientNotice::Txs { point, txs }) = notices(&acts).pop() else { panic!("{acts:?}") };
    assert_eq!(point, block.point);
    let indices: Vec<u32> = txs.iter().map(|tx| tx.0).collect();
    assert_eq!(indices, [0, 63, 64, 199]);
    for (index, hash, bytes) in txs {
        assert_eq!(bytes, block.txs[index as usize]);
        assert_eq!(hash, RustCryptoBlake2b::hash32(&bytes));
    }
    assert_eq!(rig.client.outstanding_txs(), 0);
}

#[test]
fn votes_come_in_any_order() {
    let mut rig = Rig::new();
    rig.want_votes(NOW, [3, 1, 2]);
    assert_eq!(rig.client.outstanding_requests(), 3);
    let acts = rig.deliver(0, [2, 3, 1].map(|issuer| vote_delivery(NOW, issuer)).to_vec());
    let expected = [2, 3, 1].map(|issuer| ClientNotice::Vote(vote(NOW, issuer)));
    assert_eq!(notices(&acts), expected);
    assert_eq!(rig.client.outstanding_requests(), 0);
}

#[test]
fn a_reply_names_an_outstanding_request() {
    let (mut rig, block) = (Rig::new(), small());
    assert_eq!(fault(&Rig::new().deliver(0, Vec::new())), ("leios/L-17", "NoSuchRequest"));
    rig.want_block(&block);
    for no in [1, u64::MAX] {
        let mut rig = rig.clone();
        let acts = rig.deliver(no, vec![block.delivery()]);
        assert_eq!(fault(&acts), ("leios/L-17", "NoSuchRequest"));
    }
    // A second reply to the same request (L-46) names none.
    rig.deliver(0, vec![block.delivery()]);
    let acts = rig.deliver(0, vec![block.delivery()]);
    assert_eq!(fault(&acts), ("leios/L-17", "NoSuchRequest"));
}

#[test]
fn the_kind_of_a_reply_is_that_of_its_request() {
    let mut rig = Rig::new();
    rig.want_block(&small());
    let acts = rig.notifications(0, false, &[sized(point(NOW, 1), 45)]);
    assert_eq!(fault(&acts), ("leios/L-18", "ReplyKindMismatch"));
}

#[test]
fn nothing_else_comes_with_a_reply() {
    let (block, other) = (small(), Block::new(NOW, &[b"else"]));
    let vote = || vote_delivery(NOW, 1);
    type Want = (fn(&mut Rig), Vec<Deliverable>);
    let wants: [Want; 6] = [
        (|rig| drop(rig.want_block(&small())), vec![vote()]),
        (|rig| drop(rig.want_block(&small())), vec![block.delivery(), other.delivery()]),
        (|rig| drop(rig.want_txs(&small(), &[0])), vec![block.delivery()]),
        (|rig| drop(rig.want_txs(&small(), &[0])), vec![other.txs(&[0])]),
        (|rig| drop(rig.want_txs(&small(), &[0])), vec![window(&block, 1, FIRST, &[b"one"])]),
        (|rig| drop(rig.want_votes(NOW, [1])), vec![vote(), block.delivery()]),
    ];
    for (want, deliverables) in wants {
        let mut rig = Rig::new();
        want(&mut rig);
        let acts = rig.deliver(0, deliverables);
        assert_eq!(fault(&acts), ("leios/L-19", "UnrequestedContent"));
        assert_eq!(notices(&acts), [], "nothing of a bad reply is told");
    }
}

#[test]
fn what_was_asked_for_must_come() {
    let block = small();
    let mut rig = Rig::new();
    rig.want_block(&block);
    assert_eq!(fault(&rig.deliver(0, Vec::new())), ("leios/L-47", "MissingDeliverable"));
    assert_eq!(txs_fault(vec![block.txs(&[0, 2])]), ("leios/L-47", "MissingDeliverable"));
    let mut rig = Rig::new();
    rig.want_votes(NOW, [1, 2]);
    let acts = rig.deliver(0, vec![vote_delivery(NOW, 2)]);
    assert_eq!(fault(&acts), ("leios/L-47", "MissingDeliverable"));
}

#[test]
fn nothing_comes_twice() {
    let block = small();
    let mut rig = Rig::new();
    rig.want_block(&block);
    let acts = rig.deliver(0, vec![block.delivery(), block.delivery()]);
    assert_eq!(fault(&acts), ("leios/L-48", "DuplicateDeliverable"));
    let twice = vec![block.txs(&[0, 1, 2]), block.txs(&[1])];
    assert_eq!(txs_fault(twice), ("leios/L-48", "DuplicateDeliverable"));
    let mut rig = Rig::new();
    rig.want_votes(NOW, [1]);
    let acts = rig.deliver(0, vec![vote_delivery(NOW, 1), vote_delivery(NOW, 1)]);
    assert_eq!(fault(&acts), ("leios/L-48", "DuplicateDeliverable"));
}

#[test]
fn one_block_may_be_answered_in_two_deliveries() {
    let mut rig = Rig::new();
    rig.want_txs(&small(), &[0, 1, 2]);
    let acts = rig.deliver(0, vec![small().txs(&[2]), small().txs(&[0, 1])]);
    assert!(is_open(&acts));
}

/// A pool may announce one block twice, with two sizes. Which size a client goes by is a matter of
/// chance: a server that announced the true one too is not to be blamed.
#[test]
fn a_block_has_some_size_that_its_server_announced() {
    for false_size in [0, 36, 512_000, 600_000] {
        let block = small();
        let mut rig = Rig::listening();
        for size in [block.size(), false_size] {
            let acts = rig.announce(&header_of(&block, 1, size));
            rig.judge(&acts, Verdict::Process);
        }
        let no = 2; // after two for notifications
        rig.local(ClientCommand::RequestBlock { point: block.point, size: false_size });
        let head = [0x83, 2, no as u8];
        let channel = nodewire::Channel::new(25, nodewire::Role::Initiator);
        let most = nodewire::OverChannels::item_limit(&rig.client, channel, &head).unwrap();
        assert!(most > block.block.raw().len());
        let acts = rig.deliver(no, vec![block.delivery()]);
        assert_eq!(notices(&acts).len(), 1, "{false_size}: {acts:?}");
    }
    // Only a size that was announced is good, here none but a false one.
    let (block, mut rig) = (small(), Rig::listening());
    let acts = rig.announce(&header_of(&block, 1, 512_000));
    rig.judge(&acts, Verdict::Process);
    let no = 2; // after two for notifications
    rig.local(ClientCommand::RequestBlock { point: block.point, size: 500_000 });
    let acts = rig.deliver(no, vec![block.delivery()]);
    assert_eq!(fault(&acts), ("leios/L-49", "BlockMismatch"));
}

#[test]
fn a_block_is_the_one_asked_for() {
    let (block, other) = (small(), Block::new(NOW, &[b"one", b"two", b"three", b"five"]));
    let mut rig = Rig::new();
    rig.want_block(&block);
    let acts = rig.deliver(0, vec![other.delivery()]);
    assert_eq!(fault(&acts), ("leios/L-49", "BlockMismatch"), "right size, wrong hash");
    let mut rig = Rig::new();
    let size = block.size() + 1;
    rig.local(ClientCommand::RequestBlock { point: block.point, size });
    let acts = rig.deliver(0, vec![block.delivery()]);
    assert_eq!(fault(&acts), ("leios/L-49", "BlockMismatch"), "right hash, wrong size");
}

#[test]
fn a_block_keeps_its_limits() {
    let of_size = |size| {
        let hash = RustCryptoBlake2b::hash32(b"tx");
        let block = LinearLeiosBlock::new(&[TxReference { hash, size }]).unwrap();
        let hash = RustCryptoBlake2b::hash32(block.raw());
        let point = nodewire::codec::leios::LeiosPoint::new(SlotNo(NOW), hash);
        Block { point, block, txs: vec![Bytes::new()] }
    };
    type Case = (Block, fn(&mut Limits), bool);
    let cases: [Case; 6] = [
        (of_size(16_384), |_| {}, true),
        (of_size(16_385), |_| {}, false),
        (of_size(0), |_| {}, false),
        (small(), |limits| limits.max_eb_txs = 3, false),
        (small(), |limits| limits.max_eb_closure = 14, false),
        (small(), |limits| limits.max_eb_closure = 15, true),
    ];
    for (block, set, good) in cases {
        let mut rig = Rig::with(set);
        rig.want_block(&block);
        let acts = rig.deliver(0, vec![block.delivery()]);
        match good {
            true => assert_eq!(notices(&acts).len(), 1),
            false => assert_eq!(fault(&acts), ("leios/L-49", "BlockMismatch")),
        }
    }
}

#[test]
fn bitmaps_are_subsets() {
    let superset = window(&small(), 0, 0xf << 60, &[b"one", b"two", b"three", b"four"]);
    assert_eq!(txs_fault(vec![superset]), ("leios/L-50", "BitmapNotSubset"));
    let beyond = window(&small(), 0, 1, &[b"one"]);
    assert_eq!(txs_fault(vec![beyond]), ("leios/L-50", "BitmapNotSubset"));
}

#[test]
fn there_is_one_transaction_for_each_bit() {
    for txs in [&[b"one".as_slice()][..], &[b"one", b"two", b"three"]] {
        let odd = window(&small(), 0, 3 << 62, txs);
        assert_eq!(txs_fault(vec![odd]), ("leios/L-50", "BitmapCountMismatch"));
    }
}

#[test]
fn windows_of_a_delivery_ascend() {
    let Deliverable::LeiosBlockTxsDelivery(point, windows) = small().txs(&[0]) else { panic!() };
    let twice = NonEmpty::from_vec([windows.to_vec(), windows.to_vec()].concat()).unwrap();
    let twice = Deliverable::LeiosBlockTxsDelivery(point, twice);
    assert_eq!(txs_fault(vec![twice]), ("leios/L-7", "WindowsNotAscending"));
}

#[test]
fn a_transaction_is_the_one_the_block_records() {
    for odd in [b"eno".as_slice(), b"on", b"onee", b""] {
        let odd = window(&small(), 0, 7 << 61, &[odd, b"two", b"three"]);
        assert_eq!(txs_fault(vec![odd]), ("leios/L-51", "TxMismatch"));
    }
    // In another order each has the wrong hash.
    let odd = window(&small(), 0, 3 << 62, &[b"two", b"one"]);
    assert_eq!(txs_fault(vec![odd]), ("leios/L-51", "TxMismatch"));
}

#[test]
fn a_vote_is_one_asked_for() {
    for odd in [vote_delivery(NOW, 2), vote_delivery(NOW + 1, 1)] {
        let mut rig = Rig::new();
        rig.want_votes(NOW, [1]);
        assert_eq!(fault(&rig.deliver(0, vec![odd])), ("leios/L-54", "VoteMismatch"));
    }
}
