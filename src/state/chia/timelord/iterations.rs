//! The iteration counts of a challenge, of which proofs are wanted (T-2, T-5, T-8).

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::heap;
use crate::state::chia::tellers::{ByTeller, Teller};

/// The iteration counts of a challenge that wait for their proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Iterations {
    /// By who wants them.
    wanted: ByTeller<BTreeSet<u64>>,
    /// The VDF was not told of these.
    unfed: BTreeSet<u64>,
    /// It was told of these.
    fed: BTreeSet<u64>,
    /// Of these there was a proof.
    proved: BTreeSet<u64>,
}

impl Iterations {
    /// A proof is wanted after so many. Of more than `most` those of whoever wants the most make
    /// room, the largest that the VDF was not told of first: the ones that it was told of, and
    /// that nobody wants any more.
    pub fn add(&mut self, teller: Teller, count: u64, most: usize) -> Vec<u64> {
        let mut withdrawn = Vec::new();
        if self.proved.contains(&count) {
            return withdrawn;
        }
        self.wanted.entry(teller).map(|wants| wants.insert(count));
        if !self.fed.contains(&count) {
            self.unfed.insert(count);
        }
        while self.unfed.len().saturating_add(self.fed.len()) > most {
            let greedy = self.wanted.iter().max_by_key(|(of, wants)| (wants.len(), *of == teller));
            let Some((greedy, wants)) = greedy else { break };
            let unfed = wants.iter().rev().find(|count| self.unfed.contains(count));
            let Some(largest) = unfed.or_else(|| wants.last()).copied() else { break };
            withdrawn.extend(self.unwant(greedy, largest));
        }
        withdrawn
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

    /// Who wants a proof of so many.
    pub fn wanted_by(&self, count: u64) -> impl Iterator<Item = Teller> + '_ {
        let by = self.wanted.iter().filter(move |(_, wants)| wants.contains(&count));
        by.map(|(teller, _)| teller)
    }

    /// There is a proof, good or bad: no other is wanted.
    pub fn prove(&mut self, count: u64, most: usize) {
        if self.fed.remove(&count) {
            for wants in self.wanted.values_mut() {
                wants.remove(&count);
            }
            self.wanted.retain(|wants| !wants.is_empty());
            if self.proved.len() < most {
                self.proved.insert(count);
            }
        }
    }

    /// Whoever wanted some is gone: they are wanted by nobody in particular, or not at all. What
    /// is not, of what the VDF was told.
    pub fn disown(&mut self, teller: Teller, stays: bool) -> Vec<u64> {
        let Some(wants) = self.wanted.remove(teller) else { return Vec::new() };
        if stays {
            if let Some(of_gone) = self.wanted.entry(None) {
                of_gone.extend(wants);
            }
            return Vec::new();
        }
        wants.into_iter().filter_map(|count| self.unwant(teller, count)).collect()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let of = |set: &BTreeSet<u64>| heap::tree(set.len().max(1), size_of::<u64>());
        let wanted = self.wanted.iter().map(|(_, wants)| of(wants));
        let wanted = wanted.fold(self.wanted.heap(), usize::saturating_add);
        [&self.unfed, &self.fed, &self.proved]
            .map(of)
            .into_iter()
            .fold(wanted, usize::saturating_add)
    }

    /// Somebody does not want so many any more: they are withdrawn if nobody does and the VDF was
    /// told.
    fn unwant(&mut self, teller: Teller, count: u64) -> Option<u64> {
        if let Some(wants) = self.wanted.get_mut(teller) {
            wants.remove(&count);
            if wants.is_empty() {
                self.wanted.remove(teller);
            }
        }
        if self.wanted.iter().any(|(_, wants)| wants.contains(&count)) {
            return None;
        }
        self.unfed.remove(&count);
        self.fed.remove(&count).then_some(count)
    }
}
