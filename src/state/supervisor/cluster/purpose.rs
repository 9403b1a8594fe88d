//! What questions are for.

use super::input::{NodeId, SupervisorAnswer};
use crate::codec::supervisor::BlockId;
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

impl Purpose {
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
