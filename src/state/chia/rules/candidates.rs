//! Rules of blocks that farmers ask for (`chia.md` 10, F-20 to F-26).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::{Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &FARMERS_TOLD,
    &TIP_TOLD,
    &OTHER_CHALLENGE,
    &INVALID_PROOF_OF_SPACE,
    &COINBASE_HEIGHT,
    &COINBASE_SIGNATURE,
    &CANDIDATE_REPLACED,
    &HEADER_SIGNATURE,
    &ARRIVALS_TOLD,
    &CANDIDATES_BOUNDED,
];

/// F-20 `FarmersTold`: A new farmer is told the rate, then the tips, heaviest first.
pub static FARMERS_TOLD: Rule = decided(
    "chia/F-20",
    "FarmersTold",
    "A new farmer is told the rate, then the tips, heaviest first.",
);

/// F-21 `TipTold`: A new tip is told to farmers (if the rate changed), timelords, full nodes and
/// farmers, in this order.
pub static TIP_TOLD: Rule = decided(
    "chia/F-21",
    "TipTold",
    "A new tip is told to farmers (if the rate changed), timelords, full nodes and farmers, in \
     this order.",
);

/// F-22 `OtherChallenge`: A proof of space answers the challenge of the request.
pub static OTHER_CHALLENGE: Rule = Rule::new(
    "chia/F-22",
    "OtherChallenge",
    "A proof of space answers the challenge of the request.",
    "original; the full node checks",
    Faulty,
);

/// F-22 `InvalidProofOfSpace`: A block is asked for with a good proof of space.
pub static INVALID_PROOF_OF_SPACE: Rule = Rule::new(
    "chia/F-22",
    "InvalidProofOfSpace",
    "A block is asked for with a good proof of space.",
    "original; the full node checks",
    Hostile,
);

/// F-22 `CoinbaseHeight`: The coinbase is that of the height after the tip.
pub static COINBASE_HEIGHT: Rule = Rule::new(
    "chia/F-22",
    "CoinbaseHeight",
    "The coinbase is that of the height after the tip.",
    "seed, the original notices later; the full node checks",
    Faulty,
);

/// F-22 `CoinbaseSignature`: The coinbase is signed by the pool of the proof of space.
pub static COINBASE_SIGNATURE: Rule = Rule::new(
    "chia/F-22",
    "CoinbaseSignature",
    "The coinbase is signed by the pool of the proof of space.",
    "seed, the original notices later; the full node checks",
    Hostile,
);

/// F-23 `CandidateReplaced`: A block asked for again replaces the one before it.
pub static CANDIDATE_REPLACED: Rule = decided(
    "chia/F-23",
    "CandidateReplaced",
    "A block asked for again replaces the one before it.",
);

/// F-24 `InvalidSignature`: A header is signed by the plot of its proof of space.
pub static HEADER_SIGNATURE: Rule = Rule::new(
    "chia/F-24",
    "InvalidSignature",
    "A header is signed by the plot of its proof of space.",
    "original; the full node checks",
    Hostile,
);

/// F-25 `ArrivalsTold`: Farmers are told of each unfinished block that is accepted.
pub static ARRIVALS_TOLD: Rule = decided(
    "chia/F-25",
    "ArrivalsTold",
    "Farmers are told of each unfinished block that is accepted (R-13).",
);

/// F-26 `CandidatesBounded`: Blocks that wait for their signatures are bounded, and go when they
/// are far below the tips.
pub static CANDIDATES_BOUNDED: Rule = decided(
    "chia/F-26",
    "CandidatesBounded",
    "Blocks that wait for their signatures are bounded, and go when they are far below the tips.",
);
