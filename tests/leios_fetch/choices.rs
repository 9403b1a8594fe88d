//! What comes first, what is asked once, how votes are bundled, what counts as an announcement.

use crate::world::{Link, World, txs, vote};
use nodewire::codec::leios::{LeiosPoint, PoolId, RankingBlockHeader, SlotNo, VoteIssuer};
use nodewire::state::leios::{
    Announcement, ClientCommand, ClientNotice, FetchCommand, FetchLimits, FetchNotice, Unit,
    VoteNeed,
};

const DAY: u64 = 86_400_000_000;

fn announcement(point: LeiosPoint, size: u32, salt: u8) -> Announcement {
    let header = RankingBlockHeader::from_raw(vec![0x82, 6, 0xd8, 24, 0x41, salt].into()).unwrap();
    let pool = PoolId([4; 28]);
    Announcement { point, eb_size: size, pool, equivocation: false, header }
}

#[test]
fn the_younger_block_overtakes_and_the_urgent_one_overtakes_both() {
    let mut world = World::new(FetchLimits::default());
    (0..2).for_each(|peer| world.join(peer, Link::new(10.0, 10.0)));
    let points: Vec<_> = [(5, 0), (9, 10_000), (3, 20_000)]
        .map(|(slot, first)| world.block(slot, &txs(first, [1_500; 2_000])))
        .into();
    for (at, (point, size)) in points.iter().enumerate() {
        let (point, size) = (*point, *size);
        (0..2).for_each(|peer| world.implied(peer, point, size));
        if at == 2 {
            world.local(FetchCommand::Urgent { point, size });
        }
        world.run((at as u64 + 1) * 300_000);
    }
    world.run(DAY);
    let ends: Vec<u64> = points.iter().map(|(point, _)| world.complete[point]).collect();
    assert!(ends[2] < ends[1] && ends[1] < ends[0], "{ends:?}");
    // The urgent one came last and was done about as fast as if alone: 3 MB at 20 Mb/s are 1.2 s.
    assert!(ends[2] < 600_000 + 1_600_000, "{ends:?}");
}

#[test]
fn while_syncing_the_oldest_comes_first() {
    let mut world = World::new(FetchLimits::default());
    world.local(FetchCommand::OldestFirst(true));
    (0..2).for_each(|peer| world.join(peer, Link::new(10.0, 10.0)));
    let told = world.commands.iter().map(|(_, _, command)| command.clone()).collect::<Vec<_>>();
    assert_eq!(told, [ClientCommand::OldestFirst(true), ClientCommand::OldestFirst(true)]);
    let points: Vec<_> =
        [8, 7, 6, 5].map(|slot| world.block(slot, &txs(slot * 10_000, [1_500; 500]))).into();
    for (point, size) in &points {
        (0..2).for_each(|peer| world.implied(peer, *point, *size));
    }
    world.run(DAY);
    let ends: Vec<u64> = points.iter().map(|(point, _)| world.complete[point]).collect();
    assert!(ends.windows(2).skip(1).all(|pair| pair[0] > pair[1]), "{ends:?}");
}

#[test]
fn a_transaction_of_two_blocks_is_fetched_once() {
    let mut world = World::new(FetchLimits::default());
    (0..3).for_each(|peer| world.join(peer, Link::new(10.0, 10.0)));
    let shared = txs(0, [1_000; 900]);
    let older: Vec<_> = shared.iter().copied().chain(txs(5_000, [1_000; 100])).collect();
    let younger: Vec<_> = txs(7_000, [1_000; 100]).into_iter().chain(shared).collect();
    let (a, a_size) = world.block(1, &older);
    let (b, b_size) = world.block(2, &younger);
    // Nobody who has the one has the other.
    world.implied(0, a, a_size);
    world.implied(1, a, a_size);
    world.run(150_000);
    world.implied(2, b, b_size);
    world.run(DAY);
    assert!(world.complete.contains_key(&a) && world.complete.contains_key(&b));
    let once = 1_100 * 1_009 + 2 * u64::from(a_size) + u64::from(b_size);
    // A copy may be asked for in the tail of each closure.
    assert!(world.wire <= once + once / 20, "{} of {once}", world.wire);
}

