//! Which challenge gets a worker, and which one loses it (T-3, T-4, T-7).

use std::time::Duration;

use nodewire::Machine;
use nodewire::state::chia::{TimelordCommand, TimelordConfig, TimelordNotice, TimelordQuery};

use super::{
    NODE, feed, info, proof, queries, running, start, start_vdf, stopped, timelord, timelord_with,
};
use crate::given::{Played, bytes32};

#[test]
fn workers_go_to_the_heaviest_and_of_those_to_what_is_nearest() {
    let mut played = timelord(1);
    let vdf = running(&mut played, 0, 1, 50);
    played.hear(NODE, info(1, 1_000));
    let (id, _) = played.question();
    // Nothing of these is better than what runs.
    for (byte, weight) in [(2, 30), (3, 40), (4, 40), (5, 40), (6, 50)] {
        played.hear(NODE, start(byte, weight));
    }
    played.hear(NODE, info(4, 900));
    played.hear(NODE, info(5, 800));
    assert_eq!((played.asked(), played.machine.queued()), (vec![], 5));
    played.local(TimelordCommand::VdfFailed(vdf));
    assert!(!played.machine.awaits(id));
    // In order: weight, then those with iterations, the fewest first, then the oldest (T-3).
    for byte in [6, 5, 4, 3, 2] {
        let (vdf, query) = played.question();
        assert_eq!(query, start_vdf(0, byte));
        played.local(TimelordCommand::VdfFailed(vdf));
    }
    assert_eq!((played.asked(), played.machine.active()), (vec![], 0));
}

/// A number of workers is a claim like any other: they cost nothing before they work.
#[test]
fn workers_that_never_worked_hold_nothing() {
    let (mut few, mut many) = (timelord(3), timelord(u32::MAX));
    assert_eq!(few.machine.footprint(), many.machine.footprint());
    for (worker, byte) in [(0, 1), (1, 2), (2, 3)] {
        running(&mut few, worker, byte, 10);
        running(&mut many, worker, byte, 10);
    }
    assert_eq!(few.machine.footprint(), many.machine.footprint());
}

#[test]
fn a_heavier_challenge_takes_the_place_of_the_lightest() {
    let mut played = timelord(2);
    running(&mut played, 0, 1, 20);
    let light = running(&mut played, 1, 2, 10);
    played.hear(NODE, info(2, 5));
    played.asked();
    played.hear(NODE, start(3, 10));
    assert_eq!(played.asked(), [], "not lighter, and nothing of it waits");
    played.hear(NODE, start(4, 11));
    let (stop, vdf) = stopped(&mut played);
    assert_eq!(vdf, light);
    // Meanwhile nothing else is stopped, and the place is for the heaviest.
    played.hear(NODE, start(5, 30));
    assert_eq!(played.asked(), []);
    played.local(TimelordCommand::VdfStopped(stop));
    let (_, query) = played.question();
    assert_eq!(query, start_vdf(1, 5), "the slot is reused when the stop is confirmed");
    // What was stopped is done (T-7).
    assert!(played.notices().contains(&TimelordNotice::Done { challenge_hash: bytes32(2) }));
    played.hear(NODE, info(2, 7));
    played.hear(NODE, start(2, 99));
    assert_eq!(played.asked(), []);
}

#[test]
fn of_equal_weight_one_with_iterations_takes_the_place_of_one_without() {
    let mut played = timelord(3);
    let first = running(&mut played, 0, 1, 10);
    let second = running(&mut played, 1, 2, 10);
    running(&mut played, 2, 3, 20);
    played.hear(NODE, start(4, 10));
    assert_eq!(played.asked(), []);
    played.hear(NODE, info(4, 100));
    let (stop, vdf) = stopped(&mut played);
    assert_eq!(vdf, second, "of those with nothing to prove the latest (T-4)");
    played.local(TimelordCommand::VdfStopped(stop));
    played.asked();
    played.hear(NODE, start(5, 10));
    played.hear(NODE, info(1, 100));
    played.hear(NODE, info(5, 50));
    let asked = played.asked();
    assert_eq!(queries(asked), [feed(first, 100)], "all of that weight have something to prove");
}

