//! Rules between farmer and harvester (`chia.md` 9).

use crate::fault::Rule;
use crate::fault::Severity::Benign;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[&SECOND_FARMER];

/// H-1 `Duplicate`: A harvester serves one farmer.
pub static SECOND_FARMER: Rule = Rule::new(
    "chia/H-1",
    "Duplicate",
    "A harvester serves one farmer.",
    "seed, the original does not enforce it; the harvester decides",
    Benign,
);
