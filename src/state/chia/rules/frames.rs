//! Rules of frames, envelopes, members and objects (`chia.md` 2 to 5).

use crate::fault::Rule;
use crate::fault::Severity::{Faulty, Hostile};

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &FRAME_TOO_LARGE,
    &ONE_ENVELOPE,
    &ENVELOPE,
    &SKIPPED_TOO_DEEP,
    &MEMBERS,
    &INTEGERS,
    &SIZED_BYTES,
    &TEXTS,
    &PLAIN_ITEMS,
    &COUNTS,
    &UNKNOWN_FUNCTION,
    &SHORT_READ,
    &OPTIONAL_TAG,
    &SIGNATURE_FLAG,
];

/// FR-2 `FrameTooLarge`: A frame is no longer than allowed, and shorter still before the
/// connection is established.
pub static FRAME_TOO_LARGE: Rule = Rule::new(
    "chia/FR-2",
    "FrameTooLarge",
    "A frame is no longer than allowed, and shorter still before the connection is established.",
    "reference, the original takes any; known before the body is there",
    Hostile,
);

/// D-1 `TrailingBytes`: The body of a frame is exactly one item, and a byte string exactly
/// one object.
pub static ONE_ENVELOPE: Rule = Rule::new(
    "chia/D-1",
    "TrailingBytes",
    "The body of a frame is exactly one item, and a byte string exactly one object.",
    "reference; the receiver checks",
    Faulty,
);

/// D-2 `MalformedEnvelope`: The item is a map of definite length with text keys, and so is
/// its member `d`.
pub static ENVELOPE: Rule = Rule::new(
    "chia/D-2",
    "MalformedEnvelope",
    "The item is a map of definite length with text keys, and so is its member `d`.",
    "seed, made strict; the receiver checks",
    Faulty,
);

/// D-3 `TooDeep`: A value that is passed over nests at most 16 levels.
pub static SKIPPED_TOO_DEEP: Rule = Rule::new(
    "chia/D-3",
    "TooDeep",
    "A value that is passed over nests at most 16 levels.",
    "reference; the receiver checks",
    Hostile,
);

/// D-4 `WrongMembers`: A message has each of its members once, and no others; an envelope
/// has one name and one set of members.
pub static MEMBERS: Rule = Rule::new(
    "chia/D-4",
    "WrongMembers",
    "A message has each of its members once, and no others; an envelope has one name and one set of members.",
    "reference; the receiver checks",
    Faulty,
);

/// D-5 `IntegerOutOfRange`: An integer is an unsigned one in the range of its member.
pub static INTEGERS: Rule = Rule::new(
    "chia/D-5",
    "IntegerOutOfRange",
    "An integer is an unsigned one in the range of its member.",
    "reference; the receiver checks",
    Faulty,
);

/// D-6 `WrongLength`: Hashes, keys and signatures are byte strings of exactly their size.
pub static SIZED_BYTES: Rule = Rule::new(
    "chia/D-6",
    "WrongLength",
    "Hashes, keys and signatures are byte strings of exactly their size.",
    "seed; the receiver checks",
    Faulty,
);

/// D-7 `BadText`: A text is UTF-8.
pub static TEXTS: Rule =
    Rule::new("chia/D-7", "BadText", "A text is UTF-8.", "reference; the receiver checks", Faulty);

/// D-8 `IndefiniteLength`: No item has an indefinite length, and none has a tag.
pub static PLAIN_ITEMS: Rule = Rule::new(
    "chia/D-8",
    "IndefiniteLength",
    "No item has an indefinite length, and none has a tag.",
    "reference; the receiver checks",
    Faulty,
);

/// D-9 `LimitExceeded`: A list or map claims no more entries than its bytes can hold.
pub static COUNTS: Rule = Rule::new(
    "chia/D-9",
    "LimitExceeded",
    "A list or map claims no more entries than its bytes can hold.",
    "reference; the receiver checks",
    Hostile,
);

/// D-11 `UnknownFunction`: A function is one of the catalogue, named as a whole.
pub static UNKNOWN_FUNCTION: Rule = Rule::new(
    "chia/D-11",
    "UnknownFunction",
    "A function is one of the catalogue, named as a whole.",
    "seed; the receiver checks",
    Faulty,
);

/// S-2 `UnexpectedEnd`: An item or object ends where its bytes do, not after.
pub static SHORT_READ: Rule = Rule::new(
    "chia/S-2",
    "UnexpectedEnd",
    "An item or object ends where its bytes do, not after.",
    "reference, the original reads on; the receiver checks",
    Faulty,
);

/// R-4 `BadOptionalTag`: The byte before an optional value is 0 or 1.
pub static OPTIONAL_TAG: Rule = Rule::new(
    "chia/R-4",
    "BadOptionalTag",
    "The byte before an optional value is 0 or 1.",
    "reference; the receiver checks",
    Faulty,
);

/// 6.3 `BadSignatureFlag`: A signature is of the kind demanded, with or without a key
/// before it.
pub static SIGNATURE_FLAG: Rule = Rule::new(
    "chia/6.3",
    "BadSignatureFlag",
    "A signature is of the kind demanded, with or without a key before it.",
    "seed; the receiver checks",
    Faulty,
);
