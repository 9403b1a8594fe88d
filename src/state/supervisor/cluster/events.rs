//! Events of nodes (`supervisor.md` 9.1).

use alloc::vec::Vec;
use core::time::Duration;

use super::input::LogsQuery;
use super::{Dropped, NodeId, Purpose, Supervisor, SupervisorNotice, SupervisorQuery};
use crate::codec::supervisor::{
    BlockId, BlockRef, BlockReplacement, Code, DerivedRefPair, Keccak256, Log, NodeEvent,
};
use crate::machine::Out;
use crate::state::supervisor::index::{IndexedLog, Slot};

impl<K: Keccak256> Supervisor<K> {
    pub(super) fn anchor(&mut self, slot: Slot, anchor: &DerivedRefPair, out: &mut Out<Self>) {
        if let Err(code) = self.index.anchor(slot, anchor) {
            self.drop_with(Dropped::Anchor, Some(slot), code, out);
            return;
        }
        let Some(sync) = self.sync(slot) else { return };
        sync.target = sync.target.max(anchor.derived.number);
        let parked = core::mem::take(&mut sync.parked);
        for (node, event) in parked {
            self.hear_node(slot, node, event, out);
        }
    }

    pub(super) fn hear_node(
        &mut self,
        slot: Slot,
        id: NodeId,
        event: NodeEvent,
        out: &mut Out<Self>,
    ) {
        if !self.know(slot, id, out) {
            return;
        }
        if self.index.chain(slot).is_some_and(|chain| chain.cross_safe().is_empty()) {
            self.park(slot, id, event, out);
            return;
        }
        if event.reset.is_some() {
            self.want_reset(slot, id, out);
        }
        if let Some(block) = event.unsafe_block.filter(|_| self.is_heard(slot, id)) {
            self.hear_unsafe(slot, &block, out);
        }
        if let Some(pair) = event.derivation_update.filter(|_| self.is_heard(slot, id)) {
            self.hear_derived(slot, id, &pair, out);
        }
        if let Some(pair) = event.exhaust_l1.filter(|_| self.is_heard(slot, id)) {
            if let Some(node) = self.node(slot, id) {
                node.exhausted = Some(pair.source);
            }
            self.provide(slot, id, out);
        }
        if let Some(replacement) = event.replace_block.filter(|_| self.is_heard(slot, id)) {
            self.hear_replacement(slot, id, replacement, out);
        }
        if let Some(block) = event.derivation_origin_update.filter(|_| self.is_heard(slot, id)) {
            // The chain is in the set: it has a slot.
            let _ = self.index.set_current_l1(slot, block);
        }
    }

    /// Nothing a node says counts while it is being reset.
    fn is_heard(&mut self, slot: Slot, id: NodeId) -> bool {
        self.node(slot, id).is_some_and(|node| node.reset.is_none())
    }

    fn park(&mut self, slot: Slot, id: NodeId, event: NodeEvent, out: &mut Out<Self>) {
        let max = self.limits.max_parked_events;
        let Some(sync) = self.sync(slot) else { return };
        sync.parked.push_back((id, event));
        if sync.parked.len() > max {
            sync.parked.pop_front();
            self.drop_with(Dropped::Event, Some(slot), Code::Uninitialized, out);
        }
    }

    fn hear_unsafe(&mut self, slot: Slot, block: &BlockRef, out: &mut Out<Self>) {
        let Some(chain) = self.index.chain(slot) else { return };
        let Some(head) = chain.logs().head() else { return };
        let Some(safe) = chain.cross_safe().end() else { return };
        let marker = chain.local_safe().end().filter(|end| end.invalidated);
        let code = if marker.is_some_and(|end| block.number >= end.derived.number) {
            Some(Code::AwaitingReplacement)
        } else if block.number < safe.derived.number {
            Some(Code::OutOfOrder)
        } else if block.number - safe.derived.number > self.limits.max_blocks_above_safe as u64 {
            Some(Code::LimitExceeded)
        } else {
            let derived = chain.local_safe().derived(block.number);
            let other = derived.is_ok_and(|derived| derived.derived.hash != block.hash);
            other.then_some(Code::ConflictingData)
        };
        if let Some(code) = code {
            self.drop_with(Dropped::UnsafeBlock, Some(slot), code, out);
            return;
        }
        let logged = chain.logs().find(block.number).ok();
        if logged.is_some_and(|logged| logged.hash == block.hash) {
            return;
        }
        let Some(sync) = self.sync(slot) else { return };
        if logged.is_some() {
            // Another branch, as high as we are or lower.
            sync.target = block.number;
            self.walk(slot, block.number, out);
            return;
        }
        sync.target = sync.target.max(block.number);
        if block.follows(head.id()) {
            self.expect_logs(slot, block, out);
        }
        self.pump(slot, out);
    }

