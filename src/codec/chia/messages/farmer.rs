//! Between farmer and full node (`chia.md` 8, 10).

use crate::codec::chia::object::message;
use crate::codec::chia::{Bytes32, CoinbaseInfo, HeaderDataHash, PrependSignature, ProofOfSpace};

message! {
    /// The full node has a new tip, whose challenge can be farmed (F-2, F-21).
    ProofOfSpaceFinalized {
        /// The challenge.
        challenge_hash: Bytes32,
        /// The height of the tip.
        height: u32,
        /// The weight of the tip.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        weight: u64,
        /// The quality of the tip's proof.
        quality: Bytes32,
        /// What a child of the tip must satisfy.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        difficulty: u64,
    }
}

message! {
    /// Somebody has found a proof: of interest to who may have a worse one (F-9, F-25).
    ProofOfSpaceArrived {
        /// The weight that the block will have.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        weight: u64,
        /// The quality of its proof.
        quality: Bytes32,
    }
}

message! {
    /// The farmer has a proof, and wants a block made for it (F-22). The seed's harvester chapter
    /// calls it `RequestHeader`.
    RequestHeaderHash {
        /// The challenge that is answered.
        challenge_hash: Bytes32,
        /// What the pool is to get.
        coinbase: CoinbaseInfo,
        /// The pool's signature of that.
        coinbase_signature: PrependSignature,
        /// Where the farmer wants the fees.
        fees_target_puzzle_hash: Bytes32,
        /// The proof.
        proof_of_space: ProofOfSpace,
    }
}

message! {
    /// The full node made a block: its header is to be signed (F-6).
    HeaderHash {
        /// SHA-256 of the proof of space.
        pos_hash: Bytes32,
        /// What to sign.
        header_hash: HeaderDataHash,
    }
}

message! {
    /// The farmer has the signature (F-24).
    HeaderSignature {
        /// SHA-256 of the proof of space.
        pos_hash: Bytes32,
        /// What was signed.
        header_hash: HeaderDataHash,
        /// The signature.
        header_signature: PrependSignature,
    }
}

message! {
    /// How fast proofs of time are made now (F-3).
    ProofOfTimeRate {
        /// Iterations a second.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        pot_estimate_ips: u64,
    }
}
