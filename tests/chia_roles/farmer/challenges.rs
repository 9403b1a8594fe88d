//! Which challenges are farmed, and what is known of other proofs of them (F-2, F-9, F-11).

use nodewire::codec::chia::messages::{
    ChallengeResponse, NewChallenge, ProofOfSpaceArrived, ProofOfTimeRate, RespondProofOfSpace,
};
use nodewire::codec::chia::{Bytes32, NodeType};
use nodewire::state::chia::FarmerCommand;

use super::{
    DIFFICULTY, GOOD, HARVESTER, NODE, OTHER_HARVESTER, OTHER_NODE, broadcast, coinbase, config,
    farmer, farming, finalized, proof, prove_large, response,
};
use crate::given::{bytes32, penalty, to};

#[test]
fn only_fresh_challenges_are_harvested() {
    let mut played = farming(config());
    for (seen, height, weight) in [(7, 2_000, 100), (8, 1_999, 99)] {
        played.hear(NODE, finalized(seen, height, weight));
        assert_eq!((played.sent(), played.asked()), (vec![], vec![]), "F-2");
    }
    // As heavy as the heaviest, and new: the coinbase of its height is there already.
    played.hear(NODE, finalized(9, 2_000, 100));
    assert_eq!((played.sent().len(), played.asked().len()), (1, 0));
    let mut nothing = finalized(10, 2_001, 200);
    nothing.difficulty = 0;
    played.hear(NODE, nothing);
    assert_eq!(penalty(&played.sent()), Some((NODE, "chia/F-2")));
    played.hear(NODE, ProofOfTimeRate { pot_estimate_ips: 0 });
    assert_eq!(penalty(&played.sent()), Some((NODE, "chia/F-3")));
    assert_eq!(played.machine.ips(), 10_000);
    played.hear(NODE, ProofOfTimeRate { pot_estimate_ips: 77 });
    assert_eq!(played.machine.ips(), 77);
}

#[test]
fn a_new_harvester_may_be_told_the_current_challenges() {
    let mut config = config();
    assert_eq!(farming(config.clone()).machine.untold(), 1);
    config.resend_challenges = true;
    let mut played = farming(config);
    assert_eq!(played.machine.untold(), 0);
    played.hear(NODE, finalized(9, 2_000, 100));
    played.sent();
    played.connect(9, NodeType::Harvester);
    let told = |byte| to(9, NewChallenge { challenge_hash: bytes32(byte) });
    assert_eq!(played.sent()[1..], [told(7), told(9)]);
}

#[test]
fn better_arrivals_may_be_yielded_to() {
    let arrived = |byte| ProofOfSpaceArrived { weight: 100 + DIFFICULTY, quality: bytes32(byte) };
    // 255 is better than 254 followed by 255s; the quality itself, told by others, is not.
    for (yield_to, blocks) in [(None, 1), (Some(2), 1), (Some(1), 0)] {
        let mut config = config();
        (config.yield_to, config.pool_share_threshold) = (yield_to, 0);
        let mut played = farming(config);
        let mut quality = [255; 32];
        quality[0] = 254;
        let quality = Bytes32(quality);
        played.hear(NODE, arrived(255));
        played.hear(NODE, ProofOfSpaceArrived { weight: 100 + DIFFICULTY, quality });
        assert_eq!(played.machine.arrivals(100 + DIFFICULTY).count(), 2);
        prove_large(&mut played, quality);
        assert_eq!(played.sent().len(), blocks, "{yield_to:?}");
    }
}

#[test]
fn arrivals_and_challenges_are_bounded() {
    let mut config = config();
    (config.limits.max_arrivals, config.limits.max_arrival_weights) = (2, 2);
    config.limits.max_challenges = 2;
    let mut played = farmer(config);
    for weight in [1, 2, 3] {
        for byte in [1, 2, 3] {
            played.hear(NODE, ProofOfSpaceArrived { weight, quality: bytes32(byte) });
        }
    }
    let kept: Vec<_> = (1..=3).map(|weight| played.machine.arrivals(weight).count()).collect();
    assert_eq!(kept, [0, 2, 2]);
    for byte in [1, 2, 3] {
        played.hear(NODE, finalized(byte, 2_000, 100 + u64::from(byte)));
    }
    played.sent();
    for (byte, is_known) in [(1, false), (2, true), (3, true)] {
        let challenge_hash = bytes32(byte);
        let mut quality = [255; 32];
        quality[31] = byte;
        let quality = Bytes32(quality);
        played.hear(HARVESTER, ChallengeResponse { challenge_hash, quality, plot_size: 40 });
        assert_eq!(played.sent().len(), usize::from(is_known), "{byte}");
    }
}

/// A full node that is behind tells an old challenge, whose proofs push out those of the newest: when
/// it is there too, harvesters are told that once more.
#[test]
fn what_made_room_for_an_old_challenge_is_harvested_again() {
    let mut config = config();
    config.limits.max_qualities = 1;
    let mut played = farming(config);
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(OTHER_NODE, finalized(6, 1_999, 90));
    let (challenge_hash, quality) = (bytes32(6), Bytes32([254; 32]));
    played.hear(HARVESTER, ChallengeResponse { challenge_hash, quality, plot_size: 40 });
    played.sent();
    for told in [1, 0] {
        played.hear(OTHER_NODE, finalized(7, 2_000, 100));
        let challenge = NewChallenge { challenge_hash: bytes32(7) };
        let again = [broadcast(NodeType::Harvester, challenge)];
        assert_eq!(played.sent(), again[..told]);
    }
}

/// A coinbase comes twice, or to a question that is void: who is asked for a block by it is asked once,
/// for it would make another in its place (F-23).
#[test]
fn answers_that_nobody_waits_for_change_nothing() {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 2_000, 100));
    let (first, _) = played.question();
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let (id, _) = played.question();
    played.local(FarmerCommand::Quality(id, Some(GOOD)));
    // Nobody there farms that height any more.
    played.disconnect(NODE);
    played.sent();
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    let (second, _) = played.question();
    let told = |id| FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_001))));
    for (id, asked) in [(first, 0), (second, 1), (second, 0), (first, 0)] {
        played.local(told(id));
        assert_eq!(played.sent().len(), asked, "{id:?}");
    }
}

/// However many full nodes tell it.
#[test]
fn who_was_told_a_challenge_is_not_told_it_again() {
    let mut config = config();
    config.resend_challenges = true;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 2_000, 100));
    let challenge = NewChallenge { challenge_hash: bytes32(7) };
    assert_eq!(played.sent(), [broadcast(NodeType::Harvester, challenge)]);
    played.hear(OTHER_NODE, finalized(7, 2_000, 100));
    assert_eq!(played.sent(), []);
}

/// A chain that a full node lost comes by challenges once more that the harvesters of now never heard of.
#[test]
fn who_came_since_is_told_a_challenge_that_is_told_again() {
    const NEW: u64 = 5;
    let mut config = config();
    config.resend_challenges = true;
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 2_000, 100));
    played.hear(NODE, finalized(8, 2_001, 200));
    for gone in [HARVESTER, OTHER_HARVESTER, NODE, OTHER_NODE] {
        played.disconnect(gone);
    }
    played.connect(NEW, NodeType::Harvester);
    played.sent();
    played.connect(6, NodeType::FullNode);
    played.hear(6, finalized(7, 2_000, 100));
    let challenge = NewChallenge { challenge_hash: bytes32(7) };
    let told = played.sent();
    let is_told = told.contains(&to(NEW, challenge.clone()))
        || told.contains(&broadcast(NodeType::Harvester, challenge));
    assert!(is_told, "{told:?}");
}
