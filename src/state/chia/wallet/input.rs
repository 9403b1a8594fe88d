//! What goes into a wallet and what comes out of it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use crate::codec::chia::{Blob, Body, Bytes32, HeaderBlock, HeaderHash, Transaction};
use crate::state::chia::role::ConnectionId;

/// What a wallet is to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WalletCommand {
    /// Ask for a header (W-2).
    Header(HeaderHash),
    /// Ask which blocks lie below a header, at these heights (W-3).
    Ancestors(HeaderHash, Vec<u32>),
    /// Ask for the body whose SHA-256 this is (W-4).
    Body(Bytes32),
    /// Hand a transaction to every full node (W-5).
    Send(Transaction),
}

/// What a wallet asks full nodes for, by the hash that the answer is told from others by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "the protocol's three requests")]
pub enum WalletRequest {
    /// A header.
    Header(HeaderHash),
    /// What lies below a header.
    Ancestors(HeaderHash),
    /// A body.
    Body(Bytes32),
}

/// What a wallet tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WalletNotice {
    /// Where a full node's chain is certain (W-1).
    NewLca(Lca),
    /// A header that was asked for: its hash was checked, which covers neither its proof of time
    /// nor its challenge, nor the filter.
    Header {
        /// Its hash.
        header_hash: HeaderHash,
        /// The header.
        header_block: Box<HeaderBlock>,
        /// The filter of the block's transactions (BIP 158), opaque.
        filter: Blob,
    },
    /// What lies below a header, as the full node says: nothing of it can be checked.
    Ancestors {
        /// The header.
        header_hash: HeaderHash,
        /// Heights and header hashes, in the order asked; unknown ones are left out.
        ancestors: Vec<(u32, HeaderHash)>,
    },
    /// A body that was asked for: its hash was checked.
    Body {
        /// Its hash.
        body_hash: Bytes32,
        /// The body.
        body: Box<Body>,
    },
    /// No full node answered this.
    Unanswered(WalletRequest),
}

/// The lowest common ancestor of a full node's tips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what a full node tells")]
pub struct Lca {
    /// Who told it.
    pub from: ConnectionId,
    /// Which block it is.
    pub hash: HeaderHash,
    /// Its height.
    pub height: u32,
}

/// How much a wallet asks for at a time, and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct WalletLimits {
    /// Most requests that wait for an answer.
    pub max_requests: usize,
    /// Most heights of a request for ancestors (W-3).
    pub max_ancestors_asked: usize,
    /// A full node has so long to answer; then the next one is asked.
    pub answer_timeout: Duration,
}

impl Default for WalletLimits {
    fn default() -> Self {
        Self { max_requests: 64, max_ancestors_asked: 100, answer_timeout: Duration::from_secs(10) }
    }
}
