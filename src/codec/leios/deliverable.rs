//! Deliverables: what a client can ask for by name, and the answers.

use alloc::vec::Vec;

use bytes::Bytes;

use super::{
    Bitmap64, Index16, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, NonEmpty, SlotNo, TxBitmaps,
    VoteIssuer,
};

/// Names something to be delivered (`LeiosDeliverableId` of the seed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DeliverableId {
    /// An endorser block.
    LinearLeiosBlockId(LeiosPoint),
    /// Transactions of an endorser block, by windows of 64.
    LeiosBlockTxsId(LeiosPoint, TxBitmaps),
    /// A vote.
    LinearLeiosVoteId(SlotNo, VoteIssuer),
}

/// Something delivered (`LeiosDeliverable` of the seed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Deliverable {
    /// An endorser block.
    LinearLeiosBlockDelivery(LinearLeiosBlock),
    /// Transactions of an endorser block: windows ascending, each a subset of the one asked for.
    LeiosBlockTxsDelivery(LeiosPoint, NonEmpty<TxDelivery>),
    /// A vote.
    LinearLeiosVoteDelivery(LinearLeiosVote),
}

/// The delivered transactions of one window of 64.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TxDelivery {
    /// The window: its first transaction has 64 times this index.
    pub window: Index16,
    /// Which transactions of the window; offset 0 is the most significant bit.
    pub bitmap: Bitmap64,
    /// Those transactions in ascending order, one for each bit.
    pub txs: Txs,
}

/// A list of transactions in one buffer: one allocation however many there are.
#[derive(Clone, Debug)]
pub struct Txs {
    bytes: Bytes,
    spans: Vec<(u32, u32)>,
}

impl Txs {
    /// How many transactions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The transactions, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + '_ {
        self.spans
            .iter()
            .map(|&(from, to)| self.bytes.get(from as usize..to as usize).unwrap_or_default())
    }

    /// One transaction, sharing the buffer.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Bytes> {
        let &(from, to) = self.spans.get(at)?;
        Some(self.bytes.slice(from as usize..to as usize))
    }
}

impl PartialEq for Txs {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Txs {}

impl core::hash::Hash for Txs {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|tx| tx.hash(state));
    }
}
