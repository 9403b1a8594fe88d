//! How the parameters of each method are read.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Call, CheckAccessList, Served};
use crate::codec::supervisor::entries::Entries;
use crate::codec::supervisor::json_rpc::{Elements, Members, Plain};
use crate::codec::supervisor::object::object;
use crate::codec::supervisor::{Code, Failure, Hash, HexUint64, SafetyLevel};

impl Call {
    /// The call of `method` with `params`, which is JSON: absent, an array or an object.
    ///
    /// # Errors
    /// [`Code::MethodNotFound`], [`Code::MethodNotSupported`] or [`Code::InvalidParams`].
    pub(in crate::codec::supervisor) fn read(
        method: &str,
        params: Option<&str>,
        served: Served,
    ) -> Result<Self, Failure> {
        let method = Method::find(method, served)?;
        let given = given(params, method.params)?;
        (method.read)(&Params { given: &given, served })
    }

    /// The call of `method` with the parameters that come next in a plain text.
    pub(in crate::codec::supervisor) fn read_plain(
        method: &str,
        plain: &mut Plain<'_>,
        served: Served,
    ) -> Option<Self> {
        let method = Method::find(method, served).ok()?;
        plain.skip(b'[')?;
        let call = if method.name == CHECK_ACCESS_LIST {
            let inbox_entries = plain.hashes(served.max_access_entries)?;
            plain.skip(b',')?;
            let min_safety = SafetyLevel::parse(plain.string()?)?;
            plain.skip(b',')?;
            let params = Params { given: &[plain.value()?], served };
            let executing_descriptor = params.object(0).ok()?;
            let check = CheckAccessList { inbox_entries, min_safety, executing_descriptor };
            Self::CheckAccessList(Box::new(check))
        } else {
            let mut given = [""; MOST_PARAMS];
            let given = given.get_mut(..method.params.len())?;
            for (at, place) in given.iter_mut().enumerate() {
                if at > 0 {
                    plain.skip(b',')?;
                }
                *place = plain.value()?;
            }
            (method.read)(&Params { given, served }).ok()?
        };
        plain.skip(b']').map(|()| call)
    }
}

/// A method: its name, the names of its parameters, and how they are read.
struct Method {
    name: &'static str,
    params: &'static [&'static str],
    read: fn(&Params<'_>) -> Result<Call, Failure>,
}

impl Method {
    /// The method of this name, if it is served.
    fn find(method: &str, served: Served) -> Result<&'static Self, Failure> {
        let known = METHODS.iter().find(|known| known.name == method);
        let known = known.ok_or(Code::MethodNotFound)?;
        match known.name {
            "supervisor_localSafe" | "supervisor_crossDerivedFrom" if !served.extensions => {
                return Err(Code::MethodNotSupported.into());
            }
            "supervisor_dependencySetV1" if !served.dependency_set_v1 => {
                return Err(Code::MethodNotSupported.into());
            }
            // The whole namespace is absent while it is off.
            "admin_setFailsafeEnabled" if !served.admin => return Err(Code::MethodNotFound.into()),
            _ => {}
        }
        Ok(known)
    }
}

/// Most parameters of a method.
const MOST_PARAMS: usize = 3;

const CHECK_ACCESS_LIST: &str = "supervisor_checkAccessList";

/// The parameters of a call in the order of the method's names.
struct Params<'a> {
    given: &'a [&'a str],
    served: Served,
}

