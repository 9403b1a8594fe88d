//! Hashes and addresses, and the function that makes them.

use core::fmt;
use core::fmt::Debug;
use core::hash::Hash as StdHash;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha3::Digest;

use super::hex;

/// 32 bytes: `0x` and exactly 64 hex digits (S-8).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// All zero: the hash of a block that is not known.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash that `text` is; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::fixed::<64, 32>(text).map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write_bytes(&self.0, f)
    }
}

impl Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write_bytes(&self.0, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        hex::serialize_fixed(&self.0, to)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        hex::text(from, "`0x` and 64 hex digits", Self::parse)
    }
}

/// 20 bytes: `0x` and exactly 40 hex digits. A checksum in the digits' case is not verified.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Address(pub [u8; 20]);

impl Address {
    /// The predeployed contract that executing messages come from (`supervisor.md` 6.3).
    pub const CROSS_L2_INBOX: Self =
        Self([0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x22]);

    /// The address that `text` is; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::fixed::<40, 20>(text).map(Self)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write_bytes(&self.0, f)
    }
}

impl Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write_bytes(&self.0, f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        hex::serialize_fixed(&self.0, to)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        hex::text(from, "`0x` and 40 hex digits", Self::parse)
    }
}

/// Keccak-256 with its original padding, which is not SHA3-256. Implement it to replace the
/// default by a faster one; machines take it as a type parameter.
pub trait Keccak256: Clone + Debug + PartialEq + Eq + StdHash + Default + Send + 'static {
    /// Keccak-256 of the parts, one after the other.
    fn keccak256(parts: &[&[u8]]) -> Hash;
}

/// Keccak-256 of the crate `sha3`, the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RustCryptoKeccak256;

impl Keccak256 for RustCryptoKeccak256 {
    fn keccak256(parts: &[&[u8]]) -> Hash {
        let mut hasher = sha3::Keccak256::new();
        for part in parts {
            hasher.update(part);
        }
        Hash(hasher.finalize().into())
    }
}
