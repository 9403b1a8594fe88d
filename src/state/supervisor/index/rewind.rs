//! What is dropped: unsafe blocks, and all that was derived from a layer-one block that is gone
//! (`supervisor.md` 8.7).

use alloc::vec::Vec;

use super::chains::Chains;
use super::judge::Standings;
use super::{Chain, Consequence, Index, Slot};
use crate::codec::supervisor::{BlockId, Code, DerivedRefPair, Keccak256};

impl<K: Keccak256> Index<K> {
    /// Drops the unsafe blocks of a chain after `head`. Cross-unsafe heads of all chains that may
    /// rest on them fall back (D-16).
    ///
    /// # Errors
    /// Those of [`LogIndex::rewind`](super::LogIndex::rewind); [`Code::ConflictingData`] below the
    /// cross-safe head. Nothing is changed then.
    pub fn rewind_logs(
        &mut self,
        slot: Slot,
        head: BlockId,
        then: &mut Vec<Consequence>,
    ) -> Result<(), Code> {
        let chain = self.chain_mut(slot)?;
        let safe = chain.cross_safe.end().ok_or(Code::Uninitialized)?.derived;
        if head.number < safe.number {
            return Err(Code::ConflictingData);
        }
        let dropped = head.number.checked_add(1).and_then(|next| chain.logs.find(next).ok());
        chain.logs.rewind(head)?;
        if let Some(dropped) = dropped {
            then.push(Consequence::LogsRewound(slot, head));
            let lowered = self.lower_cross_unsafe(dropped.timestamp, then);
            // What claims about these chains were compared with may be gone.
            let gone = lowered.and(Chains::one(slot));
            self.chains.iter_mut().for_each(|chain| chain.forget_unsafe(gone));
            self.changed = Chains::ALL;
        }
        Ok(())
    }

