//! Of the Supervisor: a call of every method in each form, what is wrong with texts, a value of
//! every kind.

use arbitrary::Unstructured;
use nodewire::codec::supervisor::journal::{FileHeader, FileKind, Frames};
use nodewire::codec::supervisor::{
    Access, BlockId, ChainId, Hash, HexUint64, OutputV0, SafetyLevel, SuperV1,
};
use nodewire::state::supervisor::{ChainHeads, Record, RecordBody, Snapshot, Supervisor};
use nodewire::{Input, Machine, Outbox, Time};
use serde_json::{Value, json};

use crate::given::supervisor::ForSupervisor;
use crate::given::{Given, start};
use crate::{Seed, seed};

/// All of them.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = texts();
    seeds.extend(forms());
    seeds.extend(lists());
    seeds.extend(journals());
    seeds
}

fn hash() -> Value {
    json!(Hash([0xab; 32]))
}

fn block() -> Value {
    json!(BlockId::new(Hash([0xab; 32]), 14))
}

fn reference() -> Value {
    json!({ "hash": hash(), "number": 14, "parentHash": hash(), "timestamp": 1_704_067_200 })
}

fn access(chain_id: ChainId) -> Vec<Hash> {
    let mut checksum = [0xcd; 32];
    checksum[0] = 3;
    let access = Access {
        chain_id,
        block_number: 14,
        timestamp: 1_704_067_200,
        log_index: 2,
        checksum: Hash(checksum),
    };
    let mut entries = Vec::new();
    access.encode(&mut entries);
    entries
}

fn calls() -> Vec<(&'static str, Value, Value)> {
    let chain = json!("0xa");
    let list = json!(access(ChainId::from(10)));
    let at = json!({ "timestamp": "0x65920081", "timeout": "0x15180", "chainID": "10" });
    vec![
        (
            "supervisor_crossDerivedToSource",
            json!([chain, block()]),
            json!({ "chainID": chain, "derived": block() }),
        ),
        (
            "supervisor_crossDerivedFrom",
            json!([chain, block()]),
            json!({ "derived": block(), "chainID": "10" }),
        ),
        ("supervisor_localUnsafe", json!([chain]), json!({ "chainID": chain })),
        ("supervisor_crossSafe", json!([chain]), json!({ "chainID": chain })),
        ("supervisor_localSafe", json!([chain]), json!({ "chainID": chain })),
        ("supervisor_finalized", json!([chain]), json!({ "chainID": chain })),
        ("supervisor_finalizedL1", json!([]), json!({})),
        (
            "supervisor_superRootAtTimestamp",
            json!(["0x65920081"]),
            json!({ "timestamp": "0x65920081" }),
        ),
        ("supervisor_syncStatus", json!([]), Value::Null),
        ("supervisor_allSafeDerivedAt", json!([block()]), json!({ "derivedFrom": block() })),
        (
            "supervisor_checkAccessList",
            json!([list, "cross-unsafe", at]),
            json!({ "inboxEntries": list, "minSafety": "safe", "executingDescriptor": at }),
        ),
        ("supervisor_dependencySetV1", json!([]), json!({})),
        ("admin_getFailsafeEnabled", json!([]), json!({})),
        ("admin_setFailsafeEnabled", json!([true]), json!({ "enabled": true })),
        ("admin_start", json!([]), json!({})),
        ("rpc.discover", json!([]), json!({})),
    ]
}

