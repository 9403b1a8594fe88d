//! What questions are for.

use super::Supervisor;
use super::input::{NodeId, SupervisorAnswer, SupervisorQuery};
use crate::ask::AskId;
use crate::codec::supervisor::{BlockId, Keccak256};
use crate::machine::Out;
use crate::state::supervisor::index::Slot;
use crate::time::Time;

/// An open question: since when, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) since: Time,
    pub(super) what: Purpose,
}

/// What the answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// To index the block of this number.
    Block(Slot, u64),
    /// To find the common ancestor.
    Walk(Slot, u64),
    /// To index this block.
    Logs(Slot, BlockId),
    /// To put it in the place of an invalidated one.
    Replace(Slot, BlockId),
    /// To reset a node, in its reset of this number.
    Reset { slot: Slot, node: NodeId, reset: u64, number: u64 },
    /// For a part of a super root.
    Outputs { root: u64, part: usize, round: u8 },
    /// For a node that derived all it had.
    Provide { slot: Slot, node: NodeId, number: u64 },
    /// To compare with what was derived from it.
    Compare(u64),
}

/// What at most one open question is for: a newer one for the same takes its place, so that however
/// often something is told, few questions come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Block(Slot, u64),
    Walk(Slot),
    Logs(Slot, u64),
    Replace(Slot),
    Reset(Slot, NodeId),
    Provide(Slot, NodeId),
    Compare,
}

impl Purpose {
    /// `None` for outputs: there are as many of them as calls may wait.
    pub(super) const fn place(self) -> Option<Place> {
        Some(match self {
            Self::Block(slot, number) => Place::Block(slot, number),
            Self::Walk(slot, _) => Place::Walk(slot),
            Self::Logs(slot, block) => Place::Logs(slot, block.number),
            Self::Replace(slot, _) => Place::Replace(slot),
            Self::Reset { slot, node, .. } => Place::Reset(slot, node),
            Self::Provide { slot, node, .. } => Place::Provide(slot, node),
            Self::Compare(_) => Place::Compare,
            Self::Outputs { .. } => return None,
        })
    }

    /// The answer when there is none.
    pub(super) const fn nothing(self) -> SupervisorAnswer {
        match self {
            Self::Block(..) | Self::Walk(..) => SupervisorAnswer::Block(None),
            Self::Logs(..) | Self::Replace(..) => SupervisorAnswer::Logs(None),
            Self::Reset { .. } => SupervisorAnswer::NodeBlock(None),
            Self::Outputs { .. } => SupervisorAnswer::Outputs(None),
            Self::Provide { .. } | Self::Compare(_) => SupervisorAnswer::L1(None),
        }
    }

    pub(super) fn fits(self, answer: &SupervisorAnswer) -> bool {
        core::mem::discriminant(answer) == core::mem::discriminant(&self.nothing())
    }
}

impl<K: Keccak256> Supervisor<K> {
    /// Asks, unless just that is asked already; `false` if too many questions are open, as if
    /// nobody knew the answer.
    pub(super) fn ask(
        &mut self,
        what: Purpose,
        query: SupervisorQuery,
        out: &mut Out<Self>,
    ) -> bool {
        let place = what.place();
        let open = place.and_then(|place| self.places.get(&place)).copied();
        let same = |asked: &Asked| asked.what == what;
        if open.is_some_and(|id| matches!(self.asks.context(id), Ok(Some(asked)) if same(asked))) {
            return true;
        }
        if let Some(place) = place {
            self.unask(place);
        }
        let Ok(id) = self.asks.open(Asked { since: self.latest, what }) else { return false };
        if let Some(place) = place {
            self.places.insert(place, id);
        }
        out.ask(id, query);
        true
    }

    /// Nobody wants the answer any more.
    pub(super) fn unask(&mut self, place: Place) {
        if let Some(id) = self.places.get(&place).copied() {
            self.close(id);
        }
    }

    /// What the question was for, if it was open.
    pub(super) fn close(&mut self, id: AskId) -> Option<Purpose> {
        let what = self.asks.close(id).ok().flatten()?.what;
        if let Some(place) = what.place() {
            self.places.remove(&place);
            crate::heap::relax_map(&mut self.places);
        }
        Some(what)
    }
}