#[test]
fn what_the_mempool_has_or_gets_is_not_fetched() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(1.0, 10.0));
    let refs = txs(0, [1_000; 1_000]);
    world.held.extend(refs[..300].iter().map(|tx| tx.hash));
    let (point, size) = world.block(1, &refs);
    world.implied(0, point, size);
    world.run(500_000);
    let rest = refs[500..].iter().map(|tx| tx.hash).collect::<Vec<_>>();
    world.held.extend(rest.iter().copied());
    world.local(FetchCommand::Have(rest));
    world.run(DAY);
    assert!(world.complete.contains_key(&point));
    assert!(world.wire <= u64::from(size) + 210_000, "{}", world.wire);

    // A block of which nothing is missing is complete with its body.
    let (whole, size) = world.block(2, &refs[..10]);
    world.implied(0, whole, size);
    world.run(2 * DAY);
    assert!(world.complete.contains_key(&whole));
}

#[test]
fn votes_go_in_large_bundles_and_near_the_quorum_in_small_ones() {
    let mut world = World::new(FetchLimits::default());
    (0..2).for_each(|peer| world.join(peer, Link::new(10.0, 50.0)));
    let offer = |world: &mut World, range: std::ops::Range<u16>| {
        for issuer in range {
            (0..2).for_each(|peer| world.offer_vote(peer, 7, issuer));
        }
    };
    offer(&mut world, 0..400);
    world.run(1_000_000);
    world.local(FetchCommand::Votes { slot: SlotNo(7), need: VoteNeed::Few });
    let split = world.commands.len();
    offer(&mut world, 400..600);
    world.run(2_000_000);
    let bundle = |(_, _, command): &(u64, u64, ClientCommand)| match command {
        ClientCommand::RequestVotes { votes } => votes.len(),
        other => panic!("{other:?}"),
    };
    let (many, few) = world.commands.split_at(split);
    assert_eq!(many.iter().map(bundle).max(), Some(64));
    assert_eq!(few.iter().map(bundle).max(), Some(8));
    assert_eq!(world.commands.iter().map(bundle).sum::<usize>(), 600, "each once");
    let told = world.told.iter().filter(|(_, told)| matches!(told, FetchNotice::Vote(_))).count();
    assert_eq!(told, 600);

    world.local(FetchCommand::Votes { slot: SlotNo(7), need: VoteNeed::None });
    let before = world.commands.len();
    offer(&mut world, 600..610);
    assert_eq!(world.commands.len(), before, "no more are wanted");
}

#[test]
fn a_vote_that_does_not_come_is_asked_of_another() {
    let mut world = World::new(FetchLimits::default());
    let mut silent = Link::new(10.0, 1.0);
    silent.serves = 0;
    world.join(0, silent);
    world.join(1, Link::new(10.0, 10.0));
    world.offer_vote(0, 7, 3);
    world.offer_vote(1, 7, 3);
    assert_eq!(world.commands.len(), 1);
    world.run(10_000_000);
    assert_eq!(world.commands.len(), 2);
    let got = FetchNotice::Vote(vote(SlotNo(7), VoteIssuer(3)));
    assert_eq!(world.told.iter().filter(|(_, told)| *told == got).count(), 1);

    // The same for a peer that goes.
    world.offer_vote(1, 7, 4);
    world.join(2, Link::new(10.0, 10.0));
    world.offer_vote(2, 7, 4);
    world.leave(1);
    world.run(20_000_000);
    let got = FetchNotice::Vote(vote(SlotNo(7), VoteIssuer(4)));
    assert_eq!(world.told.iter().filter(|(_, told)| *told == got).count(), 1);
}

