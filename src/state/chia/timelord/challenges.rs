//! The challenges that a timelord knows, and those that wait for a worker (T-1 to T-3, T-8).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::iterations::Iterations;
use crate::ask::AskId;
use crate::codec::chia::{Bytes32, ProofOfTime};
use crate::heap;
use crate::state::chia::role::ConnectionId;
use crate::state::chia::tellers::{ByTeller, Teller};

/// Challenges by hash. In a full table whoever told the most makes room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Challenges {
    all: BTreeMap<Bytes32, Challenge>,
    /// Those that no worker is at, by who told of them first, so that the lightest can make room;
    /// of equal weight the oldest first. What has no weight yet is lightest.
    idle: BTreeMap<Teller, BTreeSet<Idle>>,
    /// Those that wait for a worker, by each who told them: its next one first.
    queues: BTreeMap<Teller, BTreeSet<Rank>>,
    /// Numbers challenges in the order they are queued or heard of.
    next: u64,
}

/// What is known of a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Challenge {
    owner: Teller,
    /// What each says of it: of those that differ nobody here can tell who is right.
    told: ByTeller<Told>,
    /// When it was queued, or else heard of, in the order of challenges.
    heard: u64,
    state: State,
    iterations: Iterations,
}

/// What somebody says of a challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Told {
    /// `None` until it was started.
    weight: Option<u64>,
    /// For this one nothing more is done about it.
    is_over: bool,
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
    /// Nothing more is done about it, for those who told it before.
    Done,
}

type Idle = (Option<u64>, u64, Bytes32);

/// The order in which the challenges of one full node get workers (T-3): greatest weight, then
/// those with iterations that wait, the fewest first, then the oldest.
pub(super) type Rank = (Reverse<u64>, bool, u64, u64, Bytes32);

impl Challenge {
    fn idle(&self, hash: Bytes32) -> Option<Idle> {
        let weight = self.told.get(self.owner).and_then(|told| told.weight);
        let is_idle = !matches!(self.state, State::Active(_));
        is_idle.then_some((weight, self.heard, hash))
    }

    /// It waits for a worker, and nobody for it.
    fn is_given_up(&self) -> bool {
        let is_waited_for = |(_, told): (_, &Told)| told.weight.is_some() && !told.is_over;
        self.state == State::Queued && !self.told.iter().any(is_waited_for)
    }

    /// Nothing more is done about it for those who told its weight; others may be about to (T-2).
    fn finish(&mut self) {
        self.state = State::Done;
        let told = &self.told;
        let is_early = |teller| told.get(teller).is_some_and(|told| told.weight.is_none());
        self.iterations.restart(is_early);
        let over = self.told.values_mut().filter(|told| told.weight.is_some());
        over.for_each(|told| told.is_over = true);
    }

    /// Its places in the queues of those who told it.
    fn ranks(&self, hash: Bytes32) -> impl Iterator<Item = (Teller, Rank)> + '_ {
        let nearest = self.iterations.nearest();
        let waits = nearest.unwrap_or(u64::MAX);
        let told = (self.state == State::Queued).then_some(&self.told);
        told.into_iter().flat_map(ByTeller::iter).filter_map(move |(teller, told)| {
            let weight = told.weight.filter(|_| !told.is_over)?;
            Some((teller, (Reverse(weight), nearest.is_none(), waits, self.heard, hash)))
        })
    }
}

impl Challenges {
    pub const fn new() -> Self {
        Self { all: BTreeMap::new(), idle: BTreeMap::new(), queues: BTreeMap::new(), next: 0 }
    }

    pub fn iterations(&self, hash: Bytes32) -> Option<&Iterations> {
        self.all.get(&hash).map(|challenge| &challenge.iterations)
    }

