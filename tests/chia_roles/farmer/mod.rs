//! The farmer (`chia.md` 10).

mod liars;
mod signing;

use nodewire::codec::chia::messages::{
    ChallengeResponse, HarvesterHandshake, HeaderHash, HeaderSignature, NewChallenge,
    ProofOfSpaceArrived, ProofOfSpaceFinalized, ProofOfTimeRate, RequestHeaderHash,
    RequestHeaderSignature, RequestPartialProof, RequestProofOfSpace, RespondHeaderSignature,
    RespondPartialProof, RespondProofOfSpace,
};
use nodewire::codec::chia::{
    Blob, Bytes32, CoinbaseInfo, HeaderDataHash, Message, NodeType, ProofOfSpace, SignedCoinbase,
};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use nodewire::state::chia::{
    Delivery, Difficulty, Farmer, FarmerCommand, FarmerConfig, FarmerNotice, FarmerQuery,
    PartialProof, Signed, iterations,
};
use nodewire::{AskId, Machine, Outbox, Refused, Time};

use crate::given::{Played, bytes32, key, penalty, signature, to};

const NODE: u64 = 1;
const OTHER_NODE: u64 = 2;
const HARVESTER: u64 = 3;
const OTHER_HARVESTER: u64 = 4;

/// So good that it takes next to no time.
const GOOD: Bytes32 = Bytes32([255; 32]);

fn config() -> FarmerConfig {
    FarmerConfig::new(vec![key(5)], Blob(b"me".to_vec().into()))
}

/// So high that a plot of k = 20 takes long with any but a good quality.
const DIFFICULTY: u64 = 1_000_000;

/// With two full nodes and two harvesters.
fn farmer(config: FarmerConfig) -> Played<Farmer> {
    let mut played = Played::new(Farmer::new(config));
    played.connect(NODE, NodeType::FullNode);
    played.connect(OTHER_NODE, NodeType::FullNode);
    for harvester in [HARVESTER, OTHER_HARVESTER] {
        played.connect(harvester, NodeType::Harvester);
        let handshake = HarvesterHandshake { pool_pubkeys: vec![key(5)] };
        assert_eq!(played.sent(), [to(harvester, handshake)], "F-1");
    }
    played
}

fn finalized(byte: u8, height: u32, weight: u64) -> ProofOfSpaceFinalized {
    let (challenge_hash, quality) = (bytes32(byte), bytes32(0));
    ProofOfSpaceFinalized { challenge_hash, height, weight, quality, difficulty: DIFFICULTY }
}

fn coinbase(height: u32) -> SignedCoinbase {
    let coinbase = CoinbaseInfo { height, amount: 14, puzzle_hash: bytes32(40) };
    SignedCoinbase { coinbase, coinbase_signature: signature(41) }
}

fn broadcast(to: NodeType, message: impl Into<Message>) -> Delivery {
    Delivery::Broadcast(to, message.into())
}

/// A farmer that knows challenge 7 of height 2,000, with its coinbase.
fn farming(config: FarmerConfig) -> Played<Farmer> {
    let mut played = farmer(config);
    played.hear(NODE, finalized(7, 2_000, 100));
    let challenge = NewChallenge { challenge_hash: bytes32(7) };
    assert_eq!(played.sent(), [broadcast(NodeType::Harvester, challenge)]);
    let (id, query) = played.question();
    assert_eq!(query, FarmerQuery::GetCoinbase { height: 2_001 });
    played.local(FarmerCommand::Coinbase(id, Some(Box::new(coinbase(2_001)))));
    played
}

fn response(quality: Bytes32, plot_size: u8) -> ChallengeResponse {
    ChallengeResponse { challenge_hash: bytes32(7), quality, plot_size }
}

fn proof() -> ProofOfSpace {
    ProofOfSpace {
        challenge_hash: bytes32(7),
        pool_pubkey: key(5),
        plot_pubkey: key(6),
        size: 20,
        proof: Blob(vec![1; 160].into()),
    }
}

fn pos_hash() -> Bytes32 {
    Bytes32(proof().get_hash::<RustCryptoSha256>())
}

fn target_hash() -> Bytes32 {
    Bytes32(RustCryptoSha256::sha256(b"me"))
}

