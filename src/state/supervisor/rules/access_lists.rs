//! Access lists and their check, S-25 to S-43.

use super::stated;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &JOINED_LISTS,
    &ALL_ENTRIES,
    &UNRECOGNISED_KEY,
    &RELATIVE_TO_TIME,
    &EXTENDED_VALIDITY,
    &USUAL_TIMEOUTS,
    &VERIFY_AGAIN,
    &NOT_DEFINITIVE,
    &CONSERVATIVE,
    &SAME_TIMESTAMP,
    &MIN_SAFETY,
    &AT_UNSAFE,
    &AT_CROSS_UNSAFE,
    &AT_LOCAL_SAFE,
    &AT_SAFE,
    &AT_FINALIZED,
    &ONE_CONTEXT,
    &MALFORMED_LIST,
    &INCOMPLETE_LIST,
];

/// S-25 `JoinedLists`: Only entries of the inbox are passed, those of all its lists in a
/// transaction, in order.
pub static JOINED_LISTS: Rule = stated(
    "supervisor/S-25",
    "JoinedLists",
    "Only entries of the inbox are passed, those of all its lists in a transaction, in order.",
);

/// S-26 `AllEntries`: Every entry of a list is checked.
pub static ALL_ENTRIES: Rule =
    stated("supervisor/S-26", "AllEntries", "Every entry of a list is checked.");

/// S-27 `UnrecognisedKey`: An entry that is not recognised or not valid fails the whole check.
pub static UNRECOGNISED_KEY: Rule = stated(
    "supervisor/S-27",
    "UnrecognisedKey",
    "An entry that is not recognised or not valid fails the whole check.",
);

/// S-28 `RelativeToTime`: Whether a message is valid is a matter of the descriptor's time: it may
/// be at one and not at a later one.
pub static RELATIVE_TO_TIME: Rule = stated(
    "supervisor/S-28",
    "RelativeToTime",
    "Whether a message is valid is a matter of the descriptor's time: it may be at one and not at \
     a later one.",
);

/// S-29 `ExtendedValidity`: A time-out that is not zero asks for validity up to the end of it.
pub static EXTENDED_VALIDITY: Rule = stated(
    "supervisor/S-29",
    "ExtendedValidity",
    "A time-out that is not zero asks for validity up to the end of it.",
);

/// S-30 `UsualTimeouts`: A builder asks with a time-out of 0, a pool that verifies beforehand with
/// 86,400 seconds.
pub static USUAL_TIMEOUTS: Rule = stated(
    "supervisor/S-30",
    "UsualTimeouts",
    "A builder asks with a time-out of 0, a pool that verifies beforehand with 86,400 seconds.",
);

/// S-31 `VerifyAgain`: After the time-out a transaction is verified again or dropped.
pub static VERIFY_AGAIN: Rule = stated(
    "supervisor/S-31",
    "VerifyAgain",
    "After the time-out a transaction is verified again or dropped.",
);

/// S-32 `NotDefinitive`: A refusal is no verdict for ever: what is refused now may be accepted
/// later.
pub static NOT_DEFINITIVE: Rule = stated(
    "supervisor/S-32",
    "NotDefinitive",
    "A refusal is no verdict for ever: what is refused now may be accepted later.",
);

/// S-33 `Conservative`: The check may refuse what consensus would accept.
pub static CONSERVATIVE: Rule =
    stated("supervisor/S-33", "Conservative", "The check may refuse what consensus would accept.");

/// S-34 `SameTimestamp`: A message initiated at the time of its execution is refused, whether it is
/// there or not.
pub static SAME_TIMESTAMP: Rule = stated(
    "supervisor/S-34",
    "SameTimestamp",
    "A message initiated at the time of its execution is refused, whether it is there or not.",
);

/// S-35 `MinSafety`: Five levels can be asked for; any other word is an error.
pub static MIN_SAFETY: Rule = stated(
    "supervisor/S-35",
    "MinSafety",
    "Five levels can be asked for; any other word is an error.",
);

/// S-36 `AtUnsafe`: At `unsafe` a message has to exist.
pub static AT_UNSAFE: Rule =
    stated("supervisor/S-36", "AtUnsafe", "At `unsafe` a message has to exist.");

/// S-37 `AtCrossUnsafe`: At `cross-unsafe` the message's block has to be cross-unsafe.
pub static AT_CROSS_UNSAFE: Rule = stated(
    "supervisor/S-37",
    "AtCrossUnsafe",
    "At `cross-unsafe` the message's block has to be cross-unsafe.",
);

/// S-38 `AtLocalSafe`: At `local-safe` the message's block has to be local-safe, cross-verified or
/// not.
pub static AT_LOCAL_SAFE: Rule = stated(
    "supervisor/S-38",
    "AtLocalSafe",
    "At `local-safe` the message's block has to be local-safe, cross-verified or not.",
);

/// S-39 `AtSafe`: At `safe` the message's block has to be derived and cross-verified.
pub static AT_SAFE: Rule = stated(
    "supervisor/S-39",
    "AtSafe",
    "At `safe` the message's block has to be derived and cross-verified.",
);

/// S-40 `AtFinalized`: At `finalized` the message's block has to be final.
pub static AT_FINALIZED: Rule =
    stated("supervisor/S-40", "AtFinalized", "At `finalized` the message's block has to be final.");

/// S-41 `OneContext`: The descriptor is that of every message of the list.
pub static ONE_CONTEXT: Rule =
    stated("supervisor/S-41", "OneContext", "The descriptor is that of every message of the list.");

/// S-42 `MalformedList`: A malformed list is answered with an error of the RPC.
pub static MALFORMED_LIST: Rule = stated(
    "supervisor/S-42",
    "MalformedList",
    "A malformed list is answered with an error of the RPC.",
);

/// S-43 `IncompleteList`: A look-up without its checksum makes a list malformed.
pub static INCOMPLETE_LIST: Rule = stated(
    "supervisor/S-43",
    "IncompleteList",
    "A look-up without its checksum makes a list malformed.",
);
