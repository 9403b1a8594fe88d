//! The challenges that a timelord knows, and those that wait for a worker (T-1 to T-3, T-8).

use alloc::collections::{BTreeMap, BTreeSet};
use core::cmp::Reverse;

use crate::ask::AskId;
use crate::codec::chia::Bytes32;
use crate::heap;

/// Challenges by hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Challenges {
    all: BTreeMap<Bytes32, Challenge>,
    /// Those that no worker is at, so that the lightest can make room; of equal weight the oldest
    /// first. What has no weight yet is lightest.
    idle: BTreeSet<(Option<u64>, u64, Bytes32)>,
    /// Those that wait for a worker, the next one first.
    queue: BTreeSet<Rank>,
    /// Numbers challenges in the order they are queued or heard of.
    next: u64,
}

/// What is known of a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Challenge {
    /// `None` until the challenge was started.
    weight: Option<u64>,
    /// When it was queued, or else heard of, in the order of challenges.
    heard: u64,
    state: State,
    pub iterations: Iterations,
}

/// How far a challenge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// Only iterations of it were heard of.
    Unknown,
    /// It waits for a worker.
    Queued,
    /// A worker is at it, in the VDF of this name.
    Active(AskId),
    /// Nothing more is done about it.
    Done,
}

/// The iteration counts of a challenge that wait for their proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Iterations {
    /// The VDF was not told of these.
    unfed: BTreeSet<u64>,
    /// It was told of these.
    fed: BTreeSet<u64>,
    /// Of these there was a proof.
    proved: BTreeSet<u64>,
}

/// The order in which challenges get workers (T-3): greatest weight, then those with iterations
/// that wait, the fewest first, then the oldest.
type Rank = (Reverse<u64>, bool, u64, u64, Bytes32);

impl Iterations {
    /// A proof is wanted after so many. Of more than `most` the largest that the VDF was not told
    /// of make room.
    fn add(&mut self, count: u64, most: usize) {
        if self.fed.contains(&count) || self.proved.contains(&count) {
            return;
        }
        self.unfed.insert(count);
        if self.unfed.len().saturating_add(self.fed.len()) > most {
            self.unfed.pop_last();
        }
    }

    /// The fewest that wait for their proof.
    pub fn nearest(&self) -> Option<u64> {
        match (self.unfed.first(), self.fed.first()) {
            (Some(one), Some(other)) => Some(*one.min(other)),
            (one, other) => one.or(other).copied(),
        }
    }

    /// The fewest that the VDF was not told of.
    pub fn next_unfed(&self) -> Option<u64> {
        self.unfed.first().copied()
    }

    /// The VDF is told.
    pub fn feed(&mut self, count: u64) {
        if self.unfed.remove(&count) {
            self.fed.insert(count);
        }
    }

    /// There is a proof, good or bad: no other is wanted.
    fn prove(&mut self, count: u64, most: usize) {
        if self.fed.remove(&count) && self.proved.len() < most {
            self.proved.insert(count);
        }
    }

    fn heap(&self) -> usize {
        let of = |set: &BTreeSet<u64>| heap::tree(set.len().max(1), size_of::<u64>());
        of(&self.unfed).saturating_add(of(&self.fed)).saturating_add(of(&self.proved))
    }
}

impl Challenge {
    fn idle(&self, hash: Bytes32) -> Option<(Option<u64>, u64, Bytes32)> {
        let is_idle = !matches!(self.state, State::Active(_));
        is_idle.then_some((self.weight, self.heard, hash))
    }

    fn rank(&self, hash: Bytes32) -> Option<Rank> {
        let (State::Queued, Some(weight)) = (self.state, self.weight) else { return None };
        let nearest = self.iterations.nearest();
        let waits = nearest.unwrap_or(u64::MAX);
        Some((Reverse(weight), nearest.is_none(), waits, self.heard, hash))
    }
}

