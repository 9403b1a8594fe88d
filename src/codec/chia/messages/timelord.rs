//! Between timelord and full node (`chia.md` 8, 11).

use crate::codec::chia::object::message;
use crate::codec::chia::{Bytes32, ProofOfTime};

message! {
    /// The timelord made a proof (T-21).
    ProofOfTimeFinished {
        /// The proof.
        proof: ProofOfTime,
    }
}

message! {
    /// The full node has a new tip, whose challenge is to be worked on (T-1).
    ChallengeStart {
        /// The challenge.
        challenge_hash: Bytes32,
        /// The weight of the tip.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        weight: u64,
    }
}

message! {
    /// A proof of space needs this proof of time (T-2).
    ProofOfSpaceInfo {
        /// The challenge that both begin with.
        challenge_hash: Bytes32,
        /// After how many iterations the proof is wanted.
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))]
        iterations_needed: u64,
    }
}
