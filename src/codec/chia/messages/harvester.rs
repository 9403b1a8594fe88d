//! Between farmer and harvester (`chia.md` 8, 9).

use alloc::vec::Vec;

use crate::codec::chia::object::message;
use crate::codec::chia::{Bytes32, HeaderDataHash, PrependSignature, ProofOfSpace, PublicKey};

message! {
    /// The farmer tells which pools' plots count (H-2).
    HarvesterHandshake {
        /// The keys of the pools.
        pool_pubkeys: Vec<PublicKey>,
    }
}

message! {
    /// The farmer asks for qualities (H-3).
    NewChallenge {
        /// What to look up in every plot.
        challenge_hash: Bytes32,
    }
}

message! {
    /// The harvester found a quality for a [`NewChallenge`] (H-4).
    ChallengeResponse {
        /// The challenge that was looked up.
        challenge_hash: Bytes32,
        /// SHA-256 of the challenge and what the plot has for it.
        quality: Bytes32,
        /// k of the plot.
        plot_size: u8,
    }
}

message! {
    /// The farmer wants the whole proof (H-6).
    RequestProofOfSpace {
        /// That of the answer.
        quality: Bytes32,
    }
}

message! {
    /// The answer to [`RequestProofOfSpace`] (H-6).
    RespondProofOfSpace {
        /// That of the request.
        quality: Bytes32,
        /// The proof.
        proof: ProofOfSpace,
    }
}

message! {
    /// The farmer wants a header signed (H-7).
    RequestHeaderSignature {
        /// Of the proof whose plot signs.
        quality: Bytes32,
        /// What to sign.
        header_hash: HeaderDataHash,
    }
}

message! {
    /// The answer to [`RequestHeaderSignature`] (H-7).
    RespondHeaderSignature {
        /// That of the request.
        quality: Bytes32,
        /// The signature, by the plot's key.
        header_hash_signature: PrependSignature,
    }
}

message! {
    /// The farmer wants its target signed, for the pool (H-8).
    RequestPartialProof {
        /// Of the proof whose plot signs.
        quality: Bytes32,
        /// What to sign: SHA-256 of the target.
        farmer_target_hash: Bytes32,
    }
}

message! {
    /// The answer to [`RequestPartialProof`] (H-8).
    RespondPartialProof {
        /// That of the request.
        quality: Bytes32,
        /// The signature, by the plot's key.
        farmer_target_signature: PrependSignature,
    }
}
