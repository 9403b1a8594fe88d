//! Rules that a farmer checks (`chia.md` 10).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::{Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &NO_DIFFICULTY,
    &NO_RATE,
    &PLOT_SIZE,
    &WRONG_PROOF,
    &BAD_HARVESTER_SIGNATURE,
    &TELL_POOLS,
    &FIRST_HEADER,
    &PARTIAL_SIGNED,
    &ARRIVALS,
    &GONE,
    &FARMER_MEMORY,
];

/// F-2 `ZeroDifficulty`: A challenge has a difficulty.
pub static NO_DIFFICULTY: Rule = Rule::new(
    "chia/F-2",
    "ZeroDifficulty",
    "A challenge has a difficulty.",
    "reference; the farmer checks",
    Faulty,
);

/// F-3 `ZeroRate`: Proofs of time are made at some rate.
pub static NO_RATE: Rule = Rule::new(
    "chia/F-3",
    "ZeroRate",
    "Proofs of time are made at some rate.",
    "reference; the farmer checks",
    Faulty,
);

/// F-4 `PlotSize`: k of a plot is 1 to 63.
pub static PLOT_SIZE: Rule = Rule::new(
    "chia/F-4",
    "PlotSize",
    "k of a plot is 1 to 63.",
    "reference; the farmer checks",
    Faulty,
);

/// F-5 `InvalidProofOfSpace`: A proof is the one that was asked for: of the challenge, for
/// one of our pools, of the stated size and quality.
pub static WRONG_PROOF: Rule = Rule::new(
    "chia/F-5",
    "InvalidProofOfSpace",
    "A proof is the one that was asked for: of the challenge, for one of our pools, of the stated size and quality.",
    "original; the farmer checks",
    Hostile,
);

/// F-7 `InvalidSignature`: A header or target is signed by the plot of its proof.
pub static BAD_HARVESTER_SIGNATURE: Rule = Rule::new(
    "chia/F-7",
    "InvalidSignature",
    "A header or target is signed by the plot of its proof.",
    "original; the farmer checks",
    Hostile,
);

/// F-1 `TellPools`: A new harvester is told the farmer's pool keys, and its challenges where that
/// is wanted.
pub static TELL_POOLS: Rule = decided(
    "chia/F-1",
    "TellPools",
    "A new harvester is told the farmer's pool keys, and its challenges where that is wanted.",
);

/// F-6 `FirstHeader`: The first header hash for a proof is signed, by the harvester that found it;
/// later ones are passed over.
pub static FIRST_HEADER: Rule = decided(
    "chia/F-6",
    "FirstHeader",
    "The first header hash for a proof is signed, by the harvester that found it; later ones \
     are passed over.",
);

/// F-8 `PartialSigned`: A signed target of a proof that counts for the pool is verified and handed
/// on.
pub static PARTIAL_SIGNED: Rule = decided(
    "chia/F-8",
    "PartialSigned",
    "A signed target of a proof that counts for the pool is verified and handed on.",
);

/// F-9 `Arrivals`: Proofs that arrived are kept by weight; whether a block yields to them is a
/// policy.
pub static ARRIVALS: Rule = decided(
    "chia/F-9",
    "Arrivals",
    "Proofs that arrived are kept by weight; whether a block yields to them is a policy.",
);

/// F-10 `Gone`: With a harvester its qualities go; with a full node its header hash, and the next
/// may win.
pub static GONE: Rule = decided(
    "chia/F-10",
    "Gone",
    "With a harvester its qualities go; with a full node its header hash, and the next may \
     win.",
);

/// F-11 `FarmerMemory`: The heaviest challenges are kept, so many qualities, and so many arrivals
/// of so many weights.
pub static FARMER_MEMORY: Rule = decided(
    "chia/F-11",
    "FarmerMemory",
    "The heaviest challenges are kept, so many qualities, and so many arrivals of so many \
     weights.",
);
