//! A set of ids that forgets those that were touched longest ago (P-33).

use alloc::collections::BTreeMap;

use crate::codec::chia::TransactionId;
use crate::heap;

/// The ids that were touched last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Recent {
    touched: BTreeMap<TransactionId, u64>,
    order: BTreeMap<u64, TransactionId>,
    next: u64,
}

impl Recent {
    pub const fn new() -> Self {
        Self { touched: BTreeMap::new(), order: BTreeMap::new(), next: 0 }
    }

    pub fn contains(&self, id: TransactionId) -> bool {
        self.touched.contains_key(&id)
    }

    /// Puts an id in, or touches it. True if another had to go.
    pub fn insert(&mut self, id: TransactionId, most: usize) -> bool {
        if let Some(before) = self.touched.insert(id, self.next) {
            self.order.remove(&before);
        }
        self.order.insert(self.next, id);
        self.next = self.next.saturating_add(1);
        let is_full = self.touched.len() > most.max(1);
        if is_full {
            if let Some((_, oldest)) = self.order.pop_first() {
                self.touched.remove(&oldest);
            }
        }
        is_full
    }

    /// Takes an id out. True if it was in.
    pub fn remove(&mut self, id: TransactionId) -> bool {
        let touched = self.touched.remove(&id);
        if let Some(at) = touched {
            self.order.remove(&at);
            heap::relax_map(&mut self.touched);
            heap::relax_map(&mut self.order);
        }
        touched.is_some()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let entry = size_of::<(TransactionId, u64)>();
        heap::tree(self.touched.len(), entry).saturating_mul(2)
    }
}
