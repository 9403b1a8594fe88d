//! Rules that a timelord goes by (`chia.md` 11, T-1 to T-8).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::Faulty;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &NEW_CHALLENGE,
    &NO_ITERATIONS,
    &HEAVIEST_FIRST,
    &WORST_STOPS,
    &EACH_COUNT_ONCE,
    &THREE_PROOFS,
    &DONE_STAYS_DONE,
    &HEAVIEST_KEPT,
];

/// T-1 `NewChallenge`: A challenge waits for a worker if it is new and heavier than what three
/// proofs were made of.
pub static NEW_CHALLENGE: Rule = decided(
    "chia/T-1",
    "NewChallenge",
    "A challenge waits for a worker if it is new and heavier than what three proofs were made of.",
);

/// T-2 `ZeroIterations`: A proof of time takes at least one iteration.
pub static NO_ITERATIONS: Rule = Rule::new(
    "chia/T-2",
    "ZeroIterations",
    "A proof of time takes at least one iteration.",
    "reference; the timelord checks",
    Faulty,
);

/// T-3 `HeaviestFirst`: The heaviest challenge that waits gets a free worker, or that of the worst
/// VDF if it is better.
pub static HEAVIEST_FIRST: Rule = decided(
    "chia/T-3",
    "HeaviestFirst",
    "The heaviest challenge that waits gets a free worker, or that of the worst VDF if it is \
     better.",
);

/// T-4 `WorstStops`: The worst VDF is one of the smallest weight: the latest that has nothing to
/// prove, or else the one whose next proof is furthest away.
pub static WORST_STOPS: Rule = decided(
    "chia/T-4",
    "WorstStops",
    "The worst VDF is one of the smallest weight: the latest that has nothing to prove, or else \
     the one whose next proof is furthest away.",
);

/// T-5 `EachCountOnce`: A VDF is told of each iteration count once, the smallest first.
pub static EACH_COUNT_ONCE: Rule = decided(
    "chia/T-5",
    "EachCountOnce",
    "A VDF is told of each iteration count once, the smallest first.",
);

/// T-6 `ThreeProofs`: Good proofs are sent; three of a weight are enough for all up to it.
pub static THREE_PROOFS: Rule = decided(
    "chia/T-6",
    "ThreeProofs",
    "Good proofs are sent; three of a weight are enough for all up to it.",
);

/// T-7 `DoneStaysDone`: Of a challenge that is done nothing more is proved.
pub static DONE_STAYS_DONE: Rule =
    decided("chia/T-7", "DoneStaysDone", "Of a challenge that is done nothing more is proved.");

/// T-8 `HeaviestKept`: The heaviest challenges are kept, and the smallest iteration counts of each.
pub static HEAVIEST_KEPT: Rule = decided(
    "chia/T-8",
    "HeaviestKept",
    "The heaviest challenges are kept, and the smallest iteration counts of each.",
);