#[test]
fn only_the_first_announcement_of_an_election_makes_work() {
    let mut world = World::new(FetchLimits::default());
    (0..2).for_each(|peer| world.join(peer, Link::new(10.0, 10.0)));
    let (first, first_size) = world.block(5, &txs(0, [500; 10]));
    let (second, second_size) = world.block(5, &txs(100, [500; 10]));
    world.remote(0, ClientNotice::Announced(announcement(first, first_size, 1)));
    world.remote(1, ClientNotice::Announced(announcement(first, first_size, 1)));
    // The same header in a longer wrapper, as anybody can write it, is no evidence either.
    let mut longer = announcement(first, first_size, 1);
    let raw = vec![0x82, 0x18, 6, 0xd8, 24, 0x41, 1].into();
    longer.header = RankingBlockHeader::from_raw(raw).unwrap();
    world.remote(1, ClientNotice::Announced(longer));
    world.remote(1, ClientNotice::Announced(announcement(second, second_size, 2)));
    world.offer(1, second);
    world.offer(0, first);
    world.run(1_000_000);
    assert!(world.complete.contains_key(&first));
    assert!(!world.complete.contains_key(&second), "evidence is no work");
    let count = |world: &World, wanted: fn(&FetchNotice<u64>) -> bool| {
        world.told.iter().filter(|(_, told)| wanted(told)).count()
    };
    assert_eq!(count(&world, |told| matches!(told, FetchNotice::Announced(0, _))), 1);
    assert_eq!(count(&world, |told| matches!(told, FetchNotice::Announced(1, _))), 0);
    assert_eq!(count(&world, |told| matches!(told, FetchNotice::Equivocated(1, _))), 1);

    // Unless a ranking block certifies it: the offer is remembered.
    world.want(second, second_size);
    world.run(2_000_000);
    assert!(world.complete.contains_key(&second));
}

#[test]
fn a_refused_command_goes_back_and_is_tried_again_later() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(10.0, 10.0));
    let (point, size) = world.block(1, &txs(0, [500; 10]));
    world.implied(0, point, size);
    let (_, _, command) = world.commands[0].clone();
    world.refuse(0, command.clone());
    assert_eq!(world.commands.len(), 1, "not at once");
    world.run(DAY);
    assert_eq!((world.commands[1].0, &world.commands[1].2), (1_000_000, &command));
    assert!(world.complete.contains_key(&point));
}

#[test]
fn refused_requests_for_transactions_and_votes_go_back_too() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(10.0, 10.0));
    let (point, size) = world.block(1, &txs(0, [500; 10]));
    world.implied(0, point, size);
    while !matches!(world.commands.last().unwrap().2, ClientCommand::RequestTxs { .. }) {
        let next = world.now + 1_000;
        world.run(next);
        assert!(world.now < 1_000_000, "transactions are asked for");
    }
    let (asked, _, command) = world.commands.last().unwrap().clone();
    let before = world.commands.len();
    world.refuse(0, command.clone());
    assert_eq!((world.commands.len(), world.fetch.in_flight()), (before, 0), "not at once");
    world.run(DAY);
    let (again, _, repeated) = &world.commands[before];
    assert!(*again >= asked + 1_000_000 && repeated == &command, "{again}");
    assert!(world.complete.contains_key(&point));

    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(10.0, 10.0));
    world.offer_vote(0, 7, 3);
    let (_, _, command) = world.commands[0].clone();
    assert!(matches!(command, ClientCommand::RequestVotes { .. }));
    world.refuse(0, command.clone());
    assert_eq!((world.commands.len(), world.fetch.in_flight()), (1, 0), "not at once");
    // The refusal of a command that is not fetching's changes nothing.
    let before = world.fetch.clone();
    world.local(FetchCommand::Refused(0, ClientCommand::Finish));
    assert_eq!(world.fetch, before);
    world.run(DAY);
    assert_eq!((world.commands[1].0, &world.commands[1].2), (1_000_000, &command));
    assert!(world.told.iter().any(|(_, told)| matches!(told, FetchNotice::Vote(_))));
}

