//! Candidates for a sync, and those that came to nothing (P-35, P-36, P-45).

use alloc::collections::{BTreeMap, VecDeque};
use core::time::Duration;

use crate::codec::chia::{Bytes32, FullBlock, HeaderHash, Shape};
use crate::codec::streamable::Sha256;
use crate::heap;
use crate::state::chia::role::ConnectionId;
use crate::time::Time;

/// A tip as a peer told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Goal {
    pub header_hash: HeaderHash,
    pub height: u32,
    pub weight: u64,
    /// The hash of all of the block: a twin that claims another weight is another tip.
    pub whole: Bytes32,
    pub from: ConnectionId,
}

impl Goal {
    pub fn of<H: Sha256>(block: &FullBlock, from: ConnectionId) -> Self {
        Self {
            header_hash: block.header_hash::<H>(),
            height: block.height(),
            weight: block.weight(),
            whole: block.whole_hash::<H>(),
            from,
        }
    }
}

/// Whether a block is finished, and of one height (P-2, P-35, A-18).
pub(super) fn is_finished(block: &FullBlock) -> bool {
    block.shape() == Shape::Finished && block.header_block.height() == Some(block.height())
}

/// The heaviest tip of each peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tips {
    of: BTreeMap<ConnectionId, Goal>,
}

impl Tips {
    pub const fn new() -> Self {
        Self { of: BTreeMap::new() }
    }

    /// Whether a tip of this weight would be kept; hashing is for those that are.
    pub fn would_keep(&self, from: ConnectionId, weight: u64, most: usize) -> bool {
        match self.of.get(&from) {
            Some(known) => weight > known.weight,
            None if self.of.len() < most => true,
            None => self.lightest().is_some_and(|(_, lightest)| weight > lightest),
        }
    }

    /// Keeps a tip; the lightest makes room.
    pub fn keep(&mut self, goal: Goal, most: usize) {
        self.of.insert(goal.from, goal);
        while self.of.len() > most {
            let Some((lightest, _)) = self.lightest() else { break };
            self.of.remove(&lightest);
        }
    }

    /// The heaviest; of equals the one of the peer that came first.
    pub fn heaviest(&self) -> Option<Goal> {
        self.of
            .values()
            .copied()
            .reduce(|one, next| if next.weight > one.weight { next } else { one })
    }

    /// There are few: looking at all of them is done for what is as heavy as any.
    fn lightest(&self) -> Option<(ConnectionId, u64)> {
        let tips = self.of.iter().map(|(from, goal)| (*from, goal.weight));
        tips.min_by_key(|(_, weight)| *weight)
    }

    pub fn heap(&self) -> usize {
        heap::tree(self.of.len(), size_of::<(ConnectionId, Goal)>())
    }
}

/// Tips that came to nothing, oldest first, by the hash of the whole block: a twin that fails says
/// nothing of the block it was made from (A-1, P-45).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Barred {
    until: VecDeque<(Time, Bytes32)>,
}

impl Barred {
    pub const fn new() -> Self {
        Self { until: VecDeque::new() }
    }

    pub fn bar(&mut self, whole: Bytes32, now: Time, time: Duration, most: usize) {
        self.until.retain(|(until, hash)| *until > now && *hash != whole);
        self.until.push_back((now.after(time), whole));
        while self.until.len() > most {
            self.until.pop_front();
        }
    }

    pub fn has(&self, whole: Bytes32, now: Time) -> bool {
        self.until.iter().any(|(until, hash)| *until > now && *hash == whole)
    }

    pub fn heap(&self) -> usize {
        self.until.capacity().saturating_mul(size_of::<(Time, Bytes32)>())
    }
}
