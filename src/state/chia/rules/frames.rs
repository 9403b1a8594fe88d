//! Rules of frames, envelopes, members and objects (`chia.md` 2 to 5).

use super::decided;
use crate::fault::Rule;
use crate::fault::Severity::{Benign, Faulty, Hostile};

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
    &LENGTH_FIRST,
    &GROWN_BY_BYTES,
    &EMPTY_FRAME,
    &ANY_SPLIT,
    &ORDERLY_CLOSE,
    &ENVELOPE_A_FRAME,
    &PARTIAL_FRAME,
    &NAME_FIRST,
    &DECLARED_ORDER,
    &SHORTEST_HEADS,
    &PLAIN_KINDS,
    &WHOLE_OBJECTS,
    &ONE_CONNECTION,
    &NO_RECURSION,
    &WHOLE_STRING,
    &HASH_OF_ENCODING,
    &CANONICAL,
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

/// FR-1 `LengthFirst`: A frame is a length of four bytes, big-endian, and as many bytes of body.
pub static LENGTH_FIRST: Rule = decided(
    "chia/FR-1",
    "LengthFirst",
    "A frame is a length of four bytes, big-endian, and as many bytes of body.",
);

/// FR-3 `GrownByBytes`: What is kept of a frame is what has come of it, whatever its length claims.
pub static GROWN_BY_BYTES: Rule = decided(
    "chia/FR-3",
    "GrownByBytes",
    "What is kept of a frame is what has come of it, whatever its length claims.",
);

/// FR-4 `EmptyFrame`: An empty body is a malformed envelope, and keeps nothing alive.
pub static EMPTY_FRAME: Rule = decided(
    "chia/FR-4",
    "EmptyFrame",
    "An empty body is a malformed envelope, and keeps nothing alive.",
);

/// FR-5 `AnySplit`: However a stream is cut, its frames are the same, and none is lost.
pub static ANY_SPLIT: Rule = decided(
    "chia/FR-5",
    "AnySplit",
    "However a stream is cut, its frames are the same, and none is lost.",
);

/// FR-6 `OrderlyClose`: A stream that ends between two frames ends in order; inside a frame it is
/// truncated.
pub static ORDERLY_CLOSE: Rule = decided(
    "chia/FR-6",
    "OrderlyClose",
    "A stream that ends between two frames ends in order; inside a frame it is truncated.",
);

/// FR-7 `EnvelopeAFrame`: A frame is one envelope, read or written.
pub static ENVELOPE_A_FRAME: Rule =
    decided("chia/FR-7", "EnvelopeAFrame", "A frame is one envelope, read or written.");

/// 14.3 `PartialFrame`: What is left of a frame comes within 600 s of its beginning.
pub static PARTIAL_FRAME: Rule = Rule::new(
    "chia/14.3",
    "PartialFrame",
    "What is left of a frame comes within 600 s of its beginning.",
    "the betas; the receiver checks",
    Benign,
);

/// E-1 `NameFirst`: The function's name is written before its members.
pub static NAME_FIRST: Rule =
    decided("chia/E-1", "NameFirst", "The function's name is written before its members.");

/// E-2 `DeclaredOrder`: Members are written in the order in which they are declared.
pub static DECLARED_ORDER: Rule = decided(
    "chia/E-2",
    "DeclaredOrder",
    "Members are written in the order in which they are declared.",
);

/// E-3 `ShortestHeads`: What is written has definite lengths and shortest heads.
pub static SHORTEST_HEADS: Rule = decided(
    "chia/E-3",
    "ShortestHeads",
    "What is written has definite lengths and shortest heads.",
);

/// E-4 `PlainKinds`: Nothing that is written has tags, floats, booleans or undefined in it.
pub static PLAIN_KINDS: Rule = decided(
    "chia/E-4",
    "PlainKinds",
    "Nothing that is written has tags, floats, booleans or undefined in it.",
);

/// D-10 `WholeObjects`: An object in a message is decoded with it, and is all of its byte string.
pub static WHOLE_OBJECTS: Rule = decided(
    "chia/D-10",
    "WholeObjects",
    "An object in a message is decoded with it, and is all of its byte string.",
);

/// D-12 `OneConnection`: Bytes that are no message end their connection and no other.
pub static ONE_CONNECTION: Rule = decided(
    "chia/D-12",
    "OneConnection",
    "Bytes that are no message end their connection and no other.",
);

/// D-13 `NoRecursion`: However deep the input nests, the stack does not grow.
pub static NO_RECURSION: Rule =
    decided("chia/D-13", "NoRecursion", "However deep the input nests, the stack does not grow.");

/// S-1 `WholeString`: An object is all of the bytes that it is read from.
pub static WHOLE_STRING: Rule =
    decided("chia/S-1", "WholeString", "An object is all of the bytes that it is read from.");

/// S-3 `HashOfEncoding`: The hash of an object is SHA-256 of its whole encoding.
pub static HASH_OF_ENCODING: Rule = decided(
    "chia/S-3",
    "HashOfEncoding",
    "The hash of an object is SHA-256 of its whole encoding.",
);

/// S-4 `Canonical`: An object has exactly one encoding.
pub static CANONICAL: Rule =
    decided("chia/S-4", "Canonical", "An object has exactly one encoding.");
