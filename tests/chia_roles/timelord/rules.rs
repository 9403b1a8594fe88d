//! Challenges, counts and proofs, rule by rule (T-1, T-2, T-5, T-6, T-8).

use nodewire::state::chia::{
    ConnectionId, Role, Timelord, TimelordCommand, TimelordConfig, TimelordNotice, TimelordQuery,
};
use nodewire::{AskId, Machine, Outbox, Refused};

use super::{
    NODE, feed, finished, info, make, proof, queries, running, start, start_vdf, stopped, timelord,
    timelord_with,
};
use crate::given::{Played, bytes32, penalty};

/// A count is wanted, and its proof is made.
fn prove(played: &mut Played<Timelord>, byte: u8, iterations: u64, is_good: bool) {
    played.hear(NODE, info(byte, iterations));
    make(played, byte, iterations, is_good);
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
fn challenges_and_counts_are_bounded() {
    let mut config = TimelordConfig::default();
    (config.workers, config.max_challenges, config.max_pending) = (1, 4, 2);
    let mut played = timelord_with(config);
    let vdf = running(&mut played, 0, 1, 1);
    for iterations in [30, 20, 10] {
        played.hear(NODE, info(1, iterations));
    }
    let fed = played.asked();
    let awaited = fed.iter().filter(|(id, _)| played.machine.awaits(*id));
    let awaited: Vec<_> = awaited.map(|(_, query)| query.clone()).collect();
    assert_eq!(awaited, [feed(vdf, 20), feed(vdf, 10)], "the two smallest wait (T-8)");
    played.hear(NODE, info(1, 30));
    assert_eq!(played.asked(), [], "and stay, whatever the VDF was told first");
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