/// Every call by position and by name, with each kind of id, and texts that are none.
fn texts() -> Vec<Seed> {
    let mut texts = Vec::new();
    let ids = ["1", "1.0", "18446744073709551615", r#""a""#, "null", "0", "{}", "true"];
    for (number, (method, by_position, by_name)) in calls().into_iter().enumerate() {
        let id = ids[number % ids.len()];
        for params in [by_position, by_name] {
            texts.push(format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#
            ));
        }
    }
    let calls = texts.len();
    texts.push(format!("[{}]", texts[..3].join(",")));
    texts.push(format!("[{},1,{{}},[]]", texts[4]));
    texts.push(texts[4].replace("\"id\":", "\"other\":"));
    texts.push(texts[4].replace("supervisor", "\\u0073upervisor"));
    texts.push(texts[4].replace("2.0", "1.0"));
    texts.push(texts[4].replace("\"jsonrpc\"", "\"id\":1,\"jsonrpc\""));
    for odd in ["", "[]", "{", "null", "[[]]", "\u{feff}{}", "{} {}", "[1,2,3,4,5,6]", "nul", "01"]
    {
        texts.push(odd.into());
    }
    texts.push(format!("{}{}", "[".repeat(40), "]".repeat(40)));
    assert!(texts.len() > calls + 10);
    let flags = [0_u8, 1, 2, 12];
    let each = texts.iter().enumerate();
    each.map(|(number, text)| seed("supervisor_text", flags[number % 4], text)).collect()
}

/// A value of every form that is read from JSON, with the number of the form.
fn values() -> Vec<(u8, Value)> {
    let identifier = json!({
        "origin": format!("0x{}", "11".repeat(20)), "blockNumber": "0xe", "logIndex": "0x2",
        "timestamp": "0x65920080", "chainID": "0xa"
    });
    let pair = json!({ "source": reference(), "derived": reference() });
    let replace = json!({ "replacement": reference(), "invalidated": hash() });
    let heads = json!({
        "localUnsafe": reference(), "localSafe": block(), "crossUnsafe": block(), "safe": block(),
        "finalized": block()
    });
    let output = json!({
        "stateRoot": hash(), "messagePasserStorageRoot": hash(), "blockHash": hash()
    });
    let outputs = json!({ "outputs": { "canonical": output, "pending": output } });
    let log = json!({ "address": identifier["origin"], "topics": [hash()], "data": "0x0102" });
    let event = json!({
        "reset": "lost", "unsafeBlock": reference(), "derivationUpdate": pair, "exhaustL1": pair,
        "replaceBlock": replace, "derivationOriginUpdate": reference()
    });
    let root = json!({ "chainId": "0xa", "canonical": hash(), "pending": "0x00" });
    vec![
        (7, json!(HexUint64(14))),
        (8, json!("0xa")),
        (8, json!("10")),
        (9, hash()),
        (10, json!("0x0102")),
        (11, identifier["origin"].clone()),
        (13, identifier.clone()),
        (14, json!({ "identifier": identifier, "payloadHash": hash() })),
        (15, reference()),
        (16, pair.clone()),
        (17, event.clone()),
        (18, log.clone()),
        (
            19,
            json!({ "chains": { "0xa": { "activation": 3, "blockTime": 2 } },
            "expiryWindow": 604_800, "profile": "deployed", "admin": true }),
        ),
        (20, json!({ "anchor": { "chainID": "0xa", "anchor": pair } })),
        (20, json!({ "rewind": { "chainID": "0xa", "head": block() } })),
        (20, json!({ "failsafe": true })),
        (20, json!({ "answer": [1, { "block": reference() }] })),
        (20, json!({ "answer": [1, { "logs": [log] }] })),
        (20, json!({ "answer": [1, { "nodeBlock": block() }] })),
        (20, json!({ "answer": [1, outputs] })),
        (20, json!({ "answer": [1, { "l1": null }] })),
        (21, json!({ "rpc": { "call": 1, "text": "{}" } })),
        (21, json!({ "rpc": { "call": 1, "text": { "hex": "0xff" } } })),
        (21, json!({ "node": { "chainID": "0xa", "node": 1, "event": event } })),
        (21, json!({ "nodeUp": { "chainID": "0xa", "node": 1 } })),
        (21, json!({ "nodeDown": { "chainID": "0xa", "node": 1 } })),
        (21, json!({ "l1Tip": reference() })),
        (21, json!({ "l1Finalized": reference() })),
        (
            22,
            json!({ "crossSafeDerivedFrom": block(), "timestamp": "0xe", "superRoot": hash(),
            "version": 1, "chains": [root] }),
        ),
        (
            23,
            json!({ "minSyncedL1": reference(), "safeTimestamp": 1, "finalizedTimestamp": 1,
            "chains": { "0xa": heads } }),
        ),
        (24, block()),
        (24, json!({ "timestamp": "0x1", "timeout": "0x0" })),
        (24, replace),
    ]
}

