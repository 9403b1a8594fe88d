//! What rollup nodes tell, and what they are told (`supervisor.md` 9.1 and 9.2).

use alloc::boxed::Box;
use alloc::string::String;

use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::object::{object, optional};
use super::{BlockId, BlockRef, DerivedRefPair, Hash, Seal};

/// An event of a node. Every member that is there counts, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct NodeEvent {
    /// The node wants to be reset, for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<String>,
    /// Its newest unsafe block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsafe_block: Option<BlockRef>,
    /// A block it derived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derivation_update: Option<DerivedRefPair>,
    /// It derived all of a layer-one block and wants the next.
    #[serde(rename = "exhaustL1", skip_serializing_if = "Option::is_none")]
    pub exhaust_l1: Option<DerivedRefPair>,
    /// It replaced an invalidated block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace_block: Option<BlockReplacement>,
    /// The layer-one block it derives from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derivation_origin_update: Option<BlockRef>,
}

/// From an object alone, in every place where an event may stand: since no member has to be there,
/// a derived reader would take an empty array for an event that says nothing.
impl<'de> Deserialize<'de> for NodeEvent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Members {
            reset: Option<String>,
            #[serde(deserialize_with = "optional")]
            unsafe_block: Option<BlockRef>,
            #[serde(deserialize_with = "optional")]
            derivation_update: Option<DerivedRefPair>,
            #[serde(rename = "exhaustL1", deserialize_with = "optional")]
            exhaust_l1: Option<DerivedRefPair>,
            #[serde(deserialize_with = "optional")]
            replace_block: Option<BlockReplacement>,
            #[serde(deserialize_with = "optional")]
            derivation_origin_update: Option<BlockRef>,
        }
        let Members {
            reset,
            unsafe_block,
            derivation_update,
            exhaust_l1,
            replace_block,
            derivation_origin_update,
        } = object(from)?;
        Ok(Self {
            reset,
            unsafe_block,
            derivation_update,
            exhaust_l1,
            replace_block,
            derivation_origin_update,
        })
    }
}

/// A block in the place of an invalidated one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct BlockReplacement {
    /// The block that is there now.
    #[serde(deserialize_with = "object")]
    pub replacement: BlockRef,
    /// The hash of the one that was.
    pub invalidated: Hash,
}

/// What a node is told. All but resets are signals: the next one supersedes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum NodeCommand {
    /// The cross-unsafe head.
    UpdateCrossUnsafe(BlockId),
    /// The cross-safe head.
    UpdateCrossSafe {
        /// The block.
        derived: BlockId,
        /// The layer-one block it is safe at.
        source: BlockId,
    },
    /// The finalized head.
    UpdateFinalized(BlockId),
    /// This block can never be safe: replace it.
    InvalidateBlock(Seal),
    /// Go back to these heads.
    Reset(Box<ResetHeads>),
    /// Go back to before interop, where there is no block to go back to.
    ResetPreInterop,
    /// The next layer-one block to derive from.
    ProvideL1(BlockRef),
}

/// The heads that a node goes back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ResetHeads {
    /// Local-unsafe.
    #[serde(deserialize_with = "object")]
    pub local_unsafe: BlockId,
    /// Cross-unsafe.
    #[serde(deserialize_with = "object")]
    pub cross_unsafe: BlockId,
    /// Local-safe.
    #[serde(deserialize_with = "object")]
    pub local_safe: BlockId,
    /// Cross-safe.
    #[serde(deserialize_with = "object")]
    pub cross_safe: BlockId,
    /// Finalized.
    #[serde(deserialize_with = "object")]
    pub finalized: BlockId,
}

impl NodeCommand {
    /// The name of the node's method.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::UpdateCrossUnsafe(_) => "interop_updateCrossUnsafe",
            Self::UpdateCrossSafe { .. } => "interop_updateCrossSafe",
            Self::UpdateFinalized(_) => "interop_updateFinalized",
            Self::InvalidateBlock(_) => "interop_invalidateBlock",
            Self::Reset(_) => "interop_reset",
            Self::ResetPreInterop => "interop_resetPreInterop",
            Self::ProvideL1(_) => "interop_provideL1",
        }
    }
}

/// The parameters of the node's method: an array.
impl Serialize for NodeCommand {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut params = to.serialize_seq(None)?;
        match self {
            Self::UpdateCrossUnsafe(block) | Self::UpdateFinalized(block) => {
                params.serialize_element(block)?;
            }
            Self::UpdateCrossSafe { derived, source } => {
                params.serialize_element(derived)?;
                params.serialize_element(source)?;
            }
            Self::InvalidateBlock(seal) => params.serialize_element(seal)?,
            Self::Reset(heads) => {
                let ResetHeads { local_unsafe, cross_unsafe, local_safe, cross_safe, finalized } =
                    &**heads;
                for head in [local_unsafe, cross_unsafe, local_safe, cross_safe, finalized] {
                    params.serialize_element(head)?;
                }
            }
            Self::ResetPreInterop => {}
            Self::ProvideL1(block) => params.serialize_element(block)?,
        }
        params.end()
    }
}
