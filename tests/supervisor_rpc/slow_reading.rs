//! JSON-RPC requests read the slow and obvious way: every value taken apart on its own, everything
//! copied. What the library makes of a text is compared with it.

use nodewire::codec::supervisor::json_rpc::TextLimits;
use nodewire::codec::supervisor::{
    BlockId, Call, ChainId, CheckAccessList, Code, ExecutingDescriptor, Hash, HexUint64,
    SafetyLevel, Served,
};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// The token of the id of the answer, if there is to be one, and the call or its error.
pub type Asked = (Option<String>, Result<Call, Code>);

/// One for each request: alone, or of a batch.
#[derive(Debug, PartialEq)]
pub enum Read {
    Single(Asked),
    Batch(Vec<Asked>),
}

pub fn read(text: &[u8], limits: &TextLimits, served: Served) -> Read {
    let refused = |code| Read::Single((Some("null".to_owned()), Err(code)));
    if text.len() > limits.max_text {
        return refused(Code::LimitExceeded);
    }
    // The grammar is that of `serde_json`, numbers of any size included.
    let Ok(value) = serde_json::from_slice::<Box<RawValue>>(text) else {
        return refused(Code::ParseError);
    };
    if depth(value.get()) > limits.max_depth {
        return refused(Code::ParseError);
    }
    let Some(elements) = list(value.get()) else {
        return Read::Single(request(value.get(), served));
    };
    if elements.is_empty() {
        return refused(Code::InvalidRequest);
    }
    if elements.len() > limits.max_batch {
        return refused(Code::LimitExceeded);
    }
    Read::Batch(elements.iter().map(|element| request(element.get(), served)).collect())
}

/// How deep a value is nested.
fn depth(text: &str) -> usize {
    let inner: Vec<Box<RawValue>> = match (list(text), members(text)) {
        (Some(elements), _) => elements,
        (_, Some(members)) => members.into_iter().map(|(_, value)| value).collect(),
        _ => return 0,
    };
    1 + inner.iter().map(|value| depth(value.get())).max().unwrap_or(0)
}

fn list(text: &str) -> Option<Vec<Box<RawValue>>> {
    serde_json::from_str(text).ok()
}

/// The members of an object, repeated ones included.
fn members(text: &str) -> Option<Vec<(String, Box<RawValue>)>> {
    struct Members(Vec<(String, Box<RawValue>)>);
    struct Reader;
    impl<'de> Visitor<'de> for Reader {
        type Value = Members;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(Members(members))
        }
    }
    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_map(Reader)
        }
    }
    serde_json::from_str::<Members>(text).ok().map(|members| members.0)
}

/// The values of the members of a name.
fn named<'a>(members: &'a [(String, Box<RawValue>)], name: &str) -> Vec<&'a str> {
    members.iter().filter(|(key, _)| key == name).map(|(_, value)| value.get()).collect()
}

/// The request that one value is (the table of `supervisor.md` section 3).
fn request(text: &str, served: Served) -> Asked {
    let null = || Some("null".to_owned());
    let Some(members) = members(text) else { return (null(), Err(Code::InvalidRequest)) };
    let of = |name| named(&members, name);
    let id = match of("id")[..] {
        [] => None,
        [id] if !id.starts_with(['{', '[', 't', 'f']) => Some(id.to_owned()),
        _ => return (null(), Err(Code::InvalidRequest)),
    };
    let invalid = (id.clone().or_else(null), Err(Code::InvalidRequest));
    let ([version], [method], params) = (&of("jsonrpc")[..], &of("method")[..], &of("params")[..])
    else {
        return invalid;
    };
    let (Ok(version), Ok(method)) =
        (serde_json::from_str::<String>(version), serde_json::from_str::<String>(method))
    else {
        return invalid;
    };
    let params = match params {
        [] | ["null"] => "[]",
        [params] if params.starts_with(['{', '[']) => params,
        _ => return invalid,
    };
    if version != "2.0" {
        return (id.or_else(null), Err(Code::VersionNotSupported));
    }
    (id, call(&method, params, served))
}

