//! Methods, S-16 to S-24.

use super::stated;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &CROSS_DERIVED_TO_SOURCE,
    &LOCAL_UNSAFE,
    &CROSS_SAFE,
    &FINALIZED,
    &FINALIZED_L1,
    &SUPER_ROOT_AT_TIMESTAMP,
    &SYNC_STATUS,
    &ALL_SAFE_DERIVED_AT,
    &MAP_KEYS,
];

/// S-16 `CrossDerivedToSource`: For a cross-safe block the layer-one block is told that it was
/// first cross-safe at.
pub static CROSS_DERIVED_TO_SOURCE: Rule = stated(
    "supervisor/S-16",
    "CrossDerivedToSource",
    "For a cross-safe block the layer-one block is told that it was first cross-safe at.",
);

/// S-17 `LocalUnsafe`: The local-unsafe head of a chain is told as a block id.
pub static LOCAL_UNSAFE: Rule = stated(
    "supervisor/S-17",
    "LocalUnsafe",
    "The local-unsafe head of a chain is told as a block id.",
);

/// S-18 `CrossSafe`: The cross-safe head of a chain is told as a pair: the layer-one block and the
/// block derived.
pub static CROSS_SAFE: Rule = stated(
    "supervisor/S-18",
    "CrossSafe",
    "The cross-safe head of a chain is told as a pair: the layer-one block and the block derived.",
);

/// S-19 `Finalized`: The finalized head of a chain is told as a block id.
pub static FINALIZED: Rule =
    stated("supervisor/S-19", "Finalized", "The finalized head of a chain is told as a block id.");

/// S-20 `FinalizedL1`: The finalized layer-one block is told as a reference, and nothing is asked
/// for with it.
pub static FINALIZED_L1: Rule = stated(
    "supervisor/S-20",
    "FinalizedL1",
    "The finalized layer-one block is told as a reference, and nothing is asked for with it.",
);

/// S-21 `SuperRootAtTimestamp`: A super root is of all chains of the set or is not told at all.
pub static SUPER_ROOT_AT_TIMESTAMP: Rule = stated(
    "supervisor/S-21",
    "SuperRootAtTimestamp",
    "A super root is of all chains of the set or is not told at all.",
);

/// S-22 `SyncStatus`: How far all chains are is told without parameters.
pub static SYNC_STATUS: Rule =
    stated("supervisor/S-22", "SyncStatus", "How far all chains are is told without parameters.");

/// S-23 `AllSafeDerivedAt`: For a layer-one block the last block of each chain is told that was
/// derived from exactly that block.
pub static ALL_SAFE_DERIVED_AT: Rule = stated(
    "supervisor/S-23",
    "AllSafeDerivedAt",
    "For a layer-one block the last block of each chain is told that was derived from exactly \
     that block.",
);

/// S-24 `MapKeys`: Maps by chain have chain ids as keys.
pub static MAP_KEYS: Rule =
    stated("supervisor/S-24", "MapKeys", "Maps by chain have chain ids as keys.");
