//! The iteration counts of a challenge, of which proofs are wanted (T-2, T-5, T-8).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::mem;

use crate::codec::Source;
use crate::codec::chia::ProofOfTime;
use crate::heap;
use crate::state::chia::tellers::{ByTeller, Teller};

/// The iteration counts of a challenge that wait for their proof, and the proofs that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Iterations {
    /// By who wants them.
    wanted: ByTeller<BTreeSet<u64>>,
    /// The VDF was not told of these.
    unfed: BTreeSet<u64>,
    /// It was told of these.
    fed: BTreeSet<u64>,
    /// Of these there was a proof: `None` if it was bad.
    proved: BTreeMap<u64, Option<Box<ProofOfTime>>>,
    /// Who was given some of them when it wanted them.
    given: ByTeller<BTreeSet<u64>>,
}

impl Iterations {
    /// A proof is wanted after so many. Of more than `most` the largest of whoever wants the most
    /// make room (T-8), be it that the VDF was told of them: a better proof is to come first. Of
    /// what it was told, what nobody wants any more.
    pub fn add(&mut self, teller: Teller, count: u64, most: usize) -> Vec<u64> {
        let mut withdrawn = Vec::new();
        if self.proved.contains_key(&count) {
            return withdrawn;
        }
        self.wanted.entry(teller).map(|wants| wants.insert(count));
        if !self.fed.contains(&count) {
            self.unfed.insert(count);
        }
        while self.unfed.len().saturating_add(self.fed.len()) > most {
            let greedy = self.wanted.iter().max_by_key(|(of, wants)| (wants.len(), *of == teller));
            let largest = greedy.and_then(|(of, wants)| Some((of, *wants.last()?)));
            let Some((greedy, largest)) = largest else { break };
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

    /// The proof of so many, for a full node that did not want it when it was sent, once.
    pub fn give_again(&mut self, teller: Teller, count: u64) -> Option<ProofOfTime> {
        let proof = self.proved.get(&count)?.as_ref()?;
        let is_new = self.given.entry(teller)?.insert(count);
        is_new.then(|| ProofOfTime::clone(proof))
    }

    /// What it was given is nothing to who comes next.
    pub fn forget_given(&mut self, teller: Teller) {
        self.given.remove(teller);
    }

    /// There is a proof, good or bad: no other is wanted.
    pub fn prove(&mut self, count: u64, proof: Option<Box<ProofOfTime>>, most: usize) {
        if self.fed.remove(&count) {
            let given: Vec<_> = self.wanted_by(count).flatten().collect();
            for wants in self.wanted.values_mut() {
                wants.remove(&count);
            }
            self.wanted.retain(|wants| !wants.is_empty());
            if self.proved.len() < most {
                self.proved.insert(count, proof);
                for node in given {
                    self.given.entry(Some(node)).map(|counts| counts.insert(count));
                }
            }
        }
    }

    /// Whoever wanted some is gone: they are wanted by nobody in particular, or not at all. What
    /// is not, of what the VDF was told.
    pub fn disown(&mut self, teller: Teller, stays: bool) -> Vec<u64> {
        self.forget_given(teller);
        let Some(wants) = self.wanted.remove(teller) else { return Vec::new() };
        if stays {
            if let Some(of_gone) = self.wanted.entry(None) {
                of_gone.extend(wants);
            }
            return Vec::new();
        }
        wants.into_iter().filter_map(|count| self.unwant(teller, count)).collect()
    }

    /// The VDF is over: what these want the next one is told anew, and nothing else stays.
    pub fn restart(&mut self, stays: impl Fn(Teller) -> bool) {
        let before = mem::take(self);
        for (teller, wants) in before.wanted.iter().filter(|(teller, _)| stays(*teller)) {
            for count in wants {
                self.add(teller, *count, usize::MAX);
            }
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let of = |set: &BTreeSet<u64>| heap::tree(set.len().max(1), size_of::<u64>());
        let told = self.wanted.iter().chain(self.given.iter()).map(|(_, counts)| of(counts));
        let entry = size_of::<(u64, Option<Box<ProofOfTime>>)>();
        let good = self.proved.values().flatten();
        let good = good.map(|proof| Source::heap(&proof.witness.0));
        let good = good.map(|witness| size_of::<ProofOfTime>().saturating_add(witness));
        told.chain(good)
            .chain([of(&self.unfed), of(&self.fed)])
            .chain([heap::tree(self.proved.len().max(1), entry)])
            .chain([self.wanted.heap(), self.given.heap()])
            .fold(0, usize::saturating_add)
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
