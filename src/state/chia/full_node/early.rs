//! Unfinished blocks that cannot be looked at yet: their parent is no tip (P-20 step 3), or a sync
//! goes on (P-34). Who has just come, or lost its chain, may be offered one before it has the block
//! that it follows, and a sync may come to nothing: nobody offers it again.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::FullNode;
use super::shares::{Owner, Shares};
use crate::codec::chia::FullBlock;
use crate::codec::streamable::Sha256;
use crate::machine::Out;
use crate::state::chia::chain::Tip;
use crate::state::chia::role::ConnectionId;
use crate::state::chia::transactions::TransactionIds;

/// Of each peer that is there the last few, as many of our own, and as many of the gone's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Early(Shares<Box<FullBlock>>);

/// Most of one peer: one for each tip that there can be, as a newcomer is offered one on each.
const MOST_OF_ONE: usize = 3;

impl Early {
    pub const fn new() -> Self {
        Self(Shares::new())
    }

    /// Keeps one, in place of the oldest of the same owner. In a full table one of whoever has the
    /// most makes room, and of those that have as much the oldest; not our own for others.
    pub fn keep(&mut self, owner: Owner, block: Box<FullBlock>, most: usize) {
        // Whoever farms with many plots makes several of one parent.
        let parent = block.prev_header_hash();
        let is_peers = owner.peer().is_some();
        self.0.retain(|of, it| !is_peers || of != owner || it.prev_header_hash() != parent);
        if self.0.owned_by(owner) >= MOST_OF_ONE {
            let oldest = self.0.oldest_of(owner).map(|(number, _)| number);
            oldest.map(|number| self.0.remove(number));
        }
        if let Err(block) = self.0.insert(owner, block, most) {
            self.0.oldest(most).map(|number| self.0.remove(number));
            // Without any room it is lost.
            let _ = self.0.insert(owner, block, most);
        }
    }

    /// A peer is gone.
    pub fn forget_peer(&mut self, from: ConnectionId) {
        self.0.retain(|of, _| of != Owner::Peer(from));
    }

    /// Drops what is lower (P-6).
    pub fn drop_below(&mut self, height: u32) {
        self.0.retain(|_, block| block.height() >= height);
    }

    /// Takes out those that follow a tip, the oldest first.
    fn take(&mut self, tips: &[Tip]) -> Vec<(Owner, Box<FullBlock>)> {
        let follows = |block: &FullBlock| {
            let parent = block.prev_header_hash();
            tips.iter().any(|tip| tip.header_hash == parent)
        };
        let taken = self.0.iter().filter(|(_, block)| follows(block));
        let taken: Vec<_> = taken.map(|(number, _)| number).collect();
        taken.into_iter().filter_map(|number| self.0.take(number)).collect()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let each = size_of::<FullBlock>();
        let blocks = self.0.iter().map(|(_, block)| block.heap().saturating_add(each));
        blocks.fold(self.0.heap(), usize::saturating_add)
    }
}

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// An unfinished block is nothing yet: it is looked at when there are other tips, or the sync
    /// is over.
    pub(super) fn keep_early(&mut self, owner: Owner, block: Box<FullBlock>) {
        self.early.keep(owner.now(&self.peers), block, self.config.limits.max_waiting);
    }

    /// There are other tips: what was offered too early is looked at, as if it came now.
    pub(super) fn take_early(&mut self, out: &mut Out<Self>) {
        if self.is_syncing() {
            return;
        }
        for (owner, block) in self.early.take(&self.chain.tips) {
            let from = owner.peer();
            if from.is_some_and(|from| self.has_asked_enough(from)) {
                self.keep_early(owner, block);
                continue;
            }
            let kept = self.unfinished(owner, from, *block, out);
            if let Some(from) = from {
                self.judge(from, kept, out);
            }
        }
    }
}
