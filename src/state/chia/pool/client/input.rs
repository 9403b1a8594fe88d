//! What goes into the farmer's end of a session with a pool, and what comes out of it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::ask::AskId;
use crate::codec::chia::{Blob, Bytes32, Challenge, PublicKey, SignedCoinbase};
use crate::state::chia::farmer::PartialProof;
use crate::state::chia::pool::PoolLimits;

/// What a farmer wants of its pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PoolClientCommand {
    /// Begin: ask how to farm for the pool (PO-2).
    Open,
    /// A coinbase of this height is wanted, as
    /// [`FarmerQuery::GetCoinbase`](crate::state::chia::FarmerQuery::GetCoinbase) asks: it is
    /// [told](PoolClientNotice::Coinbase), at once or when the pool has sent more.
    Coinbase(u32),
    /// A proof that counts, as
    /// [`FarmerNotice::Partial`](crate::state::chia::FarmerNotice::Partial) tells, and the
    /// challenge that it answers: it goes to the pool (PO-4).
    Partial(Box<Challenge>, Box<PartialProof>),
    /// The answer to [`PoolClientQuery::VerifyCoinbases`].
    Verdict(AskId, bool),
    /// End it.
    Close,
}

/// What the farmer's end asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum PoolClientQuery {
    /// Are all these coinbases, of 44 bytes each, signed by this key (PO-3)?
    VerifyCoinbases(PublicKey, Vec<SignedCoinbase>),
}

/// What the farmer's end tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PoolClientNotice {
    /// The pool has said how to farm for it (PO-3).
    Data {
        /// Where partial proofs go, if not into this session.
        posting_url: String,
        /// Its key.
        pool_pubkey: PublicKey,
        /// Proofs that take fewer seconds count: for
        /// [`FarmerCommand::PoolShareThreshold`](crate::state::chia::FarmerCommand).
        partials_threshold: u64,
    },
    /// A coinbase that was wanted; `None`: the pool has none for that height, or too many are wanted.
    Coinbase(u32, Option<Box<SignedCoinbase>>),
    /// The pool has acknowledged the partial with this proof, by the proof's hash (PO-4).
    Acknowledged(Bytes32),
}

/// Who farms for the pool. Start from [`new`](Self::new) and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct PoolClientConfig {
    /// The keys of the pools that are farmed for: the pool's is one of them (PO-3).
    pub pool_public_keys: Vec<PublicKey>,
    /// Whom the pool pays, as the farmer's machine has it.
    pub farmer_target: Blob,
    /// What the farmer is called, if it is called anything.
    pub farmer_id: Option<String>,
    /// More coinbases are asked for once fewer than so many are left (PO-2).
    pub low_stock: usize,
    /// How much is kept and taken.
    pub limits: PoolLimits,
}

impl PoolClientConfig {
    /// A farmer for these pools, without a name.
    #[must_use]
    pub fn new(pool_public_keys: Vec<PublicKey>, farmer_target: Blob) -> Self {
        Self {
            pool_public_keys,
            farmer_target,
            farmer_id: None,
            low_stock: 16,
            limits: PoolLimits::default(),
        }
    }
}
