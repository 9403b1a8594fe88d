//! The limits and times of `chia.md` 14.3 and 14.4, each a field to set.

use core::time::Duration;

use super::rules;
use crate::fault::Fault;

/// Every limit and time that the Chia machines go by. Start from `default()`, which is the
/// reference's, and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Limits {
    /// Largest body of a frame, in bytes (FR-2).
    pub max_frame: usize,
    /// The same until the connection is established (FR-2).
    pub max_handshake_frame: usize,
    /// Largest body of a message that has no list, block or blob, in bytes.
    pub max_fixed_frame: usize,
    /// Most bytes of `network_id` and of `version`.
    pub max_name: usize,
    /// Most bytes of a proof of space.
    pub max_proof: usize,
    /// Most bytes of the witness of a proof of time.
    pub max_witness: usize,
    /// Most bytes of a block.
    pub max_block: usize,
    /// Most bytes of a transaction.
    pub max_transaction: usize,
    /// Most keys of pools.
    pub max_pool_pubkeys: usize,
    /// Most addresses that one message may have.
    pub max_peer_list: usize,
    /// Most header hashes that one message may have.
    pub max_header_hashes: usize,
    /// Most bytes of a `farmer_id`.
    pub max_farmer_id: usize,
    /// Most bytes of a `posting_url`.
    pub max_posting_url: usize,
    /// Most bytes of a `farmer_target`.
    pub max_farmer_target: usize,
    /// A connection that is not established so long after it was opened is closed (C-11).
    pub handshake_timeout: Duration,
    /// A stream on which a frame has begun and isn't whole so long afterwards is closed
    /// (`chia.md` 14.3). Zero: it may take as long as it likes.
    pub partial_frame_timeout: Duration,
    /// How often a ping is sent (C-12). Zero: never.
    pub ping_interval: Duration,
    /// A full node of which no whole message came for so long is left (C-13). Time in which it is
    /// held back doesn't count.
    pub idle_timeout: Duration,
    /// Answers that nobody asked for, that are passed over before they count as malformed
    /// (`chia.md` 16).
    pub max_unsolicited: u32,
    /// Most messages told and not yet [taken](crate::state::chia::ConnectionCommand::Taken): the
    /// peer is held back from then on. `None`: what is told counts as taken.
    pub max_untaken: Option<u32>,
    /// How much a peer may send; `None`: as much as it likes.
    pub rate: Option<RateLimits>,
}

/// How much a peer may send in a minute, answers to our own requests not counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct RateLimits {
    /// Most messages but those about transactions.
    pub messages: u32,
    /// Most messages about transactions.
    pub transactions: u32,
    /// Most bytes of all of them.
    pub bytes: u64,
    /// What becomes of a peer that sends more.
    pub when_too_fast: WhenTooFast,
}

/// What becomes of a peer that sends more than its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "it is blamed or not")]
pub enum WhenTooFast {
    /// Nothing more is taken from it until the minute is over: a network that delivers the work of
    /// hours at once brings blame on nobody.
    Hold,
    /// It is closed, by rule.
    Close,
}

impl Limits {
    /// How long the rest of a frame may take, and what it is when it takes longer (`chia.md` 14.3).
    pub(super) const fn partial_frame(&self) -> Option<(Duration, Fault)> {
        if self.partial_frame_timeout.is_zero() {
            return None;
        }
        let fault = Fault::timeout(&rules::PARTIAL_FRAME, "the rest of a frame");
        Some((self.partial_frame_timeout, fault))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame: 52_428_800,
            max_handshake_frame: 10_240,
            max_fixed_frame: 1_024,
            max_name: 64,
            max_proof: 1_024,
            max_witness: 16_384,
            max_block: 1_048_576,
            max_transaction: 1_048_576,
            max_pool_pubkeys: 1_024,
            max_peer_list: 1_000,
            max_header_hashes: 1_500_000,
            max_farmer_id: 256,
            max_posting_url: 2_048,
            max_farmer_target: 256,
            handshake_timeout: Duration::from_secs(30),
            partial_frame_timeout: Duration::from_secs(600),
            ping_interval: Duration::from_secs(300),
            idle_timeout: Duration::from_secs(3_000),
            max_unsolicited: 16,
            max_untaken: None,
            rate: Some(RateLimits::default()),
        }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            messages: 1_000,
            transactions: 5_000,
            bytes: 104_857_600,
            when_too_fast: WhenTooFast::Hold,
        }
    }
}
