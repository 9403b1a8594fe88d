//! Each rule, by hand.

use std::time::Duration;

use nodewire::state::chia::{
    ConnectionId, Role, Timelord, TimelordCommand, TimelordConfig, TimelordNotice, TimelordQuery,
};
use nodewire::{AskId, Machine, Outbox, Refused};

use super::{
    NODE, feed, finished, info, proof, queries, start, start_vdf, timelord, timelord_with,
};
use crate::given::{Played, bytes32, penalty};

/// A challenge whose VDF runs.
fn running(played: &mut Played<Timelord>, worker: u32, byte: u8, weight: u64) -> AskId {
    played.hear(NODE, start(byte, weight));
    let (vdf, query) = played.question();
    assert_eq!(query, start_vdf(worker, byte));
    played.local(TimelordCommand::VdfStarted(vdf));
    vdf
}

/// A running VDF makes a proof.
fn prove(played: &mut Played<Timelord>, byte: u8, iterations: u64, is_good: bool) {
    played.hear(NODE, info(byte, iterations));
    let (id, query) = played.question();
    assert!(
        matches!(query, TimelordQuery::FeedIterations { iterations: it, .. } if it == iterations)
    );
    let made = proof(bytes32(byte), iterations);
    played.local(TimelordCommand::VdfProof(id, Box::new(made.clone())));
    let (id, query) = played.question();
    assert_eq!(query, TimelordQuery::VerifyProof(Box::new(made)));
    played.local(TimelordCommand::Verdict(id, is_good));
}

fn stopped(played: &mut Played<Timelord>) -> (AskId, AskId) {
    let (stop, query) = played.question();
    let TimelordQuery::StopVdf { vdf } = query else { panic!("{query:?}") };
    (stop, vdf)
}

#[test]
fn a_challenge_is_worked_on_once_and_only_if_it_is_heavy_enough() {
    let mut played = timelord(2);
    running(&mut played, 0, 1, 10);
    played.hear(NODE, start(1, 10));
    played.hear(NODE, start(1, 99));
    assert_eq!(played.asked(), [], "it was seen (T-1)");
    for iterations in [100, 200, 300] {
        prove(&mut played, 1, iterations, true);
    }
    played.asked();
    assert_eq!(played.machine.best_three(), Some(10));
    played.hear(NODE, start(2, 10));
    assert_eq!((played.asked(), played.machine.challenges()), (vec![], 1), "T-1: 10 is done with");
    played.hear(NODE, start(3, 11));
    assert_eq!(queries(played.asked()), [start_vdf(1, 3)]);
}

#[test]
fn no_iterations_at_all_are_a_violation() {
    let mut played = timelord(1);
    played.hear(NODE, info(1, 0));
    assert_eq!(penalty(&played.sent()), Some((NODE, "chia/T-2")));
    assert_eq!(played.machine.challenges(), 0);
    played.hear(NODE, info(1, 1));
    assert_eq!((played.sent(), played.machine.challenges()), (vec![], 1), "kept before its start");
}

