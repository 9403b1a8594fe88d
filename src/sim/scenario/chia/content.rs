//! Content by name: hashes and keys, proofs, and whole chains, all with the stand-ins of
//! [`crate::sim::chia`].

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::codec::chia::{Bytes32, FullBlock, ProofOfSpace, ProofOfTime, Signature};
use crate::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use crate::sim::chia::{Consensus, Ledger, Maker, stand_in};
use crate::sim::scenario::value::{Vars, data, fill, hex, octets, typed};

/// What the names of a scenario's content stand for.
pub(super) fn make(content: &Map<String, Value>) -> Result<Vars, String> {
    World::new(content).map(|world| world.vars)
}

/// The content, and what an honest application knows of it.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    vars: Vars,
    /// All blocks by chain, from the first on.
    chains: BTreeMap<String, Vec<FullBlock>>,
}

/// What can be made of fields without bytes.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Made {
    /// SHA-256 of a text.
    Hash(String),
    /// The key of a number.
    Key(u64),
    /// A proof of space.
    Space(Space),
    /// A proof of time.
    Time(Time),
    /// A chain.
    Chain(Spec),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Space {
    challenge: Bytes32,
    /// The numbers of the keys.
    #[serde(default)]
    pool: u64,
    #[serde(default = "one")]
    plot: u64,
    #[serde(default = "plot_size")]
    size: u8,
    /// Which of what the plot has for the challenge.
    #[serde(default)]
    number: u32,
    /// How many bytes it has, if not as many as its size demands.
    bytes: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    challenge: Bytes32,
    iterations: u64,
    #[serde(default = "witness")]
    witness: usize,
}

/// A chain as a scenario describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    /// How many blocks it has beside those of the fork; the first of all is the same in all chains.
    blocks: u32,
    /// The plot that its own are made with.
    #[serde(default)]
    plot: u64,
    /// The chain that it shares blocks with, and the height of the last of them.
    fork: Option<(String, usize)>,
}

const fn one() -> u64 {
    1
}

const fn witness() -> usize {
    32
}

fn plot_size() -> u8 {
    consensus().plot_size
}

/// What blocks of scenarios keep: a full node under test begins with the first block of that.
#[must_use]
pub fn consensus() -> Consensus {
    Consensus { witness: witness(), ..Consensus::default() }
}

impl World {
    /// Makes what is described, whatever the order in which parts name each other.
    pub fn new(content: &Map<String, Value>) -> Result<Self, String> {
        let mut world = Self::default();
        let mut left: Vec<_> = content.iter().collect();
        while !left.is_empty() {
            let before = left.len();
            let mut last = String::new();
            let mut unmade = Vec::new();
            for (name, spec) in left {
                if let Err(why) = world.add(name, spec) {
                    last = alloc::format!("{name}: {why}");
                    unmade.push((name, spec));
                }
            }
            if unmade.len() == before {
                return Err(last);
            }
            left = unmade;
        }
        Ok(world)
    }

    /// The ledger of a node that has this chain up to a height.
    pub fn ledger(&self, chain: &str, height: u32) -> Result<Ledger, String> {
        let blocks = self.chains.get(chain).ok_or_else(|| alloc::format!("no chain {chain}"))?;
        let mut ledger = Ledger::new(consensus(), Maker::genesis(&consensus()));
        for block in blocks.iter().take_while(|block| block.height() <= height) {
            let _ = ledger.add(block.clone());
        }
        Ok(ledger)
    }

    fn add(&mut self, name: &str, spec: &Value) -> Result<(), String> {
        let value = match self.of_bytes(spec) {
            Some(value) => value?,
            None => match typed(&fill(spec, &self.vars)?)? {
                Made::Hash(text) => data(&sha256(text.as_bytes())),
                Made::Key(number) => data(&stand_in::key(number)),
                Made::Space(it) => space_fields(&it.proof()),
                Made::Time(Time { challenge, iterations, witness }) => {
                    time_fields(&stand_in::proof_of_time(challenge, iterations, witness))
                }
                Made::Chain(spec) => {
                    let chain = self.chain(&spec)?;
                    let fields = chain_fields(&chain);
                    self.chains.insert(name.to_string(), chain);
                    fields
                }
            },
        };
        self.vars.insert(name.to_string(), value);
        Ok(())
    }

