//! Events of nodes (`supervisor.md` 9.1).

use alloc::string::String;
use core::time::Duration;

use super::{Dropped, Incoming, NodeId, Supervisor, SupervisorNotice};
use crate::codec::supervisor::{BlockRef, Code, DerivedRefPair, Keccak256, NodeEvent, Seal};
use crate::machine::Out;
use crate::state::supervisor::index::{Chain, DerivationIndex, Slot};

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
            self.hear_unsafe(slot, id, &block, out);
        }
        if let Some(pair) = event.derivation_update.filter(|_| self.is_heard(slot, id)) {
            self.hear_derived(slot, id, &pair, out);
        }
        if let Some(pair) = event.exhaust_l1.filter(|_| self.is_heard(slot, id)) {
            if let Some(node) = self.node(slot, id) {
                node.exhausted = Some(pair.source);
            }
            self.hear_beyond(slot, id, &pair.derived, out);
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
        // Why does not matter, and may be long.
        let reset = event.reset.map(|_| String::new());
        let event = NodeEvent { reset, ..event };
        let Some(sync) = self.sync(slot) else { return };
        sync.parked.push_back((id, event));
        if sync.parked.len() > max {
            sync.parked.pop_front();
            self.drop_with(Dropped::Event, Some(slot), Code::Uninitialized, out);
        }
    }

    fn hear_unsafe(&mut self, slot: Slot, id: NodeId, block: &BlockRef, out: &mut Out<Self>) {
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
        let (is_logged, follows) = (logged.is_some(), block.follows(head.id()));
        if !self.claims(slot, id, block.number) {
            let code = Code::ResourceUnavailable;
            self.drop_with(Dropped::UnsafeBlock, Some(slot), code, out);
            return;
        }
        let Some(sync) = self.sync(slot) else { return };
        if is_logged {
            // Another branch, as high as we are or lower.
            if self.walk(slot, block.number, false, out) {
                if let Some(sync) = self.sync(slot) {
                    sync.target = block.number;
                }
            }
            return;
        }
        sync.target = sync.target.max(block.number);
        let on_its_way = sync.incoming.get(&block.number);
        match on_its_way.map(Incoming::block) {
            // What is told does not put off what is asked for: it may be a lie, and the next.
            None if follows => self.expect_logs(slot, block, out),
            Some(Some(other)) if other.hash != block.hash => {
                self.walk(slot, block.number, false, out);
            }
            _ => {}
        }
        self.pump(slot, out);
    }

    fn hear_derived(&mut self, slot: Slot, id: NodeId, pair: &DerivedRefPair, out: &mut Out<Self>) {
        let Some(chain) = self.index.chain(slot) else { return };
        let last = self.index.finalized_l1();
        let late = last
            .is_some_and(|last| last.number == pair.source.number && last.hash != pair.source.hash);
        let told = if late { ToldBefore::Other } else { told_before(chain.local_safe(), pair) };
        match told {
            ToldBefore::New => {}
            // It derives what we know it derived, or another node was faster.
            ToldBefore::Same => return,
            ToldBefore::Awaited(marker) => {
                let code = Code::AwaitingReplacement;
                self.drop_with(Dropped::Derivation, Some(slot), code, out);
                // The node has not heard of it, or what it told of the replacement was not heard.
                if pair.derived.number == marker.number {
                    self.tell_replace(slot, id, marker, out);
                } else {
                    self.hear_beyond(slot, id, &pair.derived, out);
                }
                return;
            }
            ToldBefore::Other => {
                let code = Code::ConflictingData;
                self.drop_with(Dropped::Derivation, Some(slot), code, out);
                match self.replaced(slot, pair) {
                    Some(invalid) => {
                        self.tell_replace(slot, id, invalid, out);
                        return;
                    }
                    None if late || !self.gives_way(slot, id, pair, out) => {
                        self.mistrust(slot, id, pair.derived.number, out);
                        return;
                    }
                    None => {}
                }
            }
        }
        self.index.drop_empty_sources(slot, pair, &mut self.then);
        match self.index.derive(slot, pair, &mut self.then) {
            Ok(()) => {
                let derived = pair.derived;
                if let Some(node) = self.node(slot, id) {
                    // A node that gets on is trusted again.
                    node.backoff = Duration::ZERO;
                    node.contradicts = None;
                    node.astray = false;
                }
                if let Some(sync) = self.sync(slot) {
                    sync.target = sync.target.max(derived.number);
                }
                self.hurry(slot);
                out.notify(SupervisorNotice::LocalSafe(self.chain_id(slot), derived.id()));
                self.pump(slot, out);
            }
            Err(code @ Code::LimitExceeded) => {
                self.drop_with(Dropped::Derivation, Some(slot), code, out);
            }
            // The node or we are wrong, or one is ahead of the other.
            Err(code) => {
                self.drop_with(Dropped::Derivation, Some(slot), code, out);
                self.mistrust(slot, id, pair.derived.number, out);
            }
        }
    }

    /// Whether what we know gives way to what a node derived: it derived the same again after it
    /// was reset to the block before, which both know. Whoever told us the other block may have
    /// lied, else tells it again in the same way; what is cross-safe stays.
    fn gives_way(
        &mut self,
        slot: Slot,
        id: NodeId,
        pair: &DerivedRefPair,
        out: &mut Out<Self>,
    ) -> bool {
        let DerivedRefPair { source, derived } = pair;
        let Some(local_safe) = self.index.chain(slot).map(Chain::local_safe) else { return false };
        // Layer one decides about layer-one blocks.
        let source_known = local_safe.last_of_source(source.id()) != Err(Code::ConflictingData);
        // It may be known, and what is known after it be wrong.
        let same = local_safe.derived(derived.number).is_ok_and(|it| it.derived == derived.seal());
        let wrong = derived.number.saturating_add(u64::from(same));
        let before = derived.number.checked_sub(1).and_then(|at| local_safe.derived(at).ok());
        let follows = same || before.is_some_and(|before| derived.follows(before.derived.id()));
        let Some(node) = self.node(slot, id).filter(|_| source_known && follows) else {
            return false;
        };
        let told = node.contradicts.filter(|(told, _)| *told == derived.id());
        let Some((_, resets)) = told else {
            node.contradicts = Some((derived.id(), node.resets));
            return false;
        };
        if node.resets == resets || !self.index.drop_derived(slot, wrong, &mut self.then) {
            return false;
        }
        if let Some(sync) = self.sync(slot) {
            // It was for a marker that is gone.
            sync.replacement = None;
        }
        self.restart_resets(slot, out);
        true
    }

    /// A node that contradicts us is reset, unless it will go back by itself.
    fn mistrust(&mut self, slot: Slot, id: NodeId, number: u64, out: &mut Out<Self>) {
        let replacing = self.node(slot, id).and_then(|node| node.replacing);
        if replacing.is_none_or(|from| number < from) {
            // What we know may be of a branch of layer one that is gone, told late.
            self.compare_l1_again(out);
            self.want_reset(slot, id, out);
        }
    }
}