#[test]
fn counts_are_fed_in_ascending_order_each_once() {
    let mut played = timelord(1);
    for iterations in [300, 100, 200, 100] {
        played.hear(NODE, info(1, iterations));
    }
    played.hear(NODE, start(1, 10));
    let (vdf, _) = played.question();
    assert_eq!(played.asked(), [], "not before it runs");
    played.local(TimelordCommand::VdfStarted(vdf));
    let asked = played.asked();
    assert_eq!(queries(asked.clone()), [100, 200, 300].map(|it| feed(vdf, it)), "T-5");
    played.hear(NODE, info(1, 200));
    played.local(TimelordCommand::VdfStarted(vdf));
    assert_eq!(played.asked(), []);
    played.hear(NODE, info(1, 50));
    assert_eq!(queries(played.asked()), [feed(vdf, 50)], "those that arrive later too");
    // Once proved it is not wanted again: every full node says the same.
    played.local(TimelordCommand::VdfProof(asked[0].0, Box::new(proof(bytes32(1), 100))));
    let (id, _) = played.question();
    played.hear(NODE, info(1, 100));
    played.local(TimelordCommand::Verdict(id, true));
    played.hear(NODE, info(1, 100));
    assert_eq!(played.asked(), []);
    assert_eq!(played.sent(), [finished(bytes32(1), 100)]);
}

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
fn three_proofs_of_a_weight_end_all_up_to_it() {
    let mut played = timelord(4);
    let mut lower = vec![running(&mut played, 0, 1, 9), running(&mut played, 1, 2, 10)];
    lower.push(running(&mut played, 2, 3, 10));
    running(&mut played, 3, 4, 11);
    played.hear(NODE, start(5, 9));
    prove(&mut played, 2, 100, true);
    prove(&mut played, 3, 200, true);
    assert_eq!(played.sent(), [finished(bytes32(2), 100), finished(bytes32(3), 200)]);
    // A bad one is reported, not sent, and counts for nothing.
    played.notices();
    prove(&mut played, 2, 300, false);
    let bad = TimelordNotice::BadProof { worker: 1, challenge_hash: bytes32(2), iterations: 300 };
    assert_eq!((played.sent(), played.notices()), (vec![], vec![bad]), "T-6");
    assert_eq!(played.machine.best_three(), None);
    prove(&mut played, 2, 400, true);
    assert_eq!(played.machine.best_three(), Some(10));
    assert_eq!(played.sent(), [finished(bytes32(2), 400)]);
    let asked = played.asked();
    let stops = lower.into_iter().map(|vdf| TimelordQuery::StopVdf { vdf });
    assert_eq!(queries(asked.clone()), stops.collect::<Vec<_>>());
    assert_eq!(played.machine.queued(), 0, "the queue is no heavier: all of it is done");
    for (id, _) in asked {
        played.local(TimelordCommand::VdfStopped(id));
    }
    assert_eq!((played.asked(), played.machine.active()), (vec![], 1));
}

