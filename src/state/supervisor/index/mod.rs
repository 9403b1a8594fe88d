//! The index: what was logged and derived on every chain, and how safe it is
//! (`supervisor.md` section 8).

#![expect(clippy::exhaustive_enums, reason = "whoever keeps an index has to see to all of it")]

mod chains;
mod cycles;
mod derivation;
mod finality;
mod front;
mod grow;
mod judge;
mod log_index;
mod logged;
mod pages;
mod promote;
mod prune;
mod query;
mod restore;
mod rewind;
mod super_root;
mod together;
mod validity;
mod waits;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem::{size_of, size_of_val};

pub use cycles::{CycleBlock, CycleRole, Link, cycles};
pub use derivation::{DerivationIndex, Entry};
pub use log_index::LogIndex;
pub use logged::{Claim, ExecutingLog, IndexedLog, OpenBlock, Slot};
pub(super) use restore::{Globals, Side};

pub use super_root::{Outputs, SuperRootPart};
pub use validity::{Untimely, timely_in_access_list, timely_in_block};
pub use waits::Waits;

use self::chains::Chains;
use self::judge::Standings;
use super::config::{ChainConfig, Config};
use super::limits::Limits;
use crate::codec::supervisor::{
    BlockId, BlockRef, ChainId, Code, DerivedIdPair, Keccak256, RustCryptoKeccak256, Seal,
};

/// What was logged and derived on every chain of a cluster, and how safe it is.
///
/// Pure data: every method checks everything before it changes anything, and says what follows as
/// [`Consequence`]s. After each change [`promote`](Self::promote) lets heads advance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Index<K: Keccak256 = RustCryptoKeccak256> {
    config: Config,
    limits: Limits,
    /// The dependency set, ascending: what a [`Slot`] counts in.
    set: Arc<[ChainId]>,
    chains: Vec<Chain<K>>,
    finalized_l1: Option<BlockRef>,
    failsafe: bool,
    /// The chains that changed since candidates were last judged.
    changed: Chains,
}

/// One chain of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chain<K: Keccak256 = RustCryptoKeccak256> {
    config: ChainConfig,
    logs: LogIndex<K>,
    local_safe: DerivationIndex,
    cross_safe: DerivationIndex,
    /// The cross-unsafe head; the cross-safe one while unset.
    cross_unsafe: Option<Seal>,
    /// The finalized head that was told.
    finalized: Option<Seal>,
    /// The number of the newest layer-one block, of those up to the finalized one, that layer one
    /// was seen to have and that the cross-safe head rests on.
    confirmed: Option<u64>,
    /// Where indexing started, once that is pruned.
    anchor: Option<DerivedIdPair>,
    /// The layer-one block that the chain's node derives from.
    current_l1: Option<BlockRef>,
    standings: Standings,
}

/// What follows from a change: for nodes to be told, and for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Consequence {
    /// The cross-unsafe head advanced.
    CrossUnsafe(Slot, BlockId),
    /// The cross-safe head advanced: a layer-two block, or the layer-one block it is safe at.
    CrossSafe(Slot, DerivedIdPair),
    /// The finalized head advanced.
    Finalized(Slot, BlockId),
    /// A local-safe block can never be cross-safe and has to be replaced.
    Invalidated(Slot, Seal),
    /// Blocks after this one are no longer indexed.
    LogsRewound(Slot, BlockId),
    /// The cross-unsafe head fell back, since what it rested on is gone (D-16).
    CrossUnsafeLowered(Slot, BlockId),
    /// The chain has to be anchored again.
    Uninitialized(Slot),
    /// What is stored contradicts itself: a step that was found right could not be taken.
    Corrupted(Slot, Code),
}

/// How far a chain is on each level. `None`: not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Heads {
    /// The newest block fully indexed.
    pub local_unsafe: Option<BlockRef>,
    /// The newest whose messages resolve against cross-unsafe data.
    pub cross_unsafe: Option<Seal>,
    /// The newest derived, if it does not await its replacement.
    pub local_safe: Option<Entry>,
    /// The newest derived and verified.
    pub cross_safe: Option<Entry>,
    /// The newest derived, verified and final.
    pub finalized: Option<Seal>,
}

impl<K: Keccak256> Index<K> {
    /// An index of the chains of `config`, none of them anchored.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`] for more chains than allowed.
    pub fn new(config: Config, limits: Limits) -> Result<Self, Code> {
        // A set of chains is kept in 128 bits.
        if config.chains.len() > limits.max_chains.min(127) {
            return Err(Code::LimitExceeded);
        }
        let set: Arc<[ChainId]> = config.chains.keys().copied().collect();
        let chains = config.chains.iter().map(|(id, chain)| Chain {
            config: *chain,
            logs: LogIndex::new(*id, set.clone()),
            local_safe: DerivationIndex::default(),
            cross_safe: DerivationIndex::default(),
            cross_unsafe: None,
            finalized: None,
            confirmed: None,
            anchor: None,
            current_l1: None,
            standings: Standings::default(),
        });
        let chains = chains.collect();
        let changed = Chains::NONE;
        Ok(Self { config, limits, set, chains, finalized_l1: None, failsafe: false, changed })
    }

