//! What is asked: framing, ids, batches, notifications, parameters.

use nodewire::codec::supervisor::json_rpc::{Document, TextLimits};
use nodewire::codec::supervisor::{Call, Code, Served};
use serde_json::{Value, json};

use crate::agree::agree;
use crate::shared_vectors::shared;
use crate::support::{SERVED, finalized, reply, server};
use crate::text::{list, text};

#[test]
fn jsonrpc() {
    let Some(vectors) = shared("jsonrpc", "supervisor", "jsonrpc.json") else { return };
    let index = finalized();
    let cases = list(&vectors["cases"]);
    for case in cases {
        let name = text(&case["name"]);
        let found = reply(&mut server(SERVED), &index, text(&case["request"]));
        assert!(agree(&case["response"], found.as_ref()), "{name}: {found:?}");
    }
    assert_eq!(cases.len(), 87);
}

/// Nothing of the vectors reaches them.
pub const LIMITS_OF_TEXTS: TextLimits =
    TextLimits { max_text: 1_000_000, max_depth: 32, max_batch: 1_000 };

const LIMITS: TextLimits = TextLimits { max_text: 400, max_depth: 4, max_batch: 3 };

fn code(text: &str, served: Served) -> Option<Code> {
    match Document::read(text.as_bytes(), &LIMITS, served) {
        Document::Single(request) => request.call.err().map(|failure| failure.code),
        Document::Batch(_) => None,
    }
}