    fn hear_derived(&mut self, slot: Slot, id: NodeId, pair: &DerivedRefPair, out: &mut Out<Self>) {
        match self.index.derive(slot, pair, &mut self.then) {
            Ok(()) => {
                let derived = pair.derived;
                if let Some(node) = self.node(slot, id) {
                    // A node that gets on is trusted again.
                    node.backoff = Duration::ZERO;
                }
                if let Some(sync) = self.sync(slot) {
                    sync.target = sync.target.max(derived.number);
                }
                out.notify(SupervisorNotice::LocalSafe(self.chain_id(slot), derived.id()));
                self.pump(slot, out);
            }
            // It derives what we know it derived.
            Err(Code::IneffectiveData) => {}
            Err(code @ (Code::AwaitingReplacement | Code::LimitExceeded)) => {
                self.drop_with(Dropped::Derivation, Some(slot), code, out);
            }
            // The node or we are wrong, or one is ahead of the other.
            Err(code) => {
                self.drop_with(Dropped::Derivation, Some(slot), code, out);
                self.want_reset(slot, id, out);
            }
        }
    }

    /// The replacement counts as soon as its logs are known.
    fn hear_replacement(
        &mut self,
        slot: Slot,
        id: NodeId,
        replacement: BlockReplacement,
        out: &mut Out<Self>,
    ) {
        let marker = self.index.chain(slot).and_then(|chain| chain.local_safe().end());
        let fits = marker.is_some_and(|end| {
            end.invalidated
                && end.derived.hash == replacement.invalidated
                && end.derived.number == replacement.replacement.number
        });
        if !fits {
            let code = Code::ConflictingData;
            self.drop_with(Dropped::Replacement, Some(slot), code, out);
            self.want_reset(slot, id, out);
            return;
        }
        let block = replacement.replacement.id();
        let query = LogsQuery { chain_id: self.chain_id(slot), hash: block.hash };
        if self.ask(Purpose::Replace(slot, block), SupervisorQuery::Logs(query), out) {
            if let Some(sync) = self.sync(slot) {
                sync.replacement = Some(replacement);
            }
        }
    }

    pub(super) fn replacement_found(
        &mut self,
        slot: Slot,
        block: BlockId,
        logs: Option<Vec<Log>>,
        out: &mut Out<Self>,
    ) {
        let Some(sync) = self.sync(slot) else { return };
        let wanted = sync.replacement.filter(|wanted| wanted.replacement.id() == block);
        let Some(BlockReplacement { replacement, invalidated }) = wanted else { return };
        sync.replacement = None;
        let Some(logs) = logs else {
            // The node tells it again when it is reset or asked.
            self.drop_with(Dropped::Replacement, Some(slot), Code::ResourceUnavailable, out);
            return;
        };
        let logs: Vec<_> = logs.iter().map(IndexedLog::of::<K>).collect();
        match self.index.replace(slot, &replacement, invalidated, &logs, &mut self.then) {
            Ok(()) => {
                out.notify(SupervisorNotice::Replaced(self.chain_id(slot), block));
                if let Some(sync) = self.sync(slot) {
                    sync.target = sync.target.max(block.number);
                    sync.incoming.clear();
                }
                self.pump(slot, out);
            }
            Err(code) => self.drop_with(Dropped::Replacement, Some(slot), code, out),
        }
    }
}
