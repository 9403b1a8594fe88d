//! What was proved for each full node, apart from the others (T-6): a timelord cannot tell whose
//! weights are true.

use alloc::collections::BTreeMap;

use crate::heap;
use crate::state::chia::by_node::ByNode;
use crate::state::chia::role::ConnectionId;
use crate::state::chia::tellers::Teller;

/// So many proofs of a weight are enough (T-6).
const ENOUGH: u32 = 3;

/// The full nodes that are there, each with what was proved for it.
pub(super) type Views = ByNode<View>;

/// What was proved for one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct View {
    /// The greatest weight that three proofs were made of.
    best_three: Option<u64>,
    /// How many proofs were made of weights above it.
    proofs: BTreeMap<u64, u32>,
}

impl Views {
    /// The greatest weight of which three proofs were made for any of them.
    pub fn best_three(&self) -> Option<u64> {
        self.iter().filter_map(|(_, view)| view.best_three).max()
    }

    /// True if nothing of this weight is to be proved for it any more.
    pub fn is_beaten(&self, teller: Teller, weight: u64) -> bool {
        let view = teller.and_then(|node| self.get(node));
        view.and_then(|view| view.best_three).is_some_and(|best| weight <= best)
    }

    /// A proof was made of what has this weight for it. True if those are enough now.
    pub fn count(&mut self, node: ConnectionId, weight: u64, most: usize) -> bool {
        if self.is_beaten(Some(node), weight) {
            return false;
        }
        let Some(View { best_three, proofs }) = self.get_mut(node) else { return false };
        let of_weight = proofs.entry(weight).or_insert(0);
        *of_weight = of_weight.saturating_add(1);
        let is_enough = *of_weight >= ENOUGH;
        if is_enough {
            *best_three = Some(weight);
            *proofs = proofs.split_off(&weight.saturating_add(1));
        }
        while proofs.len() > most {
            proofs.pop_first();
        }
        is_enough
    }
}

impl View {
    /// Heap bytes held: an emptied tree keeps its root.
    pub fn heap(&self) -> usize {
        heap::tree(self.proofs.len().max(1), size_of::<(u64, u32)>())
    }
}
