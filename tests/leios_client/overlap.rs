//! What may be left out of a reply, and what may not (`leios.md` 8.4, L-47, L-52, S-10).

use nodewire::codec::leios::LeiosPoint;
use nodewire::state::leios::{Blake2b, ClientNotice, RustCryptoBlake2b};

use crate::support::*;

const MISSING: (&str, &str) = ("leios/L-47", "MissingDeliverable");

/// Block A of the reference: four transactions.
fn a() -> Block {
    Block::new(NOW - 5, &[b"t1", b"t2", b"t3", b"t4"])
}

/// Block B: younger, three transactions, two of them those of A.
fn b() -> Block {
    Block::new(NOW, &[b"t3", b"t5", b"t1"])
}

/// Asks for all of A, then all of B: requests 0 and 1.
fn both() -> Rig {
    let mut rig = Rig::new();
    assert_eq!(wanted(&rig.want_txs(&a(), &[0, 1, 2, 3])).len(), 1);
    assert_eq!(wanted(&rig.want_txs(&b(), &[0, 1, 2])).len(), 1);
    rig
}

fn indices(acts: &[Act]) -> Vec<u32> {
    let txs = notices(acts).into_iter().flat_map(|notice| match notice {
        ClientNotice::Txs { txs, .. } => txs,
        _ => Vec::new(),
    });
    txs.map(|tx| tx.0).collect()
}

fn excused(acts: &[Act]) -> usize {
    let count = |notice| match notice {
        ClientNotice::Excused(hashes) => hashes.len(),
        _ => 0,
    };
    notices(acts).into_iter().map(count).sum()
}

#[test]
fn freshest_first_with_both_outstanding() {
    let mut rig = both();
    assert_eq!(indices(&rig.deliver(1, vec![b().txs(&[0, 1, 2])])), [0, 1, 2]);
    let acts = rig.deliver(0, vec![a().txs(&[1, 3])]);
    assert_eq!((indices(&acts), excused(&acts)), (vec![1, 3], 2));
}

#[test]
fn request_order_with_both_outstanding() {
    let mut rig = both();
    rig.deliver(0, vec![a().txs(&[0, 1, 2, 3])]);
    let acts = rig.deliver(1, vec![b().txs(&[1])]);
    assert_eq!((indices(&acts), excused(&acts)), (vec![1], 2));
    assert!(notices(&acts).contains(&ClientNotice::Excused(vec![
        RustCryptoBlake2b::hash32(b"t3"),
        RustCryptoBlake2b::hash32(b"t1"),
    ])));
}

#[test]
fn sending_all_of_it_again_is_waste_and_no_violation() {
    for order in [[0, 1], [1, 0]] {
        let mut rig = both();
        for no in order {
            let all = if no == 0 { a().txs(&[0, 1, 2, 3]) } else { b().txs(&[0, 1, 2]) };
            assert!(is_open(&rig.deliver(no, vec![all])));
        }
    }
}

#[test]
fn any_part_of_the_overlap_may_be_left_out() {
    let mut rig = both();
    rig.deliver(1, vec![b().txs(&[0, 1, 2])]);
    assert!(is_open(&rig.deliver(0, vec![a().txs(&[0, 1, 3])])), "t3 left out, t1 sent again");
}

#[test]
fn everything_may_be_left_out() {
    let mut rig = Rig::new();
    let within = Block::new(NOW, &[b"t3", b"t1"]);
    rig.want_txs(&a(), &[0, 1, 2, 3]);
    rig.want_txs(&within, &[0, 1]);
    rig.deliver(0, vec![a().txs(&[0, 1, 2, 3])]);
    let acts = rig.deliver(1, Vec::new());
    assert!(is_open(&acts));
    assert_eq!(excused(&acts), 2);
}

#[test]
fn what_no_other_reply_held_is_missing() {
    let mut rig = both();
    rig.deliver(1, vec![b().txs(&[0, 1, 2])]);
    assert_eq!(fault(&rig.deliver(0, vec![a().txs(&[1])])), MISSING, "t4 was not in B");
    // The first reply has nothing to refer to.
    assert_eq!(fault(&both().deliver(1, vec![b().txs(&[1])])), MISSING);
}

