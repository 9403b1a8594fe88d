//! The newest challenges, and what was found for them (H-3, H-5, H-10).

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::ops::Bound;

use super::PlotId;
use crate::codec::chia::Bytes32;
use crate::heap;

/// Challenges and qualities.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Challenges {
    /// Oldest first.
    all: VecDeque<Challenge>,
    qualities: BTreeMap<Bytes32, Known>,
    /// The number of the next challenge.
    next: u64,
}

/// A challenge that is looked up: if it is begun anew, that is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lookup {
    pub challenge_hash: Bytes32,
    number: u64,
}

/// Where a quality was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub challenge_hash: Bytes32,
    pub plot: PlotId,
    pub index: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Challenge {
    hash: Bytes32,
    number: u64,
    /// Qualities and sizes of their plots, in the order they were told in.
    found: Vec<(Bytes32, u8)>,
    /// Qualities that were found before it was begun anew, and not again yet: the farmer may ask for
    /// them till all is looked into.
    before: BTreeSet<Bytes32>,
    /// The last plot that was asked.
    last: Option<PlotId>,
    /// How many are being looked into.
    open: usize,
    /// False once it was told that all plots were looked into, or when nobody is there who wants
    /// to know.
    running: bool,
    /// Plots or pools have changed since, or look-ups were dropped: a repeat is looked up anew.
    outdated: bool,
}

impl Challenges {
    pub const fn new() -> Self {
        Self { all: VecDeque::new(), qualities: BTreeMap::new(), next: 0 }
    }

    /// How many qualities are known.
    pub fn qualities(&self) -> usize {
        self.qualities.len()
    }

    /// Where a quality was found.
    pub fn known(&self, quality: Bytes32) -> Option<Known> {
        self.qualities.get(&quality).copied()
    }

    /// Makes a challenge the newest one, if what is known of it still holds.
    pub fn renew(&mut self, hash: Bytes32) -> bool {
        let Some(challenge) = self.take(|it| it.hash == hash && !it.outdated) else { return false };
        self.all.push_back(challenge);
        true
    }

    /// Adds a challenge, or begins it anew; the oldest ones make room.
    pub fn begin(&mut self, hash: Bytes32, most: usize) {
        let before = self.take(|it| it.hash == hash).map(|it| {
            let found = it.found.iter().map(|(quality, _)| *quality);
            it.before.iter().copied().chain(found).collect()
        });
        while self.all.len() >= most.max(1) {
            let Some(oldest) = self.all.pop_front() else { break };
            self.forget(&oldest);
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        self.all.push_back(Challenge {
            hash,
            number,
            found: Vec::new(),
            before: before.unwrap_or_default(),
            last: None,
            open: 0,
            running: true,
            outdated: false,
        });
    }

    /// What was found for a challenge, in order.
    pub fn found(&self, hash: Bytes32) -> impl Iterator<Item = (Bytes32, u8)> + '_ {
        let of_it = self.all.iter().filter(move |challenge| challenge.hash == hash);
        of_it.flat_map(|challenge| challenge.found.iter().copied())
    }

    /// Nothing of what is known holds for a repeat. What runs goes on with the plots that are left.
    pub fn outdate(&mut self) {
        for challenge in &mut self.all {
            challenge.outdated = true;
        }
    }

    /// Nobody is there any more who wants to know.
    pub fn abandon(&mut self) {
        self.outdate();
        for challenge in &mut self.all {
            challenge.running = false;
        }
    }

    /// What was found in these plots is not there any more.
    pub fn forget_plots(&mut self, is_gone: impl Fn(PlotId) -> bool) {
        self.qualities.retain(|_, known| !is_gone(known.plot));
        for challenge in &mut self.all {
            challenge.found.retain(|(quality, _)| self.qualities.contains_key(quality));
            challenge.before.retain(|quality| self.qualities.contains_key(quality));
            heap::relax_set(&mut challenge.before);
        }
        heap::relax_map(&mut self.qualities);
    }

    /// The next plot to look into, for the newest challenge that has one left.
    pub fn next_plot(&self, active: &BTreeSet<PlotId>) -> Option<(Lookup, PlotId)> {
        let running = self.all.iter().rev().filter(|it| it.running);
        let mut next = running.filter_map(|it| {
            let lookup = Lookup { challenge_hash: it.hash, number: it.number };
            Some((lookup, it.next(active)?))
        });
        next.next()
    }

