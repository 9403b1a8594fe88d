//! Qualities that were passed over by what one full node said are not lost to the others (F-4).

use nodewire::codec::chia::messages::{
    NewChallenge, ProofOfSpaceFinalized, ProofOfTimeRate, RequestProofOfSpace,
};
use nodewire::codec::chia::{Bytes32, NodeType};
use nodewire::state::chia::{Delivery, Farmer};

use super::{
    DIFFICULTY, HARVESTER, NODE, OTHER_HARVESTER, OTHER_NODE, broadcast, config, farmer, finalized,
    response,
};
use crate::given::{Played, bytes32, to};

/// Tells challenge 7 before anybody else does.
const LIAR: u64 = OTHER_NODE;

/// Good by what is true, and for nothing by the lies.
const FAIR: Bytes32 = Bytes32([254; 32]);
/// A little better.
const FINE: Bytes32 = Bytes32([255; 32]);

fn told() -> [Delivery; 1] {
    let challenge = NewChallenge { challenge_hash: bytes32(7) };
    [broadcast(NodeType::Harvester, challenge)]
}

fn claim(difficulty: u64) -> ProofOfSpaceFinalized {
    ProofOfSpaceFinalized { difficulty, ..finalized(7, 2_000, 100) }
}

/// The liar has told the challenge, and what the harvester found is good for nothing by that.
fn passed_over(rate: u64, difficulty: u64) -> Played<Farmer> {
    let mut played = farmer(config());
    played.hear(LIAR, ProofOfTimeRate { pot_estimate_ips: rate });
    played.hear(LIAR, claim(difficulty));
    assert_eq!(played.sent(), told());
    played.hear(HARVESTER, response(FAIR, 20));
    assert_eq!(played.sent(), [], "{rate} {difficulty}");
    played
}

#[test]
fn what_was_passed_over_for_a_lie_is_found_again_by_the_truth() {
    let lies = [(10_000, u64::MAX), (10_000, u64::MAX / 2), (1, DIFFICULTY), (u64::MAX, 1)];
    for (rate, difficulty) in lies {
        for rate_is_mended in [false, true] {
            let mut played = passed_over(rate, difficulty);
            if rate_is_mended {
                // Nothing that the liar says now takes back what became of its lie.
                played.hear(LIAR, ProofOfTimeRate { pot_estimate_ips: 10_000 });
            }
            played.hear(NODE, claim(DIFFICULTY));
            assert_eq!(played.sent(), told(), "{rate} {difficulty}");
            played.hear(HARVESTER, response(FAIR, 20));
            assert_eq!(played.sent(), [to(HARVESTER, RequestProofOfSpace { quality: FAIR })]);
        }
    }
}

/// Of each size the best counts, whoever found it: what is worse doesn't hide it.
#[test]
fn the_best_of_what_was_passed_over_counts() {
    for better in [(OTHER_HARVESTER, FAIR, 20), (HARVESTER, FAIR, 20), (HARVESTER, FAIR, 21)] {
        let mut played = farmer(config());
        played.hear(LIAR, claim(u64::MAX));
        let worse = [(HARVESTER, Bytes32([1; 32]), 20), (HARVESTER, Bytes32([2; 32]), 20)];
        for (harvester, quality, size) in [worse[0], better, worse[1]] {
            played.hear(harvester, response(quality, size));
        }
        played.sent();
        played.hear(NODE, claim(DIFFICULTY));
        assert_eq!(played.sent(), told(), "{better:?}");
    }
}

/// Nobody has harvesters answer again for nothing: neither those who agree, nor one for whom what
/// was passed over is no better, nor one whose proofs are all being followed.
#[test]
fn what_nobody_lost_is_not_told_again() {
    let mut played = farmer(config());
    played.hear(NODE, claim(DIFFICULTY));
    played.hear(HARVESTER, response(Bytes32([1; 32]), 20));
    played.hear(HARVESTER, response(FINE, 20));
    played.sent();
    played.hear(OTHER_NODE, claim(DIFFICULTY));
    assert_eq!(played.sent(), []);
    let mut played = passed_over(1, u64::MAX);
    played.hear(NODE, claim(u64::MAX));
    assert_eq!(played.sent(), []);
    let mut played = farmer(config());
    played.hear(LIAR, claim(1));
    played.hear(HARVESTER, response(FAIR, 20));
    played.sent();
    played.hear(NODE, claim(DIFFICULTY));
    assert_eq!(played.sent(), []);
}

/// A full node that comes and goes has them answer once for what was passed over.
#[test]
fn what_was_passed_over_is_told_again_once() {
    let mut played = passed_over(10_000, u64::MAX);
    let mut repeats = 0;
    for other in 20..30 {
        played.connect(other, NodeType::FullNode);
        played.hear(other, claim(DIFFICULTY));
        played.hear(other, claim(DIFFICULTY));
        repeats += played.sent().len();
        played.disconnect(other);
    }
    assert_eq!(repeats, 1);
}

/// What was told again and passed over again is remembered anew.
#[test]
fn a_second_lie_is_found_out_like_the_first() {
    let mut played = passed_over(10_000, u64::MAX);
    played.hear(NODE, claim(DIFFICULTY));
    played.disconnect(NODE);
    played.sent();
    played.hear(HARVESTER, response(FAIR, 20));
    assert_eq!(played.sent(), [], "who told better is gone");
    played.connect(20, NodeType::FullNode);
    played.hear(20, claim(DIFFICULTY));
    assert_eq!(played.sent(), told());
}
