//! What goes into the decision logic and what comes out of it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::ask::AskId;
use crate::codec::leios::{
    LeiosPoint, LinearLeiosBlock, LinearLeiosVote, SlotNo, TxHash, TxReference, VoteIssuer,
};
use crate::state::leios::client::{Announcement, ClientCommand};

/// What the application wants of the decision logic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FetchCommand<K> {
    /// A client for this peer has opened.
    Joined(K),
    /// The client of this peer has closed: what it was asked for goes to others.
    Left(K),
    /// ChainSync implies that this peer holds a block and all its transactions (S-6).
    Implied {
        /// Which peer.
        peer: K,
        /// Which block.
        point: LeiosPoint,
        /// Its announced size in bytes.
        size: u32,
    },
    /// A ranking block that we want to adopt certifies this block: before everything else (S-7).
    Urgent {
        /// Which block.
        point: LeiosPoint,
        /// Its announced size in bytes.
        size: u32,
    },
    /// How much the votes at a slot still matter.
    Votes {
        /// Which slot.
        slot: SlotNo,
        /// How much.
        need: VoteNeed,
    },
    /// The signature of a vote that came is bad: another peer is asked for it. Machines can't
    /// check votes, and one bad vote must not keep the good one away.
    BadVote {
        /// Its slot.
        slot: SlotNo,
        /// Its issuer.
        issuer: VoteIssuer,
    },
    /// Oldest blocks first instead of youngest first (while syncing, S-6).
    OldestFirst(bool),
    /// These transactions came by another way: no need to fetch them any more.
    Have(Vec<TxHash>),
    /// This block is of no interest any more.
    Forget(LeiosPoint),
    /// Nothing below this slot is of interest any more, except what is urgent or implied.
    ForgetBelow(SlotNo),
    /// A client refused this command: what it asked for goes back to the work list.
    Refused(K, ClientCommand),
    /// The answer to [`FetchQuery::WhichAreMissing`].
    Missing {
        /// The question.
        id: AskId,
        /// Ascending indices of the transactions that are to be fetched.
        indices: Vec<u32>,
    },
}

/// How much the votes at a slot still matter (`leios.md` 12.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth need")]
pub enum VoteNeed {
    /// Less than half of the quorum's weight is known: large bundles.
    #[default]
    Many,
    /// Half of it or more is known: small bundles, so that the deciding vote is not held back.
    Few,
    /// No more votes are wanted.
    None,
}

/// What the decision logic asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_enums,
    reason = "a question that a wildcard passes over would stall a peer"
)]
pub enum FetchQuery {
    /// Which of these transactions does the mempool lack?
    ///
    /// A transaction that is there with another size than its reference says makes the block
    /// invalid: forget it, and never offer its transactions, since whoever asks for them by that
    /// size would find them wrong (L-51).
    WhichAreMissing {
        /// The block that refers to them.
        point: LeiosPoint,
        /// All entries of the block, in order.
        references: Vec<TxReference>,
    },
}

impl FetchQuery {
    /// Turns the answer to this question, ascending indices, into the local input.
    #[must_use]
    pub const fn missing<K>(&self, id: AskId, indices: Vec<u32>) -> FetchCommand<K> {
        match self {
            Self::WhichAreMissing { .. } => FetchCommand::Missing { id, indices },
        }
    }
}

/// What the decision logic tells the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum FetchNotice<K> {
    /// The first announcement of an election, from whatever peer: its block will be fetched.
    Announced(K, Box<Announcement>),
    /// Another header for an election: evidence, not work (L-55).
    Equivocated(K, Box<Announcement>),
    /// A block came, the first time.
    Block {
        /// Which block.
        point: LeiosPoint,
        /// The block as received.
        block: LinearLeiosBlock,
    },
    /// Transactions came, each the first time.
    Txs {
        /// Of the block they were asked through; others may refer to them as well.
        point: LeiosPoint,
        /// Index, hash and bytes of each.
        #[cfg_attr(
            feature = "serde",
            serde(serialize_with = "crate::codec::text::indexed_txs::serialize")
        )]
        txs: Vec<(u32, TxHash, Bytes)>,
    },
    /// Nothing of this block is missing any more.
    ClosureComplete(LeiosPoint),
    /// A vote came, the first time.
    Vote(LinearLeiosVote),
    /// A limit made the machine give up this block: ask for it again if it matters.
    Dropped {
        /// Which block.
        point: LeiosPoint,
        /// The field of [`FetchLimits`](super::FetchLimits).
        limit: &'static str,
    },
}
