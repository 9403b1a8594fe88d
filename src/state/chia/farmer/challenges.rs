//! The challenges that can be farmed, and what each full node says of them (F-2, F-4, F-11).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::codec::chia::{Bytes32, SignedCoinbase};
use crate::heap;
use crate::state::chia::role::ConnectionId;
use crate::state::chia::tellers::{ByTeller, Teller};

/// Challenges by hash. In a full table whoever told the most makes room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Challenges {
    by_hash: BTreeMap<Bytes32, Challenge>,
    /// The same by who told them first and by weight: the lightest go first.
    owned: BTreeMap<Teller, BTreeSet<(u64, Bytes32)>>,
    /// Coinbases by height of the block.
    coinbases: BTreeMap<u32, SignedCoinbase>,
}

/// What a challenge is when a full node tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nobody has told it.
    Unheard,
    /// Others have, or one that is gone.
    Known,
    /// This one has.
    Repeated,
}

/// What is known of a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Challenge {
    owner: Teller,
    /// Harvesters have it: those up to the one that had come last.
    harvested: Option<Teller>,
    /// A proof of it was not shown in time: from then on only those that were shown count (F-4).
    is_lapsed: bool,
    /// The best quality of each plot size that was good for nothing by what was said of it.
    passed: Vec<(u8, Bytes32)>,
    /// What full nodes say of it: of those that differ nobody here can tell who is right.
    claims: ByTeller<Claim>,
}

/// What a full node says of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Claim {
    pub height: u32,
    pub weight: u64,
    pub difficulty: u64,
    /// The fewest iterations that any quality of it needs, of those that count.
    pub lowest: Option<u64>,
}

impl Claim {
    /// The height of the block that is farmed.
    pub const fn next(&self) -> u32 {
        self.height.saturating_add(1)
    }
}

impl Challenge {
    fn heap(&self) -> usize {
        let passed = self.passed.capacity().saturating_mul(size_of::<(u8, Bytes32)>());
        self.claims.heap().saturating_add(passed)
    }
}

impl Challenges {
    pub const fn new() -> Self {
        Self { by_hash: BTreeMap::new(), owned: BTreeMap::new(), coinbases: BTreeMap::new() }
    }