#[test]
fn a_text_at_its_limits_and_beyond() {
    let call = |extra: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"supervisor_syncStatus"{extra}}}"#)
    };
    let filled = |length: usize| {
        let room = length - call("").len() - r#","x":"""#.len();
        call(&format!(r#","x":"{}""#, "a".repeat(room)))
    };
    assert_eq!(filled(400).len(), 400);
    assert_eq!(code(&filled(400), SERVED), None);
    assert_eq!(code(&filled(401), SERVED), Some(Code::LimitExceeded));
    // The object itself is the first level. Brackets in strings are none.
    assert_eq!(code(&call(r#","x":[[[]]]"#), SERVED), None);
    assert_eq!(code(&call(r#","x":[[[[]]]]"#), SERVED), Some(Code::ParseError));
    assert_eq!(code(&call(r#","x":"[[[[[[\"[[[[[\\""#), SERVED), None);
    assert_eq!(code(&call(r#","x":[[]],"y":[[]],"z":[[]]"#), SERVED), None);
    assert_eq!(code("[1,2,3]", SERVED), None);
    assert_eq!(code("[1,2,3,4]", SERVED), Some(Code::LimitExceeded));
    assert_eq!(code("[1,2,3,4", SERVED), Some(Code::ParseError));
}

#[test]
fn deep_texts_cost_no_stack() {
    let limits = TextLimits { max_text: usize::MAX, max_depth: usize::MAX, max_batch: 3 };
    for open in ["[", "{\"a\":"] {
        let text = format!(r#"{{"x":{}"#, open.repeat(1_000_000));
        let Document::Single(request) = Document::read(text.as_bytes(), &limits, SERVED) else {
            panic!("no batch");
        };
        assert_eq!(request.call.unwrap_err().code, Code::ParseError);
    }
}

#[test]
fn no_utf8_is_no_json() {
    let mut bytes =
        br#"{"jsonrpc":"2.0","id":1,"method":"supervisor_syncStatus","x":"?"}"#.to_vec();
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xff;
    let Document::Single(request) = Document::read(&bytes, &LIMITS, SERVED) else { panic!() };
    assert_eq!(request.call.unwrap_err().code, Code::ParseError);
    assert_eq!(request.id.unwrap().as_str(), "null");
}

/// It escapes nothing there, so that no bracket is behind it.
#[test]
fn a_backslash_outside_of_strings_hides_no_bracket() {
    let text = br#"{"x":[[[\[1]]]]}"#;
    let Document::Single(request) = Document::read(text, &LIMITS, SERVED) else { panic!() };
    let failure = request.call.unwrap_err();
    let expected = (Code::ParseError, Some("nested too deeply"));
    assert_eq!((failure.code, failure.detail()), expected);
}

#[test]
fn methods_that_are_switched_off() {
    let params = r#"["0xa"]"#;
    let call = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
    };
    let off = Served { extensions: false, ..SERVED };
    let all = Served { dependency_set_v1: true, admin: true, ..SERVED };
    for (method, params, served, expected) in [
        ("supervisor_localSafe", params, SERVED, None),
        ("supervisor_localSafe", params, off, Some(Code::MethodNotSupported)),
        ("supervisor_crossDerivedFrom", "[]", off, Some(Code::MethodNotSupported)),
        ("supervisor_crossDerivedFrom", "[]", SERVED, Some(Code::InvalidParams)),
        ("supervisor_dependencySetV1", "[]", SERVED, Some(Code::MethodNotSupported)),
        ("supervisor_dependencySetV1", "[]", all, None),
        ("admin_setFailsafeEnabled", "[true]", SERVED, Some(Code::MethodNotFound)),
        ("admin_setFailsafeEnabled", "[true]", all, None),
        ("admin_setFailsafeEnabled", "[1]", all, Some(Code::InvalidParams)),
        ("admin_getFailsafeEnabled", "[]", off, None),
    ] {
        assert_eq!(code(&call(method, params), served), expected, "{method}");
    }
}

fn read(method: &str, params: &Value, served: Served) -> Result<Call, Code> {
    let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    match Document::read(text.as_bytes(), &LIMITS_OF_TEXTS, served) {
        Document::Single(request) => request.call.map_err(|failure| failure.code),
        Document::Batch(_) => panic!("no batch"),
    }
}

#[test]
fn every_call_is_read_from_its_own_method_by_position_and_by_name() {
    let hash = format!("0x{}", "ab".repeat(32));
    let block = json!({"hash": hash, "number": 5});
    let all = Served { dependency_set_v1: true, admin: true, ..SERVED };
    for (method, names, values) in [
        ("supervisor_localUnsafe", vec!["chainID"], vec![json!("0xa")]),
        ("supervisor_crossSafe", vec!["chainID"], vec![json!("0xa")]),
        ("supervisor_localSafe", vec!["chainID"], vec![json!("0xa")]),
        ("supervisor_finalized", vec!["chainID"], vec![json!("0xa")]),
        ("supervisor_finalizedL1", vec![], vec![]),
        ("supervisor_syncStatus", vec![], vec![]),
        ("supervisor_dependencySetV1", vec![], vec![]),
        ("admin_getFailsafeEnabled", vec![], vec![]),
        ("admin_setFailsafeEnabled", vec!["enabled"], vec![json!(true)]),
        (
            "supervisor_crossDerivedToSource",
            vec!["chainID", "derived"],
            vec![json!("0xa"), block.clone()],
        ),
        ("supervisor_superRootAtTimestamp", vec!["timestamp"], vec![json!("0x5")]),
        ("supervisor_allSafeDerivedAt", vec!["derivedFrom"], vec![block.clone()]),
        (
            "supervisor_checkAccessList",
            vec!["inboxEntries", "minSafety", "executingDescriptor"],
            vec![json!([hash]), json!("safe"), json!({"timestamp": "0x1"})],
        ),
    ] {
        let named: serde_json::Map<_, _> =
            names.iter().map(|name| (*name).to_owned()).zip(values.clone()).collect();
        let read = |params: Value| read(method, &params, all);
        let call = read(Value::from(values.clone())).unwrap();
        assert_eq!(call.method(), method);
        assert_eq!(read(Value::Object(named.clone())), Ok(call), "{method}");
        for (at, name) in names.iter().enumerate() {
            let mut fewer = named.clone();
            fewer.remove(*name);
            assert_eq!(read(Value::Object(fewer)), Err(Code::InvalidParams), "{method} {name}");
            let mut other = values.clone();
            other[at] = Value::Null;
            assert_eq!(read(Value::from(other)), Err(Code::InvalidParams), "{method} {name}");
        }
        let mut more = values.clone();
        more.push(json!(1));
        assert_eq!(read(Value::from(more)), Err(Code::InvalidParams), "{method}");
    }
}

#[test]
fn no_more_entries_are_kept_than_tell_that_there_are_too_many() {
    let hash = format!("0x{}", "ab".repeat(32));
    let entries = |count: usize, last: &str| {
        let mut list = vec![hash.as_str(); count - 1];
        list.push(last);
        let params = json!([list, "safe", {"timestamp": "0x1"}]);
        match read("supervisor_checkAccessList", &params, SERVED)? {
            Call::CheckAccessList(check) => Ok(check.inbox_entries.len()),
            other => panic!("{other:?}"),
        }
    };
    for (count, kept) in [(100, 100), (101, 101), (102, 101), (5_000, 101)] {
        assert_eq!(entries(count, &hash), Ok(kept));
        assert_eq!(entries(count, "0xab"), Err(Code::InvalidParams), "{count}");
    }
}
