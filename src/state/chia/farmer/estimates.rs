//! How long a proof takes, and what it is good for.

use alloc::vec::Vec;

use super::Farmer;
use crate::codec::chia::Bytes32;
use crate::codec::streamable::Sha256;
use crate::state::chia::iterations::{Difficulty, iterations};
use crate::state::chia::tellers::Teller;

/// How long a proof takes, by what one full node says.
pub(super) struct Estimate {
    pub teller: Teller,
    pub height: u32,
    /// Of the block that would be made.
    pub weight: u64,
    ips: u64,
    pub iterations: u64,
}

impl Estimate {
    fn takes_less_than(&self, seconds: u64) -> bool {
        u128::from(self.iterations) < u128::from(self.ips).saturating_mul(u128::from(seconds))
    }
}

impl<H: Sha256> Farmer<H> {
    /// How long a proof takes, by what each full node says of its challenge: whoever told it and
    /// has been there longest comes first.
    pub(super) fn estimates(
        &self,
        challenge_hash: Bytes32,
        quality: Bytes32,
        plot_size: u8,
    ) -> Vec<Estimate> {
        let mut estimates = Vec::new();
        // Most of them say the same.
        let mut last = None;
        for (teller, claim) in self.challenges.claims(challenge_hash) {
            let ips = self.ips_of(teller);
            let min_block_time = self.config.min_block_time;
            let of = Difficulty { plot_size, difficulty: claim.difficulty, ips, min_block_time };
            let iterations = match last {
                Some((same, iterations)) if same == of => iterations,
                _ => iterations(quality, of),
            };
            last = Some((of, iterations));
            estimates.extend(iterations.map(|iterations| Estimate {
                teller,
                height: claim.height,
                weight: claim.weight.saturating_add(claim.difficulty),
                ips,
                iterations,
            }));
        }
        estimates
    }

    /// Iterations a second, as a full node told, or, of one that is gone, as was told last.
    fn ips_of(&self, teller: Teller) -> u64 {
        teller.map_or(self.ips, |node| self.nodes.ips(node).unwrap_or(self.config.initial_ips))
    }

    /// Pools have no full node to ask: the one that has been there longest is believed.
    pub(super) fn counts_for_pool(&self, estimates: &[Estimate]) -> bool {
        estimates.first().is_some_and(|it| it.takes_less_than(self.config.pool_share_threshold))
    }

    /// Whether a block is made of it, as far as this full node is concerned.
    pub(super) fn becomes_block(&self, estimate: &Estimate) -> bool {
        estimate.takes_less_than(self.config.propagate_threshold)
    }
}
