//! Proofs, witnesses and blocks have the same limits in whatever message they come (14.4).

use nodewire::codec::chia::messages::{
    Block, Header, HeaderBlocks, NewProofOfTime, Partial, ProofOfTimeFinished, RequestHeaderHash,
    RespondProofOfSpace, SyncBlocks, UnfinishedBlock,
};
use nodewire::codec::chia::{Blob, Bytes32, FullBlock, HeaderHash, Message, NodeType};
use nodewire::codec::streamable::Streamable;
use nodewire::sim::chia::{Consensus, Maker};
use nodewire::state::chia::Limits;

use crate::given::{Played, US, config};

fn block() -> FullBlock {
    let mut consensus = Consensus::default();
    consensus.witness = 40;
    let genesis = Maker::genesis(&consensus);
    Maker::new(consensus, 1).child(&genesis)
}

/// What is overrun by a message, of limits that the block just keeps but for what `set` does.
fn overrun(message: Message, set: fn(&mut Limits)) -> Option<&'static str> {
    let kept = block();
    let mut config = config(NodeType::FullNode, US);
    config.limits.max_proof = kept.header_block.proof_of_space.proof.0.len();
    config.limits.max_witness = 40;
    config.limits.max_block = kept.stream_len();
    set(&mut config.limits);
    let mut played = Played::established_with(config, NodeType::FullNode);
    played.hear(message);
    played.overrun()
}

/// How the limit is told, and how it is made smaller by one.
type Smaller = (&'static str, fn(&mut Limits));
const PROOF: Smaller = ("max_proof", |limits| limits.max_proof -= 1);
const WITNESS: Smaller = ("max_witness", |limits| limits.max_witness -= 1);
const BLOCK: Smaller = ("max_block", |limits| limits.max_block -= 1);

#[test]
fn parts_of_blocks_have_limits_in_whatever_message_they_come() {
    let block = block();
    let header_block = block.header_block.clone();
    let tip_header_hash = HeaderHash([7; 32]);
    let space = header_block.proof_of_space.clone();
    let time = header_block.proof_of_time.clone().unwrap();
    let signature = block.body.coinbase_signature;
    let header_blocks = vec![header_block.clone()];
    let header = Header { header_block: header_block.clone(), bip158_filter: Blob::default() };
    let asks = RequestHeaderHash {
        challenge_hash: Bytes32([1; 32]),
        coinbase: block.body.coinbase.clone(),
        coinbase_signature: signature,
        fees_target_puzzle_hash: Bytes32([2; 32]),
        proof_of_space: space.clone(),
    };
    let partial = Partial {
        challenge: header_block.challenge.unwrap(),
        proof_of_space: space.clone(),
        farmer_target: "aa".to_string(),
        signature,
    };
    let of_space = RespondProofOfSpace { quality: Bytes32([3; 32]), proof: space };
    let cases: [(Message, &[Smaller]); 10] = [
        (Block { block: block.clone() }.into(), &[PROOF, WITNESS, BLOCK]),
        (UnfinishedBlock { block: block.clone() }.into(), &[PROOF, WITNESS, BLOCK]),
        (SyncBlocks { tip_header_hash, blocks: vec![block] }.into(), &[PROOF, WITNESS, BLOCK]),
        (HeaderBlocks { tip_header_hash, header_blocks }.into(), &[PROOF, WITNESS]),
        (header.into(), &[PROOF, WITNESS]),
        (NewProofOfTime { proof: time.clone() }.into(), &[WITNESS]),
        (ProofOfTimeFinished { proof: time }.into(), &[WITNESS]),
        (asks.into(), &[PROOF]),
        (of_space.into(), &[PROOF]),
        (partial.into(), &[PROOF]),
    ];
    for (message, smaller) in cases {
        assert_eq!(overrun(message.clone(), |_| ()), None, "{message:?}");
        for (limit, set) in [PROOF, WITNESS, BLOCK] {
            let has_it = smaller.iter().any(|(name, _)| *name == limit);
            assert_eq!(overrun(message.clone(), set), has_it.then_some(limit), "{message:?}");
        }
    }
}
