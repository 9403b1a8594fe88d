//! What segments and channels must keep to, whatever speaks over them (`leios.md` section 10).
//!
//! The one place that states them: links enforce them and families list them.

use crate::fault::Rule;
use crate::fault::Severity::{Faulty, Hostile};

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

/// 10.1 `NotOneSegment`: A message of the handshake is one segment, neither more nor less.
pub static NOT_ONE_SEGMENT: Rule = Rule::new(
    "leios/10.1",
    "NotOneSegment",
    "A message of the handshake is one segment, neither more nor less.",
    "Cardano MUST; the demultiplexer checks",
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
