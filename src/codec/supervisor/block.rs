//! Blocks as they are named: by id, by reference, by seal, in pairs (`supervisor.md` 2.2).

use serde::{Deserialize, Serialize};

use super::Hash;
use super::object::object;

/// A block's hash and number (S-10). All zero: a block that is not known.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct BlockId {
    /// The block's hash.
    pub hash: Hash,
    /// Its number: its height above genesis. In JSON a number, whole (S-6).
    pub number: u64,
}

impl BlockId {
    /// The block `number` with `hash`.
    #[must_use]
    pub const fn new(hash: Hash, number: u64) -> Self {
        Self { hash, number }
    }
}

/// A block's id, its parent and its time (S-10). All zero: a block that is not known.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct BlockRef {
    /// The block's hash.
    pub hash: Hash,
    /// Its number: its height above genesis.
    pub number: u64,
    /// The hash of the block before.
    pub parent_hash: Hash,
    /// When it was made, in seconds of Unix time.
    pub timestamp: u64,
}

impl BlockRef {
    /// The block's id.
    #[must_use]
    pub const fn id(&self) -> BlockId {
        BlockId::new(self.hash, self.number)
    }

    /// The block's seal.
    #[must_use]
    pub const fn seal(&self) -> Seal {
        Seal { hash: self.hash, number: self.number, timestamp: self.timestamp }
    }

    /// True if this block comes right after `parent`.
    #[must_use]
    pub fn follows(&self, parent: BlockId) -> bool {
        self.parent_hash == parent.hash && parent.number.checked_add(1) == Some(self.number)
    }
}

/// A block's id and time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Seal {
    /// The block's hash.
    pub hash: Hash,
    /// Its number: its height above genesis.
    pub number: u64,
    /// When it was made, in seconds of Unix time.
    pub timestamp: u64,
}

impl Seal {
    /// The block's id.
    #[must_use]
    pub const fn id(&self) -> BlockId {
        BlockId::new(self.hash, self.number)
    }
}

/// A layer-two block and the layer-one block it was derived from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct DerivedIdPair {
    /// The layer-one block.
    #[serde(deserialize_with = "object")]
    pub source: BlockId,
    /// The layer-two block.
    #[serde(deserialize_with = "object")]
    pub derived: BlockId,
}

/// A [`DerivedIdPair`] with parents and times: what nodes tell (`supervisor.md` 9.1).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct DerivedRefPair {
    /// The layer-one block.
    #[serde(deserialize_with = "object")]
    pub source: BlockRef,
    /// The layer-two block.
    #[serde(deserialize_with = "object")]
    pub derived: BlockRef,
}

impl DerivedRefPair {
    /// Both ids.
    #[must_use]
    pub const fn ids(&self) -> DerivedIdPair {
        DerivedIdPair { source: self.source.id(), derived: self.derived.id() }
    }
}
