//! What a full node asks: its chain, out of a ledger.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::ledger::{Ledger, Proofs};
use super::mempool::Mempool;
use super::oracle::{Answers, Oracle};
use super::stand_in;
use super::weigher::Weigher;
use crate::ask::AskId;
use crate::codec::chia::{Body, Bytes32, FeesTarget, FullBlock, HeaderData, HeaderHash};
use crate::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use crate::state::chia::{
    Candidate, CandidateRequest, FullNode, FullNodeCommand, FullNodeQuery, PooledCoinbase, Proven,
    Signed, TransactionIds,
};
use crate::time::Time;

/// Keeps a full node's chain and its transactions, and answers for them at once.
///
/// It verifies no BLS signature, no proof of space and no proof of time but stand-ins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Keeper {
    pub(super) ledger: Ledger,
    pub(super) weigher: Weigher,
    mempool: Mempool,
    /// What blocks that are built here have as their time.
    timestamp: u64,
    /// From this height on headers are read with a damaged proof of time.
    pub(super) damaged: Option<u32>,
}

/// Transactions that it has room for.
const TRANSACTIONS: usize = 10_000;

impl Keeper {
    /// Keeps this chain.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        let mempool = Mempool::new(TRANSACTIONS);
        Self { ledger, weigher: Weigher::default(), mempool, timestamp: 0, damaged: None }
    }

    /// The chain.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The transactions.
    #[must_use]
    pub const fn mempool(&self) -> &Mempool {
        &self.mempool
    }

    /// Whoever asks for headers gets those from this height on with a damaged proof of time: an
    /// adversary by what it answers, and by nothing else.
    pub const fn damage(&mut self, from: u32) {
        self.damaged = Some(from);
    }

    fn answer(&mut self, id: AskId, query: FullNodeQuery) -> FullNodeCommand {
        match query {
            FullNodeQuery::ReadBlocks(hashes) => FullNodeCommand::Blocks(id, self.read(&hashes)),
            FullNodeQuery::AddBlock(block) => FullNodeCommand::Added(id, self.ledger.add(*block)),
            FullNodeQuery::ValidateUnfinished(block) => {
                let proven = self.ledger.judge_unfinished(&block);
                let proven = proven.map(|(quality, iterations)| Proven { quality, iterations });
                FullNodeCommand::Validated(id, proven)
            }
            FullNodeQuery::VerifyProofOfTime(proof) => {
                FullNodeCommand::Verdict(id, self.ledger.consensus().is_proof_of_time(&proof))
            }
            FullNodeQuery::VerifyProofOfSpace(proof) => {
                FullNodeCommand::Quality(id, self.ledger.consensus().quality(&proof))
            }
            FullNodeQuery::VerifyCoinbase(pooled) => {
                let PooledCoinbase { pool_pubkey, signed } = *pooled;
                let coinbase = signed.coinbase.to_bytes();
                let signature = &signed.coinbase_signature;
                let good =
                    self.believes() || stand_in::is_signed(pool_pubkey, &coinbase, signature);
                FullNodeCommand::Verdict(id, good)
            }
            FullNodeQuery::VerifySignature(signed) => {
                let Signed { key, hash, signature } = *signed;
                let good = self.believes() || stand_in::is_signed(key, &hash.0, &signature);
                FullNodeCommand::Verdict(id, good)
            }
            FullNodeQuery::BuildCandidate(request) => {
                FullNodeCommand::Candidate(id, Some(Box::new(self.build(*request))))
            }
            FullNodeQuery::Transactions(query) => {
                FullNodeCommand::Transactions(self.mempool.answer(id, query))
            }
            FullNodeQuery::Sync(query) => FullNodeCommand::Sync(self.synced(id, query)),
            FullNodeQuery::Serving(query) => FullNodeCommand::Serving(self.served(id, query)),
        }
    }

    /// Signatures and proofs are real, and nobody here can tell.
    fn believes(&self) -> bool {
        self.ledger.consensus().proofs == Proofs::Unchecked
    }

    fn read(&self, hashes: &[HeaderHash]) -> Vec<FullBlock> {
        let found = hashes.iter().filter_map(|hash| self.ledger.block(*hash));
        found.map(|block| FullBlock::clone(block)).collect()
    }

    /// A block without transactions that pays whom the farmer says.
    fn build(&mut self, request: CandidateRequest) -> Candidate {
        let CandidateRequest { parent, request } = request;
        self.timestamp = self.timestamp.saturating_add(1);
        let body = Body {
            coinbase: request.coinbase,
            coinbase_signature: request.coinbase_signature,
            fees_target_info: FeesTarget {
                puzzle_hash: request.fees_target_puzzle_hash,
                amount: FEES,
            },
            aggregated_signature: None,
            solutions_generator: Bytes32([0; 32]),
            cost: 0,
        };
        let proof = request.proof_of_space.get_hash::<RustCryptoSha256>();
        let header_data = HeaderData {
            prev_header_hash: parent.header_hash,
            timestamp: self.timestamp,
            filter_hash: Bytes32([0; 32]),
            proof_of_space_hash: Bytes32(proof),
            body_hash: Bytes32(body.get_hash::<RustCryptoSha256>()),
            extension_data: Bytes32([0; 32]),
        };
        Candidate { body, header_data }
    }
}

/// What the farmer of a block gets.
const FEES: u64 = 2_000_000_000_000;

impl<H: Sha256, T: TransactionIds> Oracle<FullNode<H, T>> for Keeper {
    fn asked(
        &mut self,
        _: Time,
        id: AskId,
        query: FullNodeQuery,
        answers: &mut Answers<FullNodeCommand>,
    ) {
        let answer = self.answer(id, query);
        answers.give(answer);
    }
}
