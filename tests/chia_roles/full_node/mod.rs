//! The full node (`chia.md` 10 to 12), with a chain in memory that answers its questions.

mod announcing;
mod blocks;
mod candidates;
mod early;
#[cfg(feature = "serde")]
mod flow;
mod late;
mod laws;
mod own;
mod parts;
mod proofs;
mod syncing;
mod tellers;
mod unfinished;
mod web;

use nodewire::AskId;
use nodewire::codec::chia::messages::{
    Block, ChallengeStart, ProofOfSpaceFinalized, UnfinishedBlock,
};
use nodewire::codec::chia::{FullBlock, HeaderHash, Message, NodeType};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::sim::chia::{Consensus, Ledger, Maker, stand_in};
use nodewire::state::chia::{
    Delivery, FullNode, FullNodeCommand, FullNodeConfig, FullNodeQuery, Proven, Tip,
};

use crate::given::Played;

/// Everybody's connection.
const FARMER: u64 = 1;
const TIMELORD: u64 = 2;
const WALLET: u64 = 3;
const A: u64 = 10;
const B: u64 = 11;
const C: u64 = 12;

/// A full node and its chain.
struct Node {
    played: Played<FullNode>,
    ledger: Ledger,
}

impl Node {
    /// With a chain of so many blocks beside the first.
    fn at(height: u32, config: FullNodeConfig) -> Self {
        let mut ledger = Ledger::new(consensus(), genesis());
        for block in chain(height) {
            ledger.add(block);
        }
        let machine = FullNode::new(config, ledger.chain()).unwrap();
        Self { played: Played::new(machine), ledger }
    }

    /// The same with a farmer, a timelord, a wallet and three full nodes, to whom all was said.
    fn among_peers(height: u32, config: FullNodeConfig) -> Self {
        let mut node = Self::at(height, config);
        for (peer, node_type) in [
            (FARMER, NodeType::Farmer),
            (TIMELORD, NodeType::Timelord),
            (WALLET, NodeType::Wallet),
            (A, NodeType::FullNode),
            (B, NodeType::FullNode),
            (C, NodeType::FullNode),
        ] {
            node.played.connect(peer, node_type);
        }
        node.answer();
        node.played.sent();
        node
    }

    fn hear(&mut self, from: u64, message: impl Into<Message>) {
        self.played.hear(from, message);
    }

    /// A full node sends a block, and the chain says what it is.
    fn block(&mut self, from: u64, block: &FullBlock) -> Vec<Delivery> {
        self.hear(from, Block { block: block.clone() });
        self.answer();
        self.played.sent()
    }

    /// The same of an unfinished block.
    fn unfinished(&mut self, from: u64, block: &FullBlock) -> Vec<Delivery> {
        self.hear(from, UnfinishedBlock { block: block.clone() });
        self.answer();
        self.played.sent()
    }

    /// Answers all questions as the chain does.
    fn answer(&mut self) {
        loop {
            let asked = self.played.asked();
            if asked.is_empty() {
                return;
            }
            for (id, query) in asked {
                if let Some(answer) = answer(&mut self.ledger, id, query) {
                    self.played.local(answer);
                }
            }
        }
    }

    fn tip(&self) -> Tip {
        *self.played.machine.chain().heaviest().unwrap()
    }

    /// The block of the heaviest tip.
    fn top(&self) -> FullBlock {
        self.ledger.block(self.tip().header_hash).unwrap().as_ref().clone()
    }
}

fn answer(ledger: &mut Ledger, id: AskId, query: FullNodeQuery) -> Option<FullNodeCommand> {
    let consensus = ledger.consensus().clone();
    Some(match query {
        FullNodeQuery::ReadBlocks(hashes) => {
            let found = hashes.into_iter().filter_map(|hash| ledger.block(hash));
            FullNodeCommand::Blocks(id, found.map(|block| block.as_ref().clone()).collect())
        }
        FullNodeQuery::AddBlock(block) => FullNodeCommand::Added(id, ledger.add(*block)),
        FullNodeQuery::ValidateUnfinished(block) => {
            let proven = ledger.judge_unfinished(&block);
            let proven = proven.map(|(quality, iterations)| Proven { quality, iterations });
            FullNodeCommand::Validated(id, proven)
        }
        FullNodeQuery::VerifyProofOfTime(proof) => {
            FullNodeCommand::Verdict(id, consensus.is_proof_of_time(&proof))
        }
        FullNodeQuery::VerifyProofOfSpace(proof) => {
            FullNodeCommand::Quality(id, consensus.quality(&proof))
        }
        FullNodeQuery::VerifyCoinbase(it) => {
            let (coinbase, signature) = (it.signed.coinbase, it.signed.coinbase_signature);
            let good = stand_in::is_signed(it.pool_pubkey, &coinbase.to_bytes(), &signature);
            FullNodeCommand::Verdict(id, good)
        }
        FullNodeQuery::VerifySignature(it) => {
            let good = stand_in::is_signed(it.key, &it.hash.0, &it.signature);
            FullNodeCommand::Verdict(id, good)
        }
        _ => return None,
    })
}

fn consensus() -> Consensus {
    Consensus::default()
}

fn genesis() -> FullBlock {
    Maker::genesis(&consensus())
}

/// Makes blocks with the plot of this number.
fn maker(plot: u64) -> Maker {
    Maker::new(consensus(), plot)
}

/// So many blocks after the first, all of plot 1.
fn chain(length: u32) -> Vec<FullBlock> {
    branch(&genesis(), 1, length)
}

/// So many blocks after this one.
fn branch(from: &FullBlock, plot: u64, length: u32) -> Vec<FullBlock> {
    let mut parent = from.clone();
    let next = (0..length).map(|_| {
        parent = maker(plot).child(&parent);
        parent.clone()
    });
    next.collect()
}

fn hash(block: &FullBlock) -> HeaderHash {
    block.header_hash::<RustCryptoSha256>()
}

/// What timelords are told of a tip.
fn start(tip: &Tip) -> Message {
    ChallengeStart { challenge_hash: tip.challenge_hash, weight: tip.weight }.into()
}

/// What farmers are told of a tip.
fn finalized(tip: &Tip) -> Message {
    let Tip { challenge_hash, height, weight, quality, child_difficulty, .. } = *tip;
    let difficulty = child_difficulty;
    ProofOfSpaceFinalized { challenge_hash, height, weight, quality, difficulty }.into()
}
