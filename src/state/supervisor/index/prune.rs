//! What is dropped since nothing can need it any more (`supervisor.md` 8.12).

use super::{Chain, Entry, Index};
use crate::codec::supervisor::{DerivedIdPair, Keccak256};

impl<K: Keccak256> Index<K> {
    /// Drops blocks that are too old to be executed from or to be reorganised: some at a time, so
    /// that no event takes long.
    pub(super) fn prune(&mut self) {
        let Some(horizon) = self.horizon() else { return };
        let mut rest = self.limits.max_pruned;
        for chain in &mut self.chains {
            rest = rest.saturating_sub(chain.prune(horizon, rest));
        }
    }

    /// The time before which every block is final, and older than two windows and the margin.
    fn horizon(&self) -> Option<u64> {
        let margin = self.limits.prune_margin?.as_secs();
        let oldest = self.chains.iter().map(|chain| {
            let safe = chain.cross_safe.end()?.derived.timestamp;
            Some(chain.finalized?.timestamp.min(safe))
        });
        // A chain that is not that far holds back all.
        let oldest = oldest.min()??;
        // One window for messages, one for whoever looks back.
        let window = self.config.expiry_window.0;
        oldest.checked_sub(window)?.checked_sub(window)?.checked_sub(margin)
    }
}

impl<K: Keccak256> Chain<K> {
    /// Drops at most so many blocks before the last that is older than `horizon`, which stays as
    /// the first: how many.
    fn prune(&mut self, horizon: u64, most: usize) -> usize {
        let Some((first, keep)) = self.logs.first().zip(self.logs.last_before(horizon)) else {
            return 0;
        };
        // The anchor is what a node is asked for again, also when its block is gone.
        self.anchor = self.anchor();
        let end = self.cross_safe.end().map_or(0, |end| end.derived.number);
        let last = first.number.saturating_add(most as u64).min(keep.number).min(end);
        let before = self.logs.len();
        self.logs.prune(last);
        self.local_safe.prune(last);
        self.cross_safe.prune(last);
        before - self.logs.len()
    }

    /// Where indexing started.
    pub(super) fn anchor(&self) -> Option<DerivedIdPair> {
        self.anchor.or_else(|| self.cross_safe.first().map(Entry::ids))
    }
}
