//! What each full node says, apart from what others say (F-2, F-3, F-9): a farmer cannot tell who
//! is right, so nobody speaks for others.

use alloc::collections::{BTreeMap, BTreeSet};

use super::FarmerLimits;
use crate::codec::chia::Bytes32;
use crate::codec::chia::messages::ProofOfSpaceArrived;
use crate::heap;
use crate::state::chia::by_node::ByNode;
use crate::state::chia::role::ConnectionId;
use crate::state::chia::tellers::Teller;
use crate::time::Time;

/// The full nodes that are there, each with what it said.
pub(super) type Nodes = ByNode<Said>;

/// What one of them said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Said {
    /// Iterations a second.
    ips: Option<u64>,
    /// The greatest weight.
    weight: Option<u64>,
    /// When it was asked for a block last.
    asked_at: Option<Time>,
    /// Qualities that have arrived, by the weight of their blocks.
    arrivals: BTreeMap<u64, BTreeSet<Bytes32>>,
}

impl Nodes {
    /// A full node tells how fast proofs of time are made.
    pub fn set_ips(&mut self, node: ConnectionId, ips: u64) {
        if let Some(said) = self.get_mut(node) {
            said.ips = Some(ips);
        }
    }

    /// Iterations a second, as this full node told.
    pub fn ips(&self, node: ConnectionId) -> Option<u64> {
        self.get(node)?.ips
    }

    /// The greatest weight that each has told.
    pub fn weights(&self) -> impl Iterator<Item = (ConnectionId, u64)> + '_ {
        self.iter().filter_map(|(node, said)| Some((node, said.weight?)))
    }

    /// It tells a weight: true if it told none that is greater.
    pub fn weigh(&mut self, node: ConnectionId, weight: u64) -> bool {
        let Some(said) = self.get_mut(node) else { return false };
        let is_heaviest = said.weight.is_none_or(|most| weight >= most);
        said.weight = said.weight.max(Some(weight));
        is_heaviest
    }

    /// It is asked for a block; nobody in particular: all are.
    pub fn ask(&mut self, now: Time, node: Teller) {
        match node {
            Some(node) => self.get_mut(node).into_iter().for_each(|said| said.asked_at = Some(now)),
            None => self.values_mut().for_each(|said| said.asked_at = Some(now)),
        }
    }

    /// When it was asked for a block last.
    pub fn asked_at(&self, node: ConnectionId) -> Option<Time> {
        self.get(node)?.asked_at
    }

    /// Whether it is there, and told no weight that is greater.
    pub fn is_at(&self, node: ConnectionId, weight: u64) -> bool {
        self.get(node).is_some_and(|said| said.weight.is_none_or(|most| most <= weight))
    }

    /// It tells of a quality that somebody else has.
    pub fn arrived(&mut self, node: ConnectionId, it: &ProofOfSpaceArrived, most: &FarmerLimits) {
        let Some(Said { arrivals, .. }) = self.get_mut(node) else { return };
        let of_weight = arrivals.entry(it.weight).or_default();
        if of_weight.len() < most.max_arrivals {
            of_weight.insert(it.quality);
        }
        while arrivals.len() > most.max_arrival_weights {
            arrivals.pop_first();
        }
        heap::relax_map(arrivals);
    }

    /// The qualities that any full node told of for a weight, each once.
    pub fn arrivals(&self, weight: u64) -> impl Iterator<Item = Bytes32> + '_ {
        let told: BTreeSet<_> = self.iter().flat_map(move |(_, said)| said.of(weight)).collect();
        told.into_iter()
    }

    /// Those that this one told of.
    pub fn told_by(
        &self,
        node: ConnectionId,
        weight: u64,
    ) -> impl Iterator<Item = Bytes32> + use<'_> {
        self.get(node).into_iter().flat_map(move |said| said.of(weight))
    }
}

impl Said {
    /// The qualities that it told of for a weight.
    fn of(&self, weight: u64) -> impl Iterator<Item = Bytes32> + '_ {
        self.arrivals.get(&weight).into_iter().flatten().copied()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let of = self.arrivals.values().map(|of| heap::tree(of.len(), size_of::<Bytes32>()));
        let entry = size_of::<(u64, BTreeSet<Bytes32>)>();
        of.fold(heap::tree(self.arrivals.len(), entry), usize::saturating_add)
    }
}