#[test]
fn a_proof_that_was_under_way_when_its_vdf_stopped_is_sent_all_the_same() {
    let mut played = timelord(1);
    running(&mut played, 0, 1, 10);
    played.hear(NODE, info(1, 100));
    let (made, _) = played.question();
    played.hear(NODE, info(1, 200));
    let (never, _) = played.question();
    played.local(TimelordCommand::VdfProof(made, Box::new(proof(bytes32(1), 100))));
    let (verify, _) = played.question();
    played.hear(NODE, start(2, 11));
    stopped(&mut played);
    played.local(TimelordCommand::VdfProof(never, Box::new(proof(bytes32(1), 200))));
    assert_eq!((played.asked(), played.machine.awaits(never)), (vec![], false));
    played.local(TimelordCommand::Verdict(verify, true));
    assert_eq!(played.sent(), [finished(bytes32(1), 100)]);
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
fn challenges_and_counts_are_bounded() {
    let mut config = TimelordConfig::default();
    (config.workers, config.max_challenges, config.max_pending) = (1, 4, 2);
    let mut played = timelord_with(config);
    let vdf = running(&mut played, 0, 1, 1);
    for iterations in [30, 20, 10] {
        played.hear(NODE, info(1, iterations));
    }
    assert_eq!(queries(played.asked()), [feed(vdf, 30), feed(vdf, 20)], "two wait (T-8)");
    for byte in 10..30 {
        played.hear(NODE, info(byte, 5));
        assert!(played.machine.challenges() <= 4);
    }
    // What has a weight is heavier than what has none, and what a worker is at stays.
    for byte in 2..=4 {
        played.hear(NODE, start(byte, 1));
    }
    assert_eq!((played.machine.challenges(), played.machine.queued()), (4, 3));
    played.hear(NODE, info(5, 7));
    assert_eq!((played.machine.challenges(), played.machine.queued()), (4, 3));
    played.asked();
    played.hear(NODE, start(6, 1));
    assert_eq!((played.machine.challenges(), played.machine.queued()), (4, 3), "the oldest goes");
    played.local(TimelordCommand::VdfFailed(vdf));
    assert_eq!(queries(played.asked()), [start_vdf(0, 3)], "of equal weight the oldest left");
}

#[test]
fn of_many_counts_the_smallest_are_kept() {
    let mut config = TimelordConfig::default();
    (config.workers, config.max_pending) = (1, 2);
    let mut played = timelord_with(config);
    for iterations in [300, 200, 100, 250] {
        played.hear(NODE, info(1, iterations));
    }
    played.hear(NODE, start(1, 1));
    let (vdf, _) = played.question();
    played.local(TimelordCommand::VdfStarted(vdf));
    assert_eq!(queries(played.asked()), [feed(vdf, 100), feed(vdf, 200)]);
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

#[test]
fn answers_to_other_questions_are_refused() {
    let mut played = timelord(1);
    let vdf = running(&mut played, 0, 1, 10);
    played.hear(NODE, info(1, 100));
    let (id, _) = played.question();
    let before = played.machine.clone();
    let mut out = Outbox::new();
    for wrong in [
        TimelordCommand::VdfStarted(id),
        TimelordCommand::VdfFailed(id),
        TimelordCommand::VdfStopped(vdf),
        TimelordCommand::Verdict(vdf, true),
        TimelordCommand::VdfProof(vdf, Box::new(proof(bytes32(1), 100))),
        TimelordCommand::VdfProof(id, Box::new(proof(bytes32(1), 101))),
        TimelordCommand::VdfProof(id, Box::new(proof(bytes32(2), 100))),
    ] {
        let refusal = played.machine.handle_local(played.now, wrong, &mut out).unwrap_err();
        assert_eq!(refusal.why, Refused::invalid("the question was another"));
    }
    let unknown = TimelordCommand::VdfStarted(AskId::from_u64(99));
    let refusal = played.machine.handle_local(played.now, unknown, &mut out).unwrap_err();
    assert_eq!(refusal.why, Refused::UnknownAsk);
    assert!(out.is_empty() && played.machine == before);
}

/// Of counts that were proved as many are remembered as may be pending.
#[test]
fn of_so_many_counts_it_is_known_that_they_were_proved() {
    let mut config = TimelordConfig::default();
    (config.workers, config.max_pending) = (1, 2);
    let mut played = timelord_with(config);
    let vdf = running(&mut played, 0, 1, 10);
    for iterations in [100, 200, 300] {
        prove(&mut played, 1, iterations, false);
    }
    for iterations in [100, 200] {
        played.hear(NODE, info(1, iterations));
        assert_eq!(played.asked(), [], "{iterations}");
    }
    played.hear(NODE, info(1, 300));
    assert_eq!(queries(played.asked()), [feed(vdf, 300)], "there was no room for this one");
}

/// Proofs of as many weights are counted as there may be challenges.
#[test]
fn weights_of_all_challenges_are_counted() {
    let mut config = TimelordConfig::default();
    (config.workers, config.max_challenges) = (2, 2);
    let mut played = timelord_with(config);
    assert!(!played.machine.saturated());
    running(&mut played, 0, 1, 10);
    running(&mut played, 1, 2, 20);
    for (byte, iterations) in [(1, 100), (2, 100), (1, 200), (1, 300)] {
        assert_eq!(played.machine.best_three(), None);
        prove(&mut played, byte, iterations, true);
    }
    assert_eq!(played.machine.best_three(), Some(10), "the third of 10 (T-6)");
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

/// Every count that waits is counted, and none of that keeps a node from being heard.
#[test]
fn what_waits_is_in_the_footprint() {
    let mut played = timelord(1);
    let before = played.machine.footprint();
    for iterations in 1..=60 {
        played.hear(NODE, info(1, iterations));
        assert!(!played.machine.is_busy_with(ConnectionId(NODE)));
    }
    assert!(played.machine.footprint() >= before + 60 * size_of::<u64>());
}