fn forms() -> Vec<Seed> {
    let texts = values().into_iter().map(|(which, value)| (which, value.to_string()));
    let levels = SafetyLevel::ALL.iter().map(|level| (12, format!("\"{level}\"")));
    texts.chain(levels).map(|(which, text)| seed("supervisor_forms", which, text)).collect()
}

/// Records of every input, alone and one after the other; a snapshot of a machine in use.
fn journals() -> Vec<Seed> {
    let time = Time::from_micros(5);
    let inputs = values().into_iter().filter_map(|(which, value)| match which {
        20 => Some(Input::Local(serde_json::from_value(value).expect("a command"))),
        21 => Some(Input::Remote(serde_json::from_value(value).expect("an input"))),
        _ => None,
    });
    let inputs = inputs.chain([Input::Timeout]);
    let machine = used();
    let bodies = inputs.map(RecordBody::Input);
    let heads = RecordBody::Heads(ChainHeads::of(machine.index()));
    let records: Vec<_> = bodies
        .chain([heads])
        .enumerate()
        .map(|(number, body)| payload(&Record { number: number as u64, time, body }))
        .collect();
    let mut seeds: Vec<_> =
        records.iter().map(|record| seed("supervisor_journal", 1, record)).collect();
    let few: Vec<_> = records.iter().take(6).flat_map(|record| chunk(record)).collect();
    seeds.push(seed("supervisor_journal", 3, few));
    let mut file = Vec::new();
    let mut snapshot = Snapshot::new(machine, 1, 0);
    while !snapshot.is_done() {
        file.extend(snapshot.write(1_000));
    }
    let (_, mut frames) = FileHeader::read(FileKind::Snapshot, &file).expect("a header");
    let mut parts = Vec::new();
    while let Ok(part) = frames.read() {
        parts.extend(chunk(part));
    }
    seeds.push(seed("supervisor_journal", 2, parts));
    seeds.push(seed("supervisor_journal", 0, file));
    seeds
}

fn payload(record: &Record) -> Vec<u8> {
    let mut file = Vec::new();
    record.write_frame(&mut file);
    Frames::new(&file).read().expect("a frame").to_vec()
}

/// Two bytes of length, and the bytes.
fn chunk(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("small").to_be_bytes();
    [&length, bytes].concat()
}

/// A machine after a script that nobody thought about.
fn used() -> Supervisor {
    let bytes: Vec<u8> =
        (0..3_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut script = Unstructured::new(&bytes);
    let mut given = ForSupervisor::new(7);
    let mut machine = given.machine();
    let mut out = Outbox::new();
    for step in 0..200 {
        let Ok(input) = given.pick(&mut script, step) else { break };
        if machine.handle(start(), input, &mut out).is_ok() {
            given.saw(&out);
        }
        out.drain().for_each(drop);
    }
    machine
}

/// Access lists, roots and outputs as bytes.
fn lists() -> Vec<Seed> {
    let bytes = |entries: Vec<Hash>| entries.iter().flat_map(|entry| entry.0).collect::<Vec<_>>();
    let (small, large) = (ChainId::from(10), ChainId([7; 32]));
    let both = [access(large), access(small), access(large)].concat();
    let root = SuperV1::new(10, vec![(small, Hash([1; 32])), (large, Hash([2; 32]))]);
    let output = OutputV0 {
        state_root: Hash([1; 32]),
        message_passer_storage_root: Hash([2; 32]),
        block_hash: Hash([3; 32]),
    };
    vec![
        seed("supervisor_forms", 0, bytes(access(small))),
        seed("supervisor_forms", 1, bytes(access(large))),
        seed("supervisor_forms", 2, bytes(both)),
        seed("supervisor_forms", 5, root.expect("ids differ").encode()),
        seed("supervisor_forms", 6, output.preimage()),
    ]
}
