//! A node that disagrees is brought back to the newest block both know: found by bisection over
//! what was derived (`supervisor.md` 9.3).

use alloc::boxed::Box;

use super::input::NodeBlockQuery;
use super::{Due, NodeId, Purpose, Supervisor, SupervisorNotice, SupervisorQuery};
use crate::codec::supervisor::journal::form::fields;
use crate::codec::supervisor::{BlockId, Keccak256, NodeCommand, ResetHeads};
use crate::machine::Out;
use crate::state::supervisor::index::{Heads, Slot};
use crate::time::Time;

/// A reset under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reset {
    /// The oldest block that may be common: the anchor, then blocks found to be.
    low: u64,
    /// The newest block that may be; after the first answer one that is not.
    high: u64,
    stage: Stage,
}

fields!(Reset { low, high, stage });

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Asked for our head.
    Top,
    /// Asked for our anchor.
    Bottom,
    /// Asked for a block between.
    Between,
}

impl<K: Keccak256> Supervisor<K> {
    /// Starts a reset, at once or when the node has rested.
    pub(super) fn want_reset(&mut self, slot: Slot, id: NodeId, out: &mut Out<Self>) {
        let latest = self.latest;
        let Some(node) = self.node(slot, id) else { return };
        if node.reset.is_some() {
            return;
        }
        if node.rested_at > latest {
            let at = node.rested_at;
            self.set_reset_at(slot, id, Some(at));
        } else {
            self.begin_reset(slot, id, out);
        }
    }

    pub(super) fn reset_due(&mut self, slot: Slot, id: NodeId, out: &mut Out<Self>) {
        self.begin_reset(slot, id, out);
    }

    fn set_reset_at(&mut self, slot: Slot, id: NodeId, at: Option<Time>) {
        let Some(sync) = self.chains.get_mut(slot.index()) else { return };
        let Some(node) = sync.nodes.iter_mut().find(|node| node.id == id) else { return };
        self.due.shift(&Due::Reset(slot, id), node.reset_at, at);
        node.reset_at = at;
    }

    pub(super) fn begin_reset(&mut self, slot: Slot, id: NodeId, out: &mut Out<Self>) {
        // One that was put off is this one.
        self.set_reset_at(slot, id, None);
        let Some(chain) = self.index.chain(slot) else { return };
        let (Some(first), Some(end)) = (chain.local_safe().first(), chain.local_safe().end())
        else {
            return;
        };
        // A marker's block is not common with anybody.
        let newest = end.derived.number.saturating_sub(u64::from(end.invalidated));
        let reset = Reset { low: first.derived.number, high: newest, stage: Stage::Top };
        let Some(node) = self.node(slot, id) else { return };
        node.reset = Some(reset);
        node.replacing = None;
        node.astray = false;
        node.resets = node.resets.saturating_add(1);
        out.notify(SupervisorNotice::ResetStarted(self.chain_id(slot), id));
        self.ask_node(slot, id, newest, out);
    }

    fn ask_node(&mut self, slot: Slot, id: NodeId, number: u64, out: &mut Out<Self>) {
        let Some(reset) = self.node(slot, id).map(|node| node.resets) else { return };
        let query = NodeBlockQuery { chain_id: self.chain_id(slot), node: id, number };
        let purpose = Purpose::Reset { slot, node: id, reset, number };
        if !self.ask(purpose, SupervisorQuery::NodeBlock(query), out) {
            self.reset_unanswered(slot, id, reset);
        }
    }

    pub(super) fn reset_answered(
        &mut self,
        (slot, id): (Slot, NodeId),
        of_reset: u64,
        number: u64,
        block: Option<BlockId>,
        out: &mut Out<Self>,
    ) {
        let Some(node) = self.node(slot, id) else { return };
        let Some(mut reset) = node.reset.filter(|_| node.resets == of_reset) else { return };
        let ours = self.index.chain(slot).and_then(|chain| chain.local_safe().derived(number).ok());
        let agrees = block.is_some() && block == ours.map(|entry| entry.derived.id());
        match (reset.stage, agrees) {
            (Stage::Top, true) => return self.finish_reset(slot, id, number, out),
            (Stage::Top, false) if reset.low < reset.high => reset.stage = Stage::Bottom,
            (Stage::Top | Stage::Bottom, false) => return self.cannot_reset(slot, id, out),
            (Stage::Bottom, true) => reset.stage = Stage::Between,
            (Stage::Between, true) => reset.low = number,
            (Stage::Between, false) => reset.high = number,
        }
        let between = match reset.stage {
            Stage::Bottom => reset.low,
            _ if reset.high - reset.low <= 1 => {
                return self.finish_reset(slot, id, reset.low, out);
            }
            _ => reset.low + (reset.high - reset.low) / 2,
        };
        if let Some(node) = self.node(slot, id) {
            node.reset = Some(reset);
        }
        self.ask_node(slot, id, between, out);
    }

