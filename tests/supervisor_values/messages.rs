//! Logs, checksums and access lists (S-2, S-25 to S-27, S-42, S-43).

use nodewire::codec::supervisor::{
    Access, AccessListErrorKind, Accesses, Address, ChecksumArgs, Hash, Identifier, Keccak256, Log,
    LogKind, Message, RustCryptoKeccak256 as Keccak, inbox_entries, log_hash,
};
use serde_json::{Value, json};

use crate::shared_vectors::shared;
use crate::text::{bytes, chain, hash, list, number, text};

#[test]
fn checksums() {
    let Some(vectors) = shared("checksums", "supervisor", "checksums.json") else { return };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let identifier: Identifier = serde_json::from_value(case["identifier"].clone()).unwrap();
        let payload_hash = hash(&case["payloadHash"]);
        if let Some(payload) = case.get("payload") {
            assert_eq!(Keccak::keccak256(&[&bytes(payload)]), payload_hash);
        }
        let message = Message { identifier, payload_hash };
        assert_eq!(log_hash::<Keccak>(identifier.origin, payload_hash), hash(&case["logHash"]));
        let args = ChecksumArgs::of::<Keccak>(&message);
        assert_eq!(args.id_packed(), hash(&case["idPacked"]), "{}", case["name"]);
        assert_eq!(args.id_log_hash::<Keccak>(), hash(&case["idLogHash"]));
        assert_eq!(args.bare_checksum::<Keccak>(), hash(&case["bareChecksum"]));
        assert_eq!(args.checksum::<Keccak>(), hash(&case["checksum"]));
        let mut entries = Vec::new();
        Access::of::<Keccak>(&message).encode(&mut entries);
        assert_eq!(entries, hashes(&case["entries"]), "{}", case["name"]);
    }
    for case in list(&vectors["from_log_hash"]) {
        let args = ChecksumArgs {
            block_number: number(&case["blockNumber"]),
            log_index: u32::try_from(number(&case["logIndex"])).unwrap(),
            timestamp: number(&case["timestamp"]),
            chain_id: chain(&case["chainID"]),
            log_hash: hash(&case["logHash"]),
        };
        assert_eq!(args.checksum::<Keccak>(), hash(&case["checksum"]));
    }
    assert_eq!(cases.len(), 49);
}

#[test]
fn access_lists() {
    let Some(vectors) = shared("access_lists", "supervisor", "access_lists.json") else { return };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let name = text(&case["name"]);
        let entries = hashes(&case["entries"]);
        let found: Result<Vec<Access>, _> = Accesses::new(&entries).collect();
        if case["result"] == "ok" {
            let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
            let shown: Vec<_> = found.iter().map(shown).collect();
            assert_eq!(Value::from(shown), case["messages"], "{name}");
            let mut again = Vec::new();
            found.iter().for_each(|access| access.encode(&mut again));
            let reread: Result<Vec<Access>, _> = Accesses::new(&again).collect();
            assert_eq!(reread.unwrap(), found, "{name}");
        } else {
            let error = found.expect_err(name);
            let kind = match error.kind {
                AccessListErrorKind::UnexpectedType => "unexpected-type",
                AccessListErrorKind::NonzeroReserved => "nonzero-reserved",
                AccessListErrorKind::Truncated => "truncated",
            };
            assert_eq!(kind, text(&case["error"]), "{name}");
            assert_eq!(json!(error.index), case["entry_index"], "{name}");
            let before = Accesses::new(&entries).filter(Result::is_ok).count();
            assert_eq!(json!(before), case["parsed_before_error"], "{name}");
        }
    }
    assert_eq!(cases.len(), 102);
}

#[test]
fn access_list_join() {
    let Some(vectors) = shared("access_list_join", "supervisor", "access_list_join.json") else {
        return;
    };
    for case in list(&vectors["cases"]) {
        let items: Vec<(Address, Vec<Hash>)> = list(&case["accessList"])
            .iter()
            .map(|item| {
                let address = Address::parse(text(&item["address"])).unwrap();
                (address, hashes(&item["storageKeys"]))
            })
            .collect();
        let joined = inbox_entries(items.iter().map(|(at, keys)| (*at, keys.as_slice())));
        assert_eq!(joined, hashes(&case["inboxEntries"]), "{}", case["name"]);
    }
}

#[test]
fn log_payload() {
    let Some(vectors) = shared("log_payload", "supervisor", "log_payload.json") else { return };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let log: Log = serde_json::from_value(case.clone()).unwrap();
        assert_eq!(log.payload(), bytes(&case["payload"]));
        assert_eq!(log.payload_hash::<Keccak>(), hash(&case["payloadHash"]));
        assert_eq!(log.log_hash::<Keccak>(), hash(&case["logHash"]));
    }
    assert_eq!(cases.len(), 25);
}

#[test]
fn executing_logs() {
    let Some(vectors) = shared("executing_logs", "supervisor", "executing_logs.json") else {
        return;
    };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let log: Log = serde_json::from_value(case["log"].clone()).unwrap();
        let name = text(&case["name"]);
        match log.kind() {
            LogKind::Plain => assert_eq!(case["result"], "plain", "{name}"),
            LogKind::Malformed => assert_eq!(case["result"], "malformed", "{name}"),
            LogKind::Executing(message) => {
                assert_eq!(case["result"], "executing", "{name}");
                let expected = &case["message"];
                let read: Message = serde_json::from_value(expected.clone()).unwrap();
                assert_eq!(message, read, "{name}");
                let checksum = ChecksumArgs::of::<Keccak>(&message).checksum::<Keccak>();
                assert_eq!(checksum, hash(&expected["checksum"]), "{name}");
            }
        }
    }
    assert_eq!(cases.len(), 15);
}

fn hashes(value: &Value) -> Vec<Hash> {
    list(value).iter().map(hash).collect()
}

fn shown(access: &Access) -> Value {
    json!({
        "chainID": access.chain_id,
        "blockNumber": format!("{:#x}", access.block_number),
        "timestamp": format!("{:#x}", access.timestamp),
        "logIndex": format!("{:#x}", access.log_index),
        "checksum": access.checksum,
    })
}
