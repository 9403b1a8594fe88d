//! What is under way for one chain.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::size_of;

use super::NodeId;
use super::doubt::Misses;
use super::fetch::{Incoming, Walk};
use super::node::Node;
use crate::codec::supervisor::{BlockReplacement, Hash, NodeEvent, Seal};
use crate::time::Time;

/// What is under way for one chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ChainSync {
    pub(super) nodes: Vec<Node>,
    /// Events from before the anchor.
    pub(super) parked: VecDeque<(NodeId, NodeEvent)>,
    /// The highest number that is to be indexed.
    pub(super) target: u64,
    /// Blocks on their way, by number.
    pub(super) incoming: BTreeMap<u64, Incoming>,
    /// Where a common ancestor is looked for.
    pub(super) walking: Option<Walk>,
    /// A replacement whose logs are on their way, and the node that told it.
    pub(super) replacement: Option<(NodeId, BlockReplacement)>,
    /// Invalidated blocks and what is in their place, by number: a node that derives one of them
    /// again is told to replace it.
    pub(super) replaced: BTreeMap<u64, (Seal, Hash)>,
    /// When to ask again for what nobody had.
    pub(super) retry_at: Option<Time>,
    /// How often that was in vain.
    pub(super) misses: Misses,
}

impl ChainSync {
    pub(super) fn take_incoming(&mut self, number: u64) -> Option<Incoming> {
        let taken = self.incoming.remove(&number);
        crate::heap::relax_map(&mut self.incoming);
        taken
    }

    /// Bytes on the heap, by capacity.
    pub(super) fn heap(&self) -> usize {
        let parked =
            self.parked.iter().map(|(_, event)| event.reset.as_ref().map_or(0, String::capacity));
        let incoming = self.incoming.values().map(Incoming::heap);
        self.nodes.capacity() * size_of::<Node>()
            + self.parked.capacity() * size_of::<(NodeId, NodeEvent)>()
            + parked.sum::<usize>()
            + crate::heap::tree(self.incoming.len(), size_of::<(u64, Incoming)>())
            + crate::heap::tree(self.replaced.len(), size_of::<(u64, (Seal, Hash))>())
            + incoming.sum::<usize>()
    }
}
