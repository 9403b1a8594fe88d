//! Rules of the synchronisation of full nodes (`chia.md` 12.3, from P-34 to P-46).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::{Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &SYNC_PHASES,
    &SYNC_TIP,
    &HEAVIEST_TIP,
    &SYNC_HASHES,
    &FORK_POINT,
    &WINDOW,
    &SYNC_HEADERS,
    &SYNC_WEIGHT,
    &SYNC_BLOCKS,
    &SYNC_CHAIN,
    &TOO_MANY_HEIGHTS,
    &HEIGHT_ABOVE_TIP,
    &ONE_LIST,
    &SYNC_FINISH,
    &NOBODY_THERE,
];

/// P-34 `SyncPhases`: Tips are waited for, then hashes, headers, their weight and blocks follow.
pub static SYNC_PHASES: Rule = decided(
    "chia/P-34",
    "SyncPhases",
    "Tips are waited for, then hashes, headers, their weight and blocks follow.",
);

/// P-35 `UnfinishedTip`: A block that is told while the receiver syncs is finished, its challenge
/// has the height of its coinbase, and its body is the one that its header names.
pub static SYNC_TIP: Rule = Rule::new(
    "chia/P-35",
    "UnfinishedTip",
    "A block that is told while the receiver syncs is finished, its challenge has the height of its coinbase, and its body is the one that its header names.",
    "reference; the full node that syncs checks",
    Hostile,
);

/// P-36 `HeaviestTip`: The heaviest of the tips told is synced to, if it is heavier than our own.
pub static HEAVIEST_TIP: Rule = decided(
    "chia/P-36",
    "HeaviestTip",
    "The heaviest of the tips told is synced to, if it is heavier than our own.",
);

/// P-37 `InvalidHeaderHashes`: All header hashes of a tip are one for each height, the first that
/// of the genesis, the last that of the tip, each the parent of the next.
pub static SYNC_HASHES: Rule = Rule::new(
    "chia/P-37",
    "InvalidHeaderHashes",
    "All header hashes of a tip are one for each height, the first that of the genesis, the last that of the tip, each the parent of the next.",
    "reference, the original checks none of it; the full node that syncs checks",
    Hostile,
);

/// P-38 `ForkPoint`: The fork point is found by binary search, at or below the common ancestor of
/// our tips, which the other chain has to be longer than.
pub static FORK_POINT: Rule = decided(
    "chia/P-38",
    "ForkPoint",
    "The fork point is found by binary search, at or below the common ancestor of our tips, which the other chain has to be longer than.",
);

/// P-39 `Window`: The first incomplete batch and the nine after it are asked for, each of somebody
/// else if it does not come.
pub static WINDOW: Rule = decided(
    "chia/P-39",
    "Window",
    "The first incomplete batch and the nine after it are asked for, each of somebody else if it does not come.",
);

/// P-40 `InvalidHeaderBlocks`: Headers are those asked for: of the tip, as many, in order,
/// finished, of their heights and hashes, with the proofs that they name.
pub static SYNC_HEADERS: Rule = Rule::new(
    "chia/P-40",
    "InvalidHeaderBlocks",
    "Headers are those asked for: of the tip, as many, in order, finished, of their heights and hashes, with the proofs that they name.",
    "reference; the full node that syncs checks",
    Hostile,
);

/// P-41 `InvalidWeight`: The headers of a tip bear the weight that was told with it.
pub static SYNC_WEIGHT: Rule = Rule::new(
    "chia/P-41",
    "InvalidWeight",
    "The headers of a tip bear the weight that was told with it.",
    "seed; the full node that syncs checks",
    Hostile,
);

/// P-42 `InvalidSyncBlocks`: Blocks are those asked for, with the headers that were weighed and the
/// bodies that these name.
pub static SYNC_BLOCKS: Rule = Rule::new(
    "chia/P-42",
    "InvalidSyncBlocks",
    "Blocks are those asked for, with the headers that were weighed and the bodies that these name.",
    "reference; the full node that syncs checks",
    Hostile,
);

/// P-42 `InvalidChain`: Every block of a tip that is told is valid.
pub static SYNC_CHAIN: Rule = Rule::new(
    "chia/P-42",
    "InvalidChain",
    "Every block of a tip that is told is valid.",
    "seed; the full node that syncs checks",
    Hostile,
);

/// P-43 `TooManyHeights`: At most 25 headers or 5 blocks are asked for at once, whether or not the
/// tip is known.
pub static TOO_MANY_HEIGHTS: Rule = Rule::new(
    "chia/P-43",
    "TooManyHeights",
    "At most 25 headers or 5 blocks are asked for at once, whether or not the tip is known.",
    "original; the full node asked checks",
    Faulty,
);

/// P-43 `HeightAboveTip`: Headers and blocks are asked for at heights up to the tip's.
pub static HEIGHT_ABOVE_TIP: Rule = Rule::new(
    "chia/P-43",
    "HeightAboveTip",
    "Headers and blocks are asked for at heights up to the tip's.",
    "original; the full node asked checks",
    Faulty,
);

/// P-44 `OneList`: All header hashes are made for a peer once at a time.
pub static ONE_LIST: Rule =
    decided("chia/P-44", "OneList", "All header hashes are made for a peer once at a time.");

/// P-45 `SyncFinish`: A tip whose sync failed is not tried again for 600 s.
pub static SYNC_FINISH: Rule =
    decided("chia/P-45", "SyncFinish", "A tip whose sync failed is not tried again for 600 s.");

/// P-46 `NobodyThere`: While no full node is there nothing is sent, and the sync fails in time.
pub static NOBODY_THERE: Rule = decided(
    "chia/P-46",
    "NobodyThere",
    "While no full node is there nothing is sent, and the sync fails in time.",
);
