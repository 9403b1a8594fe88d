//! The timelord (`chia.md` 11, T-1 to T-8).

mod model;
mod nodes;
mod rules;

use nodewire::AskId;
use nodewire::codec::chia::messages::{ChallengeStart, ProofOfSpaceInfo, ProofOfTimeFinished};
use nodewire::codec::chia::{Blob, Bytes32, ClassgroupElement, Int1024, NodeType, ProofOfTime};
use nodewire::state::chia::{Delivery, Timelord, TimelordConfig, TimelordQuery};

use crate::given::{Played, bytes32};

const NODE: u64 = 1;

fn timelord(workers: u32) -> Played<Timelord> {
    let mut config = TimelordConfig::default();
    config.workers = workers;
    timelord_with(config)
}

fn timelord_with(config: TimelordConfig) -> Played<Timelord> {
    let mut played = Played::new(Timelord::new(config));
    played.connect(NODE, NodeType::FullNode);
    played
}

fn start(byte: u8, weight: u64) -> ChallengeStart {
    ChallengeStart { challenge_hash: bytes32(byte), weight }
}

fn info(byte: u8, iterations_needed: u64) -> ProofOfSpaceInfo {
    ProofOfSpaceInfo { challenge_hash: bytes32(byte), iterations_needed }
}

fn proof(challenge_hash: Bytes32, number_of_iterations: u64) -> ProofOfTime {
    let zero = Int1024([0; 129]);
    ProofOfTime {
        challenge_hash,
        number_of_iterations,
        output: ClassgroupElement { a: zero, b: zero },
        witness_type: 0,
        witness: Blob(vec![1, 2, 3].into()),
    }
}

fn finished(challenge_hash: Bytes32, iterations: u64) -> Delivery {
    let proof = proof(challenge_hash, iterations);
    Delivery::Broadcast(NodeType::FullNode, ProofOfTimeFinished { proof }.into())
}

fn start_vdf(worker: u32, byte: u8) -> TimelordQuery {
    TimelordQuery::StartVdf { worker, challenge_hash: bytes32(byte) }
}

fn feed(vdf: AskId, iterations: u64) -> TimelordQuery {
    TimelordQuery::FeedIterations { vdf, iterations }
}

fn queries(asked: Vec<(AskId, TimelordQuery)>) -> Vec<TimelordQuery> {
    asked.into_iter().map(|(_, query)| query).collect()
}
