//! Rules of what a full node answers out of its chain (`chia.md` P-8, W-2 to W-4).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::Faulty;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[&SERVE_BLOCK, &SERVE_HEADER, &TOO_MANY_ANCESTORS, &SERVE_BODY];

/// P-8 `ServeBlock`: A block that is known is sent to whoever asks; of others nothing is said.
pub static SERVE_BLOCK: Rule = decided(
    "chia/P-8",
    "ServeBlock",
    "A block that is known is sent to whoever asks; of others nothing is said.",
);

/// W-2 `ServeHeader`: A header that is known is sent with its filter; of others nothing is said.
pub static SERVE_HEADER: Rule = decided(
    "chia/W-2",
    "ServeHeader",
    "A header that is known is sent with its filter; of others nothing is said.",
);

/// W-3 `TooManyAncestors`: A wallet asks for at most 100 ancestors at once.
pub static TOO_MANY_ANCESTORS: Rule = Rule::new(
    "chia/W-3",
    "TooManyAncestors",
    "A wallet asks for at most 100 ancestors at once.",
    "reference; the full node asked checks",
    Faulty,
);

/// W-4 `ServeBody`: A body that is known by its hash is sent; of others nothing is said.
pub static SERVE_BODY: Rule = decided(
    "chia/W-4",
    "ServeBody",
    "A body that is known by its hash is sent; of others nothing is said.",
);
