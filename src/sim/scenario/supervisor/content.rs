//! The content section of a scenario: layer one, chains with their logs, and messages by name.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::logs::{self, LogForm, MessageForm};
use crate::codec::supervisor::{
    BlockRef, ChainId, Hash, HexBytes, HexUint64, Keccak256, Log, OutputV0, RustCryptoKeccak256,
};
use crate::sim::scenario::value::{MOST, Vars, data};

/// All that there is, on every branch.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub l1: BTreeMap<String, Vec<BlockRef>>,
    pub chains: BTreeMap<String, Branch>,
}

/// A branch of a chain, from its first block on.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub chain_id: ChainId,
    /// True if it begins like another one.
    pub fork: bool,
    pub blocks: Vec<Block>,
}

/// A layer-two block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Its id, its parent and its time.
    pub reference: BlockRef,
    pub output: OutputV0,
    /// The output of the block that this one replaces.
    pub replaced: Option<OutputV0>,
    /// Its logs as they are written.
    pub forms: Vec<LogForm>,
    /// Its logs; none is missing once the content is made.
    pub logs: Vec<Option<Log>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Entry {
    L1(L1Form),
    Chain(ChainForm),
    Message(MessageForm),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct L1Form {
    /// The number of the first block.
    #[serde(default = "first_l1")]
    first: u64,
    /// How many there are; of a fork, after the common ones.
    blocks: u64,
    /// The branch it begins like, and the last number they have in common.
    #[serde(default)]
    fork: Option<(String, u64)>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainForm {
    /// The chain's id; a fork has that of the other branch.
    #[serde(default)]
    id: Option<ChainId>,
    /// The number of the first block, which has no logs.
    #[serde(default = "first_number")]
    first: u64,
    /// Its time.
    #[serde(default = "first_time")]
    time: u64,
    /// Seconds from block to block.
    #[serde(default = "two")]
    every: u64,
    #[serde(default)]
    fork: Option<(String, u64)>,
    /// Those after the first, or after the last common one.
    blocks: Blocks,
}

/// Each with its logs, or so many empty ones.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Blocks {
    Empty(u64),
    Each(Vec<BlockForm>),
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum BlockForm {
    Logs(Vec<LogForm>),
    Special(Special),
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Special {
    logs: Vec<LogForm>,
    /// Its time, if not as regular as that.
    time: Option<u64>,
    /// The branch whose block of this number it replaces.
    replaces: Option<String>,
}

const fn first_l1() -> u64 {
    10
}

const fn first_number() -> u64 {
    100
}

const fn first_time() -> u64 {
    1_000
}

const fn two() -> u64 {
    2
}

/// Keccak-256 of a text.
pub(super) fn hash(text: &str) -> Hash {
    RustCryptoKeccak256::keccak256(&[text.as_bytes()])
}

/// Makes the content of a scenario: as a store, and as variables.
pub(super) fn make(section: &Map<String, Value>) -> Result<(Content, Vars), String> {
    let mut content = Content::default();
    let mut messages = Vec::new();
    let mut open: Vec<(&String, Entry)> = Vec::new();
    for (name, value) in section {
        let entry = Entry::deserialize(value).map_err(|error| format!("content {name}: {error}"));
        open.push((name, entry?));
    }
    // A fork is made after what it begins like.
    while !open.is_empty() {
        let before = open.len();
        let mut later = Vec::new();
        for (name, entry) in open {
            match entry {
                Entry::Message(message) => messages.push((name, message)),
                Entry::L1(form) if content.has(form.fork.as_ref()) => {
                    let blocks = content.l1(name, &form)?;
                    content.l1.insert(name.clone(), blocks);
                }
                Entry::Chain(form) if content.has(form.fork.as_ref()) => {
                    let branch = content.branch(name, form)?;
                    content.chains.insert(name.clone(), branch);
                }
                other => later.push((name, other)),
            }
        }
        if let (Some((name, _)), true) = (later.first(), later.len() == before) {
            return Err(format!("content {name}: it begins like nothing there is"));
        }
        open = later;
    }
    logs::make(&mut content, &messages)?;
    let mut vars = content.vars();
    vars.extend(messages.iter().map(|(name, form)| ((*name).clone(), form.vars())));
    Ok((content, vars))
}

impl Content {
    fn has(&self, fork: Option<&(String, u64)>) -> bool {
        fork.is_none_or(|(of, _)| self.l1.contains_key(of) || self.chains.contains_key(of))
    }

    fn l1(&self, name: &str, form: &L1Form) -> Result<Vec<BlockRef>, String> {
        let mut blocks: Vec<BlockRef> = match &form.fork {
            Some((of, last)) => {
                let all = self.l1.get(of).ok_or_else(|| format!("{name}: {of} is no layer one"))?;
                all.iter().filter(|block| block.number <= *last).copied().collect()
            }
            None => Vec::new(),
        };
        for _ in 0..form.blocks.min(MOST) {
            let (number, parent_hash) = match blocks.last() {
                Some(last) => (last.number.saturating_add(1), last.hash),
                None => (form.first, hash(&format!("before {name}"))),
            };
            blocks.push(BlockRef {
                hash: hash(&format!("{name} {number}")),
                number,
                parent_hash,
                timestamp: number.saturating_mul(12),
            });
        }
        Ok(blocks)
    }

    fn branch(&self, name: &str, form: ChainForm) -> Result<Branch, String> {
        let (chain_id, mut blocks): (_, Vec<Block>) = match &form.fork {
            Some((of, last)) => {
                let of = self.chains.get(of).ok_or_else(|| format!("{name}: {of} is no chain"))?;
                let common = of.blocks.iter().filter(|block| block.reference.number <= *last);
                (of.chain_id, common.cloned().collect())
            }
            None => {
                let id = form.id.ok_or_else(|| format!("content {name}: a chain has an id"))?;
                let before = BlockRef {
                    hash: hash(&format!("before {name}")),
                    number: form.first.wrapping_sub(1),
                    parent_hash: Hash::ZERO,
                    timestamp: form.time.saturating_sub(form.every),
                };
                (id, [self.next(name, before, form.every, Special::default())?].into())
            }
        };
        let forms = match form.blocks {
            Blocks::Empty(count) => {
                (0..count.min(MOST)).map(|_| BlockForm::Logs(Vec::new())).collect()
            }
            Blocks::Each(forms) => forms,
        };
        for block in forms {
            let special = match block {
                BlockForm::Logs(logs) => Special { logs, ..Special::default() },
                BlockForm::Special(special) => special,
            };
            let last = blocks.last().ok_or_else(|| format!("content {name}: a fork of nothing"))?;
            let next = self.next(name, last.reference, form.every, special)?;
            blocks.push(next);
        }
        Ok(Branch { chain_id, fork: form.fork.is_some(), blocks })
    }

    fn next(
        &self,
        name: &str,
        before: BlockRef,
        every: u64,
        special: Special,
    ) -> Result<Block, String> {
        let number = before.number.wrapping_add(1);
        let block = BlockRef {
            hash: hash(&format!("{name} {number}")),
            number,
            parent_hash: before.hash,
            timestamp: special.time.unwrap_or_else(|| before.timestamp.saturating_add(every)),
        };
        let output = OutputV0 {
            state_root: hash(&format!("state of {name} {number}")),
            message_passer_storage_root: hash(&format!("passer of {name} {number}")),
            block_hash: block.hash,
        };
        let replaced = match special.replaces {
            Some(of) => {
                let there = self.chains.get(&of).and_then(|branch| branch.block(number));
                let there = there.ok_or_else(|| format!("{name}: {of} has no block {number}"))?;
                Some(there.output)
            }
            None => None,
        };
        let logs = special.logs.iter().map(|_| None).collect();
        Ok(Block { reference: block, output, replaced, forms: special.logs, logs })
    }

    fn vars(&self) -> Vars {
        let l1 = self.l1.iter().map(|(name, blocks)| {
            let blocks =
                blocks.iter().map(|block| (block.number.to_string(), block_vars(block).into()));
            (name.clone(), Value::Object(blocks.collect()))
        });
        let chains = self.chains.iter().map(|(name, branch)| {
            let blocks = branch.blocks.iter();
            let blocks = blocks
                .map(|block| (block.reference.number.to_string(), block.vars(branch.chain_id)));
            let mut fields: Map<_, _> = blocks.collect();
            fields.insert("id".to_string(), data(&branch.chain_id));
            (name.clone(), Value::Object(fields))
        });
        l1.chain(chains).collect()
    }
}

impl Branch {
    pub fn block(&self, number: u64) -> Option<&Block> {
        let first = self.blocks.first()?.reference.number;
        self.blocks.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }
}

impl Block {
    fn vars(&self, chain_id: ChainId) -> Value {
        let mut fields = block_vars(&self.reference);
        let root = self.output.root::<RustCryptoKeccak256>();
        let preimage = HexBytes(self.output.preimage().to_vec().into());
        fields.insert("output".to_string(), data(&self.output));
        fields.insert("root".to_string(), data(&root));
        fields.insert("preimage".to_string(), data(&preimage));
        let logs = (0..).zip(self.logs.iter().flatten());
        let logs = logs
            .map(|(index, log)| logs::vars(&logs::message(chain_id, &self.reference, index, log)));
        fields.insert("logs".to_string(), logs.collect());
        Value::Object(fields)
    }
}

fn block_vars(block: &BlockRef) -> Map<String, Value> {
    let vars = json!({
        "ref": block, "id": block.id(), "seal": block.seal(), "hash": block.hash,
        "number": block.number, "timestamp": block.timestamp, "time": HexUint64(block.timestamp),
    });
    match vars {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
