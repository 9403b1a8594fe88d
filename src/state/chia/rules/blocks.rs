//! Rules of finished blocks (`chia.md` 12, P-1 to P-9).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::Hostile;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &TIPS_WHILE_SYNCING,
    &NOT_FINISHED,
    &TWO_HEIGHTS,
    &BLOCK_INVALID,
    &NEAR_OR_FAR,
    &WHOLE_HASH,
    &CHILDREN_NEXT,
    &DISCONNECTED_BOUNDED,
    &TO_ALL_OTHERS,
];

/// P-1 `CandidateWhileSyncing`: While syncing, a block is a candidate for a better chain and
/// nothing else.
pub static TIPS_WHILE_SYNCING: Rule = decided(
    "chia/P-1",
    "CandidateWhileSyncing",
    "While syncing, a block is a candidate for a better chain and nothing else.",
);

/// P-2 `NotFinished`: A block has a proof of time and a challenge.
pub static NOT_FINISHED: Rule = Rule::new(
    "chia/P-2",
    "NotFinished",
    "A block has a proof of time and a challenge.",
    "original, later; the full node checks",
    Hostile,
);

/// P-2 `TwoHeights`: The heights of challenge and coinbase are one.
pub static TWO_HEIGHTS: Rule = Rule::new(
    "chia/P-2",
    "TwoHeights",
    "The heights of challenge and coinbase are one.",
    "reference; the full node checks",
    Hostile,
);

/// P-3 `InvalidBlock`: A block keeps the rules of consensus.
pub static BLOCK_INVALID: Rule = Rule::new(
    "chia/P-3",
    "InvalidBlock",
    "A block keeps the rules of consensus.",
    "seed, the original only logs (R-20); the chain checks",
    Hostile,
);

/// P-4 `NearOrFar`: A block without its parent leads to a sync, to a request for the parent, or
/// to nothing, by its height.
pub static NEAR_OR_FAR: Rule = decided(
    "chia/P-4",
    "NearOrFar",
    "A block without its parent leads to a sync, to a request for the parent, or to nothing, by \
     its height.",
);

/// P-5 `WholeHash`: Before a block is validated it is told from its twins by the hash of all of
/// it.
pub static WHOLE_HASH: Rule = decided(
    "chia/P-5",
    "WholeHash",
    "Before a block is validated it is told from its twins by the hash of all of it.",
);

/// P-6 `ChildrenNext`: After a block those that waited for it are next, and what is far below the
/// tips goes.
pub static CHILDREN_NEXT: Rule = decided(
    "chia/P-6",
    "ChildrenNext",
    "After a block those that waited for it are next, and what is far below the tips goes.",
);

/// P-7 `DisconnectedBounded`: Blocks without their parents are bounded in all and for each peer,
/// and so are requests for parents.
pub static DISCONNECTED_BOUNDED: Rule = decided(
    "chia/P-7",
    "DisconnectedBounded",
    "Blocks without their parents are bounded in all and for each peer, and so are requests for \
     parents.",
);

/// P-9 `ToAllOthers`: A new tip is told to every full node but the one it came from.
pub static TO_ALL_OTHERS: Rule = decided(
    "chia/P-9",
    "ToAllOthers",
    "A new tip is told to every full node but the one it came from.",
);