/// What a derivation is to what is indexed.
enum ToldBefore {
    /// Nothing of it is known.
    New,
    /// It is known, as far as it can be: derived again, maybe from an older layer-one block.
    Same,
    /// Another block or another layer-one block is known.
    Other,
    /// At or above this block, which is to be replaced.
    Awaited(Seal),
}

/// Whether a node tells something old: it may be behind another node of its chain, or derive again
/// what it derived before it was reset.
fn told_before(index: &DerivationIndex, pair: &DerivedRefPair) -> ToldBefore {
    let Some(end) = index.end() else { return ToldBefore::New };
    let DerivedRefPair { source, derived } = pair;
    let another_source = index.last_of_source(source.id()) == Err(Code::ConflictingData);
    if another_source {
        return ToldBefore::Other;
    }
    if end.invalidated && derived.number >= end.derived.number {
        return ToldBefore::Awaited(end.derived);
    }
    let is_newer = source.number > end.source.number;
    // Before a newer layer-one block it had not derived what is known from older ones.
    if is_newer && index.derived(derived.number.saturating_add(1)).is_ok() {
        return ToldBefore::Other;
    }
    if derived.number > end.derived.number || is_newer {
        return ToldBefore::New;
    }
    match index.derived(derived.number) {
        Ok(known) if known.derived.hash != derived.hash => ToldBefore::Other,
        // What was before the anchor is of no interest.
        _ => ToldBefore::Same,
    }
}
