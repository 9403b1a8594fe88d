//! What is known of each full node that is there, apart from the others: none speaks for another.

use alloc::collections::BTreeMap;

use crate::heap;
use crate::state::chia::role::ConnectionId;
use crate::state::chia::tellers::Teller;

/// A value for each full node that is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ByNode<V>(BTreeMap<ConnectionId, V>);

impl<V> ByNode<V> {
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// One comes, of which nothing is known yet.
    pub fn connect(&mut self, node: ConnectionId)
    where
        V: Default,
    {
        self.0.insert(node, V::default());
    }

    /// False if it was not there.
    pub fn disconnect(&mut self, node: ConnectionId) -> bool {
        let was = self.0.remove(&node).is_some();
        heap::relax_map(&mut self.0);
        was
    }

    pub fn contains(&self, node: ConnectionId) -> bool {
        self.0.contains_key(&node)
    }

    pub fn get(&self, node: ConnectionId) -> Option<&V> {
        self.0.get(&node)
    }

    pub fn get_mut(&mut self, node: ConnectionId) -> Option<&mut V> {
        self.0.get_mut(&node)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> + '_ {
        self.0.values_mut()
    }

    /// The one that came last: connections have numbers in their order.
    pub fn newest(&self) -> Teller {
        self.0.last_key_value().map(|(node, _)| *node)
    }

    pub fn iter(&self) -> impl Iterator<Item = (ConnectionId, &V)> + '_ {
        self.0.iter().map(|(node, value)| (*node, value))
    }

    /// Heap bytes, with those of each value.
    pub fn heap(&self, of: impl Fn(&V) -> usize) -> usize {
        let own = heap::tree(self.0.len(), size_of::<(ConnectionId, V)>());
        self.0.values().map(of).fold(own, usize::saturating_add)
    }
}
