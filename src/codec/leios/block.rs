//! Endorser blocks (`leios.md` 9.2).

use bytes::Bytes;

use super::TxHash;

/// An endorser block as received, byte for byte: its hash is over these bytes.
///
/// A value of this type is a definite map of transaction hashes to sizes, with at least one
/// entry and no hash twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinearLeiosBlock {
    raw: Bytes,
    count: u32,
}

/// One entry of an endorser block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TxReference {
    /// Blake2b-256 of the whole transaction.
    pub hash: TxHash,
    /// Its size in bytes.
    pub size: u32,
}

impl LinearLeiosBlock {
    /// The raw bytes.
    #[must_use]
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// How many transactions it refers to.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }
}