fn call(method: &str, params: &str, served: Served) -> Result<Call, Code> {
    let names: &[&str] = match method {
        "supervisor_checkAccessList" => &["inboxEntries", "minSafety", "executingDescriptor"],
        "supervisor_localUnsafe"
        | "supervisor_crossSafe"
        | "supervisor_localSafe"
        | "supervisor_finalized" => &["chainID"],
        "supervisor_crossDerivedToSource" | "supervisor_crossDerivedFrom" => {
            &["chainID", "derived"]
        }
        "supervisor_superRootAtTimestamp" => &["timestamp"],
        "supervisor_allSafeDerivedAt" => &["derivedFrom"],
        "admin_setFailsafeEnabled" => &["enabled"],
        "supervisor_finalizedL1"
        | "supervisor_syncStatus"
        | "supervisor_dependencySetV1"
        | "admin_getFailsafeEnabled" => &[],
        _ => return Err(Code::MethodNotFound),
    };
    match method {
        "supervisor_localSafe" | "supervisor_crossDerivedFrom" if !served.extensions => {
            return Err(Code::MethodNotSupported);
        }
        "supervisor_dependencySetV1" if !served.dependency_set_v1 => {
            return Err(Code::MethodNotSupported);
        }
        "admin_setFailsafeEnabled" if !served.admin => return Err(Code::MethodNotFound),
        _ => {}
    }
    let given: Vec<String> = match members(params) {
        Some(members) => {
            let by_name = names.iter().map(|name| match named(&members, name)[..] {
                [value] => Ok(value.to_owned()),
                _ => Err(Code::InvalidParams),
            });
            let given = by_name.collect::<Result<Vec<_>, _>>()?;
            if members.len() != names.len() {
                return Err(Code::InvalidParams);
            }
            given
        }
        None => list(params).unwrap().iter().map(|value| value.get().to_owned()).collect(),
    };
    if given.len() != names.len() {
        return Err(Code::InvalidParams);
    }
    let chain_id = || value::<ChainId>(&given[0]);
    Ok(match method {
        "supervisor_checkAccessList" => {
            let entries = list(&given[0]).ok_or(Code::InvalidParams)?;
            let mut inbox_entries =
                entries.iter().map(|it| value(it.get())).collect::<Result<Vec<Hash>, _>>()?;
            // Enough to see that there are too many.
            inbox_entries.truncate(served.max_access_entries.saturating_add(1));
            let min_safety = value::<SafetyLevel>(&given[1])?;
            let executing_descriptor = object::<ExecutingDescriptor>(&given[2])?;
            let check = CheckAccessList { inbox_entries, min_safety, executing_descriptor };
            Call::CheckAccessList(Box::new(check))
        }
        "supervisor_localUnsafe" => Call::LocalUnsafe { chain_id: chain_id()? },
        "supervisor_crossSafe" => Call::CrossSafe { chain_id: chain_id()? },
        "supervisor_localSafe" => Call::LocalSafe { chain_id: chain_id()? },
        "supervisor_finalized" => Call::Finalized { chain_id: chain_id()? },
        "supervisor_crossDerivedToSource" | "supervisor_crossDerivedFrom" => {
            let (chain_id, derived) = (chain_id()?, object::<BlockId>(&given[1])?);
            Call::CrossDerivedToSource { chain_id, derived }
        }
        "supervisor_superRootAtTimestamp" => {
            Call::SuperRootAtTimestamp { timestamp: value::<HexUint64>(&given[0])?.0 }
        }
        "supervisor_allSafeDerivedAt" => {
            Call::AllSafeDerivedAt { derived_from: object::<BlockId>(&given[0])? }
        }
        "admin_setFailsafeEnabled" => Call::SetFailsafeEnabled { on: value(&given[0])? },
        "supervisor_finalizedL1" => Call::FinalizedL1,
        "supervisor_syncStatus" => Call::SyncStatus,
        "supervisor_dependencySetV1" => Call::DependencySetV1,
        _ => Call::GetFailsafeEnabled,
    })
}

fn value<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, Code> {
    serde_json::from_str(text).map_err(|_| Code::InvalidParams)
}

fn object<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, Code> {
    if text.starts_with('{') { value(text) } else { Err(Code::InvalidParams) }
}
