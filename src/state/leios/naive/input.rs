//! What goes into the two machines of NaiveLeios and what comes out.

#![expect(
    clippy::exhaustive_enums,
    reason = "a question that a wildcard passes over would stall a peer"
)]

use bytes::Bytes;

use crate::ask::AskId;
use crate::codec::leios::{
    LeiosPoint, LinearLeiosBlock, LinearLeiosVote, Notification, SlotNo, VoteIssuer,
};
use crate::state::leios::client::WantedTx;

/// What the application wants of a naive client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum NaiveCommand {
    /// Ask for one notification.
    RequestNotification,
    /// Ask for a block whose announced size is known.
    RequestBlock {
        /// Which block.
        point: LeiosPoint,
        /// Its announced size in bytes.
        size: u32,
    },
    /// Ask for one transaction of a block. Its index must fit 16 bits.
    RequestTx {
        /// Of which block.
        point: LeiosPoint,
        /// Which transaction.
        tx: WantedTx,
    },
    /// Ask for one vote.
    RequestVote {
        /// Its slot.
        slot: SlotNo,
        /// Its seat.
        issuer: VoteIssuer,
    },
    /// Send MsgDone: at once, or after the replies that are under way.
    Finish,
}

/// What a naive client tells the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum NaiveNotice {
    /// The server has news.
    Notified(Notification),
    /// A block came; its hash and size are those asked for.
    Block {
        /// Which block.
        point: LeiosPoint,
        /// The block as received.
        block: LinearLeiosBlock,
    },
    /// A transaction came; its hash and size are those asked for.
    Tx {
        /// Of which block.
        point: LeiosPoint,
        /// Its index there.
        index: u32,
        /// The transaction.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))]
        tx: Bytes,
    },
    /// A vote came; it is the one asked for, its signature is not checked.
    Vote(LinearLeiosVote),
}

/// What a naive server asks. Questions come one at a time, in the order of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NaiveQuery {
    /// Tell me the next piece of news, when there is one.
    Notification,
    /// Get this block.
    Block(LeiosPoint),
    /// Get the transaction with this index of this block.
    Tx(LeiosPoint, u16),
    /// Get this vote.
    Vote(SlotNo, VoteIssuer),
}

impl NaiveQuery {
    /// Turns the answer to this question into the local input.
    #[must_use]
    pub const fn answered(&self, id: AskId, content: Option<NaiveContent>) -> NaiveServerCommand {
        NaiveServerCommand::Answered { id, content }
    }
}

/// What the application gives a naive server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum NaiveServerCommand {
    /// The answer to a [`NaiveQuery`].
    Answered {
        /// The question.
        id: AskId,
        /// What was asked for; `None` if it is not there, which ends the connection (L-20).
        content: Option<NaiveContent>,
    },
}

/// One answer of the application of a naive server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NaiveContent {
    /// A piece of news.
    Notification(Notification),
    /// A block.
    Block(LinearLeiosBlock),
    /// A transaction.
    Tx(
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::codec::from_fuzzer::bytes))]
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))]
        Bytes,
    ),
    /// A vote.
    Vote(LinearLeiosVote),
}

/// What a naive server tells the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum NaiveServerNotice {
    /// The client has sent MsgDone.
    Finished,
}
