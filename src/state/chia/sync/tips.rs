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
    of: BTreeMap<ConnectionId, Told>,
    /// The place in line of the next peer that tells one.
    count: u64,
}

/// What a peer told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Told {
    goal: Goal,
    /// Its place in the line: that of the peer's first tip, so that nobody gets ahead of others by
    /// telling ever heavier ones.
    place: u64,
    turns: u32,
    /// Its turn came to nothing: it has none again.
    spent: bool,
}

impl Tips {
    pub const fn new() -> Self {
        Self { of: BTreeMap::new(), count: 0 }
    }

    /// Whether a tip of this weight would be kept; hashing is for those that are.
    pub fn would_keep(
        &self,
        from: ConnectionId,
        weight: u64,
        most: usize,
        is_here: impl Fn(ConnectionId) -> bool,
    ) -> bool {
        match self.of.get(&from) {
            Some(known) => weight > known.goal.weight,
            None if self.of.len() < most => true,
            None => self
                .least(is_here)
                .is_some_and(|(of_one_here, lightest, _)| !of_one_here || weight > lightest),
        }
    }

    /// Keeps a tip; one of a peer that is gone makes room, or the lightest.
    pub fn keep(&mut self, goal: Goal, most: usize, is_here: impl Fn(ConnectionId) -> bool) {
        if let Some(known) = self.of.get_mut(&goal.from) {
            known.goal = goal;
            return;
        }
        let place = self.count;
        self.count = self.count.saturating_add(1);
        self.of.insert(goal.from, Told { goal, place, turns: 0, spent: false });
        while self.of.len() > most {
            let Some((_, _, least)) = self.least(&is_here) else { break };
            self.of.remove(&least);
        }
    }

    /// The heaviest; of equals the one of the peer that came first.
    pub fn heaviest(&self) -> Option<Goal> {
        let goals = self.of.values().map(|told| told.goal);
        goals.reduce(|one, next| if next.weight > one.weight { next } else { one })
    }

    /// Who is next in line after `current`: of those that are heavier and still here, and did not
    /// use a turn for nothing, whoever had fewest turns, and of these whoever told first.
    pub fn next(
        &self,
        above: u64,
        current: ConnectionId,
        is_here: impl Fn(ConnectionId) -> bool,
    ) -> Option<Goal> {
        let others = self.of.values().filter(|told| !told.spent && told.goal.from != current);
        let waiting = others.filter(|told| told.goal.weight > above && is_here(told.goal.from));
        waiting.min_by_key(|told| (told.turns, told.place)).map(|told| told.goal)
    }

    /// Keeps those that are heavier, of peers of which `keep` says so, and that had no turn for
    /// nothing.
    pub fn retain(&mut self, above: u64, keep: impl Fn(ConnectionId) -> bool) {
        self.of.retain(|from, told| !told.spent && told.goal.weight > above && keep(*from));
        heap::relax_map(&mut self.of);
    }

    /// It is this peer's turn.
    pub fn take_turn(&mut self, of: ConnectionId) {
        if let Some(told) = self.of.get_mut(&of) {
            told.turns = told.turns.saturating_add(1);
        }
    }

    /// How many turns this peer had.
    pub fn turns(&self, of: ConnectionId) -> u32 {
        self.of.get(&of).map_or(1, |told| told.turns)
    }

    /// Its turn came to nothing.
    pub fn spend(&mut self, of: ConnectionId) {
        if let Some(told) = self.of.get_mut(&of) {
            told.spent = true;
        }
    }

    /// There are few: looking at all of them is done for what is as heavy as any.
    fn least(&self, is_here: impl Fn(ConnectionId) -> bool) -> Option<(bool, u64, ConnectionId)> {
        self.of.iter().map(|(from, told)| (is_here(*from), told.goal.weight, *from)).min()
    }

    pub fn heap(&self) -> usize {
        heap::tree(self.of.len(), size_of::<(ConnectionId, Told)>())
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
