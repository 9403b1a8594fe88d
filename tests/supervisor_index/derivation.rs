//! What was derived from what (`supervisor.md` 8.3).

use nodewire::codec::supervisor::{BlockId, BlockRef, Code};
use nodewire::state::supervisor::DerivationIndex;
use serde_json::{Value, json};

use crate::steps::play;
use crate::text::{hash, text};

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
    play("derivation_index", DerivationIndex::default, step);
}
