//! What is final: computed from the finalized layer-one block, never stored
//! (`supervisor.md` 8.10).

use alloc::vec::Vec;

use super::{Consequence, Index, Slot};
use crate::codec::supervisor::{BlockRef, Code, Keccak256, Seal};

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
        self.finalized_l1 = Some(block);
        self.tell_finalized(then);
        Ok(())
    }

    /// The finalized head of a chain (S-19).
    ///
    /// # Errors
    /// [`Code::FutureData`] while nothing of the chain is final (D-22), [`Code::Uninitialized`],
    /// and [`Code::ConflictingData`] if the chain was derived from another layer-one block of the
    /// finalized number.
    pub fn finalized(&self, slot: Slot) -> Result<Seal, Code> {
        let chain = self.chain(slot).ok_or(Code::UnknownChain)?;
        let last = chain.cross_safe.last()?;
        let finalized = self.finalized_l1.ok_or(Code::FutureData)?;
        if finalized.number > last.source.number {
            return Ok(last.derived);
        }
        let entry = chain.cross_safe.last_up_to_source(finalized.number).ok_or(Code::FutureData)?;
        if entry.source.number == finalized.number && entry.source.hash != finalized.hash {
            return Err(Code::ConflictingData);
        }
        Ok(entry.derived)
    }

    /// Says of every finalized head that advanced, also when a late cross-safe block is final
    /// already.
    pub(super) fn tell_finalized(&mut self, then: &mut Vec<Consequence>) {
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
