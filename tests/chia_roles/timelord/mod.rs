//! The timelord (`chia.md` 11, T-1 to T-8).

mod model;
mod naive;
mod nodes;
mod rules;
mod workers;

use nodewire::AskId;
use nodewire::codec::chia::messages::{ChallengeStart, ProofOfSpaceInfo, ProofOfTimeFinished};
use nodewire::codec::chia::{Blob, Bytes32, ClassgroupElement, Int1024, NodeType, ProofOfTime};
use nodewire::state::chia::{Delivery, Timelord, TimelordCommand, TimelordConfig, TimelordQuery};

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

/// A challenge whose VDF runs.
fn running(played: &mut Played<Timelord>, worker: u32, byte: u8, weight: u64) -> AskId {
    played.hear(NODE, start(byte, weight));
    let (vdf, query) = played.question();
    assert_eq!(query, start_vdf(worker, byte));
    played.local(TimelordCommand::VdfStarted(vdf));
    vdf
}

fn stopped(played: &mut Played<Timelord>) -> (AskId, AskId) {
    let (stop, query) = played.question();
    let TimelordQuery::StopVdf { vdf } = query else { panic!("{query:?}") };
    (stop, vdf)
}

/// The proof that the timelord asks for is made, and found to be good or not.
fn make(played: &mut Played<Timelord>, byte: u8, iterations: u64, is_good: bool) {
    let (id, query) = played.question();
    assert!(
        matches!(query, TimelordQuery::FeedIterations { iterations: fed, .. } if fed == iterations)
    );
    let made = proof(bytes32(byte), iterations);
    played.local(TimelordCommand::VdfProof(id, Box::new(made.clone())));
    let (id, query) = played.question();
    assert_eq!(query, TimelordQuery::VerifyProof(Box::new(made)));
    played.local(TimelordCommand::Verdict(id, is_good));
}
