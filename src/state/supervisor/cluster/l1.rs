//! Layer one: nodes are given the next block, and what was derived from a block that is gone is
//! dropped (`supervisor.md` 8.7 and 9.1).

use super::input::L1Query;
use super::purpose::Place;
use super::{NodeId, Purpose, Supervisor, SupervisorNotice, SupervisorQuery};
use crate::codec::supervisor::journal::form::fields;
use crate::codec::supervisor::{BlockRef, Code, Keccak256, NodeCommand};
use crate::machine::Out;
use crate::state::supervisor::index::{DerivationIndex, Slot};

/// What is known of layer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct L1 {
    tip: Option<BlockRef>,
    /// The number that is being compared.
    comparing: Option<Comparison>,
    /// Comparing has not come to an end.
    unfinished: bool,
    /// Nobody had the newest, and the tip is older: layer one may be another, or who tells of it
    /// behind.
    behind: bool,
    /// For which layer-one block, and up to which final one, a comparison was begun, so that what
    /// rests on it becomes final: once until the next tip.
    sought: Option<(u64, u64)>,
}

/// Layer one is compared from the newest source of all chains down to where none is gone, and at
/// the newest source of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Comparison {
    at: u64,
    /// The block after `at` is gone.
    gone: bool,
    /// The final block was seen where it is to be, so that whoever answers is to be believed about
    /// older ones.
    is_final: bool,
    /// From the final block down only.
    below_final: bool,
}

fields!(L1 { tip, comparing, unfinished, behind, sought });
fields!(Comparison { at, gone, is_final, below_final });

impl<K: Keccak256> Supervisor<K> {
    pub(super) fn l1_tip(&mut self, tip: BlockRef, out: &mut Out<Self>) {
        let before = self.l1.tip.replace(tip);
        // The first tip may be of another branch than what was derived before a restart.
        let grown =
            before.is_some_and(|before| tip.hash == before.hash || tip.follows(before.id()));
        self.l1.sought = None;
        // What nobody answered is asked again.
        if !grown || (self.l1.unfinished && self.l1.comparing.is_none()) {
            self.compare_all(out);
        }
        for slot in self.index.slots() {
            for node in self.listening(slot) {
                self.provide(slot, node, out);
            }
        }
    }

    /// Compares layer-one blocks with what was derived from them, from the newest down.
    fn compare_all(&mut self, out: &mut Out<Self>) {
        // What is answered to an older question may be of a branch that is gone since.
        self.unask(Place::Compare);
        (self.l1.comparing, self.l1.unfinished, self.l1.behind) = (None, false, false);
        if let Some(at) = self.newest_source(u64::MAX) {
            self.compare(Comparison { at, ..Comparison::default() }, out);
        }
    }

    /// The same, unless it is being done.
    pub(super) fn compare_l1_again(&mut self, out: &mut Out<Self>) {
        if self.l1.tip.is_some() && self.l1.comparing.is_none_or(|it| it.below_final) {
            self.compare_all(out);
        }
    }

    /// Starts over what nobody answered.
    pub(super) fn compare_unfinished(&mut self, out: &mut Out<Self>) {
        if self.l1.unfinished && self.l1.comparing.is_none() {
            self.compare_all(out);
        }
    }

    /// Compares from the finalized block down, if a chain that has not come so far rests on
    /// something else than layer one was seen to have: its finalized head waits for that.
    pub(super) fn confirm_l1(&mut self, out: &mut Out<Self>) {
        if self.l1.comparing.is_some() {
            return;
        }
        let last = self.index.finalized_l1().map(|last| last.number);
        let needed = self.index.unconfirmed_l1().zip(last);
        if needed == self.l1.sought {
            return;
        }
        self.l1.sought = needed;
        if let Some((_, at)) = needed {
            self.compare(Comparison { at, below_final: true, ..Comparison::default() }, out);
        }
    }

