//! The nodes of a chain.

use alloc::vec::Vec;
use core::time::Duration;

use super::purpose::Place;
use super::reset::Reset;
use super::{Dropped, Due, NodeId, Supervisor};
use crate::codec::supervisor::{BlockId, BlockRef, BlockReplacement, Code, Keccak256};
use crate::machine::Out;
use crate::state::supervisor::index::Slot;
use crate::time::Time;

/// What is known of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) id: NodeId,
    /// The reset under way: its events count for nothing until then.
    pub(super) reset: Option<Reset>,
    /// How many resets there were: answers for older ones are ignored.
    pub(super) resets: u64,
    /// How long after the last reset the next may be: doubles, so that a lying node makes no storm.
    pub(super) backoff: Duration,
    /// From when on it may be reset again.
    pub(super) rested_at: Time,
    /// When it is to be reset, if it is.
    pub(super) reset_at: Option<Time>,
    /// The layer-one block of which it derived everything, until it is given the next.
    pub(super) exhausted: Option<BlockRef>,
    /// The number of a block that it was told to replace, until it says so: what it derived after
    /// it counts for nothing.
    pub(super) replacing: Option<u64>,
    /// What it said that it put in the place of an invalidated block.
    pub(super) replacement: Option<BlockReplacement>,
    /// What it derived against what is known, and how many resets there had been: after another it
    /// is believed.
    pub(super) contradicts: Option<(BlockId, u64)>,
    /// It derived beyond an invalidated block after it had said that it replaced it.
    pub(super) astray: bool,
    /// The lowest and the highest unsafe block it told that are not indexed yet; 0 if there is none.
    /// The lowest outlasts that it is not believed: once it is there, what it told was so.
    pub(super) awaited: u64,
    pub(super) claimed: u64,
    /// How often in a row nobody had what it claimed.
    pub(super) doubts: u32,
    /// From when on it is believed again about unsafe blocks.
    pub(super) believed_at: Time,
}

impl Node {
    const fn new(id: NodeId) -> Self {
        Self {
            id,
            reset: None,
            resets: 0,
            backoff: Duration::ZERO,
            rested_at: Time::ZERO,
            reset_at: None,
            exhausted: None,
            replacing: None,
            replacement: None,
            contradicts: None,
            astray: false,
            awaited: 0,
            claimed: 0,
            doubts: 0,
            believed_at: Time::ZERO,
        }
    }
}

impl<K: Keccak256> Supervisor<K> {
    pub(super) fn node(&mut self, slot: Slot, id: NodeId) -> Option<&mut Node> {
        self.sync(slot)?.nodes.iter_mut().find(|node| node.id == id)
    }

    /// Notes a node; false if the chain has too many.
    pub(super) fn know(&mut self, slot: Slot, id: NodeId, out: &mut Out<Self>) -> bool {
        let max = self.limits.max_nodes;
        let Some(sync) = self.sync(slot) else { return false };
        if sync.nodes.iter().any(|node| node.id == id) {
            return true;
        }
        if sync.nodes.len() >= max {
            self.drop_with(Dropped::Node, Some(slot), Code::LimitExceeded, out);
            return false;
        }
        sync.nodes.push(Node::new(id));
        sync.nodes.sort_unstable_by_key(|node| node.id);
        true
    }

    /// A node that connects is brought to our heads.
    pub(super) fn node_up(&mut self, slot: Slot, id: NodeId, out: &mut Out<Self>) {
        if self.know(slot, id, out) {
            self.want_reset(slot, id, out);
        }
    }

    pub(super) fn node_down(&mut self, slot: Slot, id: NodeId) {
        let Some(sync) = self.sync(slot) else { return };
        let Some(at) = sync.nodes.iter().position(|node| node.id == id) else { return };
        let node = sync.nodes.remove(at);
        self.due.shift(&Due::Reset(slot, id), node.reset_at, None);
        self.unask(Place::Reset(slot, id));
        self.unask(Place::Provide(slot, id));
    }

    /// The nodes of a chain that are not being reset.
    pub(super) fn listening(&self, slot: Slot) -> Vec<NodeId> {
        self.nodes_where(slot, |node| node.reset.is_none())
    }

    pub(super) fn nodes_where(&self, slot: Slot, pick: impl Fn(&Node) -> bool) -> Vec<NodeId> {
        let nodes = self.chains.get(slot.index()).map_or(&[][..], |sync| &sync.nodes);
        nodes.iter().filter(|node| pick(node)).map(|node| node.id).collect()
    }
}
