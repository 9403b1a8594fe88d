//! What goes into a server and what comes out of it.

#![expect(
    clippy::exhaustive_enums,
    reason = "a question or an answer that a wildcard passes over would stall a peer"
)]

use alloc::vec::Vec;

use bytes::Bytes;

use crate::ask::AskId;
use crate::codec::leios::{
    DeliverableId, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, NonEmpty, RankingBlockHeader,
    ReplyMessage, RequestMessage, RequestNo, SlotNo, TxHash, VoteIssuer,
};
use crate::state::leios::slot::SlotClock;

/// What the application wants of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ServerCommand {
    /// Tell the client of this header, which announces an endorser block.
    Announce(RankingBlockHeader),
    /// Offer a block that was announced.
    OfferBlock(LeiosPoint),
    /// Offer all transactions of a block that was announced: they are at hand, with the sizes that
    /// the block says (L-41, L-51).
    OfferTxs(LeiosPoint),
    /// Offer a vote on a block announced at this slot.
    OfferVote(SlotNo, VoteIssuer),
    /// The answer to [`ServerQuery::Fetch`].
    Fetched {
        /// The question.
        id: AskId,
        /// One for each id, in the order asked; `None` if any of them is not there.
        content: Option<Vec<Content>>,
    },
    /// The slot clock has been set anew.
    SetClock(SlotClock),
    /// End the pair: send MsgLeiosDone.
    Finish,
}

/// One thing a server was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Content {
    /// An endorser block.
    Block(LinearLeiosBlock),
    /// The requested transactions with their hashes, ascending by index, and how many
    /// transactions the block has.
    Txs {
        /// Entries of the block (L-8).
        count: u32,
        /// Index, hash and bytes of each requested transaction below `count`.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::indexed_txs"))]
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::codec::from_fuzzer::indexed_txs))]
        txs: Vec<(u32, TxHash, Bytes)>,
    },
    /// A vote.
    Vote(LinearLeiosVote),
}

/// What reaches a server from its client and from the link below.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ServerRemote {
    /// A message of LeiosRequest.
    Request {
        /// The message.
        message: RequestMessage,
        /// Its length on the wire in bytes (S-5).
        size: u32,
    },
    /// A message of LeiosReply: only MsgLeiosInit may come this way.
    Reply(ReplyMessage),
    /// So many bytes of LeiosReply have left for the transport (L-62).
    Drained(u32),
}

/// What a server asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ServerQuery {
    /// Get these things.
    Fetch {
        /// The request they belong to.
        no: RequestNo,
        /// What is wanted.
        ids: NonEmpty<DeliverableId>,
    },
}

impl ServerQuery {
    /// Turns the answer to this question into the local input.
    #[must_use]
    pub const fn fetched(&self, id: AskId, content: Option<Vec<Content>>) -> ServerCommand {
        match self {
            Self::Fetch { .. } => ServerCommand::Fetched { id, content },
        }
    }
}

/// What a server tells the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ServerNotice {
    /// The client has opened the pair.
    Opened,
    /// This request has been answered in full, with so many bytes of reply.
    Answered {
        /// Which request.
        no: RequestNo,
        /// Bytes of the reply message.
        bytes: u32,
    },
    /// The client asks for nothing more.
    Finishing,
    /// Broken SHOULD rule, never a reason to disconnect: counted by whoever cares.
    Remark(&'static crate::fault::Rule),
}
