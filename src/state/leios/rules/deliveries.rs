//! Rules of deliveries, L-46 to L-55.

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &ONE_DELIVERY,
    &MISSING_DELIVERABLE,
    &DUPLICATE_DELIVERABLE,
    &BLOCK_MISMATCH,
    &DUPLICATE_TX_REFERENCE,
    &BITMAP_NOT_SUBSET,
    &BITMAP_COUNT_MISMATCH,
    &TX_MISMATCH,
    &REDUNDANT_CONTENT,
    &EMPTY_TXS_DELIVERY,
    &VOTE_MISMATCH,
    &FIRST_ANNOUNCEMENT_ONLY,
];

/// L-46 `NoSuchRequest`: A request for deliverables gets exactly one LeiosDeliveries message.
pub static ONE_DELIVERY: Rule = Rule::new(
    "leios/L-46",
    "NoSuchRequest",
    "A request for deliverables gets exactly one LeiosDeliveries message.",
    "seed MUST; the client checks, as L-17",
    Faulty,
);

/// L-47 `MissingDeliverable`: Every requested unit is in the reply, unless L-52 excuses it.
pub static MISSING_DELIVERABLE: Rule = Rule::new(
    "leios/L-47",
    "MissingDeliverable",
    "Every requested unit is in the reply, unless L-52 excuses it.",
    "seed MUST; the client checks",
    Faulty,
);

/// L-48 `DuplicateDeliverable`: No unit is in a reply twice.
pub static DUPLICATE_DELIVERABLE: Rule = Rule::new(
    "leios/L-48",
    "DuplicateDeliverable",
    "No unit is in a reply twice.",
    "added; the client checks",
    Faulty,
);

/// L-49 `BlockMismatch`: A block has the requested hash and the announced size, and keeps the
/// limits of section 9.2.
pub static BLOCK_MISMATCH: Rule = Rule::new(
    "leios/L-49",
    "BlockMismatch",
    "A block has the requested hash and the announced size, and keeps the limits of section 9.2.",
    "added, as the prototype has it; the client checks",
    Hostile,
);

/// L-49 `DuplicateTxReference`: A block refers to a transaction once.
pub static DUPLICATE_TX_REFERENCE: Rule = Rule::new(
    "leios/L-49",
    "DuplicateTxReference",
    "A block refers to a transaction once.",
    "added; the client checks while decoding",
    Faulty,
);

/// L-50 `BitmapNotSubset`: The bitmap of a delivered window is a non-empty subset of the
/// requested one.
pub static BITMAP_NOT_SUBSET: Rule = Rule::new(
    "leios/L-50",
    "BitmapNotSubset",
    "The bitmap of a delivered window is a non-empty subset of the requested one.",
    "seed MUST; the client checks",
    Faulty,
);

/// L-50 `BitmapCountMismatch`: A delivered window has one transaction for each bit, in ascending
/// order.
pub static BITMAP_COUNT_MISMATCH: Rule = Rule::new(
    "leios/L-50",
    "BitmapCountMismatch",
    "A delivered window has one transaction for each bit, in ascending order.",
    "added; the client checks while decoding",
    Faulty,
);

/// L-51 `TxMismatch`: A delivered transaction has the hash and the size that its block records.
pub static TX_MISMATCH: Rule = Rule::new(
    "leios/L-51",
    "TxMismatch",
    "A delivered transaction has the hash and the size that its block records.",
    "added, as the prototype has it; the client checks",
    Hostile,
);

/// L-52 `RedundantContent`: Of two replies to overlapping requests that are outstanding together,
/// the second leaves out what the first carried.
pub static REDUNDANT_CONTENT: Rule = Rule::new(
    "leios/L-52",
    "RedundantContent",
    "Of two replies to overlapping requests that are outstanding together, the second leaves \
     out what the first carried.",
    "seed SHOULD; the server does it, the client allows for it (section 8.4)",
    Benign,
);

/// L-53 `EmptyBitmapMap`: If all is left out, the list is empty; a delivery of no transactions is
/// left out itself.
pub static EMPTY_TXS_DELIVERY: Rule = Rule::new(
    "leios/L-53",
    "EmptyBitmapMap",
    "If all is left out, the list is empty; a delivery of no transactions is left out itself.",
    "seed and added; the client checks while decoding",
    Faulty,
);

/// L-54 `VoteMismatch`: A vote has the requested slot and issuer, and a signature of 48 bytes.
pub static VOTE_MISMATCH: Rule = Rule::new(
    "leios/L-54",
    "VoteMismatch",
    "A vote has the requested slot and issuer, and a signature of 48 bytes.",
    "seed and added; the client checks",
    Faulty,
);

/// L-55 `EvidenceOnly`: Only what the first announcement of an election names is worth fetching;
/// a second one is evidence.
pub static FIRST_ANNOUNCEMENT_ONLY: Rule = Rule::new(
    "leios/L-55",
    "EvidenceOnly",
    "Only what the first announcement of an election names is worth fetching; a second one is \
     evidence.",
    "CIP-0164; the client's decision logic does it",
    Benign,
);
