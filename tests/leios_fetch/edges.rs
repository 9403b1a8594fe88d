//! Where the limits and orders of the decision logic have their edges.

use nodewire::codec::leios::{LeiosPoint, PoolId, RankingBlockHeader, SlotNo, VoteIssuer};
use nodewire::state::leios::{
    Announcement, ClientCommand, ClientNotice, FetchCommand, FetchLimits, FetchNotice, Unit,
    VoteNeed,
};

use crate::world::{Link, World, txs};

const SECOND: u64 = 1_000_000;

fn silent() -> Link {
    let mut link = Link::new(10.0, 1.0);
    link.serves = 0;
    link
}

fn announced(slot: u64, salt: u8) -> ClientNotice {
    let raw = vec![0x82, 6, 0xd8, 24, 0x41, salt].into();
    let header = RankingBlockHeader::from_raw(raw).expect("a wrapper");
    let hash = nodewire::codec::leios::Hash32([salt; 32]);
    let point = LeiosPoint::new(SlotNo(slot), hash);
    let pool = PoolId([4; 28]);
    let eb_size = 500;
    ClientNotice::Announced(Announcement { point, eb_size, pool, equivocation: false, header })
}

/// Slots of announcements, and of evidence.
fn elections(world: &World) -> [Vec<u64>; 2] {
    let slots = |wanted: fn(&FetchNotice<u64>) -> Option<u64>| {
        world.told.iter().filter_map(|(_, told)| wanted(told)).collect()
    };
    [
        slots(|told| match told {
            FetchNotice::Announced(_, it) => Some(it.point.slot.0),
            _ => None,
        }),
        slots(|told| match told {
            FetchNotice::Equivocated(_, it) => Some(it.point.slot.0),
            _ => None,
        }),
    ]
}

fn dropped(world: &World) -> Vec<LeiosPoint> {
    let point = |told: &FetchNotice<u64>| match told {
        FetchNotice::Dropped { point, .. } => Some(*point),
        _ => None,
    };
    world.told.iter().filter_map(|(_, told)| point(told)).collect()
}

fn votes_told(world: &World) -> Vec<u64> {
    let slot = |told: &FetchNotice<u64>| match told {
        FetchNotice::Vote(vote) => Some(vote.slot().0),
        _ => None,
    };
    world.told.iter().filter_map(|(_, told)| slot(told)).collect()
}

#[test]
fn elections_are_remembered_up_to_the_limit_the_youngest_ones() {
    let mut limits = FetchLimits::default();
    limits.max_points = 2;
    let mut world = World::new(limits);
    world.join(0, Link::new(10.0, 10.0));
    world.remote(0, announced(5, 1));
    world.remote(0, announced(6, 2));
    world.remote(0, announced(5, 3));
    assert_eq!(elections(&world), [vec![5, 6], vec![5]]);
    // The third pushes the oldest out.
    world.remote(0, announced(7, 4));
    world.remote(0, announced(6, 5));
    assert_eq!(elections(&world), [vec![5, 6, 7], vec![5, 6]]);
}

#[test]
fn elections_below_a_slot_are_forgotten_and_no_others() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(10.0, 10.0));
    world.remote(0, announced(5, 1));
    world.remote(0, announced(6, 2));
    world.local(FetchCommand::ForgetBelow(SlotNo(6)));
    world.remote(0, announced(6, 3));
    world.remote(0, announced(5, 4));
    assert_eq!(elections(&world), [vec![5, 6, 5], vec![6]]);
}

#[test]
fn a_block_of_which_there_are_only_offers_displaces_no_work() {
    let mut limits = FetchLimits::default();
    limits.max_points = 2;
    let mut world = World::new(limits);
    world.join(0, silent());
    let wanted: Vec<_> = [3, 4].map(|slot| world.block(slot, &txs(slot, [100; 2]))).into();
    wanted.iter().for_each(|(point, size)| world.implied(0, *point, *size));
    let (young, _) = world.block(9, &txs(50, [100; 2]));
    world.offer(0, young);
    assert_eq!(dropped(&world), []);
    // It is work that displaces.
    let (younger, size) = world.block(10, &txs(60, [100; 2]));
    world.implied(0, younger, size);
    assert_eq!(dropped(&world), [wanted[0].0]);
}

#[test]
fn while_syncing_older_work_displaces_younger() {
    let mut limits = FetchLimits::default();
    limits.max_points = 2;
    let mut world = World::new(limits);
    world.local(FetchCommand::OldestFirst(true));
    let points: Vec<_> = [5, 6, 4, 7].map(|slot| world.block(slot, &txs(slot, [100; 2]))).into();
    points.iter().for_each(|(point, size)| world.want(*point, *size));
    assert_eq!(dropped(&world), [points[1].0]);
}

#[test]
fn references_are_taken_from_those_that_hold_some_and_matter_less() {
    let mut limits = FetchLimits::default();
    limits.max_references = 150;
    for (slot, gone) in [(1, 1), (2, 0)] {
        let mut world = World::new(limits.clone());
        let mut link = Link::new(10.0, 10.0);
        link.serves = 10_000;
        world.join(0, link);
        world.join(1, Link::new(10.0, 10.0));
        world.join(2, silent());
        let blocks: Vec<_> = [(1, 0), (slot, 1_000), (0, 2_000)]
            .map(|(slot, first)| world.block(slot, &txs(first, [10_000; 100])))
            .into();
        // Of the least important one not even the body is there.
        world.implied(2, blocks[2].0, blocks[2].1);
        world.implied(0, blocks[0].0, blocks[0].1);
        world.run(SECOND);
        world.implied(1, blocks[1].0, blocks[1].1);
        world.run(2 * SECOND);
        // Among equals the first stays.
        assert_eq!(dropped(&world), [blocks[gone].0], "slot {slot}");
    }
}

