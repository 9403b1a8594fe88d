//! What one full node says takes nothing from the others (T-1 to T-3, T-6 to T-8).

use nodewire::codec::chia::NodeType;
use nodewire::codec::chia::messages::ProofOfTimeFinished;
use nodewire::state::chia::{
    ConnectionId, Delivery, Timelord, TimelordCommand, TimelordConfig, TimelordNotice,
    TimelordQuery,
};
use nodewire::{AskId, Machine};

use super::{
    NODE, feed, finished, info, make, proof, queries, start, start_vdf, timelord, timelord_with,
};
use crate::given::{Played, bytes32};

/// Whoever tells lies.
const LIAR: u64 = 2;

fn with_liar(workers: u32) -> Played<Timelord> {
    let mut played = timelord(workers);
    played.connect(LIAR, NodeType::FullNode);
    played
}

/// Everything that is asked is done at once, but that no proof is made; what has a worker then.
fn obey(played: &mut Played<Timelord>, active: &mut Vec<(AskId, u8)>) -> Vec<u8> {
    loop {
        let asked = played.asked();
        if asked.is_empty() {
            let mut hashes: Vec<_> = active.iter().map(|(_, byte)| *byte).collect();
            hashes.sort_unstable();
            return hashes;
        }
        for (id, query) in asked {
            match query {
                TimelordQuery::StartVdf { challenge_hash, .. } => {
                    active.push((id, challenge_hash.0[0]));
                    played.local(TimelordCommand::VdfStarted(id));
                }
                TimelordQuery::StopVdf { vdf } => {
                    active.retain(|(of, _)| *of != vdf);
                    played.local(TimelordCommand::VdfStopped(id));
                }
                TimelordQuery::FeedIterations { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A proof that is fed is made, found good and sent.
fn prove(played: &mut Played<Timelord>, byte: u8, iterations: u64) {
    make(played, byte, iterations, true);
    assert_eq!(played.sent(), [finished(bytes32(byte), iterations)]);
}

/// A full node wants three proofs of challenge 1, and has them.
fn prove_three(played: &mut Played<Timelord>, wanted_by: u64) {
    for iterations in [1, 2, 3] {
        played.hear(wanted_by, info(1, iterations));
        prove(played, 1, iterations);
    }
}

/// One worker, at challenge 1, of which both full nodes tell the same.
fn wanted_by_both(active: &mut Vec<(AskId, u8)>) -> Played<Timelord> {
    let mut played = with_liar(1);
    for node in [NODE, LIAR] {
        played.hear(node, start(1, 100));
    }
    obey(&mut played, active);
    played
}

/// What waits only for one that goes is done for all others, and none of it is left behind.
#[test]
fn what_nobody_waits_for_any_more_is_over() {
    let mut played = with_liar(1);
    let mut active = Vec::new();
    played.hear(NODE, start(1, 10));
    obey(&mut played, &mut active);
    for node in [NODE, LIAR] {
        played.hear(node, start(2, 5));
    }
    assert_eq!(played.machine.queued(), 1);
    for iterations in [1, 2, 3] {
        played.hear(NODE, info(1, iterations));
        make(&mut played, 1, iterations, true);
    }
    // The other one waits for it still.
    assert_eq!(played.machine.queued(), 1);
    played.notices();
    played.disconnect(LIAR);
    assert_eq!(played.machine.queued(), 0);
    let over = TimelordNotice::Done { challenge_hash: bytes32(2) };
    assert_eq!(played.notices(), [over]);
    let footprint = played.machine.footprint();
    played.hear(NODE, info(2, 7));
    assert_eq!(played.machine.footprint(), footprint, "nothing more is done about it");
}

/// Who wants a proof may be about to tell the challenge (T-2): what is done for all others, since they
/// went, it failed, or it made room, is worked on once it does.
#[test]
fn what_is_over_for_others_is_not_for_who_has_yet_to_start_it() {
    const EARLY: u64 = 3;
    for case in 0..3 {
        let mut config = TimelordConfig::default();
        (config.workers, config.max_challenges) = (1, if case == 2 { 2 } else { 9 });
        let mut played = timelord_with(config);
        played.connect(LIAR, NodeType::FullNode);
        played.connect(EARLY, NodeType::FullNode);
        let mut active = Vec::new();
        played.hear(NODE, start(1, 10));
        obey(&mut played, &mut active);
        if case != 2 {
            played.hear(EARLY, info(2, 9));
        }
        match case {
            0 => {
                played.hear(LIAR, start(2, 5));
                played.hear(NODE, start(2, 5));
                for iterations in [1, 2, 3] {
                    played.hear(NODE, info(1, iterations));
                    make(&mut played, 1, iterations, true);
                }
                played.disconnect(LIAR);
                assert_eq!(played.machine.queued(), 0);
            }
            1 => {
                played.hear(LIAR, start(2, 11));
                obey(&mut played, &mut active);
                let (vdf, _) = active.pop().unwrap();
                played.local(TimelordCommand::VdfFailed(vdf));
            }
            _ => {
                played.hear(NODE, start(2, 5));
                played.hear(EARLY, info(2, 9));
                // It makes room as the first one's, and stays as the other's.
                played.hear(NODE, start(3, 6));
                assert_eq!((played.machine.queued(), played.machine.challenges()), (0, 2));
            }
        }
        obey(&mut played, &mut active);
        played.hear(EARLY, start(2, 50));
        let mut fed = Vec::new();
        loop {
            let asked = played.asked();
            if asked.is_empty() {
                break;
            }
            for (id, query) in asked {
                match query {
                    TimelordQuery::StartVdf { .. } => played.local(TimelordCommand::VdfStarted(id)),
                    TimelordQuery::StopVdf { .. } => played.local(TimelordCommand::VdfStopped(id)),
                    TimelordQuery::FeedIterations { iterations, .. } => fed.push(iterations),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(fed, [9], "{case}");
    }
}

#[test]
fn huge_weights_leave_each_full_node_a_worker_for_its_heaviest() {
    let tips = [(1, 100), (2, 99), (3, 98)];
    let lies = [(201, u64::MAX), (202, u64::MAX - 1), (203, u64::MAX - 2)];
    for liar_first in [false, true] {
        let mut played = with_liar(3);
        let mut active = Vec::new();
        let mut told = [(NODE, tips), (LIAR, lies)];
        if liar_first {
            told.reverse();
        }
        for (node, challenges) in told {
            for (byte, weight) in challenges {
                played.hear(node, start(byte, weight));
                obey(&mut played, &mut active);
            }
        }
        let hashes = obey(&mut played, &mut active);
        assert!(hashes.contains(&1) && hashes.contains(&201), "{hashes:?}");
        // However often it tells something heavier.
        for byte in 210..=255 {
            played.hear(LIAR, start(byte, u64::MAX - 300 + u64::from(byte)));
        }
        assert!(obey(&mut played, &mut active).contains(&1));
        // A new tip gets a worker, too.
        played.hear(NODE, start(4, 101));
        assert!(obey(&mut played, &mut active).contains(&4));
    }
}

#[test]
fn when_the_liar_leaves_its_workers_are_for_whatever_waits() {
    let mut played = with_liar(3);
    let mut active = Vec::new();
    for (byte, weight) in [(201, u64::MAX), (202, u64::MAX), (203, u64::MAX)] {
        played.hear(LIAR, start(byte, weight));
        obey(&mut played, &mut active);
    }
    for (byte, weight) in [(1, 100), (2, 99), (3, 98)] {
        played.hear(NODE, start(byte, weight));
        obey(&mut played, &mut active);
    }
    played.disconnect(LIAR);
    assert_eq!(obey(&mut played, &mut active), [1, 2, 3]);
}

#[test]
fn proofs_that_a_liar_wanted_beat_nothing_of_others() {
    let mut played = with_liar(3);
    let mut active = Vec::new();
    // Of a challenge of its own, and of everybody's.
    for (byte, weight) in [(201, u64::MAX), (1, u64::MAX - 1)] {
        played.hear(LIAR, start(byte, weight));
    }
    played.hear(NODE, start(1, 100));
    obey(&mut played, &mut active);
    for (byte, iterations) in [(201, 1), (201, 2), (201, 3), (1, 1), (1, 2), (1, 3)] {
        played.hear(LIAR, info(byte, iterations));
        if iterations <= 3 && played.machine.best_three().is_none() {
            prove(&mut played, byte, iterations);
        }
    }
    assert_eq!(played.machine.best_three(), Some(u64::MAX), "as the liar has it (T-6)");
    let hashes = obey(&mut played, &mut active);
    assert!(hashes.contains(&1), "{hashes:?}");
    let vdf = active.iter().find(|(_, byte)| *byte == 1).unwrap().0;
    played.hear(NODE, info(1, 5_000));
    assert_eq!(queries(played.asked()), [feed(vdf, 5_000)]);
    played.hear(NODE, start(2, 101));
    assert_eq!(obey(&mut played, &mut active), [1, 2]);
    played.disconnect(LIAR);
    assert_eq!(played.machine.best_three(), None);
    assert_eq!(obey(&mut played, &mut active), [1, 2]);
}

#[test]
fn three_proofs_that_all_wanted_stop_it_for_all() {
    let mut active = Vec::new();
    let mut played = wanted_by_both(&mut active);
    for iterations in [1, 2, 3] {
        for node in [NODE, LIAR] {
            played.hear(node, info(1, iterations));
        }
        make(&mut played, 1, iterations, true);
    }
    assert_eq!(played.sent().len(), 3, "each is made once (T-5)");
    assert_eq!(obey(&mut played, &mut active), Vec::<u8>::new());
}

#[test]
fn a_vdf_ends_when_nobody_who_is_there_wants_more_of_it() {
    let mut active = Vec::new();
    let mut played = wanted_by_both(&mut active);
    prove_three(&mut played, NODE);
    assert_eq!(obey(&mut played, &mut active), [1], "the other one has had none");
    played.disconnect(LIAR);
    assert_eq!(obey(&mut played, &mut active), Vec::<u8>::new());
}

#[test]
fn who_tells_a_challenge_as_light_does_not_make_it_so() {
    let mut played = with_liar(1);
    let mut active = Vec::new();
    played.hear(NODE, start(1, 100));
    obey(&mut played, &mut active);
    played.hear(LIAR, start(2, 0));
    assert_eq!(obey(&mut played, &mut active), [1]);
    played.hear(NODE, start(2, 101));
    assert_eq!(obey(&mut played, &mut active), [2]);
}

#[test]
fn what_was_done_for_one_is_begun_again_for_another() {
    let mut played = with_liar(1);
    let mut active = Vec::new();
    played.hear(LIAR, start(1, 5));
    obey(&mut played, &mut active);
    prove_three(&mut played, LIAR);
    assert_eq!(obey(&mut played, &mut active), Vec::<u8>::new());
    played.hear(LIAR, info(1, 9));
    assert_eq!(obey(&mut played, &mut active), Vec::<u8>::new(), "T-7");
    played.hear(NODE, start(1, 100));
    assert_eq!(obey(&mut played, &mut active), [1]);
}

#[test]
fn a_flood_takes_nobody_elses_room() {
    let mut config = TimelordConfig::default();
    (config.workers, config.max_challenges, config.max_pending) = (1, 8, 4);
    let mut played = timelord_with(config);
    played.connect(LIAR, NodeType::FullNode);
    let mut active = Vec::new();
    // What the liar tells of first is not its own for that.
    played.hear(LIAR, start(3, 0));
    for (byte, weight) in [(1, 100), (2, 99), (3, 98)] {
        played.hear(NODE, start(byte, weight));
        obey(&mut played, &mut active);
    }
    played.hear(NODE, info(2, 1_000));
    for byte in 100..=255 {
        played.hear(LIAR, start(byte, u64::MAX));
        played.hear(LIAR, info(2, u64::from(byte)));
        assert!(played.machine.challenges() <= 8);
    }
    obey(&mut played, &mut active);
    played.disconnect(LIAR);
    let mut order = Vec::new();
    while let [(vdf, byte)] = active[..] {
        order.push(byte);
        if byte == 2 {
            break;
        }
        active.clear();
        played.local(TimelordCommand::VdfFailed(vdf));
        obey(&mut played, &mut active);
    }
    assert!(order.ends_with(&[2]), "{order:?}");
    let vdf = active[0].0;
    played.local(TimelordCommand::VdfFailed(vdf));
    assert_eq!(queries(played.asked())[0], start_vdf(0, 3));
}

#[test]
fn counts_that_a_liar_wants_leave_room_for_others() {
    let mut config = TimelordConfig::default();
    (config.workers, config.max_pending) = (1, 4);
    let mut played = timelord_with(config);
    played.connect(LIAR, NodeType::FullNode);
    played.hear(NODE, start(1, 100));
    let (vdf, _) = played.question();
    played.local(TimelordCommand::VdfStarted(vdf));
    for iterations in 1..=100 {
        played.hear(LIAR, info(1, iterations));
    }
    let fed = played.asked();
    assert_eq!(queries(fed.clone()), [1, 2, 3, 4].map(|it| feed(vdf, it)));
    for iterations in [5_000, 6_000] {
        played.hear(NODE, info(1, iterations));
    }
    assert_eq!(queries(played.asked()), [5_000, 6_000].map(|it| feed(vdf, it)));
    let awaited: Vec<_> = fed.iter().map(|(id, _)| played.machine.awaits(*id)).collect();
    assert_eq!(awaited, [true, true, false, false], "the largest are withdrawn");
    // What only the liar wanted goes with it.
    played.disconnect(LIAR);
    assert!(!fed.iter().any(|(id, _)| played.machine.awaits(*id)));
}

#[test]
fn a_full_node_that_comes_back_finds_its_work_going_on() {
    let mut played = timelord(2);
    let mut active = Vec::new();
    for (byte, weight) in [(1, 100), (2, 99)] {
        played.hear(NODE, start(byte, weight));
    }
    obey(&mut played, &mut active);
    played.hear(NODE, info(1, 7_000));
    let (fed, _) = played.question();
    played.disconnect(NODE);
    assert!(played.machine.awaits(fed));
    assert_eq!(obey(&mut played, &mut active), [1, 2]);
    played.connect(9, NodeType::FullNode);
    for (byte, weight) in [(1, 100), (2, 99)] {
        played.hear(9, start(byte, weight));
    }
    played.hear(9, info(1, 7_000));
    assert_eq!(played.asked(), [], "it was told of that (T-5)");
    played.local(TimelordCommand::VdfProof(fed, Box::new(proof(bytes32(1), 7_000))));
    let (id, _) = played.question();
    played.local(TimelordCommand::Verdict(id, true));
    assert_eq!(played.sent(), [finished(bytes32(1), 7_000)]);
}

/// A proof that was made when nobody was there, or was lost with the connection, or came before the
/// block, is sent once more to who wants it then: nobody would ever finish the block otherwise.
#[test]
fn who_wants_a_proof_after_it_was_made_is_sent_it_once() {
    let mut played = timelord(1);
    played.connect(7, NodeType::FullNode);
    played.hear(NODE, start(1, 100));
    let (vdf, _) = played.question();
    played.local(TimelordCommand::VdfStarted(vdf));
    played.hear(NODE, info(1, 7_000));
    played.hear(7, start(1, 100));
    prove(&mut played, 1, 7_000);
    played.hear(NODE, info(1, 7_000));
    assert_eq!((played.asked(), played.sent()), (vec![], vec![]), "it wanted it (T-5)");
    played.disconnect(NODE);
    let proof = proof(bytes32(1), 7_000);
    for node in [7, 8, 9] {
        if node != 7 {
            played.connect(node, NodeType::FullNode);
            played.hear(node, start(1, 100));
        }
        played.hear(node, info(1, 7_000));
        let again = ProofOfTimeFinished { proof: proof.clone() };
        assert_eq!(played.sent(), [Delivery::To(ConnectionId(node), again.into())]);
        played.hear(node, info(1, 7_000));
        assert_eq!((played.asked(), played.sent()), (vec![], vec![]), "once");
    }
    let footprint = played.machine.footprint();
    played.disconnect(8);
    assert!(played.machine.footprint() < footprint);
}

/// T-8: what was sent once more to somebody who told nothing of the challenge goes with it, too.
#[test]
fn who_comes_and_goes_leaves_nothing_of_what_it_was_sent() {
    let mut played = timelord(1);
    played.hear(NODE, start(1, 100));
    let (vdf, _) = played.question();
    played.local(TimelordCommand::VdfStarted(vdf));
    played.hear(NODE, info(1, 7_000));
    prove(&mut played, 1, 7_000);
    let footprint = played.machine.footprint();
    for node in 100..200 {
        played.connect(node, NodeType::FullNode);
        played.hear(node, info(1, 7_000));
        assert_eq!(played.sent().len(), 1);
        played.disconnect(node);
    }
    assert_eq!(played.machine.footprint(), footprint);
}
