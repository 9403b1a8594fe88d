//! Rules that a farmer checks (`chia.md` 10).

use crate::fault::Rule;
use crate::fault::Severity::{Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] =
    &[&NO_DIFFICULTY, &NO_RATE, &PLOT_SIZE, &WRONG_PROOF, &BAD_HARVESTER_SIGNATURE];

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
