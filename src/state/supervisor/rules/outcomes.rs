//! Errors and successes, S-44 to S-46.

use super::stated;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[&DETERMINISTIC_ERRORS, &DISTINCT_CODES, &NO_DATA];

/// S-44 `DeterministicErrors`: The same text to the same state has the same code, of the standard's
/// or of the application's.
pub static DETERMINISTIC_ERRORS: Rule = stated(
    "supervisor/S-44",
    "DeterministicErrors",
    "The same text to the same state has the same code, of the standard's or of the application's.",
);

/// S-45 `DistinctCodes`: Each code from -32100 to -32119 has one meaning, and -32118 is never sent.
pub static DISTINCT_CODES: Rule = stated(
    "supervisor/S-45",
    "DistinctCodes",
    "Each code from -32100 to -32119 has one meaning, and -32118 is never sent.",
);

/// S-46 `NoData`: A check that succeeds tells nothing else: its result is null.
pub static NO_DATA: Rule = stated(
    "supervisor/S-46",
    "NoData",
    "A check that succeeds tells nothing else: its result is null.",
);
