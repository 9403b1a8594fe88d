//! What becomes of a quality that a harvester tells (F-4, F-5).

use nodewire::codec::chia::messages::{
    ChallengeResponse, HeaderHash, HeaderSignature, ProofOfTimeRate, RequestHeaderSignature,
    RequestPartialProof, RequestProofOfSpace, RespondHeaderSignature, RespondPartialProof,
    RespondProofOfSpace,
};
use nodewire::codec::chia::{Blob, Bytes32, HeaderDataHash, ProofOfSpace};
use nodewire::state::chia::{
    Difficulty, FarmerCommand, FarmerNotice, FarmerQuery, PartialProof, Signed, iterations,
};
use nodewire::{AskId, Machine, Outbox, Refused, Time};

use super::{
    DIFFICULTY, GOOD, HARVESTER, NODE, OTHER_HARVESTER, OTHER_NODE, coinbase, config, farmer,
    farming, finalized, pos_hash, proof, proven, request_header_hash, response, target_hash,
};
use crate::given::{bytes32, key, penalty, signature, to};

#[test]
fn a_proof_becomes_a_partial_and_a_block() {
    let (mut played, sent) = proven(config());
    let partial = RequestPartialProof { quality: GOOD, farmer_target_hash: target_hash() };
    let block = request_header_hash();
    // The partial first, the header second (F-5).
    assert_eq!(sent, [to(HARVESTER, partial), to(NODE, block)]);
    let header_hash = HeaderDataHash([8; 32]);
    played.hear(OTHER_NODE, HeaderHash { pos_hash: pos_hash(), header_hash });
    let request = RequestHeaderSignature { quality: GOOD, header_hash };
    assert_eq!(played.sent(), [to(HARVESTER, request)]);
    // A second signature would be a double-sign.
    let other = HeaderDataHash([9; 32]);
    played.hear(NODE, HeaderHash { pos_hash: pos_hash(), header_hash: other });
    played.hear(NODE, HeaderHash { pos_hash: bytes32(1), header_hash: other });
    assert_eq!(played.sent(), []);
    let answer = RespondHeaderSignature { quality: GOOD, header_hash_signature: signature(3) };
    played.hear(OTHER_HARVESTER, answer.clone());
    assert_eq!(played.asked(), [], "only the harvester that was asked");
    played.hear(HARVESTER, answer.clone());
    let (id, query) = played.question();
    let signed = Signed { key: key(6), hash: bytes32(8), signature: signature(3) };
    assert_eq!(query, FarmerQuery::VerifySignature(Box::new(signed)));
    played.local(FarmerCommand::Verdict(id, true));
    let pos_hash = pos_hash();
    let message = HeaderSignature { pos_hash, header_hash, header_signature: signature(3) };
    assert_eq!(played.sent(), [to(OTHER_NODE, message)]);
    assert_eq!(played.notices(), [FarmerNotice::Submitted { pos_hash, header_hash }]);
    played.hear(HARVESTER, answer);
    assert_eq!(played.asked(), [], "and only once");
}

#[test]
fn a_partial_is_verified_and_handed_on() {
    for good in [true, false] {
        let (mut played, _) = proven(config());
        let answer = RespondPartialProof { quality: GOOD, farmer_target_signature: signature(4) };
        played.hear(HARVESTER, answer.clone());
        let (id, query) = played.question();
        let signed = Signed { key: key(6), hash: target_hash(), signature: signature(4) };
        assert_eq!(query, FarmerQuery::VerifySignature(Box::new(signed)));
        played.hear(HARVESTER, answer);
        assert_eq!(played.asked(), []);
        played.local(FarmerCommand::Verdict(id, good));
        let sent = played.sent();
        if good {
            let partial = PartialProof { proof_of_space: proof(), signature: signature(4) };
            assert_eq!(played.notices(), [FarmerNotice::Partial(Box::new(partial))]);
            assert_eq!(sent, []);
        } else {
            assert_eq!(penalty(&sent), Some((HARVESTER, "chia/F-7")));
        }
    }
}

#[test]
fn qualities_that_are_no_good_are_not_asked_for() {
    let mut played = farming(config());
    // The worst quality of a small plot takes for ever.
    played.hear(HARVESTER, response(bytes32(0), 20));
    let unknown = ChallengeResponse { challenge_hash: bytes32(1), ..response(GOOD, 20) };
    played.hear(HARVESTER, unknown);
    assert_eq!(played.sent(), []);
    for size in [0, 64, 255] {
        played.hear(HARVESTER, response(GOOD, size));
        assert_eq!(penalty(&played.sent()), Some((HARVESTER, "chia/F-4")));
    }
    played.hear(HARVESTER, response(GOOD, 63));
    assert_eq!(played.sent().len(), 1);
    played.hear(OTHER_HARVESTER, response(GOOD, 63));
    assert_eq!(played.sent(), [], "asked for already");
}

#[test]
fn below_height_1000_only_the_best_so_far_is_asked_for() {
    for (height, expected) in [(999, 2), (1_000, 3)] {
        let mut played = farmer(config());
        played.hear(NODE, finalized(7, height, 100));
        played.sent();
        let mut asked = 0;
        for last in [254, 253, 255] {
            let mut quality = [255; 32];
            quality[0] = last;
            played.hear(HARVESTER, response(Bytes32(quality), 20));
            asked += played.sent().len();
        }
        assert_eq!(asked, expected, "height {height}");
    }
}

