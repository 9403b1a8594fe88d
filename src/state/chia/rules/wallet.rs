//! Rules that a wallet goes by (`chia.md` 13, W-6).

use super::decided;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[&MATCHED_ANSWERS];

/// W-6 `MatchedAnswers`: A wallet takes what it asked for, by its hash, and passes over the rest;
/// it keeps the newest common ancestor.
pub static MATCHED_ANSWERS: Rule = decided(
    "chia/W-6",
    "MatchedAnswers",
    "A wallet takes what it asked for, by its hash, and passes over the rest; it keeps the newest \
     common ancestor.",
);