    /// What weight it has for each for whom something is still done about it.
    pub fn weights(&self, hash: Bytes32) -> impl Iterator<Item = (Teller, u64)> + '_ {
        let told = self.all.get(&hash).into_iter().flat_map(|challenge| challenge.told.iter());
        let told = told.filter(|(_, told)| !told.is_over);
        told.filter_map(|(teller, told)| Some((teller, told.weight?)))
    }

    /// True if somebody told its weight before.
    pub fn is_seen(&self, hash: Bytes32, teller: Teller) -> bool {
        let told = self.all.get(&hash).and_then(|challenge| challenge.told.get(teller));
        told.is_some_and(|told| told.weight.is_some())
    }

    /// True if nothing more is done about it for somebody who told it.
    pub fn is_done(&self, hash: Bytes32, teller: Teller) -> bool {
        let is_done = self.all.get(&hash).is_some_and(|it| it.state == State::Done);
        is_done && self.is_seen(hash, teller)
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How many wait for a worker.
    pub fn queued(&self) -> usize {
        match self.queues.values().next() {
            Some(only) if self.queues.len() == 1 => only.len(),
            _ => self.all.values().filter(|it| it.state == State::Queued).count(),
        }
    }

    /// True if any waits for a worker.
    pub fn is_waiting(&self) -> bool {
        !self.queues.is_empty()
    }

    /// What waits for a worker, by each who told it, in its order.
    pub fn queues(&self) -> impl Iterator<Item = (Teller, &BTreeSet<Rank>)> + '_ {
        self.queues.iter().map(|(teller, queue)| (*teller, queue))
    }

    /// A challenge is started: it waits for a worker now, unless one is at it.
    pub fn queue(&mut self, hash: Bytes32, teller: Teller, weight: u64, most: usize) {
        let number = self.next;
        self.next = number.saturating_add(1);
        self.change(hash, teller, most, |challenge| {
            challenge.tell(teller, Some(weight));
            if matches!(challenge.state, State::Unknown | State::Done) {
                (challenge.state, challenge.heard) = (State::Queued, number);
            }
        });
    }

    /// A proof of a challenge is wanted after so many iterations. Which are not wanted any more, of
    /// what the VDF was told.
    pub fn want(
        &mut self,
        hash: Bytes32,
        teller: Teller,
        count: u64,
        (most, most_pending): (usize, usize),
    ) -> Vec<u64> {
        self.change(hash, teller, most, |challenge| {
            challenge.tell(teller, None);
            challenge.iterations.add(teller, count, most_pending)
        })
    }

    /// The VDF of a challenge is told of so many.
    pub fn feed(&mut self, hash: Bytes32, count: u64) {
        if let Some(challenge) = self.all.get_mut(&hash) {
            challenge.iterations.feed(count);
        }
    }

    /// There was a proof of so many.
    pub fn prove(
        &mut self,
        hash: Bytes32,
        count: u64,
        proof: Option<Box<ProofOfTime>>,
        most: usize,
    ) {
        if let Some(challenge) = self.all.get_mut(&hash) {
            challenge.iterations.prove(count, proof, most);
        }
    }

    /// The proof of so many that there is already, for a full node that wants it now. What it was
    /// given is forgotten when it goes, even if it told nothing of the challenge.
    pub fn give_again(&mut self, hash: Bytes32, teller: Teller, count: u64) -> Option<ProofOfTime> {
        self.all.get_mut(&hash)?.iterations.give_again(teller, count)
    }

    /// A worker is at it, or nobody is any more.
    pub fn set_state(&mut self, hash: Bytes32, state: State) {
        if self.all.contains_key(&hash) {
            self.change(hash, None, usize::MAX, |challenge| {
                challenge.state = state;
                if state == State::Done {
                    challenge.finish();
                }
            });
        }
    }

    /// Nothing that waits is worked on for this one any more: what nobody else waits for.
    pub fn give_up(&mut self, teller: Teller) -> Vec<Bytes32> {
        let mut given_up = Vec::new();
        for (.., hash) in self.queues.remove(&teller).unwrap_or_default() {
            let Some(challenge) = self.all.get_mut(&hash) else { continue };
            if let Some(told) = challenge.told.get_mut(teller) {
                told.is_over = true;
            }
            if challenge.is_given_up() {
                given_up.push(hash);
            }
        }
        heap::relax_map(&mut self.queues);
        given_up
    }

    /// A full node has gone: what nobody else told stays, as nobody's. Of what VDFs were told, what
    /// nobody wants any more, and the challenges that nobody waits for any more.
    pub fn disown(&mut self, node: ConnectionId) -> (Vec<(Bytes32, u64)>, Vec<Bytes32>) {
        let teller = Some(node);
        self.all.values_mut().for_each(|challenge| challenge.iterations.forget_given(teller));
        let of_it = self.all.iter().filter(|(_, challenge)| challenge.told.get(teller).is_some());
        let of_it: Vec<_> = of_it.map(|(hash, _)| *hash).collect();
        let (mut withdrawn, mut given_up) = (Vec::new(), Vec::new());
        for hash in of_it {
            let counts = self.change(hash, None, usize::MAX, |challenge| challenge.leave(teller));
            withdrawn.extend(counts.into_iter().map(|count| (hash, count)));
            given_up.extend(self.all.get(&hash).filter(|it| it.is_given_up()).map(|_| hash));
        }
        (withdrawn, given_up)
    }

    /// Changes a challenge, or a new one, and keeps everything in order. The lightest that no
    /// worker is at, of whoever told the most, make room.
    fn change<T>(
        &mut self,
        hash: Bytes32,
        owner: Teller,
        most: usize,
        change: impl FnOnce(&mut Challenge) -> T,
    ) -> T {
        let heard = self.next;
        let challenge = self.all.entry(hash).or_insert_with(|| Challenge {
            owner,
            told: ByTeller::new(),
            heard,
            state: State::Unknown,
            iterations: Iterations::default(),
        });
        if challenge.heard == heard {
            self.next = heard.saturating_add(1);
        }
        let (idle, queues) = (&mut self.idle, &mut self.queues);
        if let Some(entry) = challenge.idle(hash) {
            remove(idle, challenge.owner, &entry);
        }
        challenge.ranks(hash).for_each(|(teller, rank)| remove(queues, teller, &rank));
        let changed = change(challenge);
        if let Some(entry) = challenge.idle(hash) {
            idle.entry(challenge.owner).or_default().insert(entry);
        }
        for (teller, rank) in challenge.ranks(hash) {
            queues.entry(teller).or_default().insert(rank);
        }
        self.make_room(most);
        heap::relax_map(&mut self.all);
        heap::relax_map(&mut self.idle);
        heap::relax_map(&mut self.queues);
        changed
    }

    /// What others told too is theirs then.
    fn make_room(&mut self, most: usize) {
        while self.all.len() > most {
            let greedy = self.idle.iter().min_by_key(|(owner, of)| (Reverse(of.len()), **owner));
            let lightest = greedy.and_then(|(owner, of)| Some((*owner, *of.first()?)));
            let Some((owner, entry @ (.., hash))) = lightest else { return };
            remove(&mut self.idle, owner, &entry);
            let Some(challenge) = self.all.get_mut(&hash) else { return };
            challenge.ranks(hash).for_each(|(of, rank)| remove(&mut self.queues, of, &rank));
            challenge.told.remove(owner);
            challenge.iterations.disown(owner, false);
            let Some((next, _)) = challenge.told.first() else {
                self.all.remove(&hash);
                continue;
            };
            challenge.owner = next;
            if challenge.is_given_up() {
                challenge.finish();
            }
            if let Some(entry) = challenge.idle(hash) {
                self.idle.entry(next).or_default().insert(entry);
            }
            for (teller, rank) in challenge.ranks(hash) {
                self.queues.entry(teller).or_default().insert(rank);
            }
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let idle = self.idle.values().map(|of| heap::tree(of.len(), size_of::<Idle>()));
        let queues = self.queues.values().map(|of| heap::tree(of.len(), size_of::<Rank>()));
        let each = self
            .all
            .values()
            .map(|challenge| challenge.told.heap().saturating_add(challenge.iterations.heap()));
        let own = heap::tree(self.all.len(), size_of::<(Bytes32, Challenge)>())
            .saturating_add(heap::tree(self.idle.len(), size_of::<(Teller, BTreeSet<Idle>)>()))
            .saturating_add(heap::tree(self.queues.len(), size_of::<(Teller, BTreeSet<Rank>)>()));
        idle.chain(queues).chain(each).fold(own, usize::saturating_add)
    }
}

impl Challenge {
    /// Somebody tells of it: who is there counts, not who is gone.
    fn tell(&mut self, teller: Teller, weight: Option<u64>) {
        let Some(told) = self.told.entry(teller) else { return };
        told.weight = told.weight.or(weight);
        if told.weight.is_some() && self.told.remove(None).is_some() && self.owner.is_none() {
            self.owner = teller;
        }
    }

    /// Somebody who told of it is gone. Of what the VDF was told, what nobody wants any more.
    fn leave(&mut self, teller: Teller) -> Vec<u64> {
        let told = self.told.remove(teller).unwrap_or_default();
        let is_last = !self.told.iter().any(|(_, other)| other.weight.is_some());
        if is_last {
            self.told.insert(None, told);
        }
        if self.owner == teller {
            self.owner = self.told.first().and_then(|(next, _)| next);
        }
        self.iterations.disown(teller, is_last)
    }
}

/// Takes an entry out of a set of sets, of which none is empty.
fn remove<T: Ord>(sets: &mut BTreeMap<Teller, BTreeSet<T>>, of: Teller, entry: &T) {
    if let Some(set) = sets.get_mut(&of) {
        set.remove(entry);
        if set.is_empty() {
            sets.remove(&of);
        }
    }
}
