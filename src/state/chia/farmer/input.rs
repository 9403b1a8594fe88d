//! What goes into a farmer and what comes out of it.

use alloc::boxed::Box;

use crate::ask::AskId;
use crate::codec::chia::{
    Bytes32, HeaderDataHash, PrependSignature, ProofOfSpace, PublicKey, SignedCoinbase,
};

/// The answers to a farmer's questions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FarmerCommand {
    /// The answer to [`FarmerQuery::GetCoinbase`]; `None`: there is none for that height.
    Coinbase(AskId, Option<Box<SignedCoinbase>>),
    /// The answer to [`FarmerQuery::VerifyProof`]: the quality of the proof; `None`: it is none.
    Quality(AskId, Option<Bytes32>),
    /// The answer to [`FarmerQuery::VerifySignature`].
    Verdict(AskId, bool),
    /// Proofs that take fewer seconds than this count for the pool from now on: what the pool says
    /// takes the place of [`pool_share_threshold`](crate::state::chia::FarmerConfig) (PO-3).
    PoolShareThreshold(
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))] u64,
    ),
}

/// What a farmer asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum FarmerQuery {
    /// A coinbase of this height, signed by the pool (F-2).
    GetCoinbase {
        /// The height of the block that it is for.
        height: u32,
    },
    /// Is this a proof for the challenge that it names, and of which quality (F-5)?
    VerifyProof(Box<ProofOfSpace>),
    /// Is this a prepend signature of these 32 bytes by that key (F-7, F-8)?
    VerifySignature(Box<Signed>),
}

/// A signature to be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what verifying takes")]
pub struct Signed {
    /// Who signed.
    pub key: PublicKey,
    /// What was signed.
    pub hash: Bytes32,
    /// The signature.
    pub signature: PrependSignature,
}

/// What a farmer tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FarmerNotice {
    /// A signed header was handed to the full node that made the block (F-7).
    Submitted {
        /// SHA-256 of the proof of space.
        pos_hash: Bytes32,
        /// What was signed.
        header_hash: HeaderDataHash,
    },
    /// A proof that the pool pays for, with the harvester's signature (F-8).
    Partial(Box<PartialProof>),
}

/// A proof that counts for the pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what a partial is made of")]
pub struct PartialProof {
    /// The proof.
    pub proof_of_space: ProofOfSpace,
    /// The signature of SHA-256 of the farmer's target.
    pub signature: PrependSignature,
}
