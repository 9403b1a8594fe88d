//! Whether what is answered is fresh enough to be asked for.

use std::time::{Duration, UNIX_EPOCH};

use super::status::{ChainStatus, Status};

/// How far behind is still ready.
#[derive(Clone, Copy, Debug)]
pub struct Lag {
    /// How old a chain's cross-unsafe head may be.
    pub most: Duration,
    /// Heads are compared with the clock; else with the newest block that is known. Recorded feeds
    /// are older than any clock.
    pub clock: bool,
}

impl Lag {
    /// A minute, by the clock.
    pub const DEFAULT: Self = Self { most: Duration::from_secs(60), clock: true };

    /// Why it is not ready at `now`, in seconds of Unix time; nothing if it is.
    #[must_use]
    pub fn reasons(&self, status: &Status, now: u64) -> Vec<String> {
        let mut reasons: Vec<_> =
            status.chains.iter().filter_map(|chain| self.reason(chain, now)).collect();
        if status.counts.corrupted > 0 {
            reasons.push("what is stored contradicts itself".to_owned());
        }
        reasons.extend(status.journal.failed.clone());
        reasons
    }

    fn reason(&self, chain: &ChainStatus, now: u64) -> Option<String> {
        let id = chain.chain_id;
        let (Some(local), Some(cross)) = (chain.heads.local_unsafe, chain.heads.cross_unsafe)
        else {
            return Some(format!("chain {id} has no anchor"));
        };
        let unindexed = chain.target.saturating_sub(local.number);
        let known = local.timestamp.saturating_add(unindexed.saturating_mul(chain.block_time));
        let newest = if self.clock { now.max(known) } else { known };
        let behind = newest.saturating_sub(cross.timestamp);
        (behind > self.most.as_secs())
            .then(|| format!("chain {id} is {behind} seconds behind at block {}", cross.number))
    }
}

/// The wall clock, in seconds of Unix time: only for what is told to operators, never input.
pub(super) fn unix_now() -> u64 {
    UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}
