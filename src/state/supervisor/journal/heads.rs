//! Heads in a journal: what a replay has to come to.

use alloc::vec::Vec;

use crate::codec::supervisor::journal::form::fields;
use crate::codec::supervisor::{BlockId, ChainId, DerivedIdPair, Keccak256};
use crate::state::supervisor::{Entry, Heads, Index};

/// The heads of one chain, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChainHeads {
    /// The chain.
    pub chain_id: ChainId,
    /// The newest block indexed.
    pub local_unsafe: Option<BlockId>,
    /// The newest whose messages resolve.
    pub cross_unsafe: Option<BlockId>,
    /// The newest derived, and from what.
    pub local_safe: Option<DerivedIdPair>,
    /// The newest derived and verified, and at what.
    pub cross_safe: Option<DerivedIdPair>,
    /// The newest final.
    pub finalized: Option<BlockId>,
}

fields!(ChainHeads { chain_id, local_unsafe, cross_unsafe, local_safe, cross_safe, finalized });

/// A level of heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "`supervisor.md` section 1 has these")]
pub enum Level {
    /// Indexed.
    LocalUnsafe,
    /// Its messages resolve.
    CrossUnsafe,
    /// Derived.
    LocalSafe,
    /// Derived and verified.
    CrossSafe,
    /// Final.
    Finalized,
}

/// A head that a replay did not come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeadDifference {
    /// The number of the record of heads.
    pub record: u64,
    /// The chain.
    pub chain_id: ChainId,
    /// The level.
    pub level: Level,
    /// The head that was recorded.
    pub recorded: Option<BlockId>,
    /// The head that the replay came to.
    pub replayed: Option<BlockId>,
}

impl ChainHeads {
    /// The heads of every chain, in the order of the dependency set.
    #[must_use]
    pub fn of<K: Keccak256>(index: &Index<K>) -> Vec<Self> {
        let chains = index.slots().zip(index.set());
        let heads = chains.map(|(slot, chain_id)| Self::new(*chain_id, &index.heads(slot)));
        heads.collect()
    }

    fn new(chain_id: ChainId, heads: &Heads) -> Self {
        let Heads { local_unsafe, cross_unsafe, local_safe, cross_safe, finalized } = *heads;
        Self {
            chain_id,
            local_unsafe: local_unsafe.map(|block| block.id()),
            cross_unsafe: cross_unsafe.map(|seal| seal.id()),
            local_safe: local_safe.as_ref().map(Entry::ids),
            cross_safe: cross_safe.as_ref().map(Entry::ids),
            finalized: finalized.map(|seal| seal.id()),
        }
    }

    /// The first level at which another replay of the same chain came to another head: the block,
    /// or the layer-one block it is safe at.
    fn differs(
        &self,
        replayed: Option<&Self>,
    ) -> Option<(Level, Option<BlockId>, Option<BlockId>)> {
        let none = Self::new(self.chain_id, &Heads::default());
        let replayed = replayed.unwrap_or(&none);
        let derived = |pair: Option<DerivedIdPair>| pair.map(|pair| pair.derived);
        let source = |pair: Option<DerivedIdPair>| pair.map(|pair| pair.source);
        let of = |heads: &Self| {
            [
                (Level::LocalUnsafe, heads.local_unsafe),
                (Level::CrossUnsafe, heads.cross_unsafe),
                (Level::LocalSafe, derived(heads.local_safe)),
                (Level::LocalSafe, source(heads.local_safe)),
                (Level::CrossSafe, derived(heads.cross_safe)),
                (Level::CrossSafe, source(heads.cross_safe)),
                (Level::Finalized, heads.finalized),
            ]
        };
        let mut levels = of(self).into_iter().zip(of(replayed));
        let ((level, recorded), (_, replayed)) = levels.find(|(a, b)| a != b)?;
        Some((level, recorded, replayed))
    }
}

/// The first head in which a replay differs from what was recorded.
pub(super) fn first_difference(
    record: u64,
    recorded: &[ChainHeads],
    replayed: &[ChainHeads],
) -> Option<HeadDifference> {
    recorded.iter().find_map(|heads| {
        let same = replayed.iter().find(|other| other.chain_id == heads.chain_id);
        let (level, recorded, replayed) = heads.differs(same)?;
        Some(HeadDifference { record, chain_id: heads.chain_id, level, recorded, replayed })
    })
}