#[test]
fn a_vote_that_will_not_come_is_asked_of_another() {
    let mut world = World::new(FetchLimits::default());
    (0..2).for_each(|peer| world.join(peer, Link::new(10.0, 10.0)));
    (0..2).for_each(|peer| world.offer_vote(peer, 7, 3));
    let first = world.commands[0].1;
    assert_eq!(world.commands.len(), 1, "a vote is asked of one");
    world.fails(first, vec![Unit::Vote(SlotNo(7), VoteIssuer(3))]);
    world.run(DAY);
    let asked: Vec<_> = world.commands.iter().map(|(_, peer, _)| *peer).collect();
    assert_eq!(asked, [first, 1 - first], "not of the same one again");
    let came = world.told.iter().filter(|(_, told)| matches!(told, FetchNotice::Vote(_)));
    assert_eq!((came.count(), world.fetch.in_flight()), (1, 0));
}

#[test]
fn what_is_forgotten_is_not_fetched_and_what_is_urgent_is_not_forgotten() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(1.0, 10.0));
    let (old, size) = world.block(5, &txs(0, [500; 1_000]));
    world.remote(0, ClientNotice::Announced(announcement(old, size, 1)));
    world.offer(0, old);
    world.run(700_000);
    let (urgent, size) = world.block(4, &txs(9_000, [500; 10]));
    world.want(urgent, size);
    world.local(FetchCommand::ForgetBelow(SlotNo(6)));
    let before = world.wire;
    world.offer(0, urgent);
    world.run(DAY);
    assert!(!world.complete.contains_key(&old));
    assert!(world.complete.contains_key(&urgent));
    assert!(world.wire - before < 10_000);
    assert_eq!(world.fetch.in_flight(), 0);
}

/// Nobody below the application can check a vote: whoever answers first must not keep the good one
/// away by sending a bad one.
#[test]
fn a_bad_vote_is_asked_of_another() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(10.0, 1.0));
    world.join(1, Link::new(10.0, 10.0));
    (0..2).for_each(|peer| world.offer_vote(peer, 7, 3));
    world.run(1_000_000);
    let came = |world: &World| {
        world.told.iter().filter(|(_, told)| matches!(told, FetchNotice::Vote(_))).count()
    };
    assert_eq!((came(&world), world.commands.len()), (1, 1));
    let bad = FetchCommand::BadVote { slot: SlotNo(7), issuer: VoteIssuer(3) };
    world.local(bad.clone());
    world.run(2_000_000);
    assert_eq!((came(&world), world.commands.len()), (2, 2));
    assert_ne!(world.commands[0].1, world.commands[1].1, "not the same peer");
    // An offer that comes later counts as well.
    world.local(bad);
    assert_eq!(world.commands.len(), 2);
    world.join(2, Link::new(10.0, 10.0));
    world.offer_vote(2, 7, 3);
    world.run(3_000_000);
    assert_eq!((came(&world), world.commands.len()), (3, 3));
}

/// A header may announce a size that the block doesn't have; what the chain certifies has the size
/// that the chain says. The world checks that it is asked for with that one.
#[test]
fn an_urgent_block_has_the_size_that_the_chain_says() {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(10.0, 1.0));
    let (point, size) = world.block(5, &txs(0, [500; 10]));
    world.remote(0, ClientNotice::Announced(announcement(point, size + 7, 1)));
    world.local(FetchCommand::Urgent { point, size });
    world.remote(0, ClientNotice::Announced(announcement(point, size + 8, 2)));
    world.offer(0, point);
    world.run(1_000_000);
    assert!(world.complete.contains_key(&point));
}