    /// A plot is being looked into.
    pub fn asked(&mut self, lookup: Lookup, plot: PlotId) {
        if let Some(challenge) = self.looked_up(lookup) {
            challenge.last = Some(plot);
            challenge.open = challenge.open.saturating_add(1);
        }
    }

    /// A plot was looked into. False if that is of no more use.
    pub fn answered(&mut self, lookup: Lookup) -> bool {
        let Some(challenge) = self.looked_up(lookup) else { return false };
        challenge.open = challenge.open.saturating_sub(1);
        true
    }

    /// Adds a quality; older challenges make room, then what was found of its own before. False if
    /// there is none.
    pub fn know(&mut self, quality: Bytes32, known: Known, size: u8, most: usize) -> bool {
        let is_again = self.take_before(known.challenge_hash, |before| before.take(&quality));
        while is_again.is_none() && self.qualities.len() >= most {
            if !self.make_room(known.challenge_hash) {
                return false;
            }
        }
        // A plot that is there twice has the same for a challenge: the first of them answers.
        if is_again.is_some() || !self.qualities.contains_key(&quality) {
            self.qualities.insert(quality, known);
            if let Some(challenge) = self.get_mut(known.challenge_hash) {
                challenge.found.push((quality, size));
            }
        }
        true
    }

    /// The challenges that every active plot was looked into for, each once, with how much was
    /// found.
    pub fn take_finished(&mut self, active: &BTreeSet<PlotId>) -> Vec<(Bytes32, u32)> {
        let mut finished = Vec::new();
        for challenge in &mut self.all {
            let is_over = challenge.open == 0 && challenge.next(active).is_none();
            if challenge.running && is_over {
                challenge.running = false;
                for quality in core::mem::take(&mut challenge.before) {
                    self.qualities.remove(&quality);
                }
                let found = u32::try_from(challenge.found.len()).unwrap_or(u32::MAX);
                finished.push((challenge.hash, found));
            }
        }
        heap::relax_map(&mut self.qualities);
        finished
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let all = self.all.capacity().saturating_mul(size_of::<Challenge>());
        let qualities = heap::tree(self.qualities.len(), size_of::<(Bytes32, Known)>());
        let found = self.all.iter().map(|it| it.found.capacity());
        let found = found.fold(0_usize, usize::saturating_add);
        let found = found.saturating_mul(size_of::<(Bytes32, u8)>());
        let before = self.all.iter().map(|it| heap::tree(it.before.len(), size_of::<Bytes32>()));
        let lists = before.fold(found, usize::saturating_add);
        all.saturating_add(qualities).saturating_add(lists)
    }

    fn looked_up(&mut self, lookup: Lookup) -> Option<&mut Challenge> {
        self.get_mut(lookup.challenge_hash).filter(|it| it.number == lookup.number)
    }

    fn get_mut(&mut self, hash: Bytes32) -> Option<&mut Challenge> {
        self.all.iter_mut().rev().find(|challenge| challenge.hash == hash)
    }

    fn take(&mut self, is_it: impl Fn(&Challenge) -> bool) -> Option<Challenge> {
        self.all.remove(self.all.iter().position(is_it)?)
    }

    /// The oldest challenge makes room for what is found of another, or, if it is that itself, one
    /// quality that was found before. False if there is none.
    fn make_room(&mut self, hash: Bytes32) -> bool {
        if self.all.front().is_some_and(|oldest| oldest.hash != hash) {
            self.all.pop_front().into_iter().for_each(|oldest| self.forget(&oldest));
            return true;
        }
        let before = self.take_before(hash, BTreeSet::pop_first);
        before.is_some_and(|quality| self.qualities.remove(&quality).is_some())
    }

    /// Takes a quality from those that were found of a challenge before.
    fn take_before(
        &mut self,
        hash: Bytes32,
        take: impl Fn(&mut BTreeSet<Bytes32>) -> Option<Bytes32>,
    ) -> Option<Bytes32> {
        let challenge = self.get_mut(hash)?;
        let taken = take(&mut challenge.before);
        heap::relax_set(&mut challenge.before);
        taken
    }

    fn forget(&mut self, challenge: &Challenge) {
        for quality in challenge.found.iter().map(|(quality, _)| quality).chain(&challenge.before) {
            self.qualities.remove(quality);
        }
        heap::relax_map(&mut self.qualities);
    }
}

impl Challenge {
    fn next(&self, active: &BTreeSet<PlotId>) -> Option<PlotId> {
        let after = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        active.range((after, Bound::Unbounded)).next().copied()
    }
}
