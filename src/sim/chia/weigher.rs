//! Weighs headers, one after the other, before there are blocks to them (P-41).

use alloc::vec::Vec;

use super::ledger::{Consensus, Ledger, Proofs};
use crate::codec::chia::{Challenge, HeaderBlock, ProofOfTime};
use crate::codec::streamable::{RustCryptoSha256, Streamable};
use crate::state::chia::{ClaimedTip, HeaderBatch, Weighed};

/// How far a chain of headers was weighed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Weigher {
    /// The challenges of the headers that were good, by height: first that of the fork.
    good: Vec<Challenge>,
}

impl Weigher {
    /// Weighs headers that follow on the fork, or on those below that were good.
    pub fn weigh(&mut self, ledger: &Ledger, batch: &HeaderBatch) -> Weighed {
        if batch.fork.checked_add(1) == Some(batch.first) {
            let fork = ledger.header_hash_at(batch.fork).and_then(|hash| ledger.block(hash));
            let fork = fork.and_then(|block| block.header_block.challenge.clone());
            self.good = fork.into_iter().collect();
        }
        self.good.truncate(self.good.partition_point(|it| it.height < batch.first));
        let below = self.good.len();
        for header in &batch.headers {
            let Some(before) = self.good.last() else { return Weighed::Bad };
            let weighed = match ledger.consensus().weigh(before, header) {
                Weighed::Good => {
                    self.good.extend(header.challenge.clone());
                    continue;
                }
                // It answers a challenge, and not that which came with it: nobody honest has both.
                Weighed::Bad if self.good.len() > below => Weighed::Damaged,
                weighed => weighed,
            };
            // Others are to deliver all of it again.
            self.good.truncate(below);
            return weighed;
        }
        Weighed::Good
    }

    /// Whether the headers weigh what was told.
    pub fn verify(&self, claimed: &ClaimedTip) -> bool {
        let last = self.good.last().map(|last| (last.height, last.total_weight));
        last == Some((claimed.height, claimed.weight))
    }
}

impl Consensus {
    /// What a header is worth after this challenge. What its hash does not cover may have been
    /// damaged by whoever delivered it; the rest is its chain's.
    pub(super) fn weigh(&self, before: &Challenge, of: &HeaderBlock) -> Weighed {
        let (Some(time), Some(challenge)) = (&of.proof_of_time, &of.challenge) else {
            return Weighed::Damaged;
        };
        let follows = before.hash::<RustCryptoSha256>();
        let proof = &of.proof_of_space;
        let is_its_own =
            of.header.data.proof_of_space_hash.0 == proof.get_hash::<RustCryptoSha256>();
        if is_its_own && proof.challenge_hash != follows {
            return Weighed::Bad;
        }
        let heavier = challenge.total_weight.checked_sub(before.total_weight);
        let (grows, takes) = match self.proofs {
            Proofs::StandIns => (heavier == Some(self.difficulty), self.iterations_of(proof)),
            Proofs::Unchecked => {
                (heavier.is_some_and(|by| by > 0), Some(time.number_of_iterations))
            }
        };
        let longer = challenge.total_iters.checked_sub(before.total_iters);
        let good = is_its_own
            && grows
            && takes == Some(time.number_of_iterations)
            && longer == takes
            && Some(challenge.height) == before.height.checked_add(1)
            && challenge.prev_challenge_hash == follows
            && challenge.proof_of_space_hash == of.header.data.proof_of_space_hash
            && self.is_output_hash(challenge, time)
            && time.challenge_hash == follows
            && self.is_proof_of_time(time);
        if good { Weighed::Good } else { Weighed::Damaged }
    }
    /// Real chains have either of two hashes there, or any, as nobody checks it. One of stand-ins
    /// is sound in all that the header hash does not cover.
    fn is_output_hash(&self, challenge: &Challenge, time: &ProofOfTime) -> bool {
        self.proofs == Proofs::Unchecked
            || challenge.proof_of_time_output_hash.0 == time.output.get_hash::<RustCryptoSha256>()
    }
}
