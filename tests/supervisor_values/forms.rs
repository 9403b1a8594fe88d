//! The text of every common type: what is accepted, and how it is written (S-5 to S-10, S-15).

use nodewire::codec::supervisor::{
    Address, BlockId, ChainId, Code, DerivedIdPair, ExecutingDescriptor, Hash, HexBytes, HexUint64,
    Identifier, Message, NodeEvent, Profile, SafetyLevel,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shared_vectors::shared;
use crate::text::{list, text};

/// The canonical form of `json`, if it is accepted as a `T`.
fn canonical<T: DeserializeOwned + Serialize>(json: &str) -> Option<String> {
    let value: T = serde_json::from_str(json).ok()?;
    Some(serde_json::to_string(&value).unwrap())
}

#[test]
fn json_forms() {
    let Some(vectors) = shared("json_forms", "supervisor", "json_forms.json") else { return };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let json = text(&case["json"]);
        let found = match text(&case["type"]) {
            "HexUint64" => canonical::<HexUint64>(json),
            "ChainID" => canonical::<ChainId>(json),
            "Hash" => canonical::<Hash>(json),
            "Bytes" => canonical::<HexBytes>(json),
            "Address" => canonical::<Address>(json),
            "Int" => canonical::<u64>(json),
            "SafetyLevel" => canonical::<SafetyLevel>(json),
            other => panic!("an unknown type {other}"),
        };
        let accepted = case["accept"].as_bool().unwrap();
        assert_eq!(found.is_some(), accepted, "{} {json}", case["type"]);
        if let Some(expected) = case.get("canonical").filter(|_| accepted) {
            let expected =
                expected.as_str().map_or_else(|| expected.to_string(), ToString::to_string);
            assert_eq!(found.unwrap(), expected, "{} {json}", case["type"]);
        }
    }
    assert_eq!(cases.len(), 127);
}

#[test]
fn error_codes() {
    let Some(vectors) = shared("error_codes", "supervisor", "error_codes.json") else { return };
    let rows = list(&vectors["errors"]);
    assert_eq!(rows.len(), Code::all().count());
    for (row, code) in rows.iter().zip(Code::all()) {
        assert_eq!(row["code"], code.number());
        assert_eq!(row["message"], code.message());
        let later = row.get("later_code").and_then(serde_json::Value::as_i64);
        assert_eq!(later, code.later().map(i64::from), "{code}");
    }
}

#[test]
fn a_number_means_one_code_in_each_profile() {
    for profile in [Profile::Seed, Profile::Deployed] {
        for code in Code::all() {
            let found = Code::from_number(code.in_profile(profile), profile);
            let shared = profile == Profile::Deployed && code == Code::TransactionRejected;
            assert_eq!(found, Some(if shared { Code::InvalidParams } else { code }));
        }
    }
    assert_eq!(Code::MissedData.in_profile(Profile::Deployed), -320_500);
    assert_eq!(Code::SkippedData.in_profile(Profile::Deployed), -321_500);
    assert_eq!(Code::from_number(-32_118, Profile::Seed), Some(Code::IterStop));
    assert_eq!(Code::from_number(1, Profile::Seed), None);
}

#[test]
fn chain_ids_in_decimal() {
    for (hex, decimal) in [
        ("0x0", "0"),
        ("0xa", "10"),
        ("0xffffffffffffffff", "18446744073709551615"),
        ("0x10000000000000000", "18446744073709551616"),
        (
            "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "115792089237316195423570985008687907853269984665640564039457584007913129639935",
        ),
    ] {
        let id = ChainId::parse(hex).unwrap();
        assert_eq!(id.decimal().to_string(), decimal);
        assert_eq!(ChainId::parse(decimal), Some(id));
        assert_eq!(id.to_string(), hex);
    }
}

