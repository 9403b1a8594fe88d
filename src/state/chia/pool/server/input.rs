//! What goes into a pool's end of a session with a farmer, and what comes out of it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::ask::AskId;
use crate::codec::chia::{Blob, Bytes32, Challenge, ProofOfSpace, PublicKey, SignedCoinbase};
use crate::state::chia::farmer::Signed;
use crate::state::chia::pool::PoolLimits;

/// The answers to a pool's questions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PoolCommand {
    /// The answer to [`PoolQuery::GetCoinbases`].
    Coinbases(AskId, Vec<SignedCoinbase>),
    /// The answer to [`PoolQuery::GetRate`]; `None`: the pool does not know the challenge, or not
    /// any more, and nobody is credited.
    Rate(AskId, Option<PoolRate>),
    /// The answer to [`PoolQuery::VerifyProof`]: the quality of the proof; `None`: it is none.
    Quality(AskId, Option<Bytes32>),
    /// The answer to [`PoolQuery::VerifySignature`].
    Verdict(AskId, bool),
    /// End the session.
    Close,
}

/// What a pool asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum PoolQuery {
    /// Signed coinbases for a farmer (PO-2).
    GetCoinbases {
        /// From which height on it needs them.
        min_height: Option<u32>,
        /// Who it says that it is.
        farmer_id: Option<String>,
    },
    /// How hard is the block after this challenge?
    GetRate(Box<Challenge>),
    /// Is this a proof for the challenge that it names, and of which quality?
    VerifyProof(Box<ProofOfSpace>),
    /// Is this a prepend signature of these 32 bytes by that key?
    VerifySignature(Box<Signed>),
}

/// How hard a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what iterations depend on")]
pub struct PoolRate {
    /// Its difficulty.
    pub difficulty: u64,
    /// Iterations a second.
    pub ips: u64,
}

/// What a pool tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PoolNotice {
    /// A partial counts (PO-5). That the same proof may come twice, in this session or another, is
    /// for whoever credits it to see to.
    Credited(Box<Credit>),
}

/// A partial that counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what is credited, and to whom")]
pub struct Credit {
    /// Whom to pay.
    pub farmer_target: Blob,
    /// The challenge.
    pub challenge_hash: Bytes32,
    /// SHA-256 of the proof.
    pub pos_hash: Bytes32,
    /// Its quality.
    pub quality: Bytes32,
}

/// How a pool is farmed for. Start from [`new`](Self::new) and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct PoolConfig {
    /// Its key.
    pub pool_pubkey: PublicKey,
    /// Where partial proofs go.
    pub posting_url: String,
    /// Proofs that take fewer seconds count.
    pub partials_threshold: u64,
    /// Seconds that any block takes.
    pub min_block_time: u64,
    /// How much is taken.
    pub limits: PoolLimits,
}

impl PoolConfig {
    /// A pool with this key, and the thresholds that farmers have if none tells them others.
    #[must_use]
    pub fn new(pool_pubkey: PublicKey) -> Self {
        Self {
            pool_pubkey,
            posting_url: String::new(),
            partials_threshold: 12_000,
            min_block_time: 30,
            limits: PoolLimits::default(),
        }
    }
}
