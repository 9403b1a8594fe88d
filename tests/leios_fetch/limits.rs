//! Whatever happens in whatever order: limits hold, commands are valid, and honest peers get it
//! all done. The checks are the world's, after every step.

use crate::world::{Link, Random, World, txs};
use nodewire::state::leios::{Fetch, FetchCommand, FetchLimits, FetchNotice};
use nodewire::{Machine, Outbox, Refused, Time};
use proptest::prelude::*;

/// A world driven by `seed`: blocks that share transactions, votes, peers that come, go, stall.
fn live(seed: u64, limits: FetchLimits) -> World {
    let mut random = Random(seed);
    let mut world = World::new(limits);
    let mut peers = 0;
    let mut points = Vec::new();
    let join = |world: &mut World, random: &mut Random, peers: &mut u64| {
        let mut link = Link::new(1.0 + random.below(20) as f64, random.below(60) as f64);
        if random.below(4) == 0 {
            link.serves = random.below(300_000);
        }
        world.join(*peers, link);
        *peers += 1;
    };
    (0..3).for_each(|_| join(&mut world, &mut random, &mut peers));
    for step in 0..60 {
        let alive: Vec<u64> = world.links.keys().copied().collect();
        let any = alive[random.below(alive.len() as u64) as usize];
        match random.below(9) {
            0 if points.len() < 6 => {
                let count = 1 + random.below(300) as usize;
                let refs = txs(random.below(200), (0..400).map(|at| 50 + at * 7));
                points.push(world.block(1 + random.below(9), &refs[..count]));
            }
            1 => join(&mut world, &mut random, &mut peers),
            2 if alive.len() > 2 => world.leave(any),
            3 => {
                let issuer = random.below(90) as u16;
                (0..3).for_each(|at| world.offer_vote(any, 3, issuer + at));
            }
            4 => world.local(FetchCommand::OldestFirst(random.below(2) == 0)),
            5 if step > 50 && !points.is_empty() => {
                let (point, _) = points.swap_remove(0);
                world.local(FetchCommand::Forget(point));
            }
            _ if !points.is_empty() => {
                let (point, size) = points[random.below(points.len() as u64) as usize];
                if random.below(3) == 0 {
                    world.implied(any, point, size);
                } else {
                    world.want(point, size);
                    world.offer(any, point);
                }
            }
            _ => {}
        }
        let until = world.now + random.below(400_000);
        world.run(until);
    }
    // In the end one good peer is there, and it has everything.
    world.join(1_000, Link::new(50.0, 10.0));
    for (point, size) in points.clone() {
        world.implied(1_000, point, size);
    }
    // Clients end connections that owe deliveries for 60 s (L-57).
    let until = world.now + 60_000_000;
    world.run(until);
    let silent: Vec<u64> =
        world.links.iter().filter(|(_, link)| link.serves == 0).map(|(peer, _)| *peer).collect();
    silent.into_iter().for_each(|peer| world.leave(peer));
    let until = world.now + 540_000_000;
    world.run(until);
    for (point, _) in points {
        assert!(world.complete.contains_key(&point), "{point:?}");
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn limits_hold_and_nothing_is_stranded(seed in any::<u64>()) {
        live(seed, FetchLimits::default());
    }

    #[test]
    fn tight_limits_hold_too(seed in any::<u64>()) {
        let mut limits = FetchLimits::default();
        limits.per_peer_in_flight = 40_000;
        limits.total_in_flight = 70_000;
        limits.per_peer_txs = 20;
        limits.probe_piece = 9_000;
        limits.min_window = 4_000;
        limits.min_piece = 1_000;
        live(seed, limits);
    }

    #[test]
    fn equal_inputs_make_equal_machines(seed in any::<u64>()) {
        let (a, b) = (live(seed, FetchLimits::default()), live(seed, FetchLimits::default()));
        prop_assert_eq!(a.fetch, b.fetch);
        prop_assert_eq!(a.commands, b.commands);
    }
}

#[test]
fn at_most_two_peers_are_asked_while_copies_never_grow_stale() {
    for seed in 0..20 {
        let mut limits = FetchLimits::default();
        limits.stale_factor = 0;
        let mut world = World::new(limits);
        for peer in 0..5 {
            let mut link = Link::new(5.0, 10.0);
            link.serves = Random(seed * 5 + peer).below(200_000);
            world.join(peer, link);
        }
        let (point, size) = world.block(1, &txs(0, [900; 1_000]));
        (0..5).for_each(|peer| world.implied(peer, point, size));
        for _ in 0..100 {
            let until = world.now + 200_000;
            world.run(until);
            assert!(world.most_copies() <= 2);
        }
    }
}

#[test]
fn more_blocks_than_the_limit_displace_the_least() {
    let mut limits = FetchLimits::default();
    limits.max_points = 4;
    let mut world = World::new(limits);
    world.join(0, Link::new(10.0, 10.0));
    let points: Vec<_> = (1..=6).map(|slot| world.block(slot, &txs(slot, [100; 2]))).collect();
    for (point, size) in &points {
        world.want(*point, *size);
    }
    // All urgent alike, so the youngest stay.
    let dropped: Vec<_> = world
        .told
        .iter()
        .filter_map(|(_, told)| match told {
            FetchNotice::Dropped { point, limit: "max_points" } => Some(*point),
            _ => None,
        })
        .collect();
    assert_eq!(dropped, [points[0].0, points[1].0]);
}

#[test]
fn references_are_bounded() {
    let mut limits = FetchLimits::default();
    limits.max_references = 150;
    let mut world = World::new(limits);
    let mut link = Link::new(10.0, 10.0);
    link.serves = 10_000;
    world.join(0, link);
    let (old, size) = world.block(1, &txs(0, [10_000; 100]));
    world.implied(0, old, size);
    world.run(1_000_000);
    let (young, size) = world.block(2, &txs(1_000, [100; 100]));
    world.join(1, Link::new(10.0, 10.0));
    world.implied(1, young, size);
    world.run(2_000_000);
    assert!(world.complete.contains_key(&young));
    let gone = FetchNotice::Dropped { point: old, limit: "max_references" };
    assert!(world.told.iter().any(|(_, told)| *told == gone));
}

#[test]
fn wrong_commands_are_refused_and_change_nothing() {
    let mut limits = FetchLimits::default();
    limits.max_peers = 1;
    let mut fetch: Fetch<u64> = Fetch::new(limits);
    let mut out = Outbox::new();
    fetch.handle_local(Time::ZERO, FetchCommand::Joined(1), &mut out).unwrap();
    let before = fetch.clone();
    let id = nodewire::AskId::from_u64(0);
    for (command, why) in [
        (FetchCommand::Joined(1), None),
        (FetchCommand::Left(2), None),
        (FetchCommand::Joined(2), Some(Refused::busy("max_peers"))),
        (FetchCommand::Missing { id, indices: vec![] }, Some(Refused::UnknownAsk)),
    ] {
        let refusal = fetch.handle_local(Time::ZERO, command.clone(), &mut out).unwrap_err();
        assert_eq!(refusal.input, command);
        assert!(why.is_none_or(|why| why == refusal.why), "{refusal:?}");
        assert_eq!(fetch, before);
        assert!(out.is_empty());
    }
}

#[test]
fn what_is_over_leaves_little_behind() {
    let mut world = World::new(FetchLimits::default());
    (0..4).for_each(|peer| world.join(peer, Link::new(10.0, 10.0)));
    let idle = world.fetch.footprint();
    let (point, size) = world.block(1, &txs(0, [1_500; 8_000]));
    (0..4).for_each(|peer| world.implied(peer, point, size));
    world.run(1_000_000);
    assert!(world.fetch.footprint() > idle + 8_000 * 100);
    world.run(60_000_000);
    assert!(world.complete.contains_key(&point));
    assert!(world.fetch.footprint() < idle + 8_192, "{} {idle}", world.fetch.footprint());
    world.local(FetchCommand::Forget(point));
    (0..4).for_each(|peer| world.leave(peer));
    let empty = Fetch::<u64>::new(FetchLimits::default()).footprint();
    assert!(world.fetch.footprint() <= empty + 1_024, "{} {empty}", world.fetch.footprint());
}

#[test]
fn a_full_block_from_sixty_peers_is_no_burden() {
    let mut world = World::new(FetchLimits::default());
    (0..60).for_each(|peer| world.join(peer, Link::new(5.0, 20.0)));
    let (point, size) = world.block(1, &txs(0, [843; 13_800]));
    (0..60).for_each(|peer| world.implied(peer, point, size));
    world.run(10_000_000);
    // The block, 511 kB, takes 0.85 s of one link; the rest 0.3 s of all of them.
    assert!(world.complete[&point] < 1_900_000, "{}", world.complete[&point]);
    assert!(world.commands.len() < 2_000, "{}", world.commands.len());
}

/// One peer may offer all seats there are, and doesn't keep others from being heard.
#[test]
fn a_flood_of_vote_offers_pushes_out_its_own() {
    let mut limits = FetchLimits::default();
    limits.max_vote_offers = 1_000;
    let mut world = World::new(limits);
    let mut silent = Link::new(10.0, 1.0);
    silent.serves = 0;
    world.join(0, silent);
    world.join(1, Link::new(10.0, 1.0));
    (0..5_000).for_each(|issuer| world.offer_vote(0, 7, issuer));
    let held = world.fetch.footprint();
    (60_000..60_100).for_each(|issuer| world.offer_vote(1, 7, issuer));
    world.run(1_000_000);
    let told = world.told.iter().filter(|(_, told)| matches!(told, FetchNotice::Vote(_))).count();
    assert_eq!(told, 100);
    assert!(world.fetch.footprint() <= held + 100_000, "{}", world.fetch.footprint());
}

/// What is in flight is not forgotten, but doesn't make the machine hold more slots either.
#[test]
fn slots_with_votes_are_bounded_while_old_ones_are_in_flight() {
    let mut limits = FetchLimits::default();
    limits.max_points = 8;
    let mut world = World::new(limits);
    let mut silent = Link::new(10.0, 1.0);
    silent.serves = 0;
    world.join(0, silent);
    (1..=100).for_each(|slot| world.offer_vote(0, slot, 1));
    let held = world.fetch.footprint();
    (101..=2_000).for_each(|slot| world.offer_vote(0, slot, 1));
    assert!(world.fetch.footprint() <= held, "{held} {}", world.fetch.footprint());
}
