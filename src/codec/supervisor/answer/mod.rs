//! What calls are answered with (`supervisor.md` 2.2).

#![expect(clippy::zero_sized_map_values, reason = "a dependency is an object without members")]

mod read;
mod write;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use self::read::{number_or_hex, objects, objects_by_chain};
use super::object::object;
use super::{BlockId, BlockRef, ChainId, DerivedIdPair, Hash, HexBytes};

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Nothing to say: the access list is good, or the switch was set (S-46).
    Null,
    /// A block with parent and time.
    BlockRef(BlockRef),
    /// A block.
    BlockId(BlockId),
    /// A block and what it was derived from.
    Pair(DerivedIdPair),
    /// A block of each chain (S-24).
    Blocks(BTreeMap<ChainId, BlockId>),
    /// A super root.
    SuperRoot(Box<SuperRootResponse>),
    /// How far everything is.
    SyncStatus(Box<SupervisorSyncStatus>),
    /// The dependency set.
    DependencySet(DependencySetV1),
    /// Whether the failsafe is on.
    Failsafe(bool),
}

/// Which [`Answer`] a success is: each method has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerKind {
    /// [`Answer::Null`].
    Null,
    /// [`Answer::BlockRef`].
    BlockRef,
    /// [`Answer::BlockId`].
    BlockId,
    /// [`Answer::Pair`].
    Pair,
    /// [`Answer::Blocks`].
    Blocks,
    /// [`Answer::SuperRoot`].
    SuperRoot,
    /// [`Answer::SyncStatus`].
    SyncStatus,
    /// [`Answer::DependencySet`].
    DependencySet,
    /// [`Answer::Failsafe`].
    Failsafe,
}

/// The state of all chains at one time (S-12).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SuperRootResponse {
    /// The layer-one block from which all chains are cross-safe.
    #[serde(deserialize_with = "object")]
    pub cross_safe_derived_from: BlockId,
    /// The time, in seconds of Unix time.
    #[serde(deserialize_with = "number_or_hex")]
    pub timestamp: u64,
    /// The super root.
    pub super_root: Hash,
    /// Its version: 1 (S-14).
    #[serde(deserialize_with = "number_or_hex")]
    pub version: u64,
    /// The chains, by ascending id (S-13).
    #[serde(deserialize_with = "objects")]
    pub chains: Vec<ChainRootInfo>,
}

/// One chain of a super root (S-11).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainRootInfo {
    /// The chain.
    #[serde(alias = "chainID")]
    pub chain_id: ChainId,
    /// The output root of its canonical block.
    pub canonical: Hash,
    /// The preimage of the output root of its block before validation: 128 bytes.
    pub pending: HexBytes,
}

/// How far all chains are (`supervisor.md` 8.9). What is not known is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupervisorSyncStatus {
    /// The lowest layer-one block that a chain's node derives from.
    #[serde(rename = "minSyncedL1", deserialize_with = "object")]
    pub min_synced_l1: BlockRef,
    /// The time of the lowest cross-safe head, in seconds of Unix time.
    pub safe_timestamp: u64,
    /// The time of the lowest finalized head, in seconds of Unix time.
    pub finalized_timestamp: u64,
    /// The heads of each chain.
    #[serde(deserialize_with = "objects_by_chain")]
    pub chains: BTreeMap<ChainId, SupervisorChainSyncStatus>,
}

/// How far one chain is. What is not known is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupervisorChainSyncStatus {
    /// The newest indexed block.
    #[serde(deserialize_with = "object")]
    pub local_unsafe: BlockRef,
    /// The newest derived block.
    #[serde(deserialize_with = "object", default)]
    pub local_safe: BlockId,
    /// The newest block whose messages resolve against cross-unsafe data.
    #[serde(deserialize_with = "object", default)]
    pub cross_unsafe: BlockId,
    /// The newest cross-safe block.
    #[serde(deserialize_with = "object")]
    pub safe: BlockId,
    /// The newest finalized block.
    #[serde(deserialize_with = "object")]
    pub finalized: BlockId,
}

/// The chains that may message each other: a draft.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DependencySetV1 {
    /// The chains; nothing is said of each.
    #[serde(deserialize_with = "objects_by_chain")]
    pub dependencies: BTreeMap<ChainId, Dependency>,
    /// How long messages may be executed, in seconds, if not the seven days that readers take for
    /// granted ([`EXPIRY_CURRENT`](crate::state::supervisor::ExpiryWindow::EXPIRY_CURRENT)).
    pub override_message_expiry_window: Option<u64>,
}

/// A chain of a dependency set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dependency {}