    /// The newest source that a chain has come to, of those before `below`, unless layer one was
    /// seen to have it.
    fn newest_source(&self, below: u64) -> Option<u64> {
        let chains = self.index.slots().filter_map(|slot| self.index.chain(slot));
        // Cross-safe may be ahead while layer-one blocks are derived from anew.
        let sources = chains.flat_map(|chain| {
            let ends = [chain.local_safe(), chain.cross_safe()].map(DerivationIndex::end);
            let sources = ends.into_iter().flatten().map(|end| end.source);
            // What was seen there needs not be looked at again.
            sources.filter(|source| !chain.has_confirmed(source.id()))
        });
        sources.map(|source| source.number).filter(|number| *number < below).max()
    }

    fn compare(&mut self, mut comparison: Comparison, out: &mut Out<Self>) {
        let last = self.index.finalized_l1().map_or(0, |block| block.number);
        if !comparison.is_final {
            comparison.at = comparison.at.max(last);
        }
        let query = SupervisorQuery::L1(L1Query { number: comparison.at });
        let asked = self.ask(Purpose::Compare(comparison.at), query, out);
        self.l1.comparing = asked.then_some(comparison);
        self.l1.unfinished |= !comparison.below_final;
        if !asked {
            self.rest(Slot(0));
        }
    }

    pub(super) fn compare_l1(&mut self, number: u64, block: Option<BlockRef>, out: &mut Out<Self>) {
        let Some(comparison) = self.l1.comparing.filter(|it| it.at == number) else { return };
        self.l1.comparing = None;
        let Some(block) = block.filter(|block| block.number == number) else {
            // Layer one may have become shorter: what the tip says counts. Else it is started over
            // after a while, or at the next tip.
            let last = self.index.finalized_l1().map_or(0, |block| block.number);
            let shorter = |tip: &BlockRef| (last..number).contains(&tip.number);
            if let Some(tip) = self.l1.tip.filter(shorter) {
                self.l1.behind = true;
                self.compare(Comparison { at: tip.number, ..comparison }, out);
            } else {
                self.rest(Slot(0));
            }
            return;
        };
        let gone = self.index.slots().filter_map(|slot| self.index.chain(slot)).any(|chain| {
            let indexes = [chain.local_safe(), chain.cross_safe()];
            let known = indexes.map(|index| index.last_of_source(block.id()).map(|_| ()));
            known.contains(&Err(Code::ConflictingData))
        });
        let is_final = match self.index.finalized_l1().filter(|block| block.number == number) {
            // Nothing final is dropped because of somebody who knows another final block.
            Some(known) if known.hash != block.hash => return,
            Some(_) => true,
            None => comparison.is_final,
        };
        if is_final {
            self.index.confirm_l1(block.id(), &mut self.then);
        }
        let next = if gone {
            number.checked_sub(1)
        } else if comparison.gone {
            self.rewind_l1(&block, out);
            None
        } else {
            // What follows an agreed block agrees, but a chain may not have come so far.
            self.newest_source(number)
        };
        match next {
            Some(at) => self.compare(Comparison { at, gone, is_final, ..comparison }, out),
            // It is made again at the next tip: what is newer may be there still, or never again.
            None => {
                let is_open = self.l1.behind && !comparison.gone;
                self.l1.unfinished &= is_open || comparison.below_final;
            }
        }
    }

    /// Layer one is what we know up to `ancestor` only.
    fn rewind_l1(&mut self, ancestor: &BlockRef, out: &mut Out<Self>) {
        self.index.rewind_l1(ancestor.id(), &mut self.then);
        out.notify(SupervisorNotice::L1Reorganised(ancestor.id()));
        for slot in self.index.slots() {
            self.restart_resets(slot, out);
            for node in self.listening(slot) {
                self.want_reset(slot, node, out);
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
        // It is asked again after a while: a forgotten answer would stall the node for good.
        let Some(block) = block.filter(|block| block.number == number) else {
            self.rest(slot);
            return;
        };
        if block.follows(source.id()) {
            node.exhausted = None;
            self.tell(slot, id, NodeCommand::ProvideL1(block), out);
        } else {
            // The node derives from a block that is gone.
            self.compare_l1_again(out);
            self.want_reset(slot, id, out);
        }
    }
}
