//! What lists and trees hold on the heap, from above: the standard library doesn't tell.

use alloc::collections::{BTreeMap, BTreeSet};

/// Places that the smallest list has room for, at most.
pub(crate) const LEAST: usize = 8;

/// Most places of a list that grows by doubling and never had more than `most` entries.
pub(crate) const fn list(most: usize) -> usize {
    let doubled = most.saturating_mul(2);
    if doubled > LEAST || most == 0 { doubled } else { LEAST }
}

/// Most heap bytes that a tree map or set of `len` entries of `entry` bytes each may hold, if it
/// is [relaxed](relax_map) whenever it may have become empty.
///
/// A node has room for 11 entries and, inside the tree, 12 links; every node but the root is at
/// least 5 entries full.
pub(crate) const fn tree(len: usize, entry: usize) -> usize {
    if len == 0 {
        return 0;
    }
    let node = entry.saturating_mul(11).saturating_add(8 * 12 + 32);
    (len / 5).saturating_add(1).saturating_mul(node)
}

/// Gives the memory of an empty map back, which keeps its root otherwise.
pub(crate) fn relax_map<K, V>(map: &mut BTreeMap<K, V>) {
    if map.is_empty() {
        *map = BTreeMap::new();
    }
}

/// Gives the memory of an empty set back.
pub(crate) fn relax_set<T>(set: &mut BTreeSet<T>) {
    if set.is_empty() {
        *set = BTreeSet::new();
    }
}
