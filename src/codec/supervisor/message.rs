//! Messages between chains, and the context they are executed in (S-1 to S-4).

use serde::{Deserialize, Deserializer, Serialize};

use super::object::object;
use super::{Address, ChainId, Hash, HexUint64};

/// Names an initiating message: the log that it is (S-1).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Identifier {
    /// The contract that emitted the log.
    pub origin: Address,
    /// The block the log is in.
    #[serde(with = "hex_u64")]
    pub block_number: u64,
    /// The log's position among all logs of its block.
    #[serde(with = "hex_u32")]
    pub log_index: u32,
    /// The block's time, in seconds of Unix time.
    #[serde(with = "hex_u64")]
    pub timestamp: u64,
    /// The chain the block is of.
    #[serde(rename = "chainID")]
    pub chain_id: ChainId,
}

/// An initiating message (S-2).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Which log it is.
    #[serde(deserialize_with = "object")]
    pub identifier: Identifier,
    /// Keccak-256 of the message's payload ([`Log::payload_hash`](super::Log::payload_hash)).
    pub payload_hash: Hash,
}

/// When and where a message is to be executed (S-3, S-4).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ExecutingDescriptor {
    /// Expected time of execution, in seconds of Unix time.
    #[serde(with = "hex_u64")]
    pub timestamp: u64,
    /// The message is to be valid for so many seconds more, both ends included; 0 by default.
    #[serde(with = "hex_u64", default)]
    pub timeout: u64,
    /// The executing chain, an extension (D-9). Absent or zero: not given.
    #[serde(rename = "chainID", default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "given")]
    pub chain_id: Option<ChainId>,
}

/// The time-out a pool pre-verifies transactions with, in seconds: a day (S-30). It has to verify
/// them again or drop them after it (S-31).
pub const PRE_VERIFICATION_TIMEOUT: u64 = 86_400;

/// The time-out of a block builder (S-30).
pub const BUILDER_TIMEOUT: u64 = 0;

impl ExecutingDescriptor {
    /// Until when, in seconds of Unix time, a success holds (S-31).
    #[must_use]
    pub const fn valid_until(&self) -> u64 {
        self.timestamp.saturating_add(self.timeout)
    }
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ChainId>, D::Error> {
    ChainId::deserialize(from).map(|id| (id != ChainId::default()).then_some(id))
}

/// A field of 64 bits, as [`HexUint64`].
pub(super) mod hex_u64 {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::HexUint64;

    pub(crate) fn serialize<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
        HexUint64(*value).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        HexUint64::deserialize(from).map(|value| value.0)
    }
}

/// A field of 32 bits, in the text of [`HexUint64`].
mod hex_u32 {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::HexUint64;

    pub(super) fn serialize<S: Serializer>(value: &u32, to: S) -> Result<S::Ok, S::Error> {
        HexUint64(u64::from(*value)).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        let value = HexUint64::deserialize(from)?.0;
        u32::try_from(value).map_err(|_| D::Error::custom("a log index has 32 bits"))
    }
}
