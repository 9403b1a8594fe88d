//! Rules of proofs of time (`chia.md` 11 and 12).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::Hostile;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &TIMELORDS_TOLD,
    &INVALID_FINISHED_PROOF,
    &PASSED_ON,
    &INVALID_PROOF_OF_TIME,
    &SEEN_ONCE,
    &COMPACT,
];

/// T-20 `TimelordsTold`: A new timelord is told the tips and what is wanted on them, each one is
/// told what is accepted.
pub static TIMELORDS_TOLD: Rule = decided(
    "chia/T-20",
    "TimelordsTold",
    "A new timelord is told the tips and what is wanted on them, each one is told what is \
     accepted.",
);

/// T-21 `InvalidProofOfTime`: A timelord sends proofs that are good.
pub static INVALID_FINISHED_PROOF: Rule = Rule::new(
    "chia/T-21",
    "InvalidProofOfTime",
    "A timelord sends proofs that are good.",
    "reference; the full node checks",
    Hostile,
);

/// T-22 `PassedOn`: A good proof for a tip goes on to whoever has the rest of the block.
pub static PASSED_ON: Rule = decided(
    "chia/T-22",
    "PassedOn",
    "A good proof for a tip goes on to whoever has the rest of the block (R-15).",
);

/// P-23 `InvalidProofOfTime`: A proof of time that is passed on is good.
pub static INVALID_PROOF_OF_TIME: Rule = Rule::new(
    "chia/P-23",
    "InvalidProofOfTime",
    "A proof of time that is passed on is good.",
    "seed (R-15); the full node checks",
    Hostile,
);

/// P-23 `SeenOnce`: A proof of time is looked at once, or it would go round for ever.
pub static SEEN_ONCE: Rule = decided(
    "chia/P-23",
    "SeenOnce",
    "A proof of time is looked at once, or it would go round for ever.",
);

/// P-24 `Compact`: Whoever has the rest of a block may be told its proof of time alone.
pub static COMPACT: Rule = decided(
    "chia/P-24",
    "Compact",
    "Whoever has the rest of a block may be told its proof of time alone.",
);
