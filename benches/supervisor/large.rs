//! What a large index holds, and what a look-up in it costs.

#![allow(clippy::disallowed_types)] // A clock and a hash table are what this is about.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;
use std::time::Instant;

use nodewire::codec::supervisor::Hash;
use nodewire::state::supervisor::{Claim, Index, IndexedLog, Limits, Slot};

use crate::common::alloc;
use crate::samples::{self, ANCHOR, block, claim, plain};

/// Logs of a block.
const LOGS: u32 = 100;

/// Bytes that an index of a million logs holds for each: with blocks of a hundred.
pub fn bytes_of_log() -> f64 {
    held(10_000, plain)
}

/// Bytes more if every log executes a message.
pub fn bytes_of_message() -> f64 {
    let executing = |chain, number, position| {
        let executing = Some(Claim::Malformed);
        IndexedLog { executing, ..plain(chain, number, position) }
    };
    held(10_000, executing) - held(10_000, plain)
}

fn held(blocks: u64, log: impl Fn(u8, u64, u32) -> IndexedLog) -> f64 {
    let before = alloc::live();
    let index = filled(1, blocks, log);
    let held = alloc::live() - before;
    assert!(index.footprint() as u64 >= held);
    drop(index);
    held as f64 / (blocks as f64 * f64::from(LOGS))
}

fn filled(chains: u8, blocks: u64, log: impl Fn(u8, u64, u32) -> IndexedLog) -> Index {
    let mut index = samples::index(chains, Limits::default());
    for number in ANCHOR + 1..=ANCHOR + blocks {
        for chain in 0..chains {
            let logs: Vec<_> = (0..LOGS).map(|position| log(chain, number, position)).collect();
            index.append(Slot(chain), &block(chain, number), &logs).expect("the next block");
        }
    }
    index
}

/// Multiplies and folds: keys are small numbers.
#[derive(Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are single numbers")
    }

    fn write_u64(&mut self, key: u64) {
        let wide = u128::from(key) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
        self.0 = (wide >> 64) as u64 ^ wide as u64;
    }
}

type Table = HashMap<u64, Hash, BuildHasherDefault<Fold>>;

/// What a message says.
struct Query {
    chain: u8,
    number: u64,
    position: u32,
    timestamp: u64,
    checksum: Hash,
}

impl Query {
    const fn key(&self) -> u64 {
        (self.chain as u64) << 56 | self.number << 24 | self.position as u64
    }
}

/// How many times as long a message takes in an index of ten million logs over ten chains as a
/// look-up in a hash table with as many checksums: uniformly random, half of them there.
pub fn of_a_table() -> f64 {
    let (chains, blocks) = (10, 10_000);
    let index = filled(chains, blocks, plain);
    let queries = queries(chains, blocks);
    let mut table = Table::default();
    table.reserve(10_000_000);
    for number in ANCHOR + 1..=ANCHOR + blocks {
        for (chain, position) in (0..chains).flat_map(|it| (0..LOGS).map(move |log| (it, log))) {
            let checksum = samples::log_hash(chain, number, position);
            let query = Query { chain, number, position, timestamp: 0, checksum };
            table.insert(query.key(), checksum);
        }
    }
    // Those that are there have their checksums in both.
    for query in &queries {
        let logs = index.chain(Slot(query.chain)).expect("a chain").logs();
        let found = logs.contains(query.number, query.position, query.timestamp, &query.checksum);
        if found.is_ok() {
            table.insert(query.key(), query.checksum);
        }
    }
    let in_index = || {
        let there = |query: &&Query| {
            let logs = index.chain(Slot(query.chain)).expect("a chain").logs();
            logs.contains(query.number, query.position, query.timestamp, &query.checksum).is_ok()
        };
        queries.iter().filter(there).count()
    };
    let in_table = || {
        let there = |query: &&Query| table.get(&query.key()) == Some(&query.checksum);
        queries.iter().filter(there).count()
    };
    assert_eq!(in_index(), in_table());
    let (mut index_best, mut table_best) = (f64::MAX, f64::MAX);
    for _ in 0..9 {
        index_best = index_best.min(nanos(&queries, in_index));
        table_best = table_best.min(nanos(&queries, in_table));
    }
    println!("  {index_best:.1} ns of a message, {table_best:.1} ns of a look-up in a table");
    index_best / table_best
}

fn nanos(queries: &[Query], run: impl Fn() -> usize) -> f64 {
    let began = Instant::now();
    black_box(run());
    began.elapsed().as_secs_f64() * 1e9 / queries.len() as f64
}

/// A million messages in random order: one half there, the other with another checksum or beyond
/// the block's logs.
fn queries(chains: u8, blocks: u64) -> Vec<Query> {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let query = |_| {
        let chain = random(chains.into()) as u8;
        let number = ANCHOR + 1 + random(blocks);
        let position = random(LOGS.into()) as u32;
        let Claim::Message { timestamp, mut checksum, .. } = claim(chain, number, position) else {
            unreachable!("a claim about a log")
        };
        let lie = random(4);
        let position = if lie == 0 { position + LOGS } else { position };
        checksum.0[31] ^= u8::from(lie == 1);
        Query { chain, number, position, timestamp, checksum }
    };
    (0..1_000_000).map(query).collect()
}