static METHODS: [Method; 14] = [
    Method {
        name: CHECK_ACCESS_LIST,
        params: &["inboxEntries", "minSafety", "executingDescriptor"],
        read: |params| {
            let inbox_entries = params.entries(0)?;
            let min_safety = params.value(1)?;
            let executing_descriptor = params.object(2)?;
            let call = CheckAccessList { inbox_entries, min_safety, executing_descriptor };
            Ok(Call::CheckAccessList(Box::new(call)))
        },
    },
    Method {
        name: "supervisor_localUnsafe",
        params: &["chainID"],
        read: |params| Ok(Call::LocalUnsafe { chain_id: params.value(0)? }),
    },
    Method {
        name: "supervisor_crossSafe",
        params: &["chainID"],
        read: |params| Ok(Call::CrossSafe { chain_id: params.value(0)? }),
    },
    Method {
        name: "supervisor_localSafe",
        params: &["chainID"],
        read: |params| Ok(Call::LocalSafe { chain_id: params.value(0)? }),
    },
    Method {
        name: "supervisor_finalized",
        params: &["chainID"],
        read: |params| Ok(Call::Finalized { chain_id: params.value(0)? }),
    },
    Method { name: "supervisor_finalizedL1", params: &[], read: |_| Ok(Call::FinalizedL1) },
    Method {
        name: "supervisor_crossDerivedToSource",
        params: &["chainID", "derived"],
        read: |params| params.cross_derived(),
    },
    Method {
        name: "supervisor_crossDerivedFrom",
        params: &["chainID", "derived"],
        read: |params| params.cross_derived(),
    },
    Method {
        name: "supervisor_superRootAtTimestamp",
        params: &["timestamp"],
        read: |params| {
            let HexUint64(timestamp) = params.value(0)?;
            Ok(Call::SuperRootAtTimestamp { timestamp })
        },
    },
    Method { name: "supervisor_syncStatus", params: &[], read: |_| Ok(Call::SyncStatus) },
    Method {
        name: "supervisor_allSafeDerivedAt",
        params: &["derivedFrom"],
        read: |params| Ok(Call::AllSafeDerivedAt { derived_from: params.object(0)? }),
    },
    Method { name: "supervisor_dependencySetV1", params: &[], read: |_| Ok(Call::DependencySetV1) },
    Method {
        name: "admin_getFailsafeEnabled",
        params: &[],
        read: |_| Ok(Call::GetFailsafeEnabled),
    },
    Method {
        name: "admin_setFailsafeEnabled",
        params: &["enabled"],
        read: |params| Ok(Call::SetFailsafeEnabled { on: params.value(0)? }),
    },
];

/// The parameters by position or by name (D-23), each there and none besides.
fn given<'a>(params: Option<&'a str>, names: &[&'static str]) -> Result<Vec<&'a str>, Failure> {
    let wrong = |detail: &str| Failure::new(Code::InvalidParams, detail);
    let text = params.unwrap_or("[]");
    if text.starts_with('{') {
        let Members(members) = read(text).map_err(|_| wrong("not an object"))?;
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let mut values =
                members.iter().filter(|(key, _)| key == name).map(|(_, value)| value.get());
            let (Some(value), None) = (values.next(), values.next()) else {
                return Err(wrong(&alloc::format!("{name} is to be given once")));
            };
            found.push(value);
        }
        if members.len() > found.len() {
            return Err(wrong("a parameter of another name"));
        }
        return Ok(found);
    }
    let Elements { first, count } =
        Elements::read(text, names.len()).map_err(|_| wrong("not an array"))?;
    if count != names.len() {
        let wanted = names.len();
        return Err(wrong(&alloc::format!("{count} parameters given, {wanted} wanted")));
    }
    Ok(first.into_iter().map(RawValue::get).collect())
}

impl Params<'_> {
    fn raw(&self, at: usize) -> Result<&str, Failure> {
        self.given.get(at).copied().ok_or_else(|| Code::InvalidParams.into())
    }

    fn value<T: DeserializeOwned>(&self, at: usize) -> Result<T, Failure> {
        read(self.raw(at)?).map_err(|error| Failure::new(Code::InvalidParams, error))
    }

    fn object<T: DeserializeOwned>(&self, at: usize) -> Result<T, Failure> {
        let mut from = serde_json::Deserializer::from_str(self.raw(at)?);
        object(&mut from).map_err(|error| Failure::new(Code::InvalidParams, error))
    }

    /// Entries of an access list, up to one more than the limit: whoever is asked sees that there
    /// are too many, and refuses them in the order of `supervisor.md` 5.2.
    fn entries(&self, at: usize) -> Result<Vec<Hash>, Failure> {
        let entries = Entries { most: self.served.max_access_entries.saturating_add(1) };
        let mut from = serde_json::Deserializer::from_str(self.raw(at)?);
        serde::de::DeserializeSeed::deserialize(entries, &mut from)
            .map_err(|error| Failure::new(Code::InvalidParams, error))
    }

    fn cross_derived(&self) -> Result<Call, Failure> {
        let (chain_id, derived) = (self.value(0)?, self.object(1)?);
        Ok(Call::CrossDerivedToSource { chain_id, derived })
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text)
}
