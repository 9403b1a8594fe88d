//! What candidates wait for, for operators: every wait can be seen (`supervisor.md` 15.4).

use alloc::vec::Vec;

use super::judge::Chains;
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
        let chain = self.chain(slot)?;
        let (candidate, chains) = chain.stuck.at_unsafe?;
        let current = chain.unsafe_candidate().is_some_and(|block| block.id() == candidate);
        current.then(|| self.waits(candidate, chains))
    }

    /// The candidate of a chain for cross-safe, if it waits.
    #[must_use]
    pub fn waits_for_cross_safe(&self, slot: Slot) -> Option<Waits> {
        let chain = self.chain(slot)?;
        let (candidate, chains) = chain.stuck.at_safe?;
        let current = chain.derived_candidate().is_some_and(|block| block == candidate);
        current.then(|| self.waits(candidate, chains))
    }

    fn waits(&self, candidate: BlockId, chains: Chains) -> Waits {
        let waited = self.slots().filter(|slot| chains.meets(Chains::one(*slot)));
        let chains = waited.filter_map(|slot| self.set().get(slot.index()).copied()).collect();
        Waits { candidate, chains }
    }
}
