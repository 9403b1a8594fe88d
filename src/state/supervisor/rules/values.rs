//! Values and objects, S-1 to S-15.

use super::stated;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &IDENTIFIER,
    &MESSAGE,
    &DESCRIPTOR_TIMESTAMP,
    &TIMEOUT,
    &HEX_UINT64,
    &INT,
    &CHAIN_ID,
    &HASH,
    &BYTES,
    &BLOCKS,
    &CHAIN_ROOT_INFO,
    &SUPER_ROOT_RESPONSE,
    &SUPER_ROOT,
    &SUPER_ROOT_VERSION,
    &SAFETY_LEVEL,
];

/// S-1 `Identifier`: An identifier has an origin, a block number, a log index below 2^32, a
/// timestamp and a chain id, under these names.
pub static IDENTIFIER: Rule = stated(
    "supervisor/S-1",
    "Identifier",
    "An identifier has an origin, a block number, a log index below 2^32, a timestamp and a chain \
     id, under these names.",
);

/// S-2 `Message`: A message is an identifier and the Keccak-256 hash of its payload.
pub static MESSAGE: Rule = stated(
    "supervisor/S-2",
    "Message",
    "A message is an identifier and the Keccak-256 hash of its payload.",
);

/// S-3 `DescriptorTimestamp`: An executing descriptor states its timestamp.
pub static DESCRIPTOR_TIMESTAMP: Rule = stated(
    "supervisor/S-3",
    "DescriptorTimestamp",
    "An executing descriptor states its timestamp.",
);

/// S-4 `Timeout`: A descriptor may state a time-out, zero if it does not; what is valid still is at
/// the timestamp plus the time-out.
pub static TIMEOUT: Rule = stated(
    "supervisor/S-4",
    "Timeout",
    "A descriptor may state a time-out, zero if it does not; what is valid still is at the \
     timestamp plus the time-out.",
);

/// S-5 `HexUint64`: A number is a string of 0x and hex digits, big-endian, of at most 64 bits.
pub static HEX_UINT64: Rule = stated(
    "supervisor/S-5",
    "HexUint64",
    "A number is a string of 0x and hex digits, big-endian, of at most 64 bits.",
);

/// S-6 `Int`: An Int is a JSON number without sign, fraction or exponent.
pub static INT: Rule =
    stated("supervisor/S-6", "Int", "An Int is a JSON number without sign, fraction or exponent.");

/// S-7 `ChainId`: A chain id is a hex string of at most 256 bits, and works at any size.
pub static CHAIN_ID: Rule = stated(
    "supervisor/S-7",
    "ChainId",
    "A chain id is a hex string of at most 256 bits, and works at any size.",
);

/// S-8 `Hash`: A hash is a string of 0x and exactly 32 bytes.
pub static HASH: Rule =
    stated("supervisor/S-8", "Hash", "A hash is a string of 0x and exactly 32 bytes.");

/// S-9 `Bytes`: Bytes are a string of 0x and whole bytes, maybe none.
pub static BYTES: Rule =
    stated("supervisor/S-9", "Bytes", "Bytes are a string of 0x and whole bytes, maybe none.");

/// S-10 `Blocks`: A block id is a hash and a number, a block reference also a parent hash and a
/// timestamp; numbers and timestamps are JSON numbers.
pub static BLOCKS: Rule = stated(
    "supervisor/S-10",
    "Blocks",
    "A block id is a hash and a number, a block reference also a parent hash and a timestamp; \
     numbers and timestamps are JSON numbers.",
);

/// S-11 `ChainRootInfo`: A chain root tells the chain's id, its output root and the preimage of the
/// optimistic block's, which hashes to that root unless the block was replaced.
pub static CHAIN_ROOT_INFO: Rule = stated(
    "supervisor/S-11",
    "ChainRootInfo",
    "A chain root tells the chain's id, its output root and the preimage of the optimistic \
     block's, which hashes to that root unless the block was replaced.",
);

/// S-12 `SuperRootResponse`: A super root is told with the layer-one block at which all its chains
/// were cross-safe.
pub static SUPER_ROOT_RESPONSE: Rule = stated(
    "supervisor/S-12",
    "SuperRootResponse",
    "A super root is told with the layer-one block at which all its chains were cross-safe.",
);

/// S-13 `SuperRoot`: The super root is that of the chains listed, ordered by id.
pub static SUPER_ROOT: Rule = stated(
    "supervisor/S-13",
    "SuperRoot",
    "The super root is that of the chains listed, ordered by id.",
);

/// S-14 `SuperRootVersion`: The version of a super root is 1.
pub static SUPER_ROOT_VERSION: Rule =
    stated("supervisor/S-14", "SuperRootVersion", "The version of a super root is 1.");

/// S-15 `SafetyLevel`: A safety level is one of six words.
pub static SAFETY_LEVEL: Rule =
    stated("supervisor/S-15", "SafetyLevel", "A safety level is one of six words.");
