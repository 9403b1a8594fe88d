//! What is added: anchors, unsafe blocks, derived blocks, replacements
//! (`supervisor.md` 8.2, 8.3, 8.6 and 8.11).

use alloc::vec::Vec;

use super::{Consequence, Index, IndexedLog, Slot};
use crate::codec::supervisor::{BlockRef, Code, DerivedRefPair, Hash, Keccak256};

impl<K: Keccak256> Index<K> {
    /// Where indexing of a chain starts: the first pair of a layer-one and a layer-two block, both
    /// trusted. Says nothing new to a chain that has this anchor.
    ///
    /// # Errors
    /// [`Code::ConflictingData`] for a chain with another anchor; nothing is changed then.
    pub fn anchor(&mut self, slot: Slot, anchor: &DerivedRefPair) -> Result<(), Code> {
        let chain = self.chain_mut(slot)?;
        let DerivedRefPair { source, derived } = anchor;
        if let Some(known) = chain.anchor() {
            let same = known == anchor.ids();
            return if same { Ok(()) } else { Err(Code::ConflictingData) };
        }
        chain.logs.append(derived, &[])?;
        chain.local_safe.add(source, derived)?;
        chain.cross_safe.add(source, derived)?;
        self.touch(slot);
        Ok(())
    }

    /// Adds an unsafe block with its logs.
    ///
    /// # Errors
    /// [`Code::Uninitialized`] before the anchor; [`Code::AwaitingReplacement`] at or above an
    /// invalidated block; [`Code::LimitExceeded`] for too many logs or too many blocks above the
    /// cross-safe head; [`Code::ConflictingData`] for a block that does not follow the head, or is
    /// not the local-safe block of its number. Nothing is changed then.
    pub fn append(
        &mut self,
        slot: Slot,
        block: &BlockRef,
        logs: &[IndexedLog],
    ) -> Result<(), Code> {
        let max_above = self.limits.max_blocks_above_safe as u64;
        let too_many = self.has_too_many(logs);
        let chain = self.chain_mut(slot)?;
        let safe = chain.cross_safe.end().ok_or(Code::Uninitialized)?.derived;
        let end = chain.local_safe.end().ok_or(Code::Uninitialized)?;
        if end.invalidated && block.number >= end.derived.number {
            return Err(Code::AwaitingReplacement);
        }
        if too_many || block.number.saturating_sub(safe.number) > max_above {
            return Err(Code::LimitExceeded);
        }
        match chain.local_safe.derived(block.number) {
            Ok(derived) if derived.derived.hash != block.hash => {
                return Err(Code::ConflictingData);
            }
            _ => chain.logs.append(block, logs)?,
        }
        self.touch(slot);
        Ok(())
    }

    /// Adds what was derived from what. The log index gives way to it: blocks that disagree are
    /// dropped (D-18).
    ///
    /// # Errors
    /// Those of [`DerivationIndex::add`](super::DerivationIndex::add), [`Code::Uninitialized`]
    /// before the anchor, and [`Code::LimitExceeded`] for too many entries above the cross-safe
    /// head. Nothing is changed then.
    pub fn derive(
        &mut self,
        slot: Slot,
        pair: &DerivedRefPair,
        then: &mut Vec<Consequence>,
    ) -> Result<(), Code> {
        let max_above = self.limits.max_local_safe_above_safe;
        let chain = self.chain_mut(slot)?;
        let safe = chain.cross_safe.end().ok_or(Code::Uninitialized)?;
        let above = chain.local_safe.count_after(safe.source.number, safe.derived.number);
        let known = chain.local_safe.end().is_some_and(|end| end.ids() == pair.ids());
        if above >= max_above && !known {
            return Err(Code::LimitExceeded);
        }
        chain.local_safe.add(&pair.source, &pair.derived)?;
        let logged = chain.logs.find(pair.derived.number);
        self.touch(slot);
        if logged.is_ok_and(|logged| logged.hash != pair.derived.hash) {
            self.drop_logs_from(slot, pair.derived.number, then)?;
        }
        Ok(())
    }

    /// Puts a replacement with its logs in the place of an invalidated block.
    ///
    /// # Errors
    /// Those of [`DerivationIndex::replace`](super::DerivationIndex::replace), and
    /// [`Code::LimitExceeded`] for too many logs or executing ones. Nothing is changed then.
    pub fn replace(
        &mut self,
        slot: Slot,
        replacement: &BlockRef,
        invalidated: Hash,
        logs: &[IndexedLog],
        then: &mut Vec<Consequence>,
    ) -> Result<(), Code> {
        if self.has_too_many(logs) {
            return Err(Code::LimitExceeded);
        }
        let chain = self.chain_mut(slot)?;
        let mut local_safe = chain.local_safe.clone();
        local_safe.replace(replacement, invalidated)?;
        // What is there at its height came before the block was found invalid.
        if chain.logs.find(replacement.number).is_ok() {
            self.drop_logs_from(slot, replacement.number, then)?;
        }
        let chain = self.chain_mut(slot)?;
        chain.logs.append(replacement, logs)?;
        chain.local_safe = local_safe;
        self.touch(slot);
        Ok(())
    }

    /// Which layer-one block a chain's node derives from (`supervisor.md` 8.9).
    ///
    /// # Errors
    /// [`Code::UnknownChain`].
    pub fn set_current_l1(&mut self, slot: Slot, block: BlockRef) -> Result<(), Code> {
        self.chain_mut(slot)?.current_l1 = Some(block);
        Ok(())
    }

    fn has_too_many(&self, logs: &[IndexedLog]) -> bool {
        let executing = logs.iter().filter(|log| log.executing.is_some());
        logs.len() > self.limits.max_logs || executing.count() > self.limits.max_executing
    }
}