    /// Drops the logged block `number` of a chain and all after it, if there are.
    pub(super) fn drop_logs_from(
        &mut self,
        slot: Slot,
        number: u64,
        then: &mut Vec<Consequence>,
    ) -> Result<(), Code> {
        let chain = self.chain_mut(slot)?;
        let before = number.checked_sub(1).ok_or(Code::MissedData)?;
        match chain.logs.find(before) {
            Ok(head) => self.rewind_logs(slot, head.id(), then),
            Err(Code::FutureData) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Every cross-unsafe head of this time or later falls back to the last block before it, but
    /// not below cross-safe (D-16).
    fn lower_cross_unsafe(&mut self, timestamp: u64, then: &mut Vec<Consequence>) -> Chains {
        let mut lowered = Chains::NONE;
        for (slot, chain) in (0..).map(Slot).zip(&mut self.chains) {
            let Some(head) = chain.cross_unsafe else { continue };
            let Some(safe) = chain.cross_safe.end().map(|end| end.derived) else { continue };
            if head.timestamp < timestamp || head.number <= safe.number {
                continue;
            }
            let fallen = chain.logs.last_before(timestamp);
            let fallen = fallen.filter(|seal| seal.number > safe.number).unwrap_or(safe);
            if fallen != head {
                chain.cross_unsafe = Some(fallen);
                lowered = lowered.and(Chains::one(slot));
                then.push(Consequence::CrossUnsafeLowered(slot, fallen.id()));
            }
        }
        lowered
    }

    /// Drops all that was derived from layer-one blocks after `ancestor`, on every chain. Logs
    /// stay. A chain whose anchor was derived later has to be anchored again.
    pub fn rewind_l1(&mut self, ancestor: BlockId, then: &mut Vec<Consequence>) {
        for slot in self.slots() {
            self.rewind_l1_of(slot, (ancestor.number, ancestor.number), then);
        }
        self.changed = Chains::ALL;
    }

    /// The next block of a chain was derived from an older layer-one block than its last entry has,
    /// though its last block is known to be derived there: those between were taken for empty
    /// because of a block that was invalidated at one that is gone. They are dropped, no block with
    /// them. False if it is not so; nothing is changed then.
    pub(in crate::state::supervisor) fn drop_empty_sources(
        &mut self,
        slot: Slot,
        pair: &DerivedRefPair,
        then: &mut Vec<Consequence>,
    ) -> bool {
        let Some(chain) = self.chain(slot) else { return false };
        let Ok(end) = chain.local_safe.last().copied() else { return false };
        let source = pair.source.id();
        let there = chain.local_safe.last_of_source(source);
        let is_so = source.number < end.source.number
            && pair.derived.follows(end.derived.id())
            && there.is_ok_and(|there| there.derived == end.derived);
        if is_so {
            self.drop_sources(slot, source.number, then);
        }
        is_so
    }

    /// Drops the local-safe block of this number and all after it, which somebody else is believed
    /// about; nothing that is cross-safe. False if there is nothing to drop; nothing is changed
    /// then.
    pub(in crate::state::supervisor) fn drop_derived(
        &mut self,
        slot: Slot,
        number: u64,
        then: &mut Vec<Consequence>,
    ) -> bool {
        let Ok(chain) = self.chain_mut(slot) else { return false };
        let safe = chain.cross_safe.end().is_none_or(|safe| safe.derived.number >= number);
        if safe || !chain.local_safe.drop_from(number) {
            return false;
        }
        let source = chain.local_safe.end().map(|end| end.source.id());
        if let Some(source) = source {
            self.drop_sources(slot, source.number, then);
        }
        // What claims were compared with may be gone.
        self.chains.iter_mut().for_each(|chain| chain.standings = Standings::default());
        true
    }

    /// Layer-one blocks after this one are to be derived from anew. Cross-safe stays ahead: only
    /// layer one takes back what it is safe at. It goes on when as much is derived again.
    fn drop_sources(&mut self, slot: Slot, source: u64, then: &mut Vec<Consequence>) {
        self.rewind_l1_of(slot, (source, u64::MAX), then);
        self.changed = Chains::ALL;
    }

    /// Drops what was derived from layer-one blocks after these numbers: from the local-safe index,
    /// and from the cross-safe one.
    fn rewind_l1_of(
        &mut self,
        slot: Slot,
        (of_local, of_cross): (u64, u64),
        then: &mut Vec<Consequence>,
    ) {
        let Ok(chain) = self.chain_mut(slot) else { return };
        chain.standings = Standings::default();
        if chain.current_l1.is_some_and(|block| block.number > of_local) {
            chain.current_l1 = None;
        }
        // Once blocks are pruned, the first may be safe at a later layer-one block than it was
        // derived from.
        let local = chain.local_safe.last_canonical(|kept| kept.number <= of_local);
        let cross = chain.cross_safe.last_canonical(|kept| kept.number <= of_cross);
        let (local, cross) = (local.map(|it| it.source), cross.map(|it| it.source));
        let Some((local, cross)) = local.zip(cross) else {
            if !chain.local_safe.is_empty() {
                chain.uninitialize();
                then.push(Consequence::Uninitialized(slot));
            }
            return;
        };
        let _ = chain.local_safe.rewind_to_source(local.id());
        let _ = chain.cross_safe.rewind_to_source(cross.id());
        chain.confirmed = chain.confirmed.map(|confirmed| confirmed.min(cross.number));
        let safe = chain.cross_safe.end().map(|end| end.derived);
        if chain.cross_unsafe.is_some_and(|head| safe.is_some_and(|safe| head.number < safe.number))
        {
            chain.cross_unsafe = safe;
        }
    }
}

impl<K: Keccak256> Chain<K> {
    fn uninitialize(&mut self) {
        self.logs.clear();
        self.local_safe.clear();
        self.cross_safe.clear();
        self.cross_unsafe = None;
        self.finalized = None;
        self.confirmed = None;
        self.anchor = None;
        self.current_l1 = None;
        self.standings = Standings::default();
    }
}