#[test]
fn an_identifier_needs_each_of_its_members_once() {
    let whole = r#"{"origin":"0x4200000000000000000000000000000000000022","blockNumber":"0x1",
        "logIndex":"0xffffffff","timestamp":"0x2","chainID":"0xa"}"#;
    let identifier: Identifier = serde_json::from_str(whole).unwrap();
    assert_eq!(identifier.log_index, u32::MAX);
    let again = serde_json::to_string(&identifier).unwrap();
    assert_eq!(serde_json::from_str::<Identifier>(&again).unwrap(), identifier);
    for member in ["origin", "blockNumber", "logIndex", "timestamp", "chainID"] {
        let renamed = whole.replace(member, "other");
        assert!(serde_json::from_str::<Identifier>(&renamed).is_err(), "without {member}");
    }
    for wrong in [
        whole.replace("0xffffffff", "0x100000000"),
        whole.replace("\"0x2\"", "2"),
        whole.replacen('{', "{\"timestamp\":\"0x2\",", 1),
    ] {
        assert!(serde_json::from_str::<Identifier>(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn objects_are_no_arrays_at_any_depth() {
    let zero = Hash::ZERO;
    let block = format!(r#"{{"hash":"{zero}","number":5}}"#);
    let good = format!(r#"{{"source":{block},"derived":{block}}}"#);
    let pair: DerivedIdPair = serde_json::from_str(&good).unwrap();
    assert_eq!(pair.source, BlockId::new(zero, 5));
    let bad = format!(r#"{{"source":["{zero}",5],"derived":{block}}}"#);
    assert!(serde_json::from_str::<DerivedIdPair>(&bad).is_err());
    let message = serde_json::to_string(&Message::default()).unwrap();
    assert!(serde_json::from_str::<Message>(&message).is_ok());
    let members = ["0x4200000000000000000000000000000000000022", "0x1", "0x1", "0x1", "0x1"];
    let bad = format!(r#"{{"identifier":{members:?},"payloadHash":"{zero}"}}"#);
    assert!(serde_json::from_str::<Message>(&bad).is_err());
}

#[test]
fn a_descriptor_without_timeout_or_chain() {
    let read = |text: &str| serde_json::from_str::<ExecutingDescriptor>(text);
    let short = read(r#"{"timestamp":"0x5"}"#).unwrap();
    assert_eq!((short.timestamp, short.timeout, short.chain_id), (5, 0, None));
    assert_eq!(read(r#"{"timestamp":"0x5","timeout":"0x0","chainID":"0x0"}"#).unwrap(), short);
    let long = read(r#"{"timestamp":"0x5","timeout":"0x15180","chainID":"10"}"#).unwrap();
    assert_eq!((long.valid_until(), long.chain_id), (86_405, Some(ChainId::from(10))));
    for wrong in ["{}", r#"{"timestamp":5}"#, r#"{"timestamp":"0x5","timeout":null}"#] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let latest = ExecutingDescriptor { timestamp: u64::MAX, timeout: 1, chain_id: None };
    assert_eq!(latest.valid_until(), u64::MAX);
}

/// No member has to be there, but the object has.
#[test]
fn an_event_of_a_node_is_an_object() {
    let empty: NodeEvent = serde_json::from_str("{}").unwrap();
    assert_eq!(empty, NodeEvent::default());
    assert_eq!(canonical::<NodeEvent>(r#"{"x":[],"reset":null}"#).unwrap(), "{}");
    let hash = Hash([7; 32]);
    let block = format!(r#"{{"hash":"{hash}","number":3,"parentHash":"{hash}","timestamp":9}}"#);
    let pair = format!(r#"{{"source":{block},"derived":{block}}}"#);
    let whole = format!(
        r#"{{"reset":"r","unsafeBlock":{block},"derivationUpdate":{pair},"exhaustL1":{pair},"replaceBlock":{{"replacement":{block},"invalidated":"{hash}"}},"derivationOriginUpdate":{block}}}"#
    );
    assert_eq!(canonical::<NodeEvent>(&whole).as_ref(), Some(&whole));
    let listed = format!("[null,{block}]");
    let twice = r#"{"reset":"r","reset":"r"}"#;
    for other in ["[]", "[null]", r#"["r"]"#, &listed, "null", r#""r""#, "3", "true", twice] {
        assert_eq!(canonical::<NodeEvent>(other), None, "{other}");
        // Nor where it stands in something else.
        let all = serde_json::from_str::<Vec<NodeEvent>>(&format!("[{other}]"));
        assert!(all.is_err(), "{other}");
    }
}
