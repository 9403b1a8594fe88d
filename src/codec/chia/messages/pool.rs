//! Between farmer and pool, which the seed names only (`chia.md` 8, 13).

use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::chia::object::message;
use crate::codec::chia::{Challenge, PrependSignature, ProofOfSpace, PublicKey, SignedCoinbase};

message! {
    /// The farmer asks how to farm for the pool (PO-2).
    RequestData {
        /// From which height on it needs coinbases.
        min_height: Option<u32>,
        /// Who it is.
        farmer_id: Option<String>,
    }
}

message! {
    /// The answer to [`RequestData`]: how to farm for the pool (PO-2, PO-3).
    RespondData {
        /// Where partial proofs go.
        posting_url: String,
        /// The pool's key.
        pool_pubkey: PublicKey,
        /// How good a proof must be to count, in seconds.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        partials_threshold: u64,
        /// What the farmer may put into blocks.
        coinbase_info: Vec<SignedCoinbase>,
    }
}

message! {
    /// A proof that counts (PO-4).
    Partial {
        /// The challenge that it answers.
        challenge: Challenge,
        /// The proof.
        proof_of_space: ProofOfSpace,
        /// Whom the pool is to pay: hex.
        farmer_target: String,
        /// The signature of SHA-256 of the target, by the plot's key.
        signature: PrependSignature,
    }
}

message! {
    /// The answer to [`Partial`]: it came in (PO-5).
    PartialAck {}
}
