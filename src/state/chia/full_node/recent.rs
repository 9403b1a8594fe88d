//! Hashes that were seen of late.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::codec::chia::Bytes32;
use crate::heap;

/// The newest hashes: the oldest make room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Recent {
    next: u64,
    numbers: BTreeMap<Bytes32, u64>,
    order: BTreeSet<(u64, Bytes32)>,
}

impl Recent {
    pub const fn new() -> Self {
        Self { next: 0, numbers: BTreeMap::new(), order: BTreeSet::new() }
    }

    pub fn contains(&self, hash: Bytes32) -> bool {
        self.numbers.contains_key(&hash)
    }

    /// Remembers a hash. False if it is known.
    pub fn insert(&mut self, hash: Bytes32, most: usize) -> bool {
        if self.contains(hash) {
            return false;
        }
        while self.numbers.len() >= most.max(1) {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.numbers.remove(&oldest);
        }
        self.numbers.insert(hash, self.next);
        self.order.insert((self.next, hash));
        self.next = self.next.saturating_add(1);
        true
    }

    /// Forgets a hash: it may come again.
    pub fn remove(&mut self, hash: Bytes32) {
        if let Some(number) = self.numbers.remove(&hash) {
            self.order.remove(&(number, hash));
            heap::relax_map(&mut self.numbers);
            heap::relax_set(&mut self.order);
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let entry = size_of::<(Bytes32, u64)>();
        heap::tree(self.numbers.len(), entry).saturating_mul(2)
    }
}
