//! Rules without a number: phases, the header, the neighbours and the baseline.

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &UNEXPECTED_MESSAGE,
    &MESSAGE_AFTER_DONE,
    &INVALID_HEADER,
    &TOO_MANY_ELECTIONS,
    &STATE_TIMEOUT,
    &STATE_MESSAGE_TOO_LARGE,
    &NAIVE_MISMATCH,
    &HANDSHAKE_REFUSED,
    &HANDSHAKE_NOT_PROPOSED,
    &HANDSHAKE_TIMEOUT,
    &KEEP_ALIVE_MISMATCH,
    &KEEP_ALIVE_TIMEOUT,
];

/// 5.4 `UnexpectedMessage`: A message is legal in the phase its protocol is in, and from the side
/// whose turn it is.
pub static UNEXPECTED_MESSAGE: Rule = Rule::new(
    "leios/5.4",
    "UnexpectedMessage",
    "A message is legal in the phase its protocol is in, and from the side whose turn it is.",
    "Cardano; both sides check",
    Faulty,
);

/// 5.4 `MessageAfterDone`: Nothing follows on a protocol that is done.
pub static MESSAGE_AFTER_DONE: Rule = Rule::new(
    "leios/5.4",
    "MessageAfterDone",
    "Nothing follows on a protocol that is done.",
    "Cardano; both sides check",
    Faulty,
);

/// 9.1 `InvalidHeader`: A ranking-block header has the fields of a header, and an extension of a
/// known dialect.
pub static INVALID_HEADER: Rule = Rule::new(
    "leios/9.1",
    "InvalidHeader",
    "A ranking-block header has the fields of a header, and an extension of a known dialect.",
    "added; the client checks when it reads an announcement",
    Faulty,
);

/// 9.5 `TooManyElections`: No more elections are announced in the time they are remembered than
/// could be won.
pub static TOO_MANY_ELECTIONS: Rule = Rule::new(
    "leios/9.5",
    "TooManyElections",
    "No more elections are announced in the time they are remembered than could be won.",
    "added, a backstop: 1,024; the client checks",
    Hostile,
);

/// 5.1 `StateTimeout`: A reply of the baseline comes within 60 seconds, a notification excepted.
pub static STATE_TIMEOUT: Rule = Rule::new(
    "leios/5.1",
    "StateTimeout",
    "A reply of the baseline comes within 60 seconds, a notification excepted.",
    "added, as BlockFetch has it; the baseline's client checks",
    Faulty,
);

/// 5.1 `MessageTooLarge`: A message keeps the size limit of the phase its protocol is in.
pub static STATE_MESSAGE_TOO_LARGE: Rule = Rule::new(
    "leios/5.1",
    "MessageTooLarge",
    "A message keeps the size limit of the phase its protocol is in.",
    "Cardano; both sides check while buffering",
    Hostile,
);

/// 5.1 `ReplyMismatch`: What the baseline delivers is what was asked for.
pub static NAIVE_MISMATCH: Rule = Rule::new(
    "leios/5.1",
    "ReplyMismatch",
    "What the baseline delivers is what was asked for.",
    "added; the baseline's client checks",
    Hostile,
);

/// 11.1 `HandshakeRefused`: The server accepts one of the proposed versions.
pub static HANDSHAKE_REFUSED: Rule = Rule::new(
    "leios/11.1",
    "HandshakeRefused",
    "The server accepts one of the proposed versions.",
    "Cardano; the client learns it",
    Benign,
);

/// 11.1 `VersionNotProposed`: The accepted version is one that was proposed, with acceptable
/// data.
pub static HANDSHAKE_NOT_PROPOSED: Rule = Rule::new(
    "leios/11.1",
    "VersionNotProposed",
    "The accepted version is one that was proposed, with acceptable data.",
    "Cardano; the client checks",
    Faulty,
);

/// 11.1 `HandshakeTimeout`: Each message of the handshake comes within 10 seconds.
pub static HANDSHAKE_TIMEOUT: Rule = Rule::new(
    "leios/11.1",
    "HandshakeTimeout",
    "Each message of the handshake comes within 10 seconds.",
    "Cardano; both sides check",
    Faulty,
);

/// 11.2 `KeepAliveMismatch`: The answer to a ping repeats its cookie.
pub static KEEP_ALIVE_MISMATCH: Rule = Rule::new(
    "leios/11.2",
    "KeepAliveMismatch",
    "The answer to a ping repeats its cookie.",
    "Cardano; the client checks",
    Faulty,
);

/// 11.2 `KeepAliveTimeout`: A ping comes within 97 seconds, its answer within 60.
pub static KEEP_ALIVE_TIMEOUT: Rule = Rule::new(
    "leios/11.2",
    "KeepAliveTimeout",
    "A ping comes within 97 seconds, its answer within 60.",
    "Cardano; both sides check",
    Faulty,
);
