//! What goes into a client and what comes out of it.

#![expect(clippy::exhaustive_enums, reason = "who sends, answers or asks is to see every case")]

use alloc::vec::Vec;

use bytes::Bytes;

use crate::ask::AskId;
use crate::codec::leios::{
    Hash32, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, PoolId, RankingBlockHeader,
    ReplyMessage, RequestMessage, SlotNo, TxHash, VoteIssuer,
};
use crate::state::leios::slot::SlotClock;

/// A transaction wanted from an endorser block: the client knows its hash and size from the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WantedTx {
    /// Its index in the block.
    pub index: u32,
    /// Its hash, as recorded there.
    pub hash: TxHash,
    /// Its size in bytes, as recorded there.
    pub size: u32,
}

/// What the application wants of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ClientCommand {
    /// Open the pair: send MsgLeiosInit.
    Start,
    /// Keep at least `low` bytes of notification credit outstanding, `chunk` bytes a request.
    NotificationTarget {
        /// Ask again when no more credit than this is left.
        low: u32,
        /// Bytes of each request; at least MaxNotificationSize.
        chunk: u16,
    },
    /// Ask for no more notifications. Credit already given stays given.
    StopNotifications,
    /// Fetch an endorser block whose announced size is known.
    RequestBlock {
        /// Which block.
        point: LeiosPoint,
        /// Its announced size in bytes. Where this server announced others too, those are as good:
        /// headers may contradict each other.
        size: u32,
    },
    /// Fetch transactions of a block; split into requests of bounded replies.
    RequestTxs {
        /// Which block.
        point: LeiosPoint,
        /// Which transactions, ascending by index.
        txs: Vec<WantedTx>,
    },
    /// Fetch votes. Those of a slot that wait are bundled, at most `max_votes_per_request` in one
    /// request (`leios.md` 12.5).
    RequestVotes {
        /// Which votes.
        votes: Vec<(SlotNo, VoteIssuer)>,
    },
    /// The answer to [`ClientQuery::JudgeAnnouncement`].
    Judged {
        /// The question.
        id: AskId,
        /// The answer.
        verdict: Verdict,
    },
    /// The slot clock has been set anew.
    SetClock(SlotClock),
    /// Send oldest first instead of youngest first what waits (while syncing, S-6).
    OldestFirst(bool),
    /// End the pair: send MsgLeiosDoneRequest and wait for MsgLeiosDone.
    Finish,
}

/// What the youngest stable ledger state says of an announcement (L-35, S-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// Valid: act on it.
    Process,
    /// Valid, but its certificate number is out of the settled range: keep counting it, neither
    /// fetch nor relay, don't disconnect.
    Ignore,
    /// Invalid: disconnect.
    Invalid,
}

/// What reaches a client from its server and from the link below.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ClientRemote {
    /// A message of LeiosReply.
    Reply(ReplyMessage),
    /// A message of LeiosRequest, which no server may send.
    Request(RequestMessage),
}

/// What a client sends: LeiosRequest, and the opening message of LeiosReply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PairMessage {
    /// On LeiosRequest.
    Request(RequestMessage),
    /// On LeiosReply.
    Reply(ReplyMessage),
}

/// An announcement: a valid header that announces an endorser block, first or second of its
/// election.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Announcement {
    /// What it announces.
    pub point: LeiosPoint,
    /// The announced size of the block in bytes.
    pub eb_size: u32,
    /// The pool whose election it was.
    pub pool: PoolId,
    /// True for the second header of one election: evidence, not work (L-55).
    pub equivocation: bool,
    /// The header as received.
    pub header: RankingBlockHeader,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ClientQuery {
    /// Is this header as valid as the youngest stable ledger state can tell (L-35)?
    JudgeAnnouncement(Announcement),
}

impl ClientQuery {
    /// Turns the answer to this question into the local input.
    #[must_use]
    pub const fn judged(&self, id: AskId, verdict: Verdict) -> ClientCommand {
        match self {
            Self::JudgeAnnouncement(_) => ClientCommand::Judged { id, verdict },
        }
    }
}

/// Something a client was asked to fetch, for failure reports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Unit {
    /// An endorser block.
    Block(LeiosPoint),
    /// Transactions of a block, by index.
    Txs(LeiosPoint, Vec<u32>),
    /// A vote.
    Vote(SlotNo, VoteIssuer),
}

/// What a client tells the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ClientNotice {
    /// An announcement was judged worth processing.
    Announced(Announcement),
    /// The server offers a block.
    BlockOffered(LeiosPoint),
    /// The server offers all transactions of a block.
    TxsOffered(LeiosPoint),
    /// The server offers a vote.
    VoteOffered(SlotNo, VoteIssuer),
    /// A block came; its hash, size and form are good.
    Block {
        /// Which block.
        point: LeiosPoint,
        /// The block as received.
        block: LinearLeiosBlock,
    },
    /// Transactions came; their hashes and sizes are good.
    Txs {
        /// Of which block.
        point: LeiosPoint,
        /// Index, hash and bytes of each.
        #[cfg_attr(
            feature = "serde",
            serde(serialize_with = "crate::codec::text::indexed_txs::serialize")
        )]
        txs: Vec<(u32, TxHash, Bytes)>,
    },
    /// A vote came; it is the one asked for, its signature is not checked.
    Vote(LinearLeiosVote),
    /// These blocks or transactions were left out of a reply, since an overlapping reply carried
    /// them (L-52). Votes left out are not listed: they came with that reply.
    Excused(Vec<Hash32>),
    /// These will not come from this server any more (L-24): ask another.
    Failed(Vec<Unit>),
    /// Broken SHOULD rule, never a reason to disconnect: counted by whoever cares.
    Remark(&'static crate::fault::Rule),
}
