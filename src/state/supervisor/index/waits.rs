//! What candidates wait for, for operators: every wait can be seen (`supervisor.md` 15.4).

use alloc::vec::Vec;

use super::chains::Chains;
use super::front::Level;
use super::judge::{Need, Verdict};
use super::{Index, Slot};
use crate::codec::supervisor::{BlockId, ChainId, Keccak256};

/// A candidate that could not be promoted when it was last judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Waits {
    /// The block.
    pub candidate: BlockId,
    /// The chains that have to change before it is judged again: its own, and those on which its
    /// verdict rested.
    pub chains: Vec<ChainId>,
}

impl<K: Keccak256> Index<K> {
    /// The candidate of a chain for cross-unsafe, if it waits.
    #[must_use]
    pub fn waits_for_cross_unsafe(&self, slot: Slot) -> Option<Waits> {
        let candidate = self.chain(slot)?.unsafe_candidate()?.id();
        self.waits_at(slot, candidate, Level::Unsafe)
    }

    /// The candidate of a chain for cross-safe, if it waits.
    #[must_use]
    pub fn waits_for_cross_safe(&self, slot: Slot) -> Option<Waits> {
        let candidate = self.chain(slot)?.derived_candidate()?;
        self.waits_at(slot, candidate, Level::Safe)
    }

    fn waits_at(&self, slot: Slot, candidate: BlockId, level: Level) -> Option<Waits> {
        let standing = self.chain(slot)?.standings.at(level)?;
        let of = |needs: &[Need]| {
            needs.iter().fold(Chains::one(slot), |all, need| all.and(Chains::one(need.slot)))
        };
        let chains = match standing.verdict {
            Verdict::Valid => return None,
            Verdict::Waits(other) => Chains::one(slot).and(Chains::one(other)),
            Verdict::Open | Verdict::OutOfScope => Chains::one(slot).and(standing.awaits()),
            Verdict::Unknown | Verdict::Bad => of(&standing.needs),
        };
        (standing.block == candidate).then(|| self.waits(candidate, chains))
    }

    fn waits(&self, candidate: BlockId, chains: Chains) -> Waits {
        let waited = self.slots().filter(|slot| chains.has(*slot));
        let chains = waited.filter_map(|slot| self.set().get(slot.index()).copied()).collect();
        Waits { candidate, chains }
    }
}
