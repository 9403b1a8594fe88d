//! Rules that a wallet and its full node go by (`chia.md` 13).

use super::decided;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[&TELL_ANCESTOR, &MATCHED_ANSWERS];

/// W-6 `MatchedAnswers`: A wallet takes what it asked for, by its hash, and passes over the rest;
/// it keeps the newest common ancestor.
pub static MATCHED_ANSWERS: Rule = decided(
    "chia/W-6",
    "MatchedAnswers",
    "A wallet takes what it asked for, by its hash, and passes over the rest; it keeps the newest \
     common ancestor.",
);

/// W-1 `TellAncestor`: A wallet is told the lowest common ancestor of the tips when it comes, and
/// when that changes.
pub static TELL_ANCESTOR: Rule = decided(
    "chia/W-1",
    "TellAncestor",
    "A wallet is told the lowest common ancestor of the tips when it comes, and when that \
     changes.",
);
