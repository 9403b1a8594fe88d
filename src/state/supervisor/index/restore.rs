//! An index in parts, and an index of parts: what a snapshot is made of. Parts are checked one by
//! one as they come, and what they make as a whole at the end.

use alloc::vec::Vec;

use super::chains::Chains;
use super::judge::{Need, Standing, Standings, Verdict};
use super::{Chain, DerivationIndex, Entry, ExecutingLog, Index, Slot};
use crate::codec::Malformed;
use crate::codec::cbor::{Reader, Sink};
use crate::codec::supervisor::journal::form::{Form, fields, unknown, wrapped};
use crate::codec::supervisor::{BlockRef, ChainId, Code, DerivedIdPair, Hash, Keccak256, Seal};

/// What is known beside the lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::state::supervisor) struct Globals {
    set: Vec<ChainId>,
    finalized_l1: Option<BlockRef>,
    failsafe: bool,
    changed: Chains,
    chains: Vec<ChainGlobals>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ChainGlobals {
    cross_unsafe: Option<Seal>,
    finalized: Option<Seal>,
    confirmed: Option<u64>,
    anchor: Option<DerivedIdPair>,
    current_l1: Option<BlockRef>,
    standings: Standings,
}

wrapped!(Chains);
fields!(Globals { set, finalized_l1, failsafe, changed, chains });
fields!(ChainGlobals { cross_unsafe, finalized, confirmed, anchor, current_l1, standings });
fields!(Standings { at_unsafe, at_safe });
fields!(Standing { block, scope, needs, all_at, bad_at, verdict });
fields!(Need { slot, number, timestamp, same_time, seen, wrong });

/// A number, and a chain where there is one.
impl Form for Verdict {
    fn write<S: Sink>(&self, to: &mut S) {
        let (number, slot) = match self {
            Self::Waits(slot) => (0_u64, Some(*slot)),
            Self::Unknown => (1, None),
            Self::Open => (2, None),
            Self::OutOfScope => (3, None),
            Self::Bad => (4, None),
            Self::Valid => (5, None),
        };
        (number, slot).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match <(u64, Option<Slot>)>::read(from)? {
            (0, Some(slot)) => Ok(Self::Waits(slot)),
            (1, None) => Ok(Self::Unknown),
            (2, None) => Ok(Self::Open),
            (3, None) => Ok(Self::OutOfScope),
            (4, None) => Ok(Self::Bad),
            (5, None) => Ok(Self::Valid),
            _ => Err(unknown(at)),
        }
    }
}

/// A block as it is stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::state::supervisor) struct BlockParts<'a> {
    pub(in crate::state::supervisor) block: BlockRef,
    pub(in crate::state::supervisor) checksums: &'a [Hash],
    pub(in crate::state::supervisor) executing: &'a [ExecutingLog],
}

/// One of the two derivation indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::state::supervisor) enum Side {
    Local,
    Cross,
}

impl<K: Keccak256> Index<K> {
    pub(in crate::state::supervisor) fn globals(&self) -> Globals {
        // Every field, so that none is forgotten: what is not here is told by the configuration,
        // or in lists of its own.
        let Self { config: _, limits: _, set, chains, finalized_l1, failsafe, changed } = self;
        Globals {
            set: set.to_vec(),
            finalized_l1: *finalized_l1,
            failsafe: *failsafe,
            changed: *changed,
            chains: chains.iter().map(Chain::globals).collect(),
        }
    }

