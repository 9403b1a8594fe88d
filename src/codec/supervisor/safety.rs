//! How safe a block is (S-15, S-35).

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex;

/// The safety level of a message's block, weakest first: an order of requirements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum SafetyLevel {
    /// Known to be wrong. No level to ask for (D-11).
    Invalid,
    /// The block exists: the RPC label `latest`.
    Unsafe,
    /// All that the block depends on is cross-unsafe too.
    CrossUnsafe,
    /// The block was derived from layer one.
    LocalSafe,
    /// Cross-safe: derived, and so is all that it depends on. Named `safe`, as the RPC label.
    Safe,
    /// Cross-safe from a finalized layer-one block.
    Finalized,
}

impl SafetyLevel {
    /// Every level, weakest first.
    pub const ALL: [Self; 6] = [
        Self::Invalid,
        Self::Unsafe,
        Self::CrossUnsafe,
        Self::LocalSafe,
        Self::Safe,
        Self::Finalized,
    ];

    /// The level's text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unsafe => "unsafe",
            Self::CrossUnsafe => "cross-unsafe",
            Self::LocalSafe => "local-safe",
            Self::Safe => "safe",
            Self::Finalized => "finalized",
        }
    }

    /// The level that `text` is, exactly; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == text)
    }
}

impl fmt::Display for SafetyLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for SafetyLevel {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for SafetyLevel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        hex::text(from, "a safety level", Self::parse)
    }
}
