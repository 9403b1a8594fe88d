//! Which transactions of a block can be asked for now: a bitmap with a cursor.

use alloc::vec;
use alloc::vec::Vec;

/// A set of indices below a bound, iterated in ascending order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Todo {
    words: Vec<u64>,
    /// No bit is set in the words before this one.
    low: usize,
    len: usize,
}

impl Todo {
    /// An empty set of indices below `bound`.
    pub(super) fn new(bound: usize) -> Self {
        Self { words: vec![0; bound.div_ceil(64)], low: 0, len: 0 }
    }

    #[cfg(test)]
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn insert(&mut self, index: u32) {
        let (at, bit) = place(index);
        if let Some(word) = self.words.get_mut(at) {
            if *word & bit == 0 {
                *word |= bit;
                self.len += 1;
                self.low = self.low.min(at);
            }
        }
    }

    pub(super) fn remove(&mut self, index: u32) {
        let (at, bit) = place(index);
        if let Some(word) = self.words.get_mut(at) {
            if *word & bit != 0 {
                *word &= !bit;
                self.len -= 1;
            }
        }
        while self.words.get(self.low).is_some_and(|word| *word == 0) {
            self.low += 1;
        }
    }

    /// The indices in the set, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let words = self.words.iter().enumerate().skip(self.low);
        words.flat_map(|(at, word)| {
            let base = u32::try_from(at.saturating_mul(64)).unwrap_or(u32::MAX);
            let mut left = *word;
            core::iter::from_fn(move || {
                if left == 0 {
                    return None;
                }
                let offset = left.trailing_zeros();
                left &= left - 1;
                Some(base.saturating_add(offset))
            })
        })
    }

    pub(super) fn heap(&self) -> usize {
        self.words.capacity().saturating_mul(size_of::<u64>())
    }
}

const fn place(index: u32) -> (usize, u64) {
    ((index / 64) as usize, 1 << (index % 64))
}

#[cfg(test)]
mod tests {
    use super::Todo;
    use std::vec::Vec;

    #[test]
    fn iterates_what_was_inserted_and_not_removed() {
        let mut todo = Todo::new(200);
        [199, 0, 63, 64, 130].into_iter().for_each(|index| todo.insert(index));
        todo.insert(64);
        todo.insert(4_000);
        assert_eq!(todo.iter().collect::<Vec<_>>(), [0, 63, 64, 130, 199]);
        [0, 63, 64, 5].into_iter().for_each(|index| todo.remove(index));
        assert_eq!(todo.iter().collect::<Vec<_>>(), [130, 199]);
        todo.insert(1);
        assert_eq!(todo.iter().collect::<Vec<_>>(), [1, 130, 199]);
        [1, 130, 199].into_iter().for_each(|index| todo.remove(index));
        assert!(todo.is_empty());
    }

    #[test]
    fn counts_a_bit_for_each_index() {
        assert_eq!(Todo::new(6_400).heap(), 800);
    }
}