    /// The block at this place of a chain's log index, counted from the first.
    pub(in crate::state::supervisor) fn block_at(
        &self,
        slot: Slot,
        place: usize,
    ) -> Option<BlockParts<'_>> {
        let logs = &self.chain(slot)?.logs;
        let number = logs.first()?.number.checked_add(place as u64)?;
        let open = logs.open(number).ok()?;
        let checksums = logs.checksums(number).ok()?;
        Some(BlockParts { block: open.reference(), checksums, executing: open.executing })
    }

    /// The entry at this place of a derivation index, counted from the first.
    pub(in crate::state::supervisor) fn entry_at(
        &self,
        slot: Slot,
        side: Side,
        place: usize,
    ) -> Option<&Entry> {
        self.chain(slot)?.side(side).at(place)
    }

    pub(in crate::state::supervisor) fn restore_globals(
        &mut self,
        globals: Globals,
    ) -> Result<(), Code> {
        let Globals { set, finalized_l1, failsafe, changed, chains } = globals;
        if *set != *self.set || chains.len() != self.chains.len() {
            return Err(Code::DataCorruption);
        }
        for (chain, globals) in self.chains.iter_mut().zip(chains) {
            let ChainGlobals { cross_unsafe, finalized, confirmed, anchor, current_l1, standings } =
                globals;
            chain.confirmed = confirmed;
            chain.cross_unsafe = cross_unsafe;
            chain.finalized = finalized;
            chain.anchor = anchor;
            chain.current_l1 = current_l1;
            chain.standings = standings;
        }
        self.finalized_l1 = finalized_l1;
        self.failsafe = failsafe;
        self.changed = changed;
        Ok(())
    }

    pub(in crate::state::supervisor) fn restore_block(
        &mut self,
        slot: Slot,
        block: &BlockRef,
        checksums: Vec<Hash>,
        executing: Vec<ExecutingLog>,
    ) -> Result<(), Code> {
        self.chain_mut(slot)?.logs.restore(block, checksums, executing)
    }

    pub(in crate::state::supervisor) fn restore_entry(
        &mut self,
        slot: Slot,
        side: Side,
        entry: Entry,
    ) -> Result<(), Code> {
        let chain = self.chain_mut(slot)?;
        match side {
            Side::Cross if entry.invalidated => Err(Code::DataCorruption),
            Side::Cross => chain.cross_safe.restore(entry),
            Side::Local => chain.local_safe.restore(entry),
        }
    }

    /// Whether the parts go together: the heads of each chain are in its lists, in their order.
    pub(in crate::state::supervisor) fn check(&self) -> Result<(), Code> {
        if self.chains.iter().all(Chain::is_consistent) {
            Ok(())
        } else {
            Err(Code::DataCorruption)
        }
    }
}

impl<K: Keccak256> Chain<K> {
    fn globals(&self) -> ChainGlobals {
        let Self {
            config: _,
            logs: _,
            local_safe: _,
            cross_safe: _,
            cross_unsafe,
            finalized,
            confirmed,
            anchor,
            current_l1,
            standings,
        } = self;
        ChainGlobals {
            cross_unsafe: *cross_unsafe,
            finalized: *finalized,
            confirmed: *confirmed,
            anchor: *anchor,
            current_l1: *current_l1,
            standings: standings.clone(),
        }
    }

    const fn side(&self, side: Side) -> &DerivationIndex {
        match side {
            Side::Local => &self.local_safe,
            Side::Cross => &self.cross_safe,
        }
    }

    fn is_consistent(&self) -> bool {
        let empty = [self.logs.is_empty(), self.local_safe.is_empty(), self.cross_safe.is_empty()];
        let (Some(local), Some(cross)) = (self.local_safe.end(), self.cross_safe.end()) else {
            return empty == [true; 3] && self.cross_unsafe.is_none();
        };
        // By id: what nodes tell of a block's time is not compared anywhere else either.
        let logged =
            |seal: Seal| self.logs.find(seal.number).map(|seal| seal.id()) == Ok(seal.id());
        let derived = self.local_safe.derived(cross.derived.number);
        // Cross-safe may be ahead on layer one, while that is derived from anew.
        let in_order = cross.derived.number <= local.derived.number
            && self.confirmed.is_none_or(|confirmed| confirmed <= cross.source.number)
            && self.cross_unsafe.is_none_or(|head| head.number >= cross.derived.number);
        in_order
            && derived.map(|entry| entry.derived.id()) == Ok(cross.derived.id())
            && logged(cross.derived)
            && self.cross_unsafe.is_none_or(logged)
    }
}

#[cfg(test)]
mod tests;
