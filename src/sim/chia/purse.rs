//! What a farmer asks: coinbases, proofs, signatures.

use alloc::boxed::Box;

use super::ledger::Consensus;
use super::oracle::{Answers, Oracle};
use super::stand_in;
use crate::ask::AskId;
use crate::codec::chia::{Bytes32, CoinbaseInfo, SignedCoinbase};
use crate::codec::streamable::{Sha256, Streamable};
use crate::state::chia::{Farmer, FarmerCommand, FarmerQuery, Signed};
use crate::time::Time;

/// A pool's coinbases for every height, and somebody who knows stand-ins from what is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Purse {
    consensus: Consensus,
    /// Whom coinbases pay.
    puzzle_hash: Bytes32,
}

/// What the pool gets for a block.
const REWARD: u64 = 14_000_000_000_000;

impl Purse {
    /// Coinbases that pay this.
    #[must_use]
    pub const fn new(consensus: Consensus, puzzle_hash: Bytes32) -> Self {
        Self { consensus, puzzle_hash }
    }

    /// The coinbase of a height, signed by the pool that all stand-ins have.
    #[must_use]
    pub fn coinbase(&self, height: u32) -> SignedCoinbase {
        let coinbase = CoinbaseInfo { height, amount: REWARD, puzzle_hash: self.puzzle_hash };
        let coinbase_signature = stand_in::sign(stand_in::key(0), &coinbase.to_bytes());
        SignedCoinbase { coinbase, coinbase_signature }
    }
}

impl<H: Sha256> Oracle<Farmer<H>> for Purse {
    fn asked(
        &mut self,
        _: Time,
        id: AskId,
        query: FarmerQuery,
        answers: &mut Answers<FarmerCommand>,
    ) {
        answers.give(match query {
            FarmerQuery::GetCoinbase { height } => {
                FarmerCommand::Coinbase(id, Some(Box::new(self.coinbase(height))))
            }
            FarmerQuery::VerifyProof(proof) => {
                FarmerCommand::Quality(id, self.consensus.quality(&proof))
            }
            FarmerQuery::VerifySignature(signed) => {
                let Signed { key, hash, signature } = *signed;
                FarmerCommand::Verdict(id, stand_in::is_signed(key, &hash.0, &signature))
            }
        });
    }
}