impl Challenges {
    pub const fn new() -> Self {
        Self { all: BTreeMap::new(), idle: BTreeSet::new(), queue: BTreeSet::new(), next: 0 }
    }

    pub fn state(&self, hash: Bytes32) -> Option<State> {
        self.all.get(&hash).map(|challenge| challenge.state)
    }

    pub fn iterations(&self, hash: Bytes32) -> Option<&Iterations> {
        self.all.get(&hash).map(|challenge| &challenge.iterations)
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How many wait for a worker.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The next one to get a worker, its weight, and whether iterations of it wait.
    pub fn first_queued(&self) -> Option<(Bytes32, u64, bool)> {
        let (Reverse(weight), is_idle, _, _, hash) = self.queue.first()?;
        Some((*hash, *weight, !is_idle))
    }

    /// A challenge is started: it waits for a worker now.
    pub fn queue(&mut self, hash: Bytes32, weight: u64, most: usize) {
        let number = self.next;
        self.next = number.saturating_add(1);
        self.change(hash, most, |challenge| {
            (challenge.weight, challenge.state) = (Some(weight), State::Queued);
            challenge.heard = number;
        });
    }

    /// A proof of a challenge is wanted after so many iterations.
    pub fn want(&mut self, hash: Bytes32, count: u64, most: usize, most_pending: usize) {
        self.change(hash, most, |challenge| challenge.iterations.add(count, most_pending));
    }

    /// The VDF of a challenge is told of so many.
    pub fn feed(&mut self, hash: Bytes32, count: u64) {
        if let Some(challenge) = self.all.get_mut(&hash) {
            challenge.iterations.feed(count);
        }
    }

    /// There was a proof of so many.
    pub fn prove(&mut self, hash: Bytes32, count: u64, most_pending: usize) {
        if let Some(challenge) = self.all.get_mut(&hash) {
            challenge.iterations.prove(count, most_pending);
        }
    }

    /// A worker is at it, or nobody is any more.
    pub fn set_state(&mut self, hash: Bytes32, state: State) {
        if self.all.contains_key(&hash) {
            self.change(hash, usize::MAX, |challenge| {
                challenge.state = state;
                if state == State::Done {
                    challenge.iterations = Iterations::default();
                }
            });
        }
    }

    /// Changes a challenge, or a new one, and keeps everything in order. The lightest that no
    /// worker is at make room.
    fn change(&mut self, hash: Bytes32, most: usize, change: impl FnOnce(&mut Challenge)) {
        let heard = self.next;
        let challenge = self.all.entry(hash).or_insert_with(|| Challenge {
            weight: None,
            heard,
            state: State::Unknown,
            iterations: Iterations::default(),
        });
        if challenge.heard == heard {
            self.next = heard.saturating_add(1);
        }
        challenge.idle(hash).map(|entry| self.idle.remove(&entry));
        challenge.rank(hash).map(|entry| self.queue.remove(&entry));
        change(challenge);
        challenge.idle(hash).map(|entry| self.idle.insert(entry));
        challenge.rank(hash).map(|entry| self.queue.insert(entry));
        while self.all.len() > most {
            let Some((_, _, lightest)) = self.idle.pop_first() else { break };
            if let Some(gone) = self.all.remove(&lightest) {
                gone.rank(lightest).map(|entry| self.queue.remove(&entry));
            }
        }
        heap::relax_map(&mut self.all);
        heap::relax_set(&mut self.idle);
        heap::relax_set(&mut self.queue);
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let own = heap::tree(self.all.len(), size_of::<(Bytes32, Challenge)>())
            .saturating_add(heap::tree(self.idle.len(), size_of::<(Option<u64>, u64, Bytes32)>()))
            .saturating_add(heap::tree(self.queue.len(), size_of::<Rank>()));
        let iterations = self.all.values().map(|challenge| challenge.iterations.heap());
        iterations.fold(own, usize::saturating_add)
    }
}