#[test]
fn a_reply_before_the_request_excuses_nothing() {
    let mut rig = Rig::new();
    rig.want_txs(&b(), &[0, 1, 2]);
    rig.deliver(0, vec![b().txs(&[0, 1, 2])]);
    rig.want_txs(&a(), &[0, 1, 2, 3]);
    let acts = rig.deliver(1, vec![a().txs(&[1, 3])]);
    assert_eq!(fault(&acts), MISSING);
}

#[test]
fn a_reply_before_the_request_excuses_nothing_while_another_still_wants_it() {
    let mut rig = both();
    rig.deliver(1, vec![b().txs(&[0, 1, 2])]);
    // Request 0 still wants t1 and t3, so they are still remembered; request 2 came after.
    rig.want_txs(&b(), &[0, 1, 2]);
    let mut early = rig.clone();
    assert_eq!(fault(&early.deliver(2, vec![b().txs(&[1])])), MISSING);
    // Once request 0 is answered in full, request 2 may leave out what that held.
    rig.deliver(0, vec![a().txs(&[0, 1, 2, 3])]);
    assert!(is_open(&rig.deliver(2, vec![b().txs(&[1])])));
}

#[test]
fn what_was_left_out_of_one_reply_excuses_no_other() {
    let mut rig = both();
    rig.want_txs(&a(), &[0]);
    rig.deliver(1, vec![b().txs(&[0, 1, 2])]);
    rig.deliver(0, vec![a().txs(&[1, 3])]);
    // t1 was in the reply to request 1, while request 2 was outstanding.
    assert!(is_open(&rig.deliver(2, Vec::new())));
    let mut rig = both();
    rig.deliver(1, vec![b().txs(&[0, 1, 2])]);
    rig.want_txs(&a(), &[0]);
    rig.deliver(0, vec![a().txs(&[1, 3])]);
    // Here it was not, and the reply to request 0 left it out.
    assert_eq!(fault(&rig.deliver(2, Vec::new())), MISSING);
}

#[test]
fn three_requests_for_the_same_in_each_of_six_orders() {
    let blocks = [
        Block::new(NOW, &[b"x", b"y", b"z"]),
        Block::new(NOW, &[b"z", b"x", b"y"]),
        Block::new(NOW, &[b"y", b"z", b"x"]),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut rig = Rig::new();
        for block in &blocks {
            rig.want_txs(block, &[0, 1, 2]);
        }
        let first: usize = order[0];
        let all = vec![blocks[first].txs(&[0, 1, 2])];
        assert!(is_open(&rig.deliver(first as u64, all)));
        for no in &order[1..] {
            let acts = rig.deliver(*no as u64, Vec::new());
            assert_eq!(excused(&acts), 3, "{order:?}");
        }
        assert_eq!(rig.client.outstanding_txs(), 0);
    }
}

#[test]
fn blocks_overlap_by_hash_and_votes_by_slot_and_issuer() {
    let mut rig = Rig::new();
    let block = a();
    let elsewhere = Block { point: LeiosPoint::new(b().point.slot, block.point.hash), ..a() };
    rig.want_block(&block);
    rig.want_block(&elsewhere);
    rig.deliver(1, vec![elsewhere.delivery()]);
    assert!(is_open(&rig.deliver(0, Vec::new())));
    rig.want_votes(NOW, [1, 2]);
    rig.want_votes(NOW, [2, 3]);
    rig.deliver(2, vec![vote_delivery(NOW, 1), vote_delivery(NOW, 2)]);
    assert!(is_open(&rig.deliver(3, vec![vote_delivery(NOW, 3)])));
    rig.want_votes(NOW, [2]);
    rig.want_votes(NOW + 1, [2]);
    rig.deliver(5, vec![vote_delivery(NOW + 1, 2)]);
    assert_eq!(fault(&rig.deliver(4, Vec::new())), MISSING, "another slot");
}
