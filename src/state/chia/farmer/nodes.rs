//! What each full node says, apart from what others say (F-2, F-3, F-9): a farmer cannot tell who
//! is right, so nobody speaks for others.

use alloc::collections::{BTreeMap, BTreeSet};

use super::FarmerLimits;
use crate::codec::chia::Bytes32;
use crate::codec::chia::messages::ProofOfSpaceArrived;
use crate::heap;
use crate::state::chia::role::ConnectionId;

/// The full nodes that are there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Nodes {
    all: BTreeMap<ConnectionId, Said>,
}

/// What one of them said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Said {
    /// Iterations a second.
    ips: Option<u64>,
    /// The greatest weight.
    weight: Option<u64>,
    /// Qualities that have arrived, by the weight of their blocks.
    arrivals: BTreeMap<u64, BTreeSet<Bytes32>>,
}

impl Nodes {
    pub const fn new() -> Self {
        Self { all: BTreeMap::new() }
    }

    pub fn connect(&mut self, node: ConnectionId) {
        self.all.insert(node, Said::default());
    }

    /// False if it was not there.
    pub fn disconnect(&mut self, node: ConnectionId) -> bool {
        let was = self.all.remove(&node).is_some();
        heap::relax_map(&mut self.all);
        was
    }

    pub fn contains(&self, node: ConnectionId) -> bool {
        self.all.contains_key(&node)
    }

    /// A full node tells how fast proofs of time are made.
    pub fn set_ips(&mut self, node: ConnectionId, ips: u64) {
        if let Some(said) = self.all.get_mut(&node) {
            said.ips = Some(ips);
        }
    }

    /// Iterations a second, as this full node told.
    pub fn ips(&self, node: ConnectionId) -> Option<u64> {
        self.all.get(&node)?.ips
    }

    /// The greatest weight that each has told.
    pub fn weights(&self) -> impl Iterator<Item = (ConnectionId, u64)> + '_ {
        self.all.iter().filter_map(|(node, said)| Some((*node, said.weight?)))
    }

    /// It tells a weight: true if it told none that is greater.
    pub fn weigh(&mut self, node: ConnectionId, weight: u64) -> bool {
        let Some(said) = self.all.get_mut(&node) else { return false };
        let is_heaviest = said.weight.is_none_or(|most| weight >= most);
        said.weight = said.weight.max(Some(weight));
        is_heaviest
    }

    /// It tells of a quality that somebody else has.
    pub fn arrived(&mut self, node: ConnectionId, it: &ProofOfSpaceArrived, most: &FarmerLimits) {
        let Some(Said { arrivals, .. }) = self.all.get_mut(&node) else { return };
        let of_weight = arrivals.entry(it.weight).or_default();
        if of_weight.len() < most.max_arrivals {
            of_weight.insert(it.quality);
        }
        while arrivals.len() > most.max_arrival_weights {
            arrivals.pop_first();
        }
    }

    /// The qualities that any full node told of for a weight, each once.
    pub fn arrivals(&self, weight: u64) -> impl Iterator<Item = Bytes32> + '_ {
        let told: BTreeSet<_> =
            self.all.keys().flat_map(move |node| self.told_by(*node, weight)).collect();
        told.into_iter()
    }

    /// Those that this one told of.
    pub fn told_by(
        &self,
        node: ConnectionId,
        weight: u64,
    ) -> impl Iterator<Item = Bytes32> + use<'_> {
        let said = self.all.get(&node).and_then(|said| said.arrivals.get(&weight));
        said.into_iter().flatten().copied()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let arrivals = self.all.values().map(|said| {
            let of = said.arrivals.values().map(|of| heap::tree(of.len(), size_of::<Bytes32>()));
            let entry = size_of::<(u64, BTreeSet<Bytes32>)>();
            of.fold(heap::tree(said.arrivals.len(), entry), usize::saturating_add)
        });
        let own = heap::tree(self.all.len(), size_of::<(ConnectionId, Said)>());
        arrivals.fold(own, usize::saturating_add)
    }
}
