//! What was derived from what (`supervisor.md` 8.3).

use nodewire::codec::supervisor::{BlockId, BlockRef, Code};
use nodewire::state::supervisor::DerivationIndex;
use serde_json::{Value, json};

use crate::shared_vectors::shared;
use crate::text::{hash, list, text};

fn step(index: &mut DerivationIndex, step: &Value) -> Result<Value, Code> {
    let id = || BlockId::new(hash(&step["hash"]), step["number"].as_u64().unwrap());
    let block = |name: &str| -> BlockRef { serde_json::from_value(step[name].clone()).unwrap() };
    let shown = |id: BlockId| serde_json::to_value(id).unwrap();
    match text(&step["op"]) {
        "add" => index.add(&block("source"), &block("derived")).map(|()| Value::Null),
        "last" => index.last().map(|last| serde_json::to_value(last.ids()).unwrap()),
        "last_derived" => index.last_derived(id()).map(|seal| shown(seal.id())),
        "previous_source" => index.previous_source(id()).map(|seal| shown(seal.id())),
        "next_source" => index.next_source(id()).map(|seal| shown(seal.id())),
        "first_source" => index.first_source(id()).map(|found| {
            json!({"hash": found.hash, "number": found.number, "parentHash": found.parent_hash})
        }),
        "rewind_to_source" => index.rewind_to_source(id()).map(|()| Value::Null),
        "invalidate" => {
            index.invalidate(block("source").id(), block("derived").id()).map(|()| Value::Null)
        }
        "replace" => {
            let invalidated = hash(&step["invalidated"]);
            index.replace(&block("replacement"), invalidated).map(|()| Value::Null)
        }
        other => panic!("an unknown operation {other}"),
    }
}

#[test]
fn derivation_index() {
    let Some(vectors) = shared("derivation_index", "supervisor", "derivation_index.json") else {
        return;
    };
    let scenarios = list(&vectors["scenarios"]);
    for scenario in scenarios {
        let mut index = DerivationIndex::default();
        for (at, one) in list(&scenario["steps"]).iter().enumerate() {
            let before = index.clone();
            let found = step(&mut index, one);
            let name = format!("{} step {at}: {one}", scenario["name"]);
            let outcome = found.as_ref().map_or_else(|code| code.message(), |_| "ok");
            assert_eq!(outcome, text(&one["expect"]), "{name}");
            match found {
                Ok(found) => {
                    if let Some(expected) = one.get("returns") {
                        assert_eq!(found, *expected, "{name}");
                    }
                }
                Err(_) => assert_eq!(index, before, "{name}"),
            }
        }
    }
    assert_eq!(scenarios.len(), 7);
}
