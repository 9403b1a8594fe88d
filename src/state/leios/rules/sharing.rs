//! Rules of the multiplexer and of sharing a connection, L-60 to L-63, and of section 10.

use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &PRAOS_FIRST,
    &ONE_SHARE,
    &EGRESS_LOW,
    &INGRESS_OVERFLOW,
    &ZERO_LENGTH_SEGMENT,
    &UNKNOWN_PROTOCOL,
    &WRONG_DIRECTION,
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

/// L-63 `IngressOverflow`: The bytes received and not consumed of a protocol never exceed its
/// limit.
pub static INGRESS_OVERFLOW: Rule = Rule::new(
    "leios/L-63",
    "IngressOverflow",
    "The bytes received and not consumed of a protocol never exceed its limit.",
    "Cardano MUST; the demultiplexer checks",
    Hostile,
);

/// 10.1 `ZeroLengthSegment`: A segment has a payload.
pub static ZERO_LENGTH_SEGMENT: Rule = Rule::new(
    "leios/10.1",
    "ZeroLengthSegment",
    "A segment has a payload.",
    "Cardano; the demultiplexer checks",
    Faulty,
);

/// 10.1 `UnknownProtocol`: A segment is for a mini-protocol of this connection.
pub static UNKNOWN_PROTOCOL: Rule = Rule::new(
    "leios/10.1",
    "UnknownProtocol",
    "A segment is for a mini-protocol of this connection.",
    "Cardano; the demultiplexer checks",
    Faulty,
);

/// 10.1 `WrongDirection`: The mode bit of a segment fits the direction in which its mini-protocol
/// runs.
pub static WRONG_DIRECTION: Rule = Rule::new(
    "leios/10.1",
    "WrongDirection",
    "The mode bit of a segment fits the direction in which its mini-protocol runs.",
    "Cardano; the demultiplexer checks",
    Faulty,
);

/// 10.1 `SegmentTimeout`: A segment is complete within 30 seconds of its first byte, during the
/// handshake within 10.
pub static SEGMENT_TIMEOUT: Rule = Rule::new(
    "leios/10.1",
    "SegmentTimeout",
    "A segment is complete within 30 seconds of its first byte, during the handshake within 10.",
    "Cardano; the demultiplexer checks",
    Faulty,
);
