//! What a client holds, under attack and at rest.

use nodewire::Machine;
use nodewire::codec::leios::{DeliverableId, SlotNo, VoteIssuer};
use nodewire::state::leios::{Client, ClientCommand, Limits, Verdict};

use crate::support::*;

fn most(limits: &Limits) -> usize {
    <Client>::most_footprint(limits)
}

fn within(rig: &Rig, limits: &Limits) -> usize {
    let footprint = rig.client.footprint();
    assert!(footprint <= most(limits), "{footprint} of {}", most(limits));
    footprint
}

#[test]
fn an_idle_client_is_small() {
    let rig = Rig::listening();
    assert!(rig.client.footprint() <= 2_000, "{}", rig.client.footprint());
}

#[test]
fn votes_of_every_seat_take_a_bit_each() {
    let mut rig = Rig::listening();
    rig.announced(NOW, 1, 1);
    let before = rig.client.footprint();
    for issuer in 0..=u16::MAX {
        rig.offer_vote(NOW, issuer);
    }
    let after = rig.client.footprint();
    assert!(after - before <= 8_192 + 1_024, "{before} {after}");
    within(&rig, &Limits::default());
}

#[test]
fn elections_of_one_slot_are_held_within_the_limit() {
    let set = |limits: &mut Limits| limits.max_tracked_elections = 200;
    let mut limits = Limits::default();
    set(&mut limits);
    let mut rig = Rig::listening_with(set);
    for pool in 0..200 {
        let acts = rig.announce(&header(NOW, pool, pool));
        if pool % 2 == 0 {
            rig.judge(&acts, Verdict::Process);
        }
        rig.announce(&numbered_header(NOW, pool, pool ^ 0xff, 1));
        within(&rig, &limits);
    }
    assert_eq!(rig.client.tracked_elections(), 200);
    // All of it goes with its slot.
    rig.pass(700);
    rig.timeout();
    assert!(within(&rig, &limits) < 20_000, "{}", rig.client.footprint());
}

#[test]
fn what_waits_is_held_within_the_limit_however_it_was_drained() {
    let set = |limits: &mut Limits| {
        limits.max_queued_requests = 600;
        limits.max_outstanding_requests = 1;
    };
    let mut limits = Limits::default();
    set(&mut limits);
    let mut rig = Rig::with(set);
    let block = Block::bulk(NOW, 500, 1_000);
    let mut no = 0;
    rig.want_votes(NOW, [1]);
    let mut answer = vec![vote_delivery(NOW, 1)];
    for round in 0..40_u64 {
        // A fresher slot each time leaves the rest of the one before waiting.
        let point = nodewire::codec::leios::LeiosPoint::new(SlotNo(NOW + round), block.point.hash);
        let count = rig.client.room().min(500) as u32;
        if count > 0 {
            let indices: Vec<u32> = (0..count).collect();
            let mut txs = Vec::with_capacity(4_000);
            txs.extend(block.wanted(&indices));
            rig.local(ClientCommand::RequestTxs { point, txs });
        }
        within(&rig, &limits);
        let acts = rig.deliver(no, answer);
        within(&rig, &limits);
        let [(next, ids)] = wanted(&acts).try_into().unwrap();
        no = next;
        let nodewire::codec::leios::DeliverableId::LeiosBlockTxsId(point, bitmaps) = &ids[0] else {
            panic!("{ids:?}");
        };
        let moved = Block { point: *point, ..block.clone() };
        answer = vec![moved.txs(&bitmaps.indices().collect::<Vec<_>>())];
    }
}

#[test]
fn everything_outstanding_is_held_within_the_limit() {
    let limits = Limits::default();
    let mut rig = Rig::listening();
    let block = Block::bulk(NOW, 14_000, 12);
    rig.want_txs(&block, &(0..14_000).collect::<Vec<_>>());
    within(&rig, &limits);
    for slot in 0..30 {
        let votes = (0..400).map(|issuer| (SlotNo(NOW + slot), VoteIssuer(issuer))).collect();
        drop(rig.try_local(ClientCommand::RequestVotes { votes }));
        within(&rig, &limits);
    }
    assert!(rig.client.outstanding_txs() > 10_000);
    // Never below what is really held: an index, a hash and a size each.
    assert!(rig.client.footprint() > rig.client.outstanding_txs() * 40);
    let acts = rig.done();
    assert!(!is_open(&acts));
    assert!(rig.client.footprint() < 10_000, "{}", rig.client.footprint());
}

#[test]
fn a_queue_that_empties_gives_its_memory_back() {
    let mut rig = Rig::with(|limits| {
        limits.max_outstanding_requests = 1;
        limits.max_votes_per_request = 64;
    });
    rig.want_votes(NOW, [0]);
    let idle = rig.client.footprint();
    rig.want_votes(NOW, 1..=6_000);
    let full = rig.client.footprint();
    assert!(full >= idle + 6_000 * 2, "{idle} {full}");
    let mut answer = vec![vote_delivery(NOW, 0)];
    let mut no = 0;
    while rig.client.room() < Limits::default().max_queued_requests - 100 {
        let acts = rig.deliver(no, answer);
        let [(next, ids)] = wanted(&acts).try_into().unwrap();
        no = next;
        let issuer = |id: &DeliverableId| match id {
            DeliverableId::LinearLeiosVoteId(_, issuer) => vote_delivery(NOW, issuer.0),
            other => panic!("{other:?}"),
        };
        answer = ids.iter().map(issuer).collect();
    }
    let drained = rig.client.footprint();
    // What came of it is remembered, in less than the queue took.
    assert!(drained < full, "{idle} {full} {drained}");
}
