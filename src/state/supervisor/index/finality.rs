//! What is final: computed from the finalized layer-one block, and from what layer one was seen to
//! have before it (`supervisor.md` 8.10).

use alloc::vec::Vec;

use super::{Chain, Consequence, Index, Slot};
use crate::codec::supervisor::{BlockId, BlockRef, Code, Keccak256, Seal};

impl<K: Keccak256> Index<K> {
    /// Takes in which layer-one block is final. It never goes back.
    ///
    /// # Errors
    /// [`Code::OutOfOrder`] for an earlier block, [`Code::ConflictingData`] for another block of
    /// the same number; nothing is changed then.
    pub fn finalize_l1(
        &mut self,
        block: BlockRef,
        then: &mut Vec<Consequence>,
    ) -> Result<(), Code> {
        if let Some(known) = self.finalized_l1 {
            if block.number < known.number {
                return Err(Code::OutOfOrder);
            }
            if block.number == known.number && block.hash != known.hash {
                return Err(Code::ConflictingData);
            }
        }
        // A chain that has come to the block that was final until now rests on what is final.
        self.note_finalized_l1();
        self.finalized_l1 = Some(block);
        self.tell_finalized(then);
        Ok(())
    }

    /// Layer one has this block. If it is not after the finalized one, what is cross-safe up to it
    /// becomes final; else nothing changes.
    pub fn confirm_l1(&mut self, block: BlockId, then: &mut Vec<Consequence>) {
        if self.finalized_l1.is_some_and(|last| block.number <= last.number) {
            self.chains.iter_mut().for_each(|chain| chain.confirm(block));
            self.tell_finalized(then);
        }
    }

    /// The number of the newest layer-one block that a cross-safe head rests on, or would if it
    /// were no newer than the finalized one, without layer one having been seen to have it.
    #[must_use]
    pub fn unconfirmed_l1(&self) -> Option<u64> {
        let last = self.finalized_l1?.number;
        let newest = self.chains.iter().filter_map(|chain| {
            let end = chain.cross_safe.end()?.source.number.min(last);
            (chain.confirmed() < Some(end)).then_some(end)
        });
        newest.max()
    }

    /// The finalized head of a chain (S-19): cross-safe up to the finalized layer-one block. While
    /// the chain has not come so far, up to the newest block that layer one was seen to have: what
    /// was derived from a branch that is gone may have been told late.
    ///
    /// # Errors
    /// [`Code::FutureData`] while nothing of the chain is final (D-22), [`Code::Uninitialized`],
    /// and [`Code::ConflictingData`] if the chain was derived from another layer-one block of the
    /// finalized number.
    pub fn finalized(&self, slot: Slot) -> Result<Seal, Code> {
        self.finalized_of(self.chain(slot).ok_or(Code::UnknownChain)?)
    }

    pub(super) fn finalized_of(&self, chain: &Chain<K>) -> Result<Seal, Code> {
        chain.cross_safe.last()?;
        let finalized = self.finalized_l1.ok_or(Code::FutureData)?;
        let up_to = |number| chain.cross_safe.last_up_to_source(number).ok_or(Code::FutureData);
        let entry = up_to(finalized.number)?;
        if entry.source.number == finalized.number {
            let same = entry.source.hash == finalized.hash;
            return if same { Ok(entry.derived) } else { Err(Code::ConflictingData) };
        }
        Ok(up_to(chain.confirmed().ok_or(Code::Uninitialized)?)?.derived)
    }

    fn note_finalized_l1(&mut self) {
        if let Some(last) = self.finalized_l1 {
            self.chains.iter_mut().for_each(|chain| chain.confirm(last.id()));
        }
    }

    /// Says of every finalized head that advanced, also when a late cross-safe block is final
    /// already.
    pub(super) fn tell_finalized(&mut self, then: &mut Vec<Consequence>) {
        self.note_finalized_l1();
        for slot in self.slots() {
            let Ok(now) = self.finalized(slot) else { continue };
            let Ok(chain) = self.chain_mut(slot) else { continue };
            if chain.finalized.is_none_or(|told| told.number < now.number) {
                chain.finalized = Some(now);
                then.push(Consequence::Finalized(slot, now.id()));
            }
        }
    }
}

impl<K: Keccak256> Chain<K> {
    /// Up to which layer-one block the chain rests on what layer one was seen to have, none of it
    /// after the finalized one. The anchor is trusted.
    pub(super) fn confirmed(&self) -> Option<u64> {
        let first = self.cross_safe.first().map(|first| first.source.number);
        self.confirmed.max(first)
    }

    /// True if the chain rests on this layer-one block, and layer one was seen to have it.
    pub(in crate::state::supervisor) fn has_confirmed(&self, source: BlockId) -> bool {
        self.confirmed >= Some(source.number) && self.cross_safe.last_of_source(source).is_ok()
    }

    /// Each layer-one block follows the one before it: those before a confirmed one are, too.
    fn confirm(&mut self, block: BlockId) {
        if self.cross_safe.last_of_source(block).is_ok() {
            self.confirmed = self.confirmed.max(Some(block.number));
        }
    }
}
