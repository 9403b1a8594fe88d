//! Rules of replies in general, L-16 to L-24.

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &NOTHING_UNASKED,
    &NO_SUCH_REQUEST,
    &REPLY_KIND_MISMATCH,
    &UNREQUESTED_CONTENT,
    &NOT_AVAILABLE,
    &ANY_ORDER,
    &NOT_FRESHEST_FIRST,
    &REPLY_MESSAGE_TOO_LARGE,
    &FAILED_NOT_VIOLATED,
];

/// L-16 `UnrequestedContent`: Nothing is sent on LeiosReply that was not requested.
pub static NOTHING_UNASKED: Rule = Rule::new(
    "leios/L-16",
    "UnrequestedContent",
    "Nothing is sent on LeiosReply that was not requested.",
    "seed MUST; the client checks, by the rules that say how",
    Faulty,
);

/// L-17 `NoSuchRequest`: A reply names exactly one request, and that is outstanding.
pub static NO_SUCH_REQUEST: Rule = Rule::new(
    "leios/L-17",
    "NoSuchRequest",
    "A reply names exactly one request, and that is outstanding.",
    "seed MUST; the client checks the number",
    Faulty,
);

/// L-18 `ReplyKindMismatch`: The kind of a reply is that of its request.
pub static REPLY_KIND_MISMATCH: Rule = Rule::new(
    "leios/L-18",
    "ReplyKindMismatch",
    "The kind of a reply is that of its request.",
    "added; the client checks",
    Faulty,
);

/// L-19 `UnrequestedContent`: A reply holds nothing that its request did not name, and never
/// answers two.
pub static UNREQUESTED_CONTENT: Rule = Rule::new(
    "leios/L-19",
    "UnrequestedContent",
    "A reply holds nothing that its request did not name, and never answers two.",
    "seed MUST; the client checks",
    Faulty,
);

/// L-20 `NotAvailable`: A server that lacks any requested block, transaction or vote disconnects.
pub static NOT_AVAILABLE: Rule = Rule::new(
    "leios/L-20",
    "NotAvailable",
    "A server that lacks any requested block, transaction or vote disconnects.",
    "seed MUST; the server checks when it looks it up",
    Faulty,
);

/// L-21 `AnyOrder`: Requests for deliverables may be answered in any order.
pub static ANY_ORDER: Rule = Rule::new(
    "leios/L-21",
    "AnyOrder",
    "Requests for deliverables may be answered in any order.",
    "seed; a freedom, nobody checks",
    Benign,
);

/// L-22 `NotFreshestFirst`: The youngest request that is ready is answered first.
pub static NOT_FRESHEST_FIRST: Rule = Rule::new(
    "leios/L-22",
    "NotFreshestFirst",
    "The youngest request that is ready is answered first.",
    "seed SHOULD; the server does it",
    Benign,
);

/// L-23 `MessageTooLarge`: A reply message has 2,500,000 bytes at most, and no more than its
/// request can bring about.
pub static REPLY_MESSAGE_TOO_LARGE: Rule = Rule::new(
    "leios/L-23",
    "MessageTooLarge",
    "A reply message has 2,500,000 bytes at most, and no more than its request can bring about.",
    "added; the client checks while buffering",
    Hostile,
);

/// L-24 `Failed`: What is outstanding when the server ends LeiosReply has failed; no rule is
/// broken.
pub static FAILED_NOT_VIOLATED: Rule = Rule::new(
    "leios/L-24",
    "Failed",
    "What is outstanding when the server ends LeiosReply has failed; no rule is broken.",
    "added; the client reports it for other peers to be asked",
    Benign,
);
