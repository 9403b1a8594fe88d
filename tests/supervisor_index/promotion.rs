//! Heads of a whole cluster, event by event (`supervisor.md` 8.4, 8.6 and 8.7).

use std::collections::BTreeMap;

use nodewire::codec::supervisor::{BlockId, BlockRef, ChainId, DerivedRefPair, Hash};
use nodewire::state::supervisor::{
    ChainConfig, Claim, Config, Consequence, ExpiryWindow, Index, IndexedLog, Limits, Slot,
};
use serde_json::{Value, json};

use crate::heads;
use crate::shared_vectors::shared;
use crate::text::{chain, hash, list, number, text};

/// A cluster as a scenario tells of it: blocks have labels.
struct Told {
    index: Index,
    blocks: BTreeMap<String, BlockRef>,
    labels: BTreeMap<Hash, String>,
}

impl Told {
    fn new(config: &Value, budget: usize) -> Self {
        let chains = list(&config["chains"]).iter().map(|id| {
            let activation = config["activation"][text(id)].as_u64().unwrap();
            (chain(id), ChainConfig { activation, block_time: 2 })
        });
        let window = ExpiryWindow(config["messageExpiryWindow"].as_u64().unwrap());
        let mut limits = Limits::default();
        limits.promotion_budget = budget;
        let index = Index::new(Config::new(chains.collect(), window), limits).unwrap();
        Self { index, blocks: BTreeMap::new(), labels: BTreeMap::new() }
    }

    fn block(&mut self, value: &Value) -> BlockRef {
        if let Some(label) = value.as_str() {
            return self.blocks[label];
        }
        let block: BlockRef = serde_json::from_value(value.clone()).unwrap();
        self.blocks.insert(text(&value["label"]).into(), block);
        self.labels.insert(block.hash, text(&value["label"]).into());
        block
    }

    fn label(&self, block: BlockId) -> Value {
        json!(self.labels[&block.hash])
    }

    /// The invalidations that follow.
    fn handle(&mut self, event: &Value) -> Vec<Value> {
        let mut then = Vec::new();
        let slot = event.get("chainID").map(|id| self.index.slot(chain(id)).unwrap());
        let slot = || slot.expect("a chain");
        match text(&event["type"]) {
            "anchor" => {
                let (source, derived) =
                    (self.block(&event["source"]), self.block(&event["derived"]));
                self.index.anchor(slot(), &DerivedRefPair { source, derived }).unwrap();
            }
            "unsafe-block" => {
                let block = self.block(&event["block"]);
                self.index.append(slot(), &block, &logs(&event["block"])).unwrap();
            }
            "local-safe" => {
                let (source, derived) =
                    (self.block(&event["source"]), self.block(&event["derived"]));
                let pair = DerivedRefPair { source, derived };
                self.index.derive(slot(), &pair, &mut then).unwrap();
            }
            "finalized-l1" => {
                let block = self.block(&event["block"]);
                self.index.finalize_l1(block, &mut then).unwrap();
                // Layer one has every block that these scenarios derive from.
                for known in self.blocks.values().filter(|it| it.number <= block.number) {
                    self.index.confirm_l1(known.id(), &mut then);
                }
            }
            "replace-block" => {
                let replacement = self.block(&event["replacement"]);
                let invalidated = self.block(&event["invalidated"]).hash;
                let logs = logs(&event["replacement"]);
                self.index.replace(slot(), &replacement, invalidated, &logs, &mut then).unwrap();
            }
            "l1-reorg" => {
                let ancestor = self.block(&event["commonAncestor"]).id();
                self.index.rewind_l1(ancestor, &mut then);
            }
            "unsafe-rewind" => {
                let head = self.block(&event["newHead"]).id();
                self.index.rewind_logs(slot(), head, &mut then).unwrap();
            }
            other => panic!("an unknown event {other}"),
        }
        while !self.index.promote(&mut then) {}
        let invalidated = then.into_iter().filter_map(|consequence| match consequence {
            Consequence::Invalidated(slot, seal) => Some(json!({
                "command": "invalidate-block",
                "chain": self.index.set()[slot.index()],
                "number": seal.number,
                "block": self.label(seal.id()),
            })),
            Consequence::Corrupted(slot, code) => panic!("{slot:?}: {code}"),
            _ => None,
        });
        invalidated.collect()
    }

    fn heads(&self, id: ChainId) -> Value {
        let slot = self.index.slot(id).unwrap();
        let heads = self.index.heads(slot);
        let shown = |block: Option<BlockId>| block.map_or(Value::Null, |block| self.label(block));
        let marker = self.index.chain(slot).unwrap().local_safe().end();
        let local_safe = if marker.is_some_and(|end| end.invalidated) {
            json!("awaiting-replacement")
        } else {
            shown(heads.local_safe.map(|entry| entry.derived.id()))
        };
        json!({
            "localUnsafe": shown(heads.local_unsafe.map(|block| block.id())),
            "crossUnsafe": shown(heads.cross_unsafe.map(|seal| seal.id())),
            "localSafe": local_safe,
            "crossSafe": heads.cross_safe.map(|entry| json!({
                "derived": self.label(entry.derived.id()),
                "source": self.label(entry.source.id()),
            })),
            "finalized": shown(heads.finalized.map(|seal| seal.id())),
        })
    }
}

fn logs(block: &Value) -> Vec<IndexedLog> {
    let logs = list(&block["logs"]).iter().map(|log| IndexedLog {
        log_hash: hash(&log["logHash"]),
        executing: log.get("executing").map(|claim| match claim.as_str() {
            Some("malformed") => Claim::Malformed,
            _ => Claim::Message {
                chain_id: chain(&claim["chainID"]),
                block_number: number(&claim["blockNumber"]),
                timestamp: number(&claim["timestamp"]),
                log_index: number(&claim["logIndex"]).try_into().unwrap(),
                checksum: hash(&claim["checksum"]),
            },
        }),
    });
    logs.collect()
}

#[test]
fn promotion() {
    let Some(vectors) = shared("promotion", "supervisor", "promotion.json") else { return };
    let scenarios = list(&vectors["scenarios"]);
    // With a budget of one verdict a step, the same comes about in more steps.
    for budget in [10_000, 1] {
        for scenario in scenarios {
            let mut told = Told::new(&scenario["config"], budget);
            for (at, step) in list(&scenario["steps"]).iter().enumerate() {
                let name = format!("{} step {at}: {}", scenario["name"], step["event"]);
                let commands = told.handle(&step["event"]);
                heads::check(&told.index);
                for (id, expected) in step["heads"].as_object().unwrap() {
                    let found = told.heads(ChainId::parse(id).unwrap());
                    assert_eq!(found, *expected, "{id} after {name}");
                }
                assert_eq!(Value::from(commands), step["commands"], "{name}");
            }
        }
    }
    assert_eq!(scenarios.len(), 16);
}

#[test]
fn a_chain_of_another_set_has_no_slot() {
    let chains = BTreeMap::from([(ChainId::from(5), ChainConfig { activation: 0, block_time: 2 })]);
    let config = Config::new(chains, ExpiryWindow::EXPIRY_CURRENT);
    let index =
        Index::<nodewire::codec::supervisor::RustCryptoKeccak256>::new(config, Limits::default())
            .unwrap();
    assert_eq!(index.slot(ChainId::from(5)), Ok(Slot(0)));
    assert!(index.slot(ChainId::from(6)).is_err());
}