    /// What is made of bytes: `{"bytes": BYTES}`, their `sha256`, a signature of them by a key,
    /// `{"sign": [KEY, BYTES]}`, and the same of the other kind, `{"aggregate": BYTES}`.
    fn of_bytes(&self, spec: &Value) -> Option<Result<Value, String>> {
        let octets = |parts: &Value| octets(parts, &self.vars);
        let (kind, parts) = spec.as_object()?.iter().next()?;
        Some(match (kind.as_str(), parts) {
            ("bytes", parts) => octets(parts).map(|bytes| Value::String(hex(&bytes))),
            ("sha256", parts) => octets(parts).map(|bytes| data(&sha256(&bytes))),
            ("sign", Value::Array(parts)) => match &parts[..] {
                [key, message] => fill(key, &self.vars)
                    .and_then(|key| typed(&key))
                    .and_then(|key| Ok(data(&stand_in::sign(key, &octets(message)?)))),
                _ => Err("`sign` takes a key and bytes".to_string()),
            },
            ("aggregate", parts) => octets(parts).map(|bytes| {
                let mut signature = stand_in::sign(stand_in::key(0), &bytes).0;
                signature[0] &= 0xbf;
                data(&Signature(signature))
            }),
            _ => return None,
        })
    }

    fn chain(&self, spec: &Spec) -> Result<Vec<FullBlock>, String> {
        let mut chain = match &spec.fork {
            None => alloc::vec![Maker::genesis(&consensus())],
            Some((other, height)) => {
                let other = self.chains.get(other).ok_or("it forks off no chain")?;
                other.get(..=*height).ok_or("it forks off no block")?.to_vec()
            }
        };
        let maker = Maker::new(consensus(), spec.plot);
        for _ in 0..spec.blocks {
            let child = chain.last().map(|parent| maker.child(parent));
            chain.extend(child);
        }
        Ok(chain)
    }
}

impl Space {
    fn proof(&self) -> ProofOfSpace {
        let (pool, plot) = (stand_in::key(self.pool), stand_in::key(self.plot));
        let mut proof =
            stand_in::proof_of_space(self.challenge, pool, plot, self.size, self.number);
        if let Some(length) = self.bytes {
            let mut bytes = proof.proof.0.to_vec();
            bytes.resize(length, 0);
            proof.proof.0 = bytes.into();
        }
        proof
    }
}

fn sha256(bytes: &[u8]) -> Bytes32 {
    Bytes32(RustCryptoSha256::sha256(bytes))
}

fn hash_of(object: &impl Streamable) -> Bytes32 {
    Bytes32(object.get_hash::<RustCryptoSha256>())
}

/// An object in its Streamable form, as hex.
fn stream(object: &impl Streamable) -> String {
    hex(&object.to_bytes())
}

fn space_fields(proof: &ProofOfSpace) -> Value {
    json!({ "proof": proof, "hash": hash_of(proof), "stream": stream(proof),
        "quality": stand_in::quality(proof) })
}

fn time_fields(proof: &ProofOfTime) -> Value {
    json!({ "proof": proof, "hash": hash_of(proof), "stream": stream(proof),
        "output_hash": hash_of(&proof.output) })
}

/// By height, and the `hashes` of all headers.
fn chain_fields(chain: &[FullBlock]) -> Value {
    let mut fields = Map::new();
    for (height, block) in chain.iter().enumerate() {
        fields.insert(height.to_string(), block_fields(block));
    }
    let hashes = chain.iter().map(FullBlock::header_hash::<RustCryptoSha256>);
    fields.insert("hashes".to_string(), data(&hashes.collect::<Vec<_>>()));
    Value::Object(fields)
}

fn block_fields(block: &FullBlock) -> Value {
    let headers = &block.header_block;
    let time = headers.proof_of_time.as_ref();
    let challenge = headers.challenge.as_ref();
    let mut unfinished = block.clone();
    unfinished.header_block.proof_of_time = None;
    unfinished.header_block.challenge = None;
    json!({
        "block": block,
        "stream": stream(block),
        "hash": hash_of(block),
        "unfinished": unfinished,
        "height": block.height(),
        "weight": block.weight(),
        "header_block": headers,
        "header_stream": stream(&headers.header),
        "body_stream": stream(&block.body),
        "header_hash": block.header_hash::<RustCryptoSha256>(),
        "header_data": headers.header.data,
        "header_data_hash": headers.header.data.hash::<RustCryptoSha256>(),
        "header_signature": headers.header.harvester_signature,
        "space": space_fields(&headers.proof_of_space),
        "time": time.map(time_fields),
        "iterations": time.map(|time| time.number_of_iterations),
        "challenge": challenge,
        "challenge_hash": challenge.map(hash_of),
        "body": block.body,
        "body_hash": hash_of(&block.body),
    })
}