    /// What is said of a challenge, those first that are gone, then the others in the order they
    /// came in.
    pub fn claims(&self, hash: Bytes32) -> impl Iterator<Item = (Teller, &Claim)> + '_ {
        self.by_hash.get(&hash).into_iter().flat_map(|it| it.claims.iter())
    }

    /// The fewest iterations of those that count, as this full node has it.
    pub fn lowest(&self, hash: Bytes32, teller: Teller) -> Option<u64> {
        self.by_hash.get(&hash)?.claims.get(teller)?.lowest
    }

    /// Whether so many iterations are fewer than any that count, as this full node has it.
    pub fn improves(&self, hash: Bytes32, teller: Teller, iterations: u64) -> bool {
        let claim = self.by_hash.get(&hash).and_then(|it| it.claims.get(teller));
        claim.is_some_and(|claim| claim.lowest.is_none_or(|lowest| iterations < lowest))
    }

    /// So many iterations count: if they are fewer than any before, they are the fewest now (F-4).
    pub fn count(&mut self, hash: Bytes32, teller: Teller, iterations: u64) {
        let challenge = self.by_hash.get_mut(&hash);
        if let Some(claim) = challenge.and_then(|it| it.claims.get_mut(teller)) {
            claim.lowest = Some(claim.lowest.map_or(iterations, |lowest| lowest.min(iterations)));
        }
    }

    /// A proof of it was not shown in time. False if that is nothing new.
    pub fn lapse(&mut self, hash: Bytes32) -> bool {
        let challenge = self.by_hash.get_mut(&hash);
        challenge.is_some_and(|it| !core::mem::replace(&mut it.is_lapsed, true))
    }

    /// True if a proof of it was not shown in time.
    pub fn is_lapsed(&self, hash: Bytes32) -> bool {
        self.by_hash.get(&hash).is_some_and(|it| it.is_lapsed)
    }

    /// How few iterations any quality needed is to be found out anew.
    pub fn forget_lowest(&mut self, hash: Bytes32) {
        for claim in self.by_hash.get_mut(&hash).into_iter().flat_map(|it| it.claims.values_mut()) {
            claim.lowest = None;
        }
    }

    /// A full node tells a challenge.
    pub fn record(&mut self, node: ConnectionId, hash: Bytes32, claim: Claim, most: usize) -> News {
        let teller = Some(node);
        let Some(challenge) = self.by_hash.get_mut(&hash) else {
            let mut claims = ByTeller::new();
            claims.insert(teller, claim);
            let (owner, harvested, is_lapsed, passed) = (teller, None, false, Vec::new());
            let challenge = Challenge { owner, harvested, is_lapsed, passed, claims };
            self.by_hash.insert(hash, challenge);
            self.owned.entry(teller).or_default().insert((claim.weight, hash));
            self.make_room(most);
            return News::Unheard;
        };
        if challenge.claims.get(teller).is_some() {
            return News::Repeated;
        }
        // Whoever is there is asked, not who is gone.
        let gone = challenge.claims.remove(None);
        challenge.claims.insert(teller, claim);
        if let (Some(gone), None) = (gone, challenge.owner) {
            challenge.owner = teller;
            self.give(hash, None, gone.weight, (teller, claim.weight));
        }
        News::Known
    }

    /// Harvesters are told of a challenge, of whom this one came last: who came last when they
    /// were told it before; `None`: they were not, and say all they find.
    pub fn harvest(&mut self, hash: Bytes32, newest: Teller) -> Option<Teller> {
        let challenge = self.by_hash.get_mut(&hash)?;
        let before = challenge.harvested.replace(newest);
        if before.is_none() {
            challenge.passed = Vec::new();
        }
        before
    }

    /// A quality of a plot of this size was passed over: the best of each size is kept, to see
    /// whether another full node says what makes it good (F-4).
    pub fn pass_over(&mut self, hash: Bytes32, plot_size: u8, quality: Bytes32) {
        let Some(challenge) = self.by_hash.get_mut(&hash) else { return };
        if let Some((_, best)) = challenge.passed.iter_mut().find(|(of, _)| *of == plot_size) {
            *best = quality.max(*best);
        } else {
            challenge.passed.reserve_exact(1);
            challenge.passed.push((plot_size, quality));
        }
    }

    /// The best quality of each plot size that was passed over.
    pub fn passed(&self, hash: Bytes32) -> impl Iterator<Item = (u8, Bytes32)> + '_ {
        self.by_hash.get(&hash).into_iter().flat_map(|it| it.passed.iter().copied())
    }

    /// What was found of a challenge was lost: it made room for that of another, which may be of a
    /// full node that is behind, or was passed over. If a full node goes on to this one, harvesters
    /// are told once more.
    pub fn harvest_again(&mut self, hash: Bytes32) {
        if let Some(challenge) = self.by_hash.get_mut(&hash) {
            challenge.harvested = None;
        }
    }

    /// The challenges that a full node, or one that is gone, said are as heavy as this.
    pub fn of_weight(&self, teller: Teller, weight: u64) -> impl Iterator<Item = Bytes32> + '_ {
        let all = self.by_hash.iter();
        let of_weight = move |challenge: &Challenge| {
            challenge.claims.get(teller).is_some_and(|claim| claim.weight == weight)
        };
        all.filter(move |(_, challenge)| of_weight(challenge)).map(|(hash, _)| *hash)
    }

    /// The greatest weight that anybody told who is gone.
    pub fn weight_of_gone(&self) -> Option<u64> {
        self.owned.get(&None)?.last().map(|(weight, _)| *weight)
    }

    /// A full node has gone: what nobody else says stays, as nobody's.
    pub fn disown(&mut self, node: ConnectionId) {
        let teller = Some(node);
        let mut given = Vec::new();
        for (hash, challenge) in &mut self.by_hash {
            let Some(claim) = challenge.claims.remove(teller) else { continue };
            if challenge.claims.is_empty() {
                challenge.claims.insert(None, claim);
            }
            if challenge.owner == teller {
                let next = challenge.claims.first();
                let next = next.map_or((None, claim.weight), |(next, it)| (next, it.weight));
                challenge.owner = next.0;
                given.push((*hash, claim.weight, next));
            }
        }
        for (hash, weight, next) in given {
            self.give(hash, teller, weight, next);
        }
    }

    /// True if a full node that is there says that the block of this height is farmed.
    pub fn is_farmed(&self, height: u32) -> bool {
        let mut claims = self.by_hash.values().flat_map(|it| it.claims.iter());
        claims.any(|(teller, claim)| teller.is_some() && claim.next() == height)
    }

    /// Keeps a coinbase; in want of room those go that are of no block that is farmed, then those
    /// of whoever claims the most heights.
    pub fn keep_coinbase(&mut self, signed: SignedCoinbase, most: usize) {
        self.coinbases.insert(signed.coinbase.height, signed);
        if self.coinbases.len() > most {
            let claims = self.by_hash.values().flat_map(|it| it.claims.iter());
            let farmed: BTreeSet<_> = claims.map(|(_, claim)| claim.next()).collect();
            self.coinbases.retain(|height, _| farmed.contains(height));
        }
        while self.coinbases.len() > most {
            let Some(height) = self.least_modest() else { break };
            self.coinbases.remove(&height);
        }
        heap::relax_map(&mut self.coinbases);
    }

    /// Of the heights of coinbases the one of which even the most modest of those who claim it
    /// claims the most; of several the lowest. Nobody loses any by what another claims.
    fn least_modest(&self) -> Option<u32> {
        let mut claimed: BTreeMap<Teller, BTreeSet<u32>> = BTreeMap::new();
        for (teller, claim) in self.by_hash.values().flat_map(|it| it.claims.iter()) {
            if self.coinbases.contains_key(&claim.next()) {
                claimed.entry(teller).or_default().insert(claim.next());
            }
        }
        let mut fewest: BTreeMap<u32, usize> = BTreeMap::new();
        for heights in claimed.values() {
            for height in heights {
                let few = fewest.entry(*height).or_insert(usize::MAX);
                *few = heights.len().min(*few);
            }
        }
        let all = fewest.into_iter().map(|(height, few)| (few, Reverse(height)));
        all.max().map(|(_, Reverse(height))| height)
    }

    /// The coinbase of a height.
    pub fn coinbase(&self, height: u32) -> Option<&SignedCoinbase> {
        self.coinbases.get(&height)
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let claims = self.by_hash.values().map(Challenge::heap);
        let owned = self.owned.values();
        let owned = owned.map(|of| heap::tree(of.len().max(1), size_of::<(u64, Bytes32)>()));
        let own = heap::tree(self.by_hash.len(), size_of::<(Bytes32, Challenge)>());
        let sets = size_of::<(Teller, BTreeSet<(u64, Bytes32)>)>();
        claims
            .chain(owned)
            .fold(own, usize::saturating_add)
            .saturating_add(heap::tree(self.owned.len(), sets))
            .saturating_add(heap::tree(self.coinbases.len(), size_of::<(u32, SignedCoinbase)>()))
    }

    /// A challenge is somebody else's now.
    fn give(&mut self, hash: Bytes32, from: Teller, weight: u64, to: (Teller, u64)) {
        self.take(from, (weight, hash));
        self.owned.entry(to.0).or_default().insert((to.1, hash));
    }

    fn take(&mut self, owner: Teller, entry: (u64, Bytes32)) {
        if let Some(of_it) = self.owned.get_mut(&owner) {
            of_it.remove(&entry);
            if of_it.is_empty() {
                self.owned.remove(&owner);
            }
        }
    }

    /// The lightest of whoever told the most makes room; of several such, who came first. What
    /// others say too is theirs then.
    fn make_room(&mut self, most: usize) {
        while self.by_hash.len() > most {
            let greedy = self.owned.iter().min_by_key(|(owner, of)| (Reverse(of.len()), **owner));
            let lightest = greedy.and_then(|(owner, of)| Some((*owner, *of.first()?)));
            let Some((owner, (weight, hash))) = lightest else { return };
            let Some(challenge) = self.by_hash.get_mut(&hash) else { return };
            challenge.claims.remove(owner);
            if let Some((next, claim)) = challenge.claims.first() {
                let next = (next, claim.weight);
                challenge.owner = next.0;
                self.give(hash, owner, weight, next);
            } else {
                self.take(owner, (weight, hash));
                self.by_hash.remove(&hash);
            }
        }
    }
}
