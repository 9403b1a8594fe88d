//! Who is connected, and what each of them costs.

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::codec::chia::{HeaderHash, NodeType};
use crate::heap;
use crate::state::chia::role::ConnectionId;
use crate::time::Time;

/// The established connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peers {
    all: BTreeMap<ConnectionId, Known>,
}

/// What is known of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Known {
    node_type: NodeType,
    /// How many open questions it caused.
    open: usize,
    /// The parents that it was asked for, and until when it is not asked again (P-7).
    parents: BTreeMap<HeaderHash, Time>,
}

impl Peers {
    pub const fn new() -> Self {
        Self { all: BTreeMap::new() }
    }

    pub fn connected(&mut self, from: ConnectionId, node_type: NodeType) {
        self.all.insert(from, Known { node_type, open: 0, parents: BTreeMap::new() });
    }

    pub fn disconnected(&mut self, from: ConnectionId) {
        self.all.remove(&from);
        heap::relax_map(&mut self.all);
    }

    pub fn is_there(&self, from: ConnectionId) -> bool {
        self.all.contains_key(&from)
    }

    /// Everybody of a type.
    pub fn of_type(&self, node_type: NodeType) -> impl Iterator<Item = ConnectionId> + '_ {
        let of_type = self.all.iter().filter(move |(_, known)| known.node_type == node_type);
        of_type.map(|(id, _)| *id)
    }

    /// How many open questions a peer caused.
    pub fn open(&self, from: ConnectionId) -> usize {
        self.all.get(&from).map_or(0, |known| known.open)
    }

    /// A peer caused a question.
    pub fn charge(&mut self, from: ConnectionId) {
        if let Some(known) = self.all.get_mut(&from) {
            known.open = known.open.saturating_add(1);
        }
    }

    /// It was answered, or is no longer asked.
    pub fn release(&mut self, from: ConnectionId) {
        if let Some(known) = self.all.get_mut(&from) {
            known.open = known.open.saturating_sub(1);
        }
    }

    /// Whether a peer may be asked for a parent now; then it is (P-7).
    pub fn asks_for(
        &mut self,
        from: ConnectionId,
        parent: HeaderHash,
        now: Time,
        timeout: Duration,
        most: usize,
    ) -> bool {
        let Some(known) = self.all.get_mut(&from) else { return false };
        known.parents.retain(|_, until| *until > now);
        heap::relax_map(&mut known.parents);
        if known.parents.contains_key(&parent) || known.parents.len() >= most {
            return false;
        }
        known.parents.insert(parent, now.after(timeout));
        true
    }

    /// Whether a peer was asked for a parent that it did not send since.
    pub fn owes_parents(&self, from: ConnectionId) -> bool {
        self.all.get(&from).is_some_and(|known| !known.parents.is_empty())
    }

    /// A peer sent a block, maybe one that it was asked for.
    pub fn answered(&mut self, from: ConnectionId, header_hash: HeaderHash) {
        if let Some(known) = self.all.get_mut(&from) {
            known.parents.remove(&header_hash);
            heap::relax_map(&mut known.parents);
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let entry = size_of::<(HeaderHash, Time)>();
        let parents = self.all.values().map(|known| heap::tree(known.parents.len(), entry));
        let own = heap::tree(self.all.len(), size_of::<(ConnectionId, Known)>());
        parents.fold(own, usize::saturating_add)
    }
}
