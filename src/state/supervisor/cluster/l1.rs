//! Layer one: nodes are given the next block, and what was derived from a block that is gone is
//! dropped (`supervisor.md` 8.7 and 9.1).

use super::input::L1Query;
use super::{NodeId, Purpose, Supervisor, SupervisorNotice, SupervisorQuery};
use crate::codec::supervisor::journal::form::fields;
use crate::codec::supervisor::{BlockRef, Code, Keccak256, NodeCommand};
use crate::machine::Out;
use crate::state::supervisor::index::Slot;

/// What is known of layer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct L1 {
    tip: Option<BlockRef>,
    /// The number that is being compared, from where on.
    comparing: Option<Comparison>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Comparison {
    from: u64,
    at: u64,
}

fields!(L1 { tip, comparing });
fields!(Comparison { from, at });

impl<K: Keccak256> Supervisor<K> {
    pub(super) fn l1_tip(&mut self, tip: BlockRef, out: &mut Out<Self>) {
        let before = self.l1.tip.replace(tip);
        // The first tip may be of another branch than what was derived before a restart.
        let grown =
            before.is_some_and(|before| tip.hash == before.hash || tip.follows(before.id()));
        if !grown {
            self.compare_from(tip.number, out);
        }
        for slot in self.index.slots() {
            for node in self.listening(slot) {
                self.provide(slot, node, out);
            }
        }
    }

    /// Compares layer-one blocks with what was derived from them, from the newest down.
    fn compare_from(&mut self, tip: u64, out: &mut Out<Self>) {
        let newest = self.newest_source().map(|newest| newest.min(tip));
        if let Some(from) = newest {
            self.l1.comparing = None;
            self.compare(Comparison { from, at: from }, out);
        }
    }

    fn newest_source(&self) -> Option<u64> {
        let chains = self.index.slots().filter_map(|slot| self.index.chain(slot));
        chains.filter_map(|chain| chain.local_safe().end()).map(|end| end.source.number).max()
    }

    fn compare(&mut self, comparison: Comparison, out: &mut Out<Self>) {
        let query = SupervisorQuery::L1(L1Query { number: comparison.at });
        if self.ask(Purpose::Compare(comparison.at), query, out) {
            self.l1.comparing = Some(comparison);
        }
    }

    pub(super) fn compare_l1(&mut self, number: u64, block: Option<BlockRef>, out: &mut Out<Self>) {
        let Some(comparison) = self.l1.comparing.filter(|it| it.at == number) else { return };
        self.l1.comparing = None;
        // The next tip starts over.
        let Some(block) = block.filter(|block| block.number == number) else { return };
        let gone = self.index.slots().filter_map(|slot| self.index.chain(slot)).any(|chain| {
            chain.local_safe().last_of_source(block.id()) == Err(Code::ConflictingData)
        });
        let final_number = self.index.finalized_l1().map(|block| block.number);
        match number.checked_sub(1) {
            // Nothing final is dropped.
            Some(before) if gone && final_number.is_none_or(|last| before >= last) => {
                self.compare(Comparison { at: before, ..comparison }, out);
            }
            _ if gone => {}
            _ => {
                let newer = self.newest_source().is_some_and(|newest| newest > number);
                if newer {
                    self.index.rewind_l1(block.id(), &mut self.then);
                    out.notify(SupervisorNotice::L1Reorganised(block.id()));
                    for slot in self.index.slots() {
                        for node in self.listening(slot) {
                            self.want_reset(slot, node, out);
                        }
                    }
                }
            }
        }
    }

    /// Gives a node that derived all of a layer-one block the next, as soon as there is one.
    pub(super) fn provide(&mut self, slot: Slot, id: NodeId, out: &mut Out<Self>) {
        let Some(source) = self.node(slot, id).and_then(|node| node.exhausted) else { return };
        let Some(number) = source.number.checked_add(1) else { return };
        let confirmed =
            self.l1.tip.and_then(|tip| tip.number.checked_sub(self.limits.l1_confirmations));
        if confirmed.is_none_or(|confirmed| confirmed < number) {
            return;
        }
        let query = SupervisorQuery::L1(L1Query { number });
        self.ask(Purpose::Provide { slot, node: id, number }, query, out);
    }

    pub(super) fn l1_found(
        &mut self,
        slot: Slot,
        id: NodeId,
        number: u64,
        block: Option<BlockRef>,
        out: &mut Out<Self>,
    ) {
        let Some(node) = self.node(slot, id) else { return };
        let Some(source) = node.exhausted.filter(|it| it.number.checked_add(1) == Some(number))
        else {
            return;
        };
        // While there is none, the next tip asks again.
        let Some(block) = block.filter(|block| block.number == number) else { return };
        if block.follows(source.id()) {
            node.exhausted = None;
            self.tell(slot, id, NodeCommand::ProvideL1(block), out);
        } else {
            // The node derives from a block that is gone.
            self.compare_from(number, out);
            self.want_reset(slot, id, out);
        }
    }
}
