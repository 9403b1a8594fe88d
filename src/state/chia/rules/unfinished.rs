//! Rules of unfinished blocks (`chia.md` 12, P-20 to P-22).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::Hostile;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] =
    &[&NOT_UNFINISHED, &INVALID_UNFINISHED, &BEST_GOES_ON, &LOOKED_AT_AGAIN, &WAITING_BOUNDED];

/// P-20 `NotUnfinished`: An unfinished block has neither a proof of time nor a challenge.
pub static NOT_UNFINISHED: Rule = Rule::new(
    "chia/P-20",
    "NotUnfinished",
    "An unfinished block has neither a proof of time nor a challenge.",
    "original; the full node checks",
    Hostile,
);

/// P-20 `InvalidUnfinishedBlock`: An unfinished block keeps the rules of consensus.
pub static INVALID_UNFINISHED: Rule = Rule::new(
    "chia/P-20",
    "InvalidUnfinishedBlock",
    "An unfinished block keeps the rules of consensus.",
    "original; the chain checks",
    Hostile,
);

/// P-20 `BestGoesOn`: Of unfinished blocks on the tips those go on that take little longer than
/// the best.
pub static BEST_GOES_ON: Rule = decided(
    "chia/P-20",
    "BestGoesOn",
    "Of unfinished blocks on the tips those go on that take little longer than the best.",
);

/// P-21 `LookedAtAgain`: After its wait a slow block is looked at once more.
pub static LOOKED_AT_AGAIN: Rule =
    decided("chia/P-21", "LookedAtAgain", "After its wait a slow block is looked at once more.");

/// P-22 `WaitingBounded`: Unfinished blocks are bounded, those that wait and those that were
/// accepted.
pub static WAITING_BOUNDED: Rule = decided(
    "chia/P-22",
    "WaitingBounded",
    "Unfinished blocks are bounded, those that wait and those that were accepted.",
);