#[test]
fn the_one_whose_next_proof_is_furthest_away_stops() {
    let mut played = timelord(2);
    let first = running(&mut played, 0, 1, 10);
    // Worker 0 turns out to do 1,000 a second.
    played.hear(NODE, info(1, 2_000));
    let (id, _) = played.question();
    played.pass(Duration::from_secs(2));
    played.local(TimelordCommand::VdfProof(id, Box::new(proof(bytes32(1), 2_000))));
    let (id, _) = played.question();
    played.local(TimelordCommand::Verdict(id, true));
    assert_eq!((played.machine.ips(0), played.machine.ips(1)), (1_000, 10_000));
    let second = running(&mut played, 1, 2, 10);
    // At 2 s: the first is at 2,000 and has 3 s to 5,000; the second has 3 s to 30,000.
    for (more, worst) in [(0, second), (1_000, first)] {
        let mut played = Played::new(played.machine.clone());
        played.now = played.now.after(Duration::from_secs(2));
        played.hear(NODE, info(1, 5_000 + more));
        played.hear(NODE, info(2, 30_000));
        played.asked();
        played.hear(NODE, start(9, 11));
        let (_, vdf) = stopped(&mut played);
        assert_eq!(vdf, worst, "{more}");
    }
}

#[test]
fn a_vdf_that_fails_frees_its_worker_however_far_it_was() {
    let mut played = timelord(1);
    played.hear(NODE, start(1, 10));
    let (starting, _) = played.question();
    played.local(TimelordCommand::VdfFailed(starting));
    let second = running(&mut played, 0, 2, 10);
    played.hear(NODE, start(3, 11));
    let (stop, vdf) = stopped(&mut played);
    assert_eq!(vdf, second);
    played.local(TimelordCommand::VdfFailed(second));
    assert_eq!(queries(played.asked()), [start_vdf(0, 3)]);
    // The stop is confirmed by that.
    played.local(TimelordCommand::VdfStopped(stop));
    assert_eq!((played.asked(), played.machine.active()), (vec![], 1));
}

#[test]
fn the_queue_is_looked_at_twice_a_second_while_something_waits() {
    let mut played = timelord(1);
    assert_eq!(played.machine.deadline(), None);
    running(&mut played, 0, 1, 10);
    assert_eq!(played.machine.deadline(), None);
    played.hear(NODE, start(2, 5));
    let due = played.now.after(Duration::from_millis(500));
    assert_eq!(played.machine.deadline(), Some(due));
    played.pass(Duration::from_millis(499));
    assert_eq!(played.machine.deadline(), Some(due), "early calls do nothing");
    played.pass(Duration::from_millis(1));
    let next = played.now.after(Duration::from_millis(500));
    assert_eq!((played.machine.deadline(), played.asked()), (Some(next), vec![]));
}

/// A tick of zero is none: what changes is looked at all the same.
#[test]
fn without_a_tick_the_queue_is_looked_at_when_something_happens() {
    let mut config = TimelordConfig::default();
    (config.workers, config.schedule_tick) = (1, Duration::ZERO);
    let mut played = timelord_with(config);
    played.hear(NODE, start(1, 10));
    let (vdf, _) = played.question();
    played.hear(NODE, start(2, 9));
    assert_eq!(played.machine.deadline(), None);
    played.local(TimelordCommand::VdfFailed(vdf));
    assert_eq!(queries(played.asked()), [start_vdf(0, 2)]);
}

/// However many proofs wait to be verified, a VDF can be stopped for a heavier challenge.
#[test]
fn stopping_never_waits_for_proofs() {
    let mut config = TimelordConfig::default();
    (config.workers, config.max_pending) = (1, 2);
    let mut played = timelord_with(config);
    for byte in 1..=6 {
        played.hear(NODE, start(byte, u64::from(byte)));
        if byte > 1 {
            let (stop, _) = stopped(&mut played);
            played.local(TimelordCommand::VdfStopped(stop));
        }
        let (vdf, query) = played.question();
        assert_eq!(query, start_vdf(0, byte));
        played.local(TimelordCommand::VdfStarted(vdf));
        for iterations in [100, 200] {
            played.hear(NODE, info(byte, iterations));
        }
        for (id, query) in played.asked() {
            let TimelordQuery::FeedIterations { iterations, .. } = query else { panic!() };
            let made = Box::new(proof(bytes32(byte), iterations));
            played.local(TimelordCommand::VdfProof(id, made));
        }
        // What is to be verified takes its time.
        played.asked();
    }
}
