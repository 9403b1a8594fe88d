//! Who a farmer farms for, and how much it keeps.

use alloc::vec::Vec;
use core::time::Duration;

use crate::codec::Source;
use crate::codec::chia::{Blob, Bytes32, PublicKey};

/// Who a farmer farms for. Start from [`new`](Self::new) and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct FarmerConfig {
    /// The keys of the pools whose plots count (F-1).
    pub pool_public_keys: Vec<PublicKey>,
    /// Whom the pool pays: its hash is signed in partial proofs.
    pub farmer_target: Blob,
    /// Where the fees of blocks go.
    pub fees_target_puzzle_hash: Bytes32,
    /// Proofs that take fewer seconds than this count for the pool.
    pub pool_share_threshold: u64,
    /// Proofs that take fewer seconds than this become blocks.
    pub propagate_threshold: u64,
    /// Seconds that any block takes.
    pub min_block_time: u64,
    /// Iterations a second before anybody said how many (F-3).
    pub initial_ips: u64,
    /// A new harvester is told the challenges of the current weight (F-1).
    pub resend_challenges: bool,
    /// A block is not asked for if so many better qualities have arrived for its weight; `None`:
    /// always (F-9).
    pub yield_to: Option<usize>,
    /// How much is kept.
    pub limits: FarmerLimits,
}

/// How much a farmer keeps and asks for (F-11), and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct FarmerLimits {
    /// Most challenges: of what whoever told the most has told, the heaviest are kept.
    pub max_challenges: usize,
    /// Most qualities that are being followed.
    pub max_qualities: usize,
    /// Most arrivals of one weight that a full node tells.
    pub max_arrivals: usize,
    /// Most weights of which a full node's arrivals are kept: the heaviest.
    pub max_arrival_weights: usize,
    /// Below height 1000 a quality whose proof is not shown so long after it was asked for keeps no
    /// other from being asked for (F-4). Nobody is blamed, and a later proof counts all the same.
    pub proof_timeout: Duration,
    /// If full nodes take the signed block of a proof and go, over and over, another of it is signed
    /// so long after the last at the earliest.
    pub sign_again_after: Duration,
    /// Most questions open at a time.
    pub max_open_asks: usize,
    /// Most of them that one peer has caused: then nothing more of it is taken.
    pub max_open_asks_of_one: usize,
}

impl FarmerConfig {
    /// A farmer for these pools, with the thresholds of the original.
    #[must_use]
    pub fn new(pool_public_keys: Vec<PublicKey>, farmer_target: Blob) -> Self {
        Self {
            pool_public_keys,
            farmer_target,
            fees_target_puzzle_hash: Bytes32([0; 32]),
            pool_share_threshold: 12_000,
            propagate_threshold: 10_000,
            min_block_time: 30,
            initial_ips: 10_000,
            resend_challenges: false,
            yield_to: None,
            limits: FarmerLimits::default(),
        }
    }

    /// Heap bytes held.
    pub(super) fn heap(&self) -> usize {
        let keys = self.pool_public_keys.capacity().saturating_mul(size_of::<PublicKey>());
        keys.saturating_add(Source::heap(&self.farmer_target.0))
    }
}

impl Default for FarmerLimits {
    fn default() -> Self {
        Self {
            max_challenges: 256,
            max_qualities: 16_384,
            max_arrivals: 64,
            max_arrival_weights: 64,
            proof_timeout: Duration::from_secs(30),
            sign_again_after: Duration::from_secs(10),
            max_open_asks: 128,
            max_open_asks_of_one: 16,
        }
    }
}
