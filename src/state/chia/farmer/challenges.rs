//! The challenges that can be farmed, heaviest first (F-2, F-4, F-11).

use alloc::collections::{BTreeMap, BTreeSet};

use crate::codec::chia::{Bytes32, SignedCoinbase};
use crate::heap;

/// Challenges by hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Challenges {
    by_hash: BTreeMap<Bytes32, Challenge>,
    /// The same by weight, so that the lightest go first.
    by_weight: BTreeSet<(u64, Bytes32)>,
    /// The greatest weight that was told.
    weight: Option<u64>,
    /// Coinbases by height of the block.
    coinbases: BTreeMap<u32, SignedCoinbase>,
}

/// What is known of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Challenge {
    pub height: u32,
    pub weight: u64,
    pub difficulty: u64,
    /// The fewest iterations that any quality of it needs.
    pub lowest: Option<u64>,
}

impl Challenges {
    pub const fn new() -> Self {
        Self {
            by_hash: BTreeMap::new(),
            by_weight: BTreeSet::new(),
            weight: None,
            coinbases: BTreeMap::new(),
        }
    }

    pub fn get(&self, hash: Bytes32) -> Option<&Challenge> {
        self.by_hash.get(&hash)
    }

    /// Records a challenge. True if it is fresh: as heavy as any before, and not seen (F-2).
    pub fn record(&mut self, hash: Bytes32, challenge: Challenge, most: usize) -> bool {
        let is_seen = self.by_hash.contains_key(&hash);
        let is_heavy = self.weight.is_none_or(|weight| challenge.weight >= weight);
        if !is_seen {
            self.by_hash.insert(hash, challenge);
            self.by_weight.insert((challenge.weight, hash));
            while self.by_hash.len() > most {
                let Some((_, lightest)) = self.by_weight.pop_first() else { break };
                self.by_hash.remove(&lightest);
            }
        }
        let is_fresh = is_heavy && !is_seen;
        if is_fresh {
            self.weight = Some(challenge.weight);
        }
        is_fresh
    }

    /// The challenges of the greatest weight (F-1).
    pub fn current(&self) -> impl Iterator<Item = Bytes32> + '_ {
        let from = (self.weight.unwrap_or(u64::MAX), Bytes32([0; 32]));
        self.by_weight.range(from..).map(|(_, hash)| *hash)
    }

    /// Whether so many iterations are fewer than any before; then they are the fewest now (F-4).
    pub fn improves(&mut self, hash: Bytes32, iterations: u64) -> bool {
        let Some(challenge) = self.by_hash.get_mut(&hash) else { return false };
        let improves = challenge.lowest.is_none_or(|lowest| iterations < lowest);
        if improves {
            challenge.lowest = Some(iterations);
        }
        improves
    }

    /// What the fewest iterations were of is no more: these are the fewest now.
    pub fn forget_lowest(&mut self, hash: Bytes32, lowest: Option<u64>) {
        if let Some(challenge) = self.by_hash.get_mut(&hash) {
            challenge.lowest = lowest;
        }
    }

    /// Keeps a coinbase; those of the lowest heights make room.
    pub fn keep_coinbase(&mut self, signed: SignedCoinbase, most: usize) {
        self.coinbases.insert(signed.coinbase.height, signed);
        while self.coinbases.len() > most {
            self.coinbases.pop_first();
        }
    }

    /// The coinbase of a height.
    pub fn coinbase(&self, height: u32) -> Option<&SignedCoinbase> {
        self.coinbases.get(&height)
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        heap::tree(self.by_hash.len(), size_of::<(Bytes32, Challenge)>())
            .saturating_add(heap::tree(self.by_weight.len(), size_of::<(u64, Bytes32)>()))
            .saturating_add(heap::tree(self.coinbases.len(), size_of::<(u32, SignedCoinbase)>()))
    }
}
