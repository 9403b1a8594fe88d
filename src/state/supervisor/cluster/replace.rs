//! Invalidated blocks and what comes in their place (`supervisor.md` 8.6 and 9.1).

use alloc::vec::Vec;

use super::input::LogsQuery;
use super::{Dropped, Node, NodeId, Purpose, Supervisor, SupervisorNotice, SupervisorQuery};
use crate::codec::supervisor::{
    BlockId, BlockRef, BlockReplacement, Code, DerivedIdPair, DerivedRefPair, Keccak256, Log,
    NodeCommand, Seal,
};
use crate::machine::Out;
use crate::state::supervisor::index::{IndexedLog, Slot};

impl<K: Keccak256> Supervisor<K> {
    /// The invalidated block that a node derived again, whose replacement is known.
    pub(super) fn replaced(&self, slot: Slot, pair: &DerivedRefPair) -> Option<Seal> {
        let number = pair.derived.number;
        let (invalid, by) = self.chains.get(slot.index())?.replaced.get(&number)?;
        let there = self.index.chain(slot)?.local_safe().derived(number).ok()?;
        (*invalid == pair.derived.seal() && there.derived.hash == *by).then_some(*invalid)
    }

    /// A node has a block that can never be safe.
    pub(super) fn tell_replace(
        &mut self,
        slot: Slot,
        id: NodeId,
        invalid: Seal,
        out: &mut Out<Self>,
    ) {
        if let Some(node) = self.node(slot, id) {
            node.replacing = Some(invalid.number);
        }
        self.tell(slot, id, NodeCommand::InvalidateBlock(invalid), out);
    }

    /// A node says that it stands at or above an invalidated block. One that was told to replace it
    /// and said that it did may have come there again, without telling it: a reorganisation of
    /// layer one undid what it had done. It is told again unless a replacement is known already,
    /// and brought back once that is in place.
    pub(super) fn hear_beyond(
        &mut self,
        slot: Slot,
        id: NodeId,
        derived: &BlockRef,
        out: &mut Out<Self>,
    ) {
        let end = self.index.chain(slot).and_then(|chain| chain.local_safe().end());
        let Some(marker) = end.filter(|end| end.invalidated).map(|end| end.derived) else { return };
        let expected = self.chains.get(slot.index()).and_then(|sync| sync.replacement);
        let is_expected = expected.is_some_and(|(_, it)| it.invalidated == marker.hash);
        let Some(node) = self.node(slot, id).filter(|node| node.replacing.is_none()) else {
            return;
        };
        let is_above = derived.number > marker.number;
        node.astray |= is_above;
        if derived.seal() == marker || (is_above && !is_expected) {
            self.tell_replace(slot, id, marker, out);
        }
    }

    /// The replacement counts as soon as its logs are known.
    pub(super) fn hear_replacement(
        &mut self,
        slot: Slot,
        id: NodeId,
        replacement: BlockReplacement,
        out: &mut Out<Self>,
    ) {
        if let Some(node) = self.node(slot, id) {
            node.replacing = None;
            node.astray = false;
        }
        let Some(chain) = self.index.chain(slot) else { return };
        let block = replacement.replacement;
        // Another node of the chain told it first.
        let known = chain.local_safe().derived(block.number);
        if known.is_ok_and(|entry| entry.derived == block.seal()) {
            // It may not have been told that it is safe, and from where on to derive.
            if let Ok(entry) = chain.cross_safe().first_of_derived(block.id()) {
                let DerivedIdPair { source, derived } = entry.ids();
                self.tell(slot, id, NodeCommand::UpdateCrossSafe { derived, source }, out);
            }
            return;
        }
        let before = block.number.checked_sub(1);
        let before = before.and_then(|before| chain.local_safe().derived(before).ok());
        let fits = chain.local_safe().end().is_some_and(|end| {
            end.invalidated
                && end.derived.hash == replacement.invalidated
                && end.derived.number == block.number
                // Numbers have the same times whether a block is replaced or not.
                && end.derived.timestamp == block.timestamp
                && before.is_some_and(|before| block.follows(before.derived.id()))
        });
        if !fits {
            let code = Code::ConflictingData;
            self.drop_with(Dropped::Replacement, Some(slot), code, out);
            self.want_reset(slot, id, out);
            return;
        }
        if let Some(node) = self.node(slot, id) {
            node.replacement = Some(replacement);
        }
        let Some(sync) = self.sync(slot) else { return };
        // One at a time: nobody keeps the others from their turn.
        if sync.replacement.is_none_or(|(_, it)| it.invalidated != replacement.invalidated) {
            sync.replacement = Some((id, replacement));
            self.fetch_replacement(slot, out);
        }
    }

