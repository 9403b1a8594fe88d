//! The farmer (`chia.md` 10).

mod again;
mod challenges;
mod late;
mod liars;
mod missed;
mod once;
mod passed;
mod proofs;
mod signing;

use nodewire::codec::chia::messages::{
    ChallengeResponse, HarvesterHandshake, NewChallenge, ProofOfSpaceFinalized, RequestHeaderHash,
    RequestProofOfSpace, RespondProofOfSpace,
};
use nodewire::codec::chia::{
    Blob, Bytes32, CoinbaseInfo, Message, NodeType, ProofOfSpace, SignedCoinbase,
};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use nodewire::state::chia::{Delivery, Farmer, FarmerCommand, FarmerConfig, FarmerQuery};

use crate::given::{Played, bytes32, key, signature, to};

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

/// The harvester shows a good proof of a plot of size 40; what was sent before that is passed over.
fn prove_large(played: &mut Played<Farmer>, quality: Bytes32) {
    played.hear(HARVESTER, response(quality, 40));
    let proof = ProofOfSpace { size: 40, ..proof() };
    played.hear(HARVESTER, RespondProofOfSpace { quality, proof });
    played.sent();
    let (id, _) = played.question();
    played.local(FarmerCommand::Quality(id, Some(quality)));
}
