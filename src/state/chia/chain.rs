//! What a full node is told of its own chain by whoever keeps it (`chia.md` 14.1).

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::codec::chia::{Bytes32, HeaderHash};

/// The most tips that a chain has (P-9).
pub const MAX_TIPS: usize = 3;

/// A block that nothing was built on yet, among the heaviest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[expect(clippy::exhaustive_structs, reason = "what announcements are made of")]
pub struct Tip {
    /// Which block it is.
    pub header_hash: HeaderHash,
    /// Its height.
    pub height: u32,
    /// The difficulties of all blocks up to it.
    pub weight: u64,
    /// Iterations of all blocks up to it.
    pub total_iters: u64,
    /// What proofs of a child have to answer: SHA-256 of its challenge.
    pub challenge_hash: Bytes32,
    /// The quality of its own proof of space.
    pub quality: Bytes32,
    /// The difficulty of a child.
    pub child_difficulty: u64,
}

/// Where a chain stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[expect(clippy::exhaustive_structs, reason = "what a full node has to know of its chain")]
pub struct Chain {
    /// Its first block.
    pub genesis: HeaderHash,
    /// One to [`MAX_TIPS`] tips, heaviest first.
    pub tips: Vec<Tip>,
    /// The lowest common ancestor of the tips, below which there is one block of each height.
    pub lca: HeaderHash,
    /// Its height.
    pub lca_height: u32,
    /// Iterations a second, as estimated for the next block (F-21).
    pub ips: u64,
}

/// What became of a block that was handed to the chain (P-3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "the reference's five results")]
pub enum Added {
    /// It was there.
    AlreadyHave,
    /// It breaks a rule of consensus.
    Invalid,
    /// Its parent is not there.
    Disconnected,
    /// It is valid and extends no tip.
    Orphan,
    /// It is a tip now, and this is where the chain stands.
    Tip(Box<Chain>),
}

impl Chain {
    /// The heaviest tip.
    #[must_use]
    pub fn heaviest(&self) -> Option<&Tip> {
        self.tips.first()
    }

    /// The height of the lowest tip (P-4).
    #[must_use]
    pub fn lowest_height(&self) -> u32 {
        self.tips.iter().map(|tip| tip.height).min().unwrap_or(0)
    }

    /// True if this is how a chain can stand: one to [`MAX_TIPS`] tips, heaviest first, a common
    /// ancestor that is no higher than any of them, and some rate.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let falls = |pair: &[Tip]| matches!(pair, [one, next] if one.weight >= next.weight);
        (1..=MAX_TIPS).contains(&self.tips.len())
            && self.tips.windows(2).all(falls)
            && self.lca_height <= self.lowest_height()
            && self.ips > 0
    }

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.tips.capacity().saturating_mul(size_of::<Tip>())
    }
}
