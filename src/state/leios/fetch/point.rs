//! What is known of an endorser block and of the transactions it refers to.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::todo::Todo;
use super::{PeerNo, PieceNo};
use crate::codec::leios::{LeiosPoint, TxReference};
use crate::state::leios::heap::tree;

/// Who was asked for something.
pub(super) type Asked = Vec<Ask>;

/// One copy of something that is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ask {
    pub(super) peer: PeerNo,
    /// By which request.
    pub(super) piece: PieceNo,
    /// The bytes it counts for.
    pub(super) bytes: u64,
}

/// Takes the copy asked of `peer` out.
pub(super) fn take_ask(asked: &mut Asked, peer: PeerNo) -> Option<Ask> {
    let at = asked.iter().position(|ask| ask.peer == peer)?;
    Some(asked.remove(at))
}

/// The order of the work list: urgent first, then by slot, then by hash.
pub(super) type Rank = (u8, u64, LeiosPoint);

/// A block that was announced, offered or implied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Point {
    /// The announced size; unknown while there were only offers.
    pub(super) size: Option<u32>,
    /// The size by the chain of each peer that implied the block: what another one's chain says is
    /// not held against it.
    pub(super) implied: BTreeMap<PeerNo, u32>,
    /// True if there is work: the first announcement of an election, or implied, or urgent.
    pub(super) wanted: bool,
    /// True if a ranking block that we want certifies it (S-7).
    pub(super) urgent: bool,
    /// True if somebody holds it for certain, whatever its age (S-6, S-7).
    pub(super) lasting: bool,
    /// Who can deliver the block.
    pub(super) block_offers: BTreeSet<PeerNo>,
    /// Who can deliver its transactions.
    pub(super) txs_offers: BTreeSet<PeerNo>,
    pub(super) stage: Stage,
}

/// How far a block has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// The body is missing; `open` if it can be asked for now.
    Body { asked: Asked, open: bool },
    /// The application is asked which transactions are missing.
    Asking(Vec<TxReference>),
    /// Transactions are missing.
    Txs(Closure),
    /// Nothing is missing.
    Done,
}

/// The missing transactions of a block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Closure {
    pub(super) refs: Vec<TxReference>,
    /// What can be asked for now.
    pub(super) todo: Todo,
    /// How many are missing, in flight or not.
    pub(super) left: usize,
    pub(super) left_bytes: u64,
    pub(super) total_bytes: u64,
    /// The requests in flight that were made through this block.
    pub(super) pieces: BTreeSet<(PeerNo, PieceNo)>,
    /// True once the tail has begun.
    pub(super) tail: bool,
}

/// A transaction that blocks refer to or that is in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tx {
    /// Where it is missing.
    pub(super) refs: Vec<(LeiosPoint, u32)>,
    pub(super) asked: Asked,
    pub(super) arrived: bool,
}

impl Point {
    pub(super) const fn new() -> Self {
        Self {
            size: None,
            implied: BTreeMap::new(),
            wanted: false,
            urgent: false,
            lasting: false,
            block_offers: BTreeSet::new(),
            txs_offers: BTreeSet::new(),
            stage: Stage::Body { asked: Vec::new(), open: true },
        }
    }

    pub(super) fn rank(&self, at: LeiosPoint, oldest_first: bool) -> Rank {
        (u8::from(!self.urgent), slot_rank(at.slot.0, oldest_first), at)
    }

    /// The size to ask this peer for. A client takes what its server announced as well.
    pub(super) fn size_for(&self, peer: PeerNo) -> Option<u32> {
        self.implied.get(&peer).copied().or(self.size)
    }

    /// This peer does not deliver it.
    pub(super) fn retract(&mut self, peer: PeerNo) {
        self.implied.remove(&peer);
        self.block_offers.remove(&peer);
        self.txs_offers.remove(&peer);
    }

    /// Who can deliver what is missing now.
    pub(super) fn offers(&self) -> &BTreeSet<PeerNo> {
        match self.stage {
            Stage::Body { .. } => &self.block_offers,
            _ => &self.txs_offers,
        }
    }

    /// How many references are held.
    pub(super) fn references(&self) -> usize {
        match &self.stage {
            Stage::Asking(refs) => refs.len(),
            Stage::Txs(closure) => closure.refs.len(),
            Stage::Body { .. } | Stage::Done => 0,
        }
    }

    pub(super) fn heap(&self) -> usize {
        let offers = set_heap::<(PeerNo, u32)>(self.implied.len())
            .saturating_add(set_heap::<PeerNo>(self.block_offers.len()))
            .saturating_add(set_heap::<PeerNo>(self.txs_offers.len()));
        let stage = match &self.stage {
            Stage::Body { asked, .. } => list_heap(asked),
            Stage::Asking(refs) => list_heap(refs),
            Stage::Txs(closure) => list_heap(&closure.refs)
                .saturating_add(closure.todo.heap())
                .saturating_add(set_heap::<(PeerNo, PieceNo)>(closure.pieces.len())),
            Stage::Done => 0,
        };
        offers.saturating_add(stage)
    }
}

impl Closure {
    /// True when at most `percent` hundredths of the bytes are missing.
    pub(super) const fn in_tail(&self, percent: u64) -> bool {
        self.left_bytes.saturating_mul(100) <= self.total_bytes.saturating_mul(percent)
    }
}

/// The place of a slot in the work list.
pub(super) const fn slot_rank(slot: u64, oldest_first: bool) -> u64 {
    if oldest_first { slot } else { !slot }
}

/// Heap bytes of a list.
pub(super) fn list_heap<T>(list: &Vec<T>) -> usize {
    list.capacity().saturating_mul(size_of::<T>())
}

/// Heap bytes of a tree of `len` entries, never too few: an emptied tree keeps one node.
pub(super) const fn set_heap<T>(len: usize) -> usize {
    tree(if len == 0 { 1 } else { len }, size_of::<T>())
}
