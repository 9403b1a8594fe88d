//! What goes into a sync and what comes out of it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::ask::AskId;
use crate::codec::chia::{FullBlock, HeaderBlock, HeaderHash};
use crate::state::chia::chain::{Added, Chain};
use crate::state::chia::role::ConnectionId;

/// What a sync is told, and the answers to its questions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum SyncCommand {
    /// Begin: a block was told that is far above our chain (P-4, P-34).
    Start(Box<SyncStart>),
    /// The answer to [`SyncQuery::HashAt`]; `None`: we have no block of that height.
    HashAt(AskId, Option<HeaderHash>),
    /// The answer to [`SyncQuery::WeighHeaders`].
    Weighed(AskId, Weighed),
    /// The answer to [`SyncQuery::VerifyWeight`]: does the tip weigh what was told with it?
    Weight(AskId, bool),
    /// The answer to [`SyncQuery::AddBlock`].
    Added(AskId, Added),
}

/// What a sync begins with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[expect(clippy::exhaustive_structs, reason = "what P-34 to P-38 take")]
pub struct SyncStart {
    /// Where our chain stands.
    pub chain: Chain,
    /// The first candidate: a finished block.
    pub tip: FullBlock,
    /// Who told it.
    pub from: ConnectionId,
}

/// What a sync asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum SyncQuery {
    /// The header hash of our chain at a height that all of our tips share (P-38).
    HashAt {
        /// The height: at most that of the tips' lowest common ancestor when the sync began, or when
        /// it last added a block.
        height: u32,
    },
    /// Are these headers good, each with its proofs and challenge? They come in order, and are not
    /// kept here: whoever answers takes of them what the final verdict needs (P-41).
    WeighHeaders(Box<HeaderBatch>),
    /// The final verdict over all headers that were handed on since the fork (P-41).
    VerifyWeight(Box<ClaimedTip>),
    /// The chain is to have this block (P-42).
    AddBlock(Box<FullBlock>),
}

/// Headers that follow each other, with the hashes of the chain that is synced to.
///
/// What was handed on before of the same heights and above is void, and what is below still counts:
/// a batch that begins right above the fork begins anew, and one that begins elsewhere goes on from
/// the header below it, which was good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "headers and where they belong")]
pub struct HeaderBatch {
    /// The height of the last block that both chains share.
    pub fork: u32,
    /// The height of the first of the headers.
    pub first: u32,
    /// The headers, by height.
    pub headers: Vec<HeaderBlock>,
}

/// A tip as it was told, and where its chain leaves ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what is to be weighed")]
pub struct ClaimedTip {
    /// Which block it is.
    pub header_hash: HeaderHash,
    /// Its height.
    pub height: u32,
    /// The weight that was told.
    pub weight: u64,
    /// The height of the last block that both chains share.
    pub fork: u32,
}

/// What a batch of headers is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "good, badly delivered, or bad")]
pub enum Weighed {
    /// They are good: proofs, challenges, difficulties.
    Good,
    /// One has a proof of time or a challenge that is not its own. Its header hash does not cover
    /// these: who delivered it is blamed, and others are asked. A
    /// `proof_of_time_output_hash` may be let pass: the sync finds it by the header above.
    Damaged,
    /// The chain of the hashes is bad: who sent these is blamed. If that is who told the tip the
    /// sync fails (P-41).
    Bad,
}

/// What a sync tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum SyncNotice {
    /// It has begun: blocks that are told are candidates from now on (P-34).
    Began,
    /// It is in this phase now, of a sync to the block of this hash.
    Entered(SyncPhase, HeaderHash),
    /// All up to this height was weighed, or added.
    Reached(SyncPhase, u32),
    /// It is over (P-45).
    Ended(SyncOutcome),
}

/// The phases of a sync (P-34).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "the reference's six")]
pub enum SyncPhase {
    /// Candidates are waited for.
    WaitTips,
    /// The hashes of the chain are asked for, and where it leaves ours.
    Hashes,
    /// Headers are asked for.
    Headers,
    /// The weight is verified.
    Weight,
    /// Blocks are asked for and added.
    Blocks,
    /// Over, or nothing begun.
    Finish,
}

/// How a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SyncOutcome {
    /// Our chain has the tip.
    Synced(HeaderHash),
    /// No candidate is heavier than our heaviest tip (P-36).
    NothingHeavier,
    /// It came to nothing; the candidate is not tried again for some time (P-45).
    Failed(SyncFailure),
}

/// Why a sync came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SyncFailure {
    /// Nobody delivered in time what this phase needs (P-37, P-39, P-46).
    TimedOut(SyncPhase),
    /// The other chain is not longer than what our tips share (P-38).
    Shorter,
    /// The tip does not weigh what was told (P-41).
    TooLight,
    /// A block is invalid (P-42).
    Invalid,
    /// A block has no parent in our chain (P-42).
    Disconnected,
    /// Our own chain lacks a block that all of its tips are to share.
    NotOurs,
}
