//! What one request for deliverables asks for.

use alloc::vec::Vec;

use super::input::{Unit, WantedTx};
use crate::codec::leios::{
    DeliverableId, LeiosBlockHash, LeiosPoint, NonEmpty, SlotNo, TxBitmaps, TxHash, VoteIssuer,
};
use crate::state::leios::credit::Cost;

/// What one request asks for: a block, transactions of a block, or votes of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    /// A block, the size asked for and the largest it may have: a server may have announced
    /// several.
    Block(LeiosPoint, u32, u32),
    /// Transactions, ascending by index.
    Txs(LeiosPoint, Vec<WantedTx>),
    /// Votes, ascending by issuer.
    Votes(SlotNo, Vec<VoteIssuer>),
}

/// What overlap is decided by (`leios.md` 8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    /// A block, by its hash.
    Block(LeiosBlockHash),
    /// A transaction, by the hash recorded in the block.
    Tx(TxHash),
    /// A vote.
    Vote(SlotNo, VoteIssuer),
}

/// Bytes of a reply that are there whatever it holds.
pub(super) const REPLY_BASE: usize = 64;
/// Bytes that a block takes in a reply beyond its own.
pub(super) const BLOCK_EXTRA: usize = 16;
/// Bytes that a vote takes in a reply.
pub(super) const VOTE_BYTES: usize = 128;
/// Bytes that a set of transactions takes in a reply whatever it holds.
pub(super) const TXS_BASE: usize = 96;
/// Bytes that a window of transactions takes in a reply.
pub(super) const WINDOW_EXTRA: usize = 32;
/// Bytes that a transaction takes in a reply beyond its own.
pub(super) const TX_EXTRA: usize = 9;

impl Wanted {
    /// The ids to send; `None` if there are none or no bitmap can name them.
    pub fn ids(&self) -> Option<NonEmpty<DeliverableId>> {
        match self {
            Self::Block(point, ..) => {
                Some(NonEmpty::one(DeliverableId::LinearLeiosBlockId(*point)))
            }
            Self::Txs(point, txs) => {
                let bitmaps = TxBitmaps::from_indices(txs.iter().map(|tx| tx.index))?;
                Some(NonEmpty::one(DeliverableId::LeiosBlockTxsId(*point, bitmaps)))
            }
            Self::Votes(slot, issuers) => {
                let id = |issuer: &VoteIssuer| DeliverableId::LinearLeiosVoteId(*slot, *issuer);
                NonEmpty::from_vec(issuers.iter().map(id).collect())
            }
        }
    }

    /// What it counts for in a message of `bytes` bytes (S-5).
    pub fn cost(&self, bytes: u32) -> Cost {
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        match self {
            Self::Block(..) => Cost { bytes, requests: 1, txs: 0 },
            Self::Txs(_, txs) => Cost { bytes, requests: 1, txs: count(txs.len()) },
            Self::Votes(_, votes) => Cost { bytes, requests: count(votes.len()), txs: 0 },
        }
    }

    /// The largest reply possible (`leios.md` 8.5).
    pub fn largest_reply(&self) -> usize {
        let content = match self {
            Self::Block(_, _, most) => (*most as usize).saturating_add(BLOCK_EXTRA),
            Self::Votes(_, votes) => votes.len().saturating_mul(VOTE_BYTES),
            Self::Txs(_, txs) => {
                let mut window = None;
                txs.iter().fold(TXS_BASE, |sum, tx| {
                    let new = window != Some(tx.index / 64);
                    window = Some(tx.index / 64);
                    let extra = if new { TX_EXTRA + WINDOW_EXTRA } else { TX_EXTRA };
                    sum.saturating_add(tx.size as usize).saturating_add(extra)
                })
            }
        };
        content.saturating_add(REPLY_BASE)
    }

    /// The slot that decides how urgent it is.
    pub const fn slot(&self) -> SlotNo {
        match self {
            Self::Block(point, ..) | Self::Txs(point, _) => point.slot,
            Self::Votes(slot, _) => *slot,
        }
    }

    /// How many units it is.
    pub fn len(&self) -> usize {
        match self {
            Self::Block(..) => 1,
            Self::Txs(_, txs) => txs.len(),
            Self::Votes(_, votes) => votes.len(),
        }
    }

    /// The key of the unit at `at`, in the order of asking.
    pub fn key(&self, at: usize) -> Option<Key> {
        match self {
            Self::Block(point, ..) => (at == 0).then_some(Key::Block(point.hash)),
            Self::Txs(_, txs) => txs.get(at).map(|tx| Key::Tx(tx.hash)),
            Self::Votes(slot, votes) => votes.get(at).map(|issuer| Key::Vote(*slot, *issuer)),
        }
    }

    /// The keys of all units, in the order of asking.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        (0..self.len()).filter_map(|at| self.key(at))
    }

    /// Appends what it is, for a report of failure.
    pub fn report(&self, units: &mut Vec<Unit>) {
        match self {
            Self::Block(point, ..) => units.push(Unit::Block(*point)),
            Self::Txs(point, txs) => {
                units.push(Unit::Txs(*point, txs.iter().map(|tx| tx.index).collect()));
            }
            Self::Votes(slot, votes) => {
                units.extend(votes.iter().map(|issuer| Unit::Vote(*slot, *issuer)));
            }
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        match self {
            Self::Block(..) => 0,
            Self::Txs(_, txs) => txs.capacity().saturating_mul(size_of::<WantedTx>()),
            Self::Votes(_, votes) => votes.capacity().saturating_mul(size_of::<VoteIssuer>()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::codec::leios::Hash32;

    #[test]
    fn a_request_weighs_what_its_list_does() {
        let point = LeiosPoint::new(SlotNo(1), Hash32([2; 32]));
        let tx = WantedTx { index: 3, hash: Hash32([4; 32]), size: 5 };
        assert_eq!(Wanted::Block(point, 6, 7).heap(), 0);
        let txs = Wanted::Txs(point, vec![tx; 10]);
        assert_eq!(txs.heap(), 10 * size_of::<WantedTx>());
        let votes = Wanted::Votes(SlotNo(1), vec![VoteIssuer(8); 10]);
        assert_eq!(votes.heap(), 10 * size_of::<VoteIssuer>());
    }
}
