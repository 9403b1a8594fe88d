//! A set that forgets what was put in longest ago.

use alloc::collections::BTreeMap;

use crate::heap;

/// What was put in last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Recent<T> {
    numbers: BTreeMap<T, u64>,
    order: BTreeMap<u64, T>,
    next: u64,
}

impl<T: Copy + Ord> Recent<T> {
    pub const fn new() -> Self {
        Self { numbers: BTreeMap::new(), order: BTreeMap::new(), next: 0 }
    }

    pub fn contains(&self, item: T) -> bool {
        self.numbers.contains_key(&item)
    }

    /// Puts an item in; one that is in is the newest again. True if another had to go.
    pub fn insert(&mut self, item: T, most: usize) -> bool {
        if let Some(before) = self.numbers.insert(item, self.next) {
            self.order.remove(&before);
        }
        self.order.insert(self.next, item);
        self.next = self.next.saturating_add(1);
        let is_full = self.numbers.len() > most.max(1);
        if is_full {
            if let Some((_, oldest)) = self.order.pop_first() {
                self.numbers.remove(&oldest);
            }
        }
        is_full
    }

    /// Takes an item out. True if it was in.
    pub fn remove(&mut self, item: T) -> bool {
        let number = self.numbers.remove(&item);
        if let Some(number) = number {
            self.order.remove(&number);
            heap::relax_map(&mut self.numbers);
            heap::relax_map(&mut self.order);
        }
        number.is_some()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let entry = size_of::<(T, u64)>();
        heap::tree(self.numbers.len(), entry).saturating_mul(2)
    }
}