#[test]
fn who_owes_something_that_is_late_is_asked_for_nothing_else() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, silent());
    let (first, size) = world.block(1, &txs(0, [500; 10]));
    world.implied(0, first, size);
    world.run(4 * SECOND);
    let (second, size) = world.block(2, &txs(100, [500; 10]));
    world.implied(0, second, size);
    world.run(5 * SECOND);
    assert_eq!(world.commands.len(), 1);
    world.fails(0, vec![Unit::Block(first)]);
    let wants = ClientCommand::RequestBlock { point: second, size };
    assert_eq!(world.commands.last().map(|(_, _, command)| command), Some(&wants));
}

#[test]
fn a_full_window_has_no_room() {
    let refs = [txs(0, [500; 10]), txs(100, [500; 10])];
    for (more, requests) in [(0, 1), (1, 2)] {
        let mut limits = FetchLimits::default();
        let size = World::new(limits.clone()).block(2, &refs[1]).1;
        limits.probe_bytes = u64::from(size) + more;
        let mut world = World::new(limits);
        world.join(0, silent());
        for (slot, refs) in (1..).zip(&refs) {
            let (point, size) = world.block(slot, refs);
            world.implied(0, point, size);
        }
        assert_eq!(world.commands.len(), requests);
    }
}

/// How many transactions each of the first requests for some asks for.
fn first_requests(limits: FetchLimits, sizes: &[u32]) -> Vec<usize> {
    let mut world = World::new(limits);
    world.join(0, Link::new(10.0, 10.0));
    let (point, size) = world.block(1, &txs(0, sizes.iter().copied()));
    world.implied(0, point, size);
    for _ in 0..1_000 {
        let requests: Vec<_> = world
            .commands
            .iter()
            .filter_map(|(_, _, command)| match command {
                ClientCommand::RequestTxs { txs, .. } => Some(txs.len()),
                _ => None,
            })
            .collect();
        if !requests.is_empty() {
            return requests;
        }
        let next = world.now + 1_000;
        world.run(next);
    }
    panic!("no transactions are asked for");
}

#[test]
fn no_more_transactions_are_in_flight_than_allowed() {
    let mut limits = FetchLimits::default();
    limits.per_peer_txs = 5;
    assert_eq!(first_requests(limits, &[100; 20]), [5]);
}

/// 64 + 96 bytes of each request, 32 of each window of 64, 9 of each transaction beyond its own
/// (`leios.md` 8.5).
#[test]
fn a_request_is_filled_to_the_byte() {
    for (bytes, count) in [(6_592, 64), (6_591, 63), (13_024, 128), (13_023, 127)] {
        let mut limits = FetchLimits::default();
        limits.request_bytes = bytes;
        assert_eq!(first_requests(limits, &[91; 200])[0], count, "{bytes}");
    }
}

#[test]
fn votes_of_an_older_slot_push_out_no_younger_ones() {
    let mut limits = FetchLimits::default();
    limits.max_points = 1;
    let mut world = World::new(limits);
    world.join(0, Link::new(10.0, 10.0));
    world.offer_vote(0, 9, 1);
    world.offer_vote(0, 3, 1);
    world.run(SECOND);
    assert_eq!((votes_told(&world), world.commands.len()), (vec![9], 1));
    // Younger ones push out what came.
    world.offer_vote(0, 10, 1);
    world.run(2 * SECOND);
    assert_eq!(votes_told(&world), [9, 10]);
}

#[test]
fn who_offers_as_many_votes_as_another_pushes_out_its_own() {
    let mut limits = FetchLimits::default();
    limits.max_vote_offers = 4;
    limits.vote_requests = 1;
    let mut world = World::new(limits);
    for peer in 0..2 {
        world.join(peer, silent());
        let issuer = peer as u16 * 10;
        world.offer_vote(peer, 9, issuer);
        world.offer_vote(peer, 7, issuer + 1);
    }
    world.offer_vote(0, 8, 2);
    world.fails(1, vec![Unit::Vote(SlotNo(9), VoteIssuer(10))]);
    let votes = vec![(SlotNo(7), VoteIssuer(11))];
    let wants = ClientCommand::RequestVotes { votes };
    assert_eq!(world.commands.last().map(|(_, peer, it)| (*peer, it)), Some((1, &wants)));
}

#[test]
fn that_votes_matter_no_more_may_be_known_before_the_first_offer() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(10.0, 10.0));
    world.local(FetchCommand::Votes { slot: SlotNo(7), need: VoteNeed::None });
    world.offer_vote(0, 7, 1);
    assert!(world.commands.is_empty());
    world.offer_vote(0, 8, 1);
    assert_eq!(world.commands.len(), 1);
}

/// The world compares what is in flight at every step.
#[test]
fn a_forgotten_vote_in_flight_stays_in_the_books_until_it_comes() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(10.0, 10.0));
    world.offer_vote(0, 5, 1);
    world.local(FetchCommand::ForgetBelow(SlotNo(6)));
    assert_eq!(world.fetch.in_flight(), 128);
    world.run(SECOND);
    assert_eq!((world.fetch.in_flight(), votes_told(&world)), (0, vec![]));
    assert_eq!(world.commands.len(), 1);
}
