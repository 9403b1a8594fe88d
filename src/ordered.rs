//! A map for keys that only grow: questions and requests by number.

use alloc::collections::VecDeque;
use core::mem::size_of;

/// A map whose keys are inserted in ascending order, kept as one sorted list.
///
/// The oldest entry is the first, which makes it the one to look at for a deadline. Equal
/// contents are equal values, whatever was inserted and removed before: that is what comparing,
/// hashing and exploring machines needs, and what a slab could not give.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ordered<K, V> {
    entries: VecDeque<(K, V)>,
}

impl<K: Ord + Copy, V> Ordered<K, V> {
    /// Empty; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: VecDeque::new() }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Appends an entry; gives the value back if `key` is not above every key held.
    ///
    /// # Errors
    /// The value, if the key would break the order.
    pub fn push(&mut self, key: K, value: V) -> Result<(), V> {
        if self.entries.back().is_some_and(|(last, _)| *last >= key) {
            return Err(value);
        }
        self.entries.push_back((key, value));
        Ok(())
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: K) -> Option<&V> {
        self.entries.get(self.find(key)?).map(|(_, value)| value)
    }

    /// The value of `key`, to change.
    #[must_use]
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.find(key)?;
        self.entries.get_mut(at).map(|(_, value)| value)
    }

    /// Takes the value of `key` out. Memory is given back when the last entry goes.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let at = self.find(key)?;
        let (_, value) = self.entries.remove(at)?;
        self.relax();
        Some(value)
    }

    /// The entry with the smallest key.
    #[must_use]
    pub fn first(&self) -> Option<(K, &V)> {
        self.entries.front().map(|(key, value)| (*key, value))
    }

    /// Takes out the entry with the smallest key.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        let entry = self.entries.pop_front();
        self.relax();
        entry
    }

    /// The entries in ascending order.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> + '_ {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// The entries from `key` on, in ascending order.
    pub fn at_or_after(&self, key: K) -> impl Iterator<Item = (K, &V)> + '_ {
        let at = self.entries.partition_point(|(before, _)| *before < key);
        self.entries.range(at..).map(|(key, value)| (*key, value))
    }

    /// The entries in ascending order, values to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (K, &mut V)> + '_ {
        self.entries.iter_mut().map(|(key, value)| (*key, value))
    }

    /// Keeps the entries that `keep` keeps.
    pub fn retain(&mut self, mut keep: impl FnMut(K, &mut V) -> bool) {
        self.entries.retain_mut(|(key, value)| keep(*key, value));
        self.relax();
    }

    /// Heap bytes of the list itself, not of what its values own.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.entries.capacity().saturating_mul(size_of::<(K, V)>())
    }

    /// Where `key` stands: at the front as a rule, else found by halving.
    fn find(&self, key: K) -> Option<usize> {
        match self.entries.front() {
            Some((first, _)) if *first == key => Some(0),
            _ => self.entries.binary_search_by_key(&key, |(key, _)| *key).ok(),
        }
    }

    fn relax(&mut self) {
        if self.entries.is_empty() && self.entries.capacity() > crate::outbox::KEPT {
            self.entries = VecDeque::new();
        }
    }
}

impl<K: Ord + Copy, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self::new()
    }
}