/// A farmer whose harvester has shown a proof that is good.
fn proven(config: FarmerConfig) -> (Played<Farmer>, Vec<Delivery>) {
    let mut played = farming(config);
    played.hear(HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent(), [to(HARVESTER, RequestProofOfSpace { quality: GOOD })]);
    played.hear(HARVESTER, RespondProofOfSpace { quality: GOOD, proof: proof() });
    let (id, query) = played.question();
    assert_eq!(query, FarmerQuery::VerifyProof(Box::new(proof())));
    played.local(FarmerCommand::Quality(id, Some(GOOD)));
    let sent = played.sent();
    (played, sent)
}

fn request_header_hash() -> RequestHeaderHash {
    RequestHeaderHash {
        challenge_hash: bytes32(7),
        coinbase: coinbase(2_001).coinbase,
        coinbase_signature: signature(41),
        fees_target_puzzle_hash: bytes32(0),
        proof_of_space: proof(),
    }
}

#[test]
fn a_proof_becomes_a_partial_and_a_block() {
    let (mut played, sent) = proven(config());
    let partial = RequestPartialProof { quality: GOOD, farmer_target_hash: target_hash() };
    let block = request_header_hash();
    // The partial first, the header second (F-5).
    assert_eq!(sent, [to(HARVESTER, partial), broadcast(NodeType::FullNode, block)]);
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
    config.resend_challenges = true;
    let mut played = farming(config);
    played.hear(NODE, finalized(9, 2_000, 100));
    played.sent();
    played.connect(9, NodeType::Harvester);
    let told = |byte| to(9, NewChallenge { challenge_hash: bytes32(byte) });
    assert_eq!(played.sent()[1..], [told(7), told(9)]);
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
fn a_node_that_goes_leaves_the_signature_to_the_next() {
    let (mut played, _) = proven(config());
    let made = |byte| HeaderHash { pos_hash: pos_hash(), header_hash: HeaderDataHash([byte; 32]) };
    played.hear(NODE, made(8));
    played.disconnect(NODE);
    played.hear(OTHER_NODE, made(9));
    assert_eq!(played.sent().len(), 2);
    // The first signature is of the first block, whose maker has gone (F-10).
    for (byte, submitted) in [(8, false), (9, true)] {
        let header_hash_signature = signature(byte);
        played.hear(HARVESTER, RespondHeaderSignature { quality: GOOD, header_hash_signature });
        let (id, query) = played.question();
        let FarmerQuery::VerifySignature(signed) = query else { panic!("{query:?}") };
        assert_eq!(signed.hash, bytes32(byte));
        played.local(FarmerCommand::Verdict(id, true));
        assert_eq!(played.sent().len(), usize::from(submitted));
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

/// Has a block with the proof signed and handed on.
fn submit(played: &mut Played<Farmer>) {
    let header_hash = HeaderDataHash([8; 32]);
    played.hear(NODE, HeaderHash { pos_hash: pos_hash(), header_hash });
    let header_hash_signature = signature(3);
    played.hear(HARVESTER, RespondHeaderSignature { quality: GOOD, header_hash_signature });
    let (id, _) = played.question();
    played.local(FarmerCommand::Verdict(id, true));
    assert_eq!(played.sent().len(), 2);
}

#[test]
fn a_proof_that_was_submitted_is_never_signed_again() {
    let (mut played, _) = proven(config());
    submit(&mut played);
    // Neither when the node goes that has it, nor when the harvester comes back.
    played.disconnect(NODE);
    let header_hash = HeaderDataHash([9; 32]);
    played.hear(OTHER_NODE, HeaderHash { pos_hash: pos_hash(), header_hash });
    played.disconnect(HARVESTER);
    played.hear(OTHER_HARVESTER, response(GOOD, 20));
    assert_eq!(played.sent(), []);
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

/// The harvester shows a good proof of a plot of size 40; what was sent before that is passed over.
fn prove_large(played: &mut Played<Farmer>, quality: Bytes32) {
    played.hear(HARVESTER, response(quality, 40));
    let proof = ProofOfSpace { size: 40, ..proof() };
    played.hear(HARVESTER, RespondProofOfSpace { quality, proof });
    played.sent();
    let (id, _) = played.question();
    played.local(FarmerCommand::Quality(id, Some(quality)));
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
