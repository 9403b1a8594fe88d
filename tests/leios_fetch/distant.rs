//! One peer far away: its link is kept busy all the same.

use crate::world::{Link, World, recipe_sizes, txs};
use nodewire::state::leios::FetchLimits;

/// The share of a link's rate that a pull of 12 MB makes of it, from the offers to the closure.
fn share(world: &mut World, slot: u64, mbit: f64) -> f64 {
    let (point, size) = world.block(slot, &txs(slot * 10_000, recipe_sizes(slot)));
    let start = world.now;
    world.want(point, size);
    world.offer(0, point);
    world.run(start + 100_000_000);
    let took = (world.complete[&point] - start) as f64 / 1e6;
    12.0 * 8.0 / mbit / took
}

fn world(mbit: f64, round_trip: f64) -> World {
    let mut world = World::new(FetchLimits::default());
    world.join(0, Link::new(mbit, round_trip / 2.0));
    world.run(1_000_000);
    world
}

#[test]
fn a_distant_peer_is_kept_busy() {
    for (mbit, round_trip, least) in [
        (10.0, 20.0, 0.98),
        (10.0, 100.0, 0.95),
        (10.0, 300.0, 0.90),
        (3.0, 300.0, 0.95),
        (50.0, 100.0, 0.85),
    ] {
        let mut world = world(mbit, round_trip);
        let (cold, warm) = (share(&mut world, 1, mbit), share(&mut world, 2, mbit));
        println!("{mbit} Mb/s at {round_trip} ms: {cold:.3}, again {warm:.3}");
        assert!(cold >= least && warm >= least, "{mbit} Mb/s at {round_trip} ms");
    }
}

#[test]
fn votes_that_trickle_in_before_do_not_make_it_seem_slow() {
    for round_trip in [100.0, 300.0] {
        let mut world = world(10.0, round_trip);
        for issuer in 0..600 {
            world.offer_vote(0, 1, issuer);
            world.run(world.now + 3_000);
        }
        let share = share(&mut world, 1, 10.0);
        println!("at {round_trip} ms: {share:.3}");
        assert!(share >= if round_trip > 200.0 { 0.9 } else { 0.95 });
    }
}

#[test]
fn a_peer_that_was_slow_for_a_while_is_kept_busy_again() {
    for (round_trip, least) in [(20.0, 0.98), (100.0, 0.95), (300.0, 0.90)] {
        for part in [2, 10, 50] {
            let mut world = world(10.0, round_trip);
            share(&mut world, 1, 10.0);
            let (point, size) = world.block(2, &txs(20_000, recipe_sizes(2)));
            let start = world.now;
            world.want(point, size);
            world.offer(0, point);
            for (seconds, rate) in [(2, 1_250_000 / part), (4, 1_250_000), (100, 1_250_000)] {
                world.run(start + seconds * 1_000_000);
                world.links.get_mut(&0).expect("it has joined").rate = rate;
            }
            assert!(world.complete.contains_key(&point));
            // The first pull afterwards finds out.
            let then = [3, 4].map(|slot| share(&mut world, slot, 10.0));
            println!("a {part}th at {round_trip} ms, then {then:.3?}");
            assert!(then[0] >= 0.8 && then[1] >= least);
        }
    }
}

/// What is in flight is the link's round trip and `queue_time`: no more, however long it lasts.
#[test]
fn what_is_in_flight_does_not_grow() {
    for round_trip in [20.0, 100.0, 300.0] {
        let mut world = world(10.0, round_trip);
        for slot in 1..6 {
            let (point, size) = world.block(slot, &txs(slot * 10_000, recipe_sizes(slot)));
            world.implied(0, point, size);
        }
        let mut most = 0;
        for _ in 0..450 {
            world.run(world.now + 100_000);
            most = most.max(world.fetch.in_flight());
        }
        // A request more than the window, which asks for 20 ms.
        let window = 1_250.0 * (round_trip + 100.0 + 20.0);
        println!("at {round_trip} ms: {most} bytes in flight of {window}");
        assert!(world.complete.len() >= 4 && most as f64 <= 1.1 * window);
    }
}
