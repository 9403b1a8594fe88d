//! What goes into the answering of requests and what comes out of it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::ask::AskId;
use crate::codec::chia::{Blob, Body, Bytes32, FullBlock, HeaderBlock, HeaderHash};

/// The answers to the questions of [`Serving`](super::Serving).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ServingCommand {
    /// The answer to [`ServingQuery::Block`]; `None`: there is no such block.
    Block(AskId, Option<Box<FullBlock>>),
    /// The answer to [`ServingQuery::HeaderHashes`]; `None`: there is no such tip.
    HeaderHashes(AskId, Option<Vec<HeaderHash>>),
    /// The answer to [`ServingQuery::HeaderBlocks`].
    HeaderBlocks(AskId, Found<HeaderBlock>),
    /// The answer to [`ServingQuery::SyncBlocks`].
    SyncBlocks(AskId, Found<FullBlock>),
    /// The answer to [`ServingQuery::Header`], with the filter of the block's transactions;
    /// `None`: there is no such block.
    Header(AskId, Option<Box<(HeaderBlock, Blob)>>),
    /// The answer to [`ServingQuery::Ancestors`]; `None`: there is no such block.
    Ancestors(AskId, Option<Vec<(u32, HeaderHash)>>),
    /// The answer to [`ServingQuery::Body`]; `None`: there is no such body.
    Body(AskId, Option<Box<Body>>),
}

/// What was found of heights of a chain (P-43).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "the reference's three cases")]
pub enum Found<T> {
    /// The tip, or a block below it, is not known: nothing is said.
    Unknown,
    /// A height is above the tip's: the peer broke a rule.
    AboveTip,
    /// One for each height, in the order asked.
    All(Vec<T>),
}

/// What whoever keeps the chain is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum ServingQuery {
    /// The block of this header hash (P-8).
    Block(HeaderHash),
    /// All header hashes from the genesis to this block (P-44).
    HeaderHashes(HeaderHash),
    /// Header blocks of the chain that ends in a tip (P-43).
    HeaderBlocks(AtHeights),
    /// Blocks of the chain that ends in a tip (P-43).
    SyncBlocks(AtHeights),
    /// The header block of this header hash, and the filter of its transactions (W-2).
    Header(HeaderHash),
    /// Those of the heights that are at most the block's, in the order asked, with the header hash
    /// of its ancestor there, or its own (W-3).
    Ancestors(AtHeights),
    /// The body of this hash (W-4).
    Body(Bytes32),
}

/// Heights of the chain that ends in a block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what the requests have")]
pub struct AtHeights {
    /// The header hash of the block.
    pub tip: HeaderHash,
    /// The heights, as asked: in any order, repeated or not.
    pub heights: Vec<u32>,
}
