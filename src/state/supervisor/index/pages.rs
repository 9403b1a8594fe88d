//! A long list that is cheap to clone, to compare and to cut at both ends.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::mem::size_of;

/// Items in a page.
const PAGE: usize = 512;

/// A list in shared pages. A clone shares all pages; what is appended after it copies one.
#[derive(Clone, Debug)]
pub(super) struct Pages<T> {
    /// Items before the first that are still in the first page, but no longer in the list.
    skipped: usize,
    /// Items in the pages, skipped ones included.
    filled: usize,
    shared: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { skipped: 0, filled: 0, shared: Vec::new() }
    }
}

impl<T: Clone> Pages<T> {
    pub(super) const fn len(&self) -> usize {
        self.filled - self.skipped
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        let place = index.checked_add(self.skipped)?;
        self.shared.get(place / PAGE)?.get(place % PAGE)
    }

    pub(super) fn first(&self) -> Option<&T> {
        self.get(0)
    }

    pub(super) fn last(&self) -> Option<&T> {
        self.get(self.len().checked_sub(1)?)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The first index whose item fails `before`, which must hold for a first part of the list.
    pub(super) fn partition_point(&self, mut before: impl FnMut(&T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle).is_some_and(&mut before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub(super) fn push(&mut self, item: T) {
        match self.shared.last_mut() {
            Some(page) if page.len() < PAGE => Arc::make_mut(page).push(item),
            _ => {
                self.shared.push(Arc::new(alloc::vec![item]));
            }
        }
        self.filled += 1;
    }

    /// Keeps the first `length` items.
    pub(super) fn truncate(&mut self, length: usize) {
        let filled = length.saturating_add(self.skipped);
        if filled >= self.filled {
            return;
        }
        if length == 0 {
            *self = Self::default();
            return;
        }
        self.filled = filled;
        self.shared.truncate(filled.div_ceil(PAGE));
        if let Some(page) = self.shared.last_mut() {
            let rest = filled - (filled - 1) / PAGE * PAGE;
            if page.len() > rest {
                Arc::make_mut(page).truncate(rest);
            }
        }
    }

    /// Drops the first `count` items.
    pub(super) fn drop_first(&mut self, count: usize) {
        if count >= self.len() {
            *self = Self::default();
            return;
        }
        self.skipped += count;
        let whole = self.skipped / PAGE;
        if whole > 0 {
            self.shared.drain(..whole);
            self.skipped -= whole * PAGE;
            self.filled -= whole * PAGE;
        }
    }

    /// Bytes held on the heap, by capacity, with what each item holds.
    pub(super) fn heap(&self, of_item: impl Fn(&T) -> usize) -> usize {
        let table = self.shared.capacity() * size_of::<Arc<Vec<T>>>();
        let pages = self.shared.iter().map(|page| {
            // Two counters and the vector stand in the shared part.
            let shared = 2 * size_of::<usize>() + size_of::<Vec<T>>();
            let items: usize = page.iter().map(&of_item).sum();
            shared + page.capacity() * size_of::<T>() + items
        });
        pages.fold(table, usize::saturating_add)
    }
}

impl<T: Clone + PartialEq> PartialEq for Pages<T> {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        if self.skipped == other.skipped {
            let pages = self.shared.iter().zip(&other.shared);
            return pages.enumerate().all(|(at, (a, b))| {
                let from = if at == 0 { self.skipped } else { 0 };
                Arc::ptr_eq(a, b) || a.get(from..) == b.get(from..)
            });
        }
        self.iter().eq(other.iter())
    }
}

impl<T: Clone + Eq> Eq for Pages<T> {}

/// Covers less than equality does: the length and the last item.
impl<T: Clone + Hash> Hash for Pages<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.last().hash(state);
    }
}
