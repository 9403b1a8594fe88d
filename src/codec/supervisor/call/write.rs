//! Calls as data: the method's name and its parameters, by position.

use alloc::string::String;
use alloc::vec::Vec;

use serde::de::Error;
use serde::ser::{SerializeStruct, SerializeTuple};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Call, CheckAccessList, Served};
use crate::codec::supervisor::HexUint64;
use crate::codec::supervisor::profile::write_json;

impl Call {
    /// Appends the JSON of the parameters: an array.
    pub(in crate::codec::supervisor) fn write_params(&self, out: &mut Vec<u8>) {
        write_json(&Params(self), out);
    }
}

/// The parameters of a call, in order.
struct Params<'a>(&'a Call);

impl Serialize for Params<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Call::CrossDerivedToSource { chain_id, derived } => (chain_id, derived).serialize(to),
            Call::LocalUnsafe { chain_id }
            | Call::CrossSafe { chain_id }
            | Call::LocalSafe { chain_id }
            | Call::Finalized { chain_id } => [chain_id].serialize(to),
            Call::FinalizedL1
            | Call::SyncStatus
            | Call::DependencySetV1
            | Call::GetFailsafeEnabled => to.serialize_tuple(0)?.end(),
            Call::SuperRootAtTimestamp { timestamp } => [HexUint64(*timestamp)].serialize(to),
            Call::AllSafeDerivedAt { derived_from } => [derived_from].serialize(to),
            Call::CheckAccessList(check) => {
                let CheckAccessList { inbox_entries, min_safety, executing_descriptor } = &**check;
                (inbox_entries, min_safety, executing_descriptor).serialize(to)
            }
            Call::SetFailsafeEnabled { on } => [on].serialize(to),
        }
    }
}

/// `{"method": …, "params": […]}`.
impl Serialize for Call {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut call = to.serialize_struct("Call", 2)?;
        call.serialize_field("method", self.method())?;
        call.serialize_field("params", &Params(self))?;
        call.end()
    }
}

/// As a server that serves everything reads it.
impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Form {
            method: String,
            #[serde(default)]
            params: serde_json::Value,
        }
        let Form { method, params } = Form::deserialize(from)?;
        let params = serde_json::value::to_raw_value(&params).map_err(D::Error::custom)?;
        let params = Some(params.get()).filter(|params| *params != "null");
        Self::read(&method, params, Served::EVERYTHING).map_err(D::Error::custom)
    }
}