#[test]
fn a_proof_that_is_another_than_promised_is_a_violation() {
    let changes: [fn(&mut ProofOfSpace); 3] = [
        |proof| proof.challenge_hash = bytes32(8),
        |proof| proof.pool_pubkey = key(6),
        |proof| proof.size = 21,
    ];
    for change in changes {
        let mut played = farming(config());
        played.hear(HARVESTER, response(GOOD, 20));
        played.sent();
        let mut wrong = proof();
        change(&mut wrong);
        // From somebody who was not asked it is nothing.
        let answer = RespondProofOfSpace { quality: GOOD, proof: wrong };
        played.hear(OTHER_HARVESTER, answer.clone());
        assert_eq!((played.sent(), played.asked()), (vec![], vec![]));
        played.hear(HARVESTER, answer);
        assert_eq!(penalty(&played.sent()), Some((HARVESTER, "chia/F-5")));
        assert_eq!(played.asked(), []);
    }
    for found in [None, Some(bytes32(1))] {
        let mut played = farming(config());
        played.hear(HARVESTER, response(GOOD, 20));
        played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
        played.sent();
        let (id, _) = played.question();
        played.local(FarmerCommand::Quality(id, found));
        assert_eq!(penalty(&played.sent()), Some((HARVESTER, "chia/F-5")));
    }
}

#[test]
fn a_harvester_that_goes_takes_its_qualities_along() {
    let (mut played, _) = proven(config());
    played.disconnect(HARVESTER);
    let header_hash = HeaderDataHash([8; 32]);
    played.hear(NODE, HeaderHash { pos_hash: pos_hash(), header_hash });
    assert_eq!(played.sent(), []);
    played.hear(OTHER_HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent().len(), 1, "the same quality of another can be followed");
}

#[test]
fn below_height_1000_a_harvester_that_comes_back_is_asked_again() {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 10, 100));
    played.hear(HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent().len(), 2);
    played.disconnect(HARVESTER);
    // What it found is forgotten, and with it how good that was (F-4, F-10).
    played.hear(OTHER_HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent(), [to(OTHER_HARVESTER, RequestProofOfSpace { quality: GOOD })]);
}

#[test]
fn answers_to_other_questions_are_refused() {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 2_000, 100));
    let (id, _) = played.question();
    let before = played.machine.clone();
    let mut out = Outbox::new();
    let other_height = FarmerCommand::Coinbase(id, Some(Box::new(coinbase(7))));
    for wrong in [FarmerCommand::Verdict(id, true), other_height] {
        let refusal = played.machine.handle_local(Time::ZERO, wrong, &mut out).unwrap_err();
        assert_eq!(refusal.why, Refused::invalid("the question was another"));
    }
    let unknown = FarmerCommand::Verdict(AskId::from_u64(9), true);
    assert!(played.machine.handle_local(Time::ZERO, unknown, &mut out).is_err());
    assert!(out.is_empty() && played.machine == before);
}

/// F-5: a quality whose proof was not good is forgotten, so that whoever has it can prove it.
#[test]
fn what_one_harvester_could_not_prove_another_may() {
    let mut played = farming(config());
    played.hear(HARVESTER, response(GOOD, 20));
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let (id, _) = played.question();
    played.sent();
    played.local(FarmerCommand::Quality(id, Some(bytes32(9))));
    assert_eq!(penalty(&played.sent()), Some((HARVESTER, "chia/F-5")));
    played.hear(OTHER_HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent(), [to(OTHER_HARVESTER, RequestProofOfSpace { quality: GOOD })]);
}

/// 6.5: what takes as long as the threshold is not followed, and what takes less is.
#[test]
fn proofs_are_wanted_below_the_threshold() {
    let mut config = config();
    (config.min_block_time, config.pool_share_threshold, config.propagate_threshold) = (0, 1, 0);
    let quality = Bytes32([254; 32]);
    let of = Difficulty { plot_size: 32, difficulty: DIFFICULTY, ips: 1, min_block_time: 0 };
    let needed = iterations(quality, of).unwrap();
    for (pot_estimate_ips, wanted) in [(needed, 0), (needed + 1, 1)] {
        let mut played = farming(config.clone());
        assert!(!played.machine.saturated());
        played.hear(NODE, ProofOfTimeRate { pot_estimate_ips });
        played.hear(HARVESTER, response(quality, 32));
        assert_eq!(played.sent().len(), wanted, "{pot_estimate_ips}");
    }
}

/// A proof is the farmer's from when it comes, also while it is being looked at.
#[test]
fn a_proof_that_is_being_verified_is_in_the_footprint() {
    let mut played = farming(config());
    played.hear(HARVESTER, response(GOOD, 20));
    let before = played.machine.footprint();
    let proof = ProofOfSpace { proof: Blob(vec![1; 1_000].into()), ..proof() };
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof });
    played.question();
    assert!(played.machine.footprint() >= before + 1_000);
}

/// F-4: of two that are as good the first is followed.
#[test]
fn below_height_1000_what_is_as_good_is_not_followed() {
    let mut played = farmer(config());
    played.hear(NODE, finalized(7, 10, 100));
    played.sent();
    let as_good = |last| {
        let mut quality = GOOD;
        quality.0[31] = last;
        quality
    };
    played.hear(HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent(), [to(HARVESTER, RequestProofOfSpace { quality: GOOD })]);
    played.hear(OTHER_HARVESTER, response(as_good(254), 20));
    assert_eq!(played.sent(), []);
}
