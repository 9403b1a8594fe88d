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
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::codec::supervisor::journal::form::canonical;
    use crate::codec::supervisor::{BlockId, DerivedRefPair};
    use crate::state::supervisor::index::{Consequence, LogIndex};
    use crate::state::supervisor::{ChainConfig, Config, ExpiryWindow, Limits};

    /// Block `number` of the branch `tag`.
    fn block(tag: u8, number: u64) -> BlockRef {
        let hash = |number: u64| Hash([tag.wrapping_add(number.to_be_bytes()[7]); 32]);
        let parent_hash = hash(number.saturating_sub(1));
        BlockRef { hash: hash(number), number, parent_hash, timestamp: 100 + 2 * number }
    }

    /// A chain that is safe up to block 2, and logged up to block 3.
    fn index() -> Index {
        let chains = [(ChainId::from(1), ChainConfig { activation: 0, block_time: 2 })];
        let config = Config::new(BTreeMap::from(chains), ExpiryWindow::EXPIRY_CURRENT);
        let mut index = Index::<_>::new(config, Limits::default()).unwrap();
        let pair = |number| DerivedRefPair { source: block(0x80, 9), derived: block(0, number) };
        index.anchor(Slot(0), &pair(1)).unwrap();
        for number in [2, 3] {
            index.append(Slot(0), &block(0, number), &[]).unwrap();
        }
        index.derive(Slot(0), &pair(2), &mut Vec::new()).unwrap();
        index.promote(&mut Vec::new());
        assert_eq!(index.chains[0].cross_safe.end().map(|end| end.derived.number), Some(2));
        index
    }

    /// Each alone: a head that is not logged, or not derived, or out of order.
    #[test]
    fn heads_that_are_not_in_the_lists_are_corrupt() {
        let corrupt = |change: fn(&mut Chain)| {
            let mut index = index();
            change(&mut index.chains[0]);
            index.check() == Err(Code::DataCorruption)
        };
        let other_logs = |chain: &mut Chain, first: u64| {
            chain.logs = LogIndex::new(ChainId::from(1), [ChainId::from(1)].into());
            chain.logs.append(&block(0, first), &[]).unwrap();
        };
        assert_eq!(index().check(), Ok(()));
        assert!(!corrupt(|chain| chain.cross_unsafe = None));
        assert!(corrupt(|chain| chain.cross_unsafe = Some(block(0, 1).seal())), "below");
        assert!(corrupt(|chain| chain.cross_unsafe = Some(block(0, 4).seal())), "not logged");
        assert!(corrupt(|chain| chain.cross_unsafe = Some(block(7, 3).seal())), "another");
        let mut index = index();
        index.chains[0].cross_unsafe = Some(block(0, 3).seal());
        other_logs(&mut index.chains[0], 3);
        assert_eq!(index.check(), Err(Code::DataCorruption), "cross-safe is not logged");
        assert!(corrupt(|chain| {
            chain.local_safe = DerivationIndex::default();
            for number in [1, 2] {
                chain.local_safe.add(&block(0x80, 9), &block(3, number)).unwrap();
            }
        }));
        assert!(corrupt(|chain| chain.local_safe = DerivationIndex::default()));
    }

    /// Executing logs ascend, and each is one of the block's, of a chain of the set.
    #[test]
    fn logs_that_do_not_fit_their_block_are_corrupt() {
        let log = |position, chain: Option<u8>| ExecutingLog {
            position,
            chain: chain.map(Slot),
            block_number: 1,
            timestamp: 102,
            log_index: 0,
            checksum: Hash::ZERO,
        };
        let restored = |executing: &[ExecutingLog]| {
            let checksums = alloc::vec![Hash::ZERO; 2];
            let mut index = index();
            let result = index.restore_block(Slot(0), &block(0, 4), checksums, executing.to_vec());
            assert_eq!(index.chains[0].logs.len(), if result.is_ok() { 4 } else { 3 });
            result
        };
        let corrupt = Err(Code::DataCorruption);
        assert_eq!(restored(&[]), Ok(()));
        assert_eq!(restored(&[log(0, None), log(1, Some(0))]), Ok(()));
        assert_eq!(restored(&[log(1, None), log(0, None)]), corrupt, "out of order");
        assert_eq!(restored(&[log(1, None), log(1, None)]), corrupt, "twice");
        assert_eq!(restored(&[log(2, None)]), corrupt, "no log of the block");
        assert_eq!(restored(&[log(0, Some(1))]), corrupt, "of no chain");
    }

    /// Entries go on by one block on either side, and on one side at least.
    #[test]
    fn entries_that_do_not_go_on_are_corrupt() {
        let entry = |source, derived| Entry {
            source: block(0x80, source).seal(),
            derived: block(0, derived).seal(),
            invalidated: false,
        };
        let restored = |entry: Entry| index().restore_entry(Slot(0), Side::Local, entry);
        for fits in [entry(9, 3), entry(10, 2), entry(10, 3)] {
            assert_eq!(restored(fits), Ok(()), "{fits:?}");
        }
        let mut other = entry(9, 3);
        other.source.hash = Hash([1; 32]);
        for wrong in [entry(9, 2), entry(11, 2), entry(9, 4), entry(8, 3), entry(9, 1), other] {
            assert_eq!(restored(wrong), Err(Code::DataCorruption), "{wrong:?}");
        }
        // Nothing goes on after a marker.
        let mut index = index();
        let marker = Entry { invalidated: true, ..entry(9, 3) };
        assert_eq!(index.restore_entry(Slot(0), Side::Cross, marker), Err(Code::DataCorruption));
        assert_eq!(index.restore_entry(Slot(0), Side::Local, marker), Ok(()));
        let next = index.restore_entry(Slot(0), Side::Local, entry(10, 4));
        assert_eq!(next, Err(Code::DataCorruption));
    }

    #[test]
    fn verdicts_are_read_as_they_were_written() {
        for verdict in [
            Verdict::Waits(Slot(3)),
            Verdict::Unknown,
            Verdict::Open,
            Verdict::OutOfScope,
            Verdict::Bad,
            Verdict::Valid,
        ] {
            let mut bytes = Vec::new();
            verdict.write(&mut bytes);
            assert_eq!(canonical::<Verdict>(&bytes), Ok(verdict));
        }
        let mut bytes = Vec::new();
        (1_u64, Some(Slot(0))).write(&mut bytes);
        assert!(canonical::<Verdict>(&bytes).is_err(), "a chain that none waits for");
    }

    #[test]
    fn what_is_anchored_again_begins_anew() {
        let mut index = index();
        let fresh = Index::<_>::new(index.config.clone(), Limits::default()).unwrap();
        let mut then = Vec::new();
        index.rewind_l1(BlockId::new(block(0x80, 8).hash, 8), &mut then);
        assert_eq!(then, [Consequence::Uninitialized(Slot(0))]);
        assert_eq!(index.chains, fresh.chains);
    }
}