    /// How it is configured.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The dependency set, ascending: what a [`Slot`] counts in.
    #[must_use]
    pub fn set(&self) -> &[ChainId] {
        &self.set
    }

    /// Every slot, in order.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + use<K> {
        (0..u8::try_from(self.chains.len()).unwrap_or(u8::MAX)).map(Slot)
    }

    /// A chain's place in the dependency set.
    ///
    /// # Errors
    /// [`Code::UnknownChain`].
    pub fn slot(&self, chain_id: ChainId) -> Result<Slot, Code> {
        Slot::of(chain_id, &self.set).ok_or(Code::UnknownChain)
    }

    /// The chain at a place of the dependency set.
    #[must_use]
    pub fn chain(&self, slot: Slot) -> Option<&Chain<K>> {
        self.chains.get(slot.index())
    }

    /// The finalized layer-one block.
    #[must_use]
    pub const fn finalized_l1(&self) -> Option<BlockRef> {
        self.finalized_l1
    }

    /// True while every access list is refused (D-25).
    #[must_use]
    pub const fn failsafe(&self) -> bool {
        self.failsafe
    }

    /// Switches the failsafe.
    pub const fn set_failsafe(&mut self, on: bool) {
        self.failsafe = on;
    }

    /// How far a chain is.
    #[must_use]
    pub fn heads(&self, slot: Slot) -> Heads {
        let Some(chain) = self.chain(slot) else { return Heads::default() };
        let head = chain.logs.head().and_then(|head| chain.logs.open(head.number).ok());
        Heads {
            local_unsafe: head.map(|head| head.reference()),
            cross_unsafe: chain.cross_unsafe(),
            local_safe: chain.local_safe.last().ok().copied(),
            cross_safe: chain.cross_safe.last().ok().copied(),
            finalized: self.finalized(slot).ok(),
        }
    }

    /// True if interop is active on a chain at a time (D-8).
    fn is_active(&self, slot: Slot, timestamp: u64) -> bool {
        self.chain(slot).is_some_and(|chain| {
            let ChainConfig { activation, block_time } = chain.config;
            let excluded = if self.config.exclude_activation_block { block_time } else { 0 };
            timestamp >= activation.saturating_add(excluded)
        })
    }

    /// True if interop is active on a chain at its newest block.
    pub(super) fn is_active_now(&self, slot: Slot) -> bool {
        let head = self.chain(slot).and_then(|chain| chain.logs.head());
        head.is_some_and(|head| self.is_active(slot, head.timestamp))
    }

    fn chain_mut(&mut self, slot: Slot) -> Result<&mut Chain<K>, Code> {
        self.chains.get_mut(slot.index()).ok_or(Code::UnknownChain)
    }

    fn touch(&mut self, slot: Slot) {
        self.changed = self.changed.and(Chains::one(slot));
    }

    /// Bytes held, by capacity.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let chains = self.chains.iter().map(|chain| {
            let derived = chain.local_safe.heap() + chain.cross_safe.heap();
            chain.logs.heap() + derived + chain.standings.heap()
        });
        let fixed = size_of_val(self)
            + size_of_val(&*self.set)
            + self.chains.capacity() * size_of::<Chain<K>>()
            + crate::heap::tree(self.chains.len(), size_of::<(ChainId, ChainConfig)>());
        chains.fold(fixed, usize::saturating_add)
    }
}

impl<K: Keccak256> Chain<K> {
    /// The index of its logs.
    #[must_use]
    pub const fn logs(&self) -> &LogIndex<K> {
        &self.logs
    }

    /// The local-safe index.
    #[must_use]
    pub const fn local_safe(&self) -> &DerivationIndex {
        &self.local_safe
    }

    /// The cross-safe index.
    #[must_use]
    pub const fn cross_safe(&self) -> &DerivationIndex {
        &self.cross_safe
    }

    /// The cross-unsafe head.
    #[must_use]
    pub fn cross_unsafe(&self) -> Option<Seal> {
        self.cross_unsafe.or_else(|| self.cross_safe.end().map(|end| end.derived))
    }

    /// The layer-one block that the chain's node derives from: the last it told, else the source
    /// of the local-safe head.
    #[must_use]
    pub fn current_l1(&self) -> Option<BlockRef> {
        self.current_l1.or_else(|| {
            let Seal { hash, number, timestamp } = self.local_safe.end()?.source;
            let previous = self.local_safe.previous_source(BlockId::new(hash, number));
            let parent_hash = previous.map(|seal| seal.hash).unwrap_or_default();
            Some(BlockRef { hash, number, parent_hash, timestamp })
        })
    }
}
