//! Rules of the multiplexer and of sharing a connection, L-60 to L-63, and of section 10.

pub use crate::channel::rules::{
    INGRESS_OVERFLOW, NOT_ONE_SEGMENT, SEGMENT_TIMEOUT, UNKNOWN_PROTOCOL, WRONG_DIRECTION,
    ZERO_LENGTH_SEGMENT,
};

use crate::fault::Rule;
use crate::fault::Severity::Benign;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &PRAOS_FIRST,
    &ONE_SHARE,
    &EGRESS_LOW,
    &INGRESS_OVERFLOW,
    &ZERO_LENGTH_SEGMENT,
    &UNKNOWN_PROTOCOL,
    &WRONG_DIRECTION,
    &NOT_ONE_SEGMENT,
    &SEGMENT_TIMEOUT,
];

/// L-60 `PraosFirst`: Praos traffic goes before Leios traffic on the same connection.
pub static PRAOS_FIRST: Rule = Rule::new(
    "leios/L-60",
    "PraosFirst",
    "Praos traffic goes before Leios traffic on the same connection.",
    "seed MUST in intent; the egress scheduler does it",
    Benign,
);

/// L-61 `OneShare`: LeiosRequest and LeiosReply together take one share of the fair part at most.
pub static ONE_SHARE: Rule = Rule::new(
    "leios/L-61",
    "OneShare",
    "LeiosRequest and LeiosReply together take one share of the fair part at most.",
    "seed SHOULD; the egress scheduler does it",
    Benign,
);

/// L-62 `EgressFull`: The server hands over its next reply only while fewer than 24,576 bytes of
/// LeiosReply wait to leave.
pub static EGRESS_LOW: Rule = Rule::new(
    "leios/L-62",
    "EgressFull",
    "The server hands over its next reply only while fewer than 24,576 bytes of LeiosReply wait \
     to leave.",
    "added, for the last open point of the seed on head-of-line blocking; the server does it",
    Benign,
);
