//! What a full node goes by, and how much it keeps.

use core::time::Duration;

use crate::state::chia::addresses::AddressesConfig;
use crate::state::chia::serving::ServingLimits;
use crate::state::chia::sync::SyncLimits;
use crate::state::chia::transactions::TransactionsLimits;

/// What a full node goes by (`chia.md` 14.3). Start from `default()`, which is the reference's,
/// and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct FullNodeConfig {
    /// Farmers are told of unfinished blocks that were accepted (F-25).
    pub announce_arrivals: bool,
    /// A proof of time is sent instead of a block to whoever has the rest (P-24).
    pub compact_blocks: bool,
    /// A block so much higher than the lowest tip is reached by syncing (P-4).
    pub sync_threshold: u32,
    /// A block so much lower than the lowest tip may still find its parent (P-4).
    pub near_window: u32,
    /// What is so much lower than the lowest tip is dropped (P-6).
    pub cleanup_depth: u32,
    /// An unfinished block that takes more seconds is slow (P-20).
    pub slow_block_threshold: u64,
    /// How long a slow block waits for better ones (P-20).
    pub slow_block_delay: Duration,
    /// An unfinished block that takes so many seconds more than the best is dropped (P-20).
    pub propagation_threshold: u64,
    /// A parent is not asked for again for so long (P-7).
    pub parent_timeout: Duration,
    /// How much is kept.
    pub limits: FullNodeLimits,
    /// How it syncs.
    pub sync: SyncLimits,
    /// What chance is made from when a sync picks whom to ask: peers should not know it.
    pub sync_seed: u64,
    /// How requests are answered out of the chain.
    pub serving: ServingLimits,
    /// How transactions are exchanged.
    pub transactions: TransactionsLimits,
    /// Which addresses are dialled and told.
    pub addresses: AddressesConfig,
}

/// How much a full node keeps and asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct FullNodeLimits {
    /// Most blocks whose parent is unknown (P-7).
    pub max_disconnected: usize,
    /// Most of them from one peer, and most parents that one peer is asked for (P-7). A branch that
    /// is longer, and too short for a sync, waits until it is long enough: more than
    /// `sync_threshold` and `near_window` together leaves no such branch.
    pub max_disconnected_per_peer: usize,
    /// Most unfinished blocks that are being validated or wait (P-22), and as many again that came too
    /// early.
    pub max_waiting: usize,
    /// Most unfinished blocks that were accepted (P-22).
    pub max_unfinished: usize,
    /// Most candidates (F-26).
    pub max_candidates: usize,
    /// Most blocks that wait until syncing is over (T-21).
    pub max_kept: usize,
    /// Most hashes of each kind that are remembered: of blocks, of unfinished ones, of proofs of
    /// time.
    pub max_seen: usize,
    /// Most questions open at a time that one peer caused, or about blocks that it told too: nothing
    /// more is taken from it then.
    pub max_asks_per_peer: usize,
    /// Most questions about blocks of peers that are gone, and that nobody told who is there.
    pub max_asks_of_gone: usize,
    /// Most questions open at a time.
    pub max_open_asks: usize,
}

impl Default for FullNodeConfig {
    fn default() -> Self {
        Self {
            announce_arrivals: true,
            compact_blocks: false,
            sync_threshold: 20,
            near_window: 3,
            cleanup_depth: 30,
            slow_block_threshold: 120,
            slow_block_delay: Duration::from_secs(3),
            propagation_threshold: 150,
            parent_timeout: Duration::from_secs(10),
            limits: FullNodeLimits::default(),
            sync: SyncLimits::default(),
            sync_seed: 0,
            serving: ServingLimits::default(),
            transactions: TransactionsLimits::default(),
            addresses: AddressesConfig::default(),
        }
    }
}

impl Default for FullNodeLimits {
    fn default() -> Self {
        Self {
            max_disconnected: 64,
            max_disconnected_per_peer: 24,
            max_waiting: 64,
            max_unfinished: 256,
            max_candidates: 64,
            max_kept: 32,
            max_seen: 1_024,
            max_asks_per_peer: 16,
            max_asks_of_gone: 64,
            max_open_asks: 8_192,
        }
    }
}
