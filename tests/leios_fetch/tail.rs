//! In the tail of a closure, and only there, what another peer owes is asked of a faster one.

use std::collections::BTreeSet;

use nodewire::codec::leios::Hash32;
use nodewire::state::leios::{ClientCommand, FetchCommand, FetchLimits};

use crate::world::{Link, World, txs};

const SECOND: u64 = 1_000_000;

/// Two peers whose speed is known: 10 Mb/s and this one's. That something is late counts for
/// nothing here before the second peer is asked anyway, after three seconds.
fn known(copies: usize, mbit: f64) -> World {
    let mut limits = FetchLimits::default();
    limits.lag_slack = core::time::Duration::from_secs(100);
    limits.copies = copies;
    limits.min_window = 60_000;
    let mut world = World::new(limits);
    world.join(0, Link::new(10.0, 10.0));
    world.join(1, Link::new(mbit, 10.0));
    let (point, size) = world.block(1, &txs(0, [1_000; 2_000]));
    (0..2).for_each(|peer| world.implied(peer, point, size));
    world.run(10 * SECOND);
    assert!(world.complete.contains_key(&point));
    assert!((0..2).all(|peer| world.fetch.rate_of(&peer).is_some()), "both are known");
    world
}

/// The hashes of the transactions that peers were asked for from this command on.
fn asked(world: &World, from: usize) -> Vec<(u64, Hash32)> {
    let requests = world.commands[from..].iter().filter_map(|(_, peer, command)| match command {
        ClientCommand::RequestTxs { txs, .. } => Some((*peer, txs)),
        _ => None,
    });
    requests.flat_map(|(peer, txs)| txs.iter().map(move |tx| (peer, tx.hash))).collect()
}

#[test]
fn what_a_silent_peer_owes_in_the_tail_is_asked_of_another_at_once() {
    for copies in [2, 3] {
        let mut world = known(copies, 10.0);
        let (point, size) = world.block(2, &txs(5_000, [1_000; 3_000]));
        let (refs, before) = (world.blocks[&point].1.clone(), world.commands.len());
        // It is the other one that has the block first.
        world.implied(0, point, size);
        world.run(10 * SECOND + 200_000);
        world.links.get_mut(&1).unwrap().serves = 0;
        world.implied(1, point, size);
        world.run(20 * SECOND);
        let owed = asked(&world, before).into_iter().filter(|(peer, _)| *peer == 1).count();
        assert!((1..=refs.len() / 10).contains(&owed), "{owed}");
        let took = world.complete[&point] - 10 * SECOND;
        assert!(took < 2_900_000 + 200_000, "{took}");
    }
}

#[test]
fn before_the_tail_what_a_peer_owes_waits_for_it() {
    let mut world = known(2, 10.0);
    let (point, size) = world.block(2, &txs(5_000, [1_000; 250]));
    let before = world.commands.len();
    // The block is asked of one of them, then half of the closure of each.
    (0..2).for_each(|peer| world.implied(peer, point, size));
    let sender = world.commands[before].1;
    world.links.get_mut(&(1 - sender)).unwrap().serves = 0;
    let start = world.now;
    let most = (0..28).map(|_| {
        let next = world.now + 100_000;
        world.run(next);
        world.most_copies()
    });
    assert_eq!(most.max(), Some(1));
    let hashes: Vec<_> = asked(&world, before).into_iter().map(|(_, hash)| hash).collect();
    assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), hashes.len(), "each asked for once");
    assert!(!world.complete.contains_key(&point));
    world.run(30 * SECOND);
    let took = world.complete[&point] - start;
    assert!((2_900_000..4_000_000).contains(&took), "{took}");
}

#[test]
fn a_copy_leaves_out_what_came_by_another_way() {
    let mut world = known(2, 10.0);
    let (point, size) = world.block(2, &txs(5_000, [1_000; 2_000]));
    let before = world.commands.len();
    world.links.get_mut(&1).unwrap().serves = u64::from(size);
    (0..2).for_each(|peer| world.implied(peer, point, size));
    world.run(10 * SECOND + 400_000);
    let owed: Vec<Hash32> = asked(&world, before)
        .into_iter()
        .filter(|(peer, hash)| *peer == 1 && !world.held.contains(hash))
        .map(|(_, hash)| hash)
        .collect();
    assert!(owed.len() > 20, "{}", owed.len());
    let have: Vec<Hash32> = owed.iter().copied().step_by(2).collect();
    world.held.extend(have.iter().copied());
    let split = world.commands.len();
    world.local(FetchCommand::Have(have.clone()));
    world.run(12 * SECOND + 500_000);
    assert!(world.complete.contains_key(&point));
    let later: BTreeSet<Hash32> = asked(&world, split).into_iter().map(|(_, hash)| hash).collect();
    assert!(have.iter().all(|hash| !later.contains(hash)), "what is here is asked for again");
    let copied = owed.iter().filter(|hash| later.contains(hash)).count();
    assert_eq!(copied, owed.len() - have.len());
}

/// Of what a slow peer owes, a faster one takes over what would be done last.
#[test]
fn what_would_be_done_last_is_copied_first() {
    let mut world = known(2, 0.5);
    let (point, size) = world.block(2, &txs(5_000, [1_000; 2_000]));
    let before = world.commands.len();
    (0..2).for_each(|peer| world.implied(peer, point, size));
    world.run(60 * SECOND);
    assert!(world.complete.contains_key(&point));
    // The first request to peer 0 for what peer 1 was asked for before.
    let requests: Vec<_> = world.commands[before..]
        .iter()
        .filter_map(|(at, peer, command)| match command {
            ClientCommand::RequestTxs { txs, .. } => Some((*at, *peer, txs[0].index)),
            _ => None,
        })
        .collect();
    let owed = |until: usize| {
        requests[..until].iter().filter(|(_, peer, _)| *peer == 1).map(|(_, _, first)| *first)
    };
    let copy = (0..requests.len())
        .find(|at| requests[*at].1 == 0 && owed(*at).any(|first| first == requests[*at].2))
        .expect("a copy");
    assert_eq!(owed(copy).next_back(), Some(requests[copy].2));
}
