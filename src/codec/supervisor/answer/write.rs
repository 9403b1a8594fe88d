//! How answers are written, in both output forms (D-3).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeStruct, Serializer};

use super::{Answer, ChainRootInfo, DependencySetV1, SuperRootResponse, SupervisorSyncStatus};
use crate::codec::supervisor::profile::{InProfile, write_json};
use crate::codec::supervisor::{ChainId, HexUint64, Profile};

impl Answer {
    /// Appends the JSON of the answer.
    pub fn write(&self, profile: Profile, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            other => write_json(&InProfile(other, profile), out),
        }
    }
}

/// In the form of the specification.
impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        InProfile(self, Profile::Seed).serialize(to)
    }
}

impl Serialize for InProfile<'_, Answer> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let InProfile(answer, profile) = self;
        match answer {
            Answer::Null => to.serialize_unit(),
            Answer::BlockRef(block) => block.serialize(to),
            Answer::BlockId(block) => block.serialize(to),
            Answer::Pair(pair) => pair.serialize(to),
            Answer::Blocks(blocks) => InProfile(blocks, *profile).serialize(to),
            Answer::SuperRoot(root) => InProfile(&**root, *profile).serialize(to),
            Answer::SyncStatus(status) => InProfile(&**status, *profile).serialize(to),
            Answer::DependencySet(set) => InProfile(set, *profile).serialize(to),
            Answer::Failsafe(on) => to.serialize_bool(*on),
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

impl Serialize for InProfile<'_, DependencySetV1> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let InProfile(set, profile) = self;
        let window = &set.override_message_expiry_window;
        let mut object = to.serialize_struct("DependencySetV1", 2)?;
        object.serialize_field("dependencies", &InProfile(&set.dependencies, *profile))?;
        object.serialize_field("overrideMessageExpiryWindow", window)?;
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
