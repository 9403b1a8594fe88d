//! The weight of a chain of headers, all of which are good (P-41).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::blocks::Blocks;
use super::context::{Asked, Cx, Step};
use super::examine::Digest;
use super::hashes::Theirs;
use super::input::{ClaimedTip, SyncFailure, SyncOutcome, SyncQuery};
use super::proven::Proven;
use super::run::Phase;
use super::tips::Goal;
use crate::codec::streamable::Sha256;
use crate::state::chia::rules;

/// The weight of all headers is verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Weight {
    pub shown: Shown,
}

/// A chain of which all headers were weighed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shown {
    pub theirs: Theirs,
    /// Of every header block, from the fork upwards.
    pub digests: Vec<Digest>,
    pub fork: u32,
    /// How many of the blocks above the fork were added.
    pub added: u32,
}

impl Shown {
    /// All of it; nothing of it stays here.
    pub fn take(&mut self) -> Self {
        let (digests, theirs) = (core::mem::take(&mut self.digests), self.theirs.take());
        Self { theirs, digests, ..*self }
    }

    /// What another turn can go on from.
    pub fn into_proven(mut self) -> Proven {
        Proven::new(&mut self.theirs, self.fork, self.digests, self.added)
    }

    pub fn heap(&self) -> usize {
        let digests = self.digests.capacity().saturating_mul(size_of::<Digest>());
        digests.saturating_add(self.theirs.heap())
    }
}

impl Weight {
    pub fn proceed<H: Sha256>(&self, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        let Goal { header_hash, height, weight, .. } = *goal;
        let claimed = ClaimedTip { header_hash, height, weight, fork: self.shown.fork };
        cx.ask(Asked::Weight, SyncQuery::VerifyWeight(Box::new(claimed)));
        Step::Stay
    }

    pub fn verified<H: Sha256>(&mut self, good: bool, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        if !good {
            cx.blame(goal.from, &rules::SYNC_WEIGHT);
            return Step::End(SyncOutcome::Failed(SyncFailure::TooLight));
        }
        Step::Enter(Box::new(Phase::Blocks(Blocks::new(self.shown.take(), goal.height, cx))))
    }
}
