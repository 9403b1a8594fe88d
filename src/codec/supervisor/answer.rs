//! What calls are answered with, in both output forms (`supervisor.md` 2.2, D-3).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::ser::{SerializeMap, SerializeStruct, Serializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::object::object;
use super::profile::{InProfile, write_json};
use super::{BlockId, BlockRef, ChainId, DerivedIdPair, Hash, HexBytes, HexUint64, Profile};

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
    #[expect(clippy::zero_sized_map_values, reason = "objects without members, in JSON")]
    pub dependencies: BTreeMap<ChainId, Dependency>,
    /// How long messages may be executed, in seconds, if not the seven days that readers take for
    /// granted ([`EXPIRY_CURRENT`](crate::state::supervisor::ExpiryWindow::EXPIRY_CURRENT)).
    pub override_message_expiry_window: Option<u64>,
}

/// A chain of a dependency set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dependency {}

impl Answer {
    /// Appends the JSON of the answer.
    pub fn write(&self, profile: Profile, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::BlockRef(block) => write_json(block, out),
            Self::BlockId(block) => write_json(block, out),
            Self::Pair(pair) => write_json(pair, out),
            Self::Blocks(blocks) => write_json(&InProfile(blocks, profile), out),
            Self::SuperRoot(root) => write_json(&InProfile(&**root, profile), out),
            Self::SyncStatus(status) => write_json(&InProfile(&**status, profile), out),
            Self::DependencySet(set) => write_json(set, out),
            Self::Failsafe(on) => write_json(on, out),
        }
    }
}

/// A chain id as a key of a map.
fn key(id: &ChainId, profile: Profile) -> alloc::string::String {
    match profile {
        Profile::Seed => alloc::format!("{id}"),
        Profile::Deployed => alloc::format!("{}", id.decimal()),
    }
}

impl<T: Serialize> Serialize for InProfile<'_, BTreeMap<ChainId, T>> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (id, value) in self.0 {
            map.serialize_entry(&key(id, self.1), value)?;
        }
        map.end()
    }
}

impl Serialize for InProfile<'_, SupervisorSyncStatus> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let InProfile(status, profile) = self;
        let mut object = to.serialize_struct("SupervisorSyncStatus", 4)?;
        object.serialize_field("minSyncedL1", &status.min_synced_l1)?;
        object.serialize_field("safeTimestamp", &status.safe_timestamp)?;
        object.serialize_field("finalizedTimestamp", &status.finalized_timestamp)?;
        object.serialize_field("chains", &InProfile(&status.chains, *profile))?;
        object.end()
    }
}

impl Serialize for InProfile<'_, SuperRootResponse> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let InProfile(root, profile) = self;
        let mut object = to.serialize_struct("SuperRootResponse", 5)?;
        object.serialize_field("crossSafeDerivedFrom", &root.cross_safe_derived_from)?;
        match profile {
            Profile::Seed => object.serialize_field("timestamp", &root.timestamp)?,
            Profile::Deployed => object.serialize_field("timestamp", &HexUint64(root.timestamp))?,
        }
        object.serialize_field("superRoot", &root.super_root)?;
        match profile {
            Profile::Seed => object.serialize_field("version", &root.version)?,
            Profile::Deployed => {
                object.serialize_field("version", &format_args!("{:#04x}", root.version))?;
            }
        }
        let chains: Vec<_> = root.chains.iter().map(|chain| InProfile(chain, *profile)).collect();
        object.serialize_field("chains", &chains)?;
        object.end()
    }
}

impl Serialize for InProfile<'_, ChainRootInfo> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let InProfile(chain, profile) = self;
        let mut object = to.serialize_struct("ChainRootInfo", 3)?;
        match profile {
            Profile::Seed => object.serialize_field("chainId", &chain.chain_id)?,
            Profile::Deployed => {
                object.serialize_field("chainID", &key(&chain.chain_id, *profile))?;
            }
        }
        object.serialize_field("canonical", &chain.canonical)?;
        object.serialize_field("pending", &chain.pending)?;
        object.end()
    }
}

/// A number as such, or as the hex of deployed services.
fn number_or_hex<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Hex(HexUint64),
    }
    Ok(match Either::deserialize(from)? {
        Either::Number(number) | Either::Hex(HexUint64(number)) => number,
    })
}
