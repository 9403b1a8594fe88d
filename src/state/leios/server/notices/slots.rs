//! A few slots in order.

use alloc::vec::Vec;

use crate::codec::leios::SlotNo;

/// Slots, as one ascending list: there are few, and the youngest come and go most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Slots(Vec<SlotNo>);

/// Places of the least memory that a list allocates.
const LEAST: usize = 4;

impl Slots {
    /// The oldest.
    pub fn first(&self) -> Option<SlotNo> {
        self.0.first().copied()
    }

    /// The oldest of those not older than `slot`.
    pub fn first_from(&self, slot: SlotNo) -> Option<SlotNo> {
        self.0.get(self.0.partition_point(|other| *other < slot)).copied()
    }

    /// The youngest of those not younger than `slot`.
    pub fn last_up_to(&self, slot: SlotNo) -> Option<SlotNo> {
        let after = self.0.partition_point(|other| *other <= slot);
        self.0.get(after.checked_sub(1)?).copied()
    }

    /// Adds a slot, unless it is there.
    pub fn insert(&mut self, slot: SlotNo) {
        if let Err(place) = self.0.binary_search(&slot) {
            self.0.insert(place, slot);
        }
    }

    /// Removes a slot, if it is there. An emptied list keeps the least memory.
    pub fn remove(&mut self, slot: SlotNo) {
        if let Ok(place) = self.0.binary_search(&slot) {
            self.0.remove(place);
        }
        if self.0.is_empty() && self.0.capacity() > LEAST {
            self.relax();
        }
    }

    /// Gives the memory of an empty list back.
    pub fn relax(&mut self) {
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        self.0.capacity().saturating_mul(size_of::<SlotNo>())
    }

    /// The most [`heap`](Self::heap) can be with up to so many slots.
    pub const fn most_heap(slots: usize) -> usize {
        let places = slots.saturating_mul(2);
        let places = if places < LEAST { LEAST } else { places };
        places.saturating_mul(size_of::<SlotNo>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emptied_list_keeps_the_least_memory() {
        let mut slots = Slots::default();
        assert_eq!(slots.heap(), 0);
        let least = LEAST * size_of::<SlotNo>();
        slots.insert(SlotNo(7));
        slots.remove(SlotNo(7));
        assert_eq!((slots.first(), slots.heap()), (None, least));
        slots.relax();
        assert_eq!(slots.heap(), 0);

        for slot in 0..100 {
            slots.insert(SlotNo(slot));
        }
        slots.relax();
        assert!(slots.heap() >= 100 * size_of::<SlotNo>(), "not empty");
        for slot in 0..100 {
            slots.remove(SlotNo(slot));
        }
        assert!(slots.first().is_none() && slots.heap() <= least);
    }
}
