//! Unfinished blocks whose parent is no tip yet (P-20 step 3): who has just come, or lost its chain,
//! may be offered one before it has the block that it follows, and nobody offers it again.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::FullNode;
use crate::codec::chia::FullBlock;
use crate::codec::streamable::Sha256;
use crate::heap;
use crate::machine::Out;
use crate::state::chia::chain::Tip;
use crate::state::chia::role::ConnectionId;
use crate::state::chia::transactions::TransactionIds;

/// Of each peer that is there the last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Early(BTreeMap<ConnectionId, Box<FullBlock>>);

impl Early {
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Keeps one, in place of what the same peer offered before.
    pub fn keep(&mut self, from: ConnectionId, block: FullBlock, most: usize) {
        if self.0.len() < most || self.0.contains_key(&from) {
            self.0.insert(from, Box::new(block));
        }
    }

    /// A peer is gone.
    pub fn forget_peer(&mut self, from: ConnectionId) {
        self.0.remove(&from);
        heap::relax_map(&mut self.0);
    }

    /// Takes out those that follow a tip.
    fn take(&mut self, tips: &[Tip]) -> Vec<(ConnectionId, FullBlock)> {
        let follows = |block: &FullBlock| {
            let parent = block.prev_header_hash();
            tips.iter().any(|tip| tip.header_hash == parent)
        };
        let taken = self.0.iter().filter(|(_, block)| follows(block));
        let taken: Vec<_> = taken.map(|(from, _)| *from).collect();
        let taken = taken.into_iter().filter_map(|from| Some((from, *self.0.remove(&from)?)));
        let taken = taken.collect();
        heap::relax_map(&mut self.0);
        taken
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let each = size_of::<FullBlock>();
        let blocks = self.0.values().map(|block| block.heap().saturating_add(each));
        let own = heap::tree(self.0.len(), size_of::<(ConnectionId, Box<FullBlock>)>());
        blocks.fold(own, usize::saturating_add)
    }
}

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// There are other tips: what was offered too early is looked at, as if it came now.
    pub(super) fn take_early(&mut self, out: &mut Out<Self>) {
        if self.is_syncing() {
            return;
        }
        for (from, block) in self.early.take(&self.chain.tips) {
            if self.has_asked_enough(from) {
                self.early.keep(from, block, self.config.limits.max_waiting);
            } else {
                let kept = self.unfinished(Some(from), from, block, out);
                self.judge(from, kept, out);
            }
        }
    }
}