    /// Asks for the logs of the replacement, if one is expected.
    pub(super) fn fetch_replacement(&mut self, slot: Slot, out: &mut Out<Self>) {
        let expected = self.chains.get(slot.index()).and_then(|sync| sync.replacement);
        let Some(block) = expected.map(|(_, expected)| expected.replacement.id()) else { return };
        let query = LogsQuery { chain_id: self.chain_id(slot), hash: block.hash };
        if !self.ask(Purpose::Replace(slot, block), SupervisorQuery::Logs(query), out) {
            self.rest(slot);
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
        let wanted = sync.replacement.filter(|(_, wanted)| wanted.replacement.id() == block);
        let Some((_, BlockReplacement { replacement, invalidated })) = wanted else { return };
        let Some(logs) = logs else {
            self.drop_with(Dropped::Replacement, Some(slot), Code::ResourceUnavailable, out);
            self.next_replacement(slot);
            self.rest(slot);
            return;
        };
        let marker = self.index.chain(slot).and_then(|chain| chain.local_safe().end());
        let invalid = marker.map(|marker| marker.derived);
        let logs: Vec<_> = logs.iter().map(IndexedLog::of::<K>).collect();
        match self.index.replace(slot, &replacement, invalidated, &logs, &mut self.then) {
            Ok(()) => {
                out.notify(SupervisorNotice::Replaced(self.chain_id(slot), block));
                let most = self.limits.max_blocks_above_safe;
                if let Some(sync) = self.sync(slot) {
                    sync.replacement = None;
                    sync.nodes.iter_mut().for_each(|node| node.replacement = None);
                    sync.target = sync.target.max(block.number);
                    sync.incoming.clear();
                    sync.replaced.extend(invalid.map(|it| (it.number, (it, block.hash))));
                    if sync.replaced.len() > most {
                        sync.replaced.pop_first();
                    }
                }
                self.pump(slot, out);
                for node in self.nodes_where(slot, |node| node.astray && node.reset.is_none()) {
                    self.want_reset(slot, node, out);
                }
            }
            Err(code) => {
                self.drop_with(Dropped::Replacement, Some(slot), code, out);
                let Some(sync) = self.sync(slot) else { return };
                let failed = Some(BlockReplacement { replacement, invalidated });
                sync.nodes.iter_mut().filter(|node| node.replacement == failed).for_each(|node| {
                    node.replacement = None;
                });
                self.next_replacement(slot);
                let Some(sync) = self.sync(slot) else { return };
                if sync.replacement.map(|(_, it)| it) == failed {
                    sync.replacement = None;
                } else {
                    self.rest(slot);
                }
            }
        }
    }

    /// What the next node told has its turn, in the order of their ids: nobody has the logs of what
    /// was expected. Stays as it is if no other told anything.
    fn next_replacement(&mut self, slot: Slot) {
        let Some(sync) = self.sync(slot) else { return };
        let Some((last, expected)) = sync.replacement else { return };
        let told = |node: &Node| {
            let told = node.replacement.filter(|it| it.invalidated == expected.invalidated)?;
            Some((node.id, told))
        };
        let mut later = sync.nodes.iter().filter(|node| node.id > last).filter_map(told);
        let next = later.next().or_else(|| sync.nodes.iter().find_map(told));
        sync.replacement = next.or(sync.replacement);
    }
}