    /// Whether the node has the block is not known: the reset is tried again when it has rested.
    pub(super) fn reset_unanswered(&mut self, slot: Slot, id: NodeId, of_reset: u64) {
        let current =
            |node: &mut super::node::Node| node.reset.is_some() && node.resets == of_reset;
        if self.node(slot, id).is_some_and(current) {
            self.end_reset(slot, id);
            let rested_at = self.node(slot, id).map(|node| node.rested_at);
            self.set_reset_at(slot, id, rested_at);
        }
    }

    /// Both know the block of this number: every head above it goes back to it.
    fn finish_reset(&mut self, slot: Slot, id: NodeId, number: u64, out: &mut Out<Self>) {
        self.end_reset(slot, id);
        let Some(chain) = self.index.chain(slot) else { return };
        let Ok(target) = chain.local_safe().derived(number).map(|entry| entry.derived.id()) else {
            return;
        };
        let anchor = chain.cross_safe().first().map(|first| first.derived.id());
        let Heads { local_unsafe, cross_unsafe, local_safe, cross_safe, finalized } =
            self.index.heads(slot);
        let lower = |head: Option<BlockId>| match head {
            Some(head) if head.number <= target.number => head,
            _ => target,
        };
        // An unknown finalized block is told as the anchor: the zero id would be refused (D-28).
        let finalized = finalized.map(|seal| seal.id()).or(anchor);
        let heads = ResetHeads {
            local_unsafe: lower(local_unsafe.map(|block| block.id())),
            cross_unsafe: lower(cross_unsafe.map(|seal| seal.id())),
            local_safe: lower(local_safe.map(|entry| entry.derived.id())),
            cross_safe: lower(cross_safe.map(|entry| entry.derived.id())),
            finalized: lower(finalized),
        };
        self.tell(slot, id, NodeCommand::Reset(Box::new(heads)), out);
        // What it was not told meanwhile.
        if let Some(safe) = cross_safe.map(|entry| entry.ids()) {
            let (derived, source) = (safe.derived, safe.source);
            self.tell(slot, id, NodeCommand::UpdateCrossSafe { derived, source }, out);
        }
        let end = self.index.chain(slot).and_then(|chain| chain.local_safe().end());
        if let Some(marker) = end.filter(|end| end.invalidated).map(|end| end.derived) {
            self.tell_replace(slot, id, marker, out);
        }
    }

    /// Not even the anchor is common.
    fn cannot_reset(&mut self, slot: Slot, id: NodeId, out: &mut Out<Self>) {
        self.end_reset(slot, id);
        let active = self.index.is_active_now(slot);
        if active {
            out.notify(SupervisorNotice::ResetImpossible(self.chain_id(slot), id));
        } else {
            self.tell(slot, id, NodeCommand::ResetPreInterop, out);
        }
    }

    /// The next reset of this node has to wait twice as long.
    fn end_reset(&mut self, slot: Slot, id: NodeId) {
        let (first, most) = self.limits.reset_backoff;
        let latest = self.latest;
        let Some(node) = self.node(slot, id) else { return };
        node.reset = None;
        node.backoff = node.backoff.saturating_mul(2).clamp(first, most);
        node.rested_at = latest.after(node.backoff);
    }

    /// What was found common may be gone: start over.
    pub(super) fn restart_resets(&mut self, slot: Slot, out: &mut Out<Self>) {
        for id in self.nodes_where(slot, |node| node.reset.is_some()) {
            self.begin_reset(slot, id, out);
        }
    }
}
