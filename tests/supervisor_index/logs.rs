//! The logs of one chain (`supervisor.md` 8.2).

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use nodewire::codec::supervisor::{
    BlockId, BlockRef, ChainId, ChecksumArgs, Code, Hash, RustCryptoKeccak256 as Keccak,
};
use nodewire::state::supervisor::{Claim, IndexedLog, LogIndex, Slot};
use serde_json::Value;

use crate::steps::play;
use crate::text::{hash, text};

fn index() -> LogIndex {
    LogIndex::new(ChainId::from(10), Arc::new([ChainId::from(10)]))
}

fn step(logs: &mut LogIndex, step: &Value) -> Result<Value, Code> {
    let id = || BlockId::new(hash(&step["hash"]), step["number"].as_u64().unwrap());
    match text(&step["op"]) {
        "find" => logs.find(step["number"].as_u64().unwrap()).map(|_| Value::Null),
        "rewind" => logs.rewind(id()).map(|()| Value::Null),
        "seal" => {
            let block: BlockRef = serde_json::from_value(step.clone()).unwrap();
            logs.seal(&block).map(|()| Value::Null)
        }
        "add_log" => {
            let parent = step["parentNumber"].as_u64().unwrap();
            let parent = BlockId::new(hash(&step["parentHash"]), parent);
            let position = step["logIndex"].as_u64().unwrap().try_into().unwrap();
            let log = IndexedLog { log_hash: hash(&step["logHash"]), executing: None };
            logs.add_log(parent, position, log).map(|()| Value::Null)
        }
        "contains" => {
            let number = step["blockNumber"].as_u64().unwrap();
            let log_index = step["logIndex"].as_u64().unwrap().try_into().unwrap();
            let timestamp = step["timestamp"].as_u64().unwrap();
            let found = logs.contains(number, log_index, timestamp, &hash(&step["checksum"]))?;
            Ok(serde_json::to_value(found).unwrap())
        }
        other => panic!("an unknown operation {other}"),
    }
}

#[test]
fn logs_index() {
    play("logs_index", index, step);
}

/// Block `number` of a chain with two seconds from block to block.
fn block(number: u64) -> BlockRef {
    let hash = |number: u64| {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Hash(bytes)
    };
    let parent_hash = number.checked_sub(1).map_or(Hash::ZERO, hash);
    BlockRef { hash: hash(number), number, parent_hash, timestamp: 1_000 + 2 * number }
}

fn log_of(number: u64, position: u32) -> IndexedLog {
    let mut bytes = [1; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..12].copy_from_slice(&position.to_be_bytes());
    IndexedLog { log_hash: Hash(bytes), executing: None }
}

fn checksum_of(number: u64, log_index: u32) -> Hash {
    ChecksumArgs {
        block_number: number,
        log_index,
        timestamp: block(number).timestamp,
        chain_id: ChainId::from(10),
        log_hash: log_of(number, log_index).log_hash,
    }
    .checksum::<Keccak>()
}

/// Blocks 1000 to `last`, with number % 3 logs each.
fn filled(last: u64) -> LogIndex {
    let mut logs = index();
    for number in 1_000..=last {
        let held: Vec<_> = (0..u32::try_from(number % 3).unwrap())
            .map(|position| log_of(number, position))
            .collect();
        logs.append(&block(number), &held).unwrap();
    }
    logs
}

#[test]
fn many_pages_hold_every_log_through_rewinding_and_pruning() {
    let mut logs = filled(4_000);
    let check = |logs: &LogIndex, first: u64, last: u64| {
        assert_eq!(logs.first().map(|seal| seal.number), Some(first));
        assert_eq!(logs.head(), Some(block(last).seal()));
        assert_eq!(logs.len() as u64, last - first + 1);
        for number in (990_u64..4_010).filter(|number| {
            number % 37 == 0 || number.abs_diff(first) < 3 || number.abs_diff(last) < 3
        }) {
            let found = logs.find(number);
            assert_eq!(found.is_ok(), (first..=last).contains(&number), "{number}");
            for position in 0..3 {
                let checksum = checksum_of(number, position);
                let timestamp = block(number).timestamp;
                let known = number > first && number <= last && u64::from(position) < number % 3;
                let found = logs.contains(number, position, timestamp, &checksum);
                assert_eq!(found.is_ok(), known, "{number} {position} {found:?}");
            }
        }
    };
    check(&logs, 1_000, 4_000);
    let whole = logs.clone();
    for last in [3_999, 3_584, 3_583, 3_000, 2_048] {
        logs.rewind(block(last).id()).unwrap();
        check(&logs, 1_000, last);
    }
    assert_eq!(logs, filled(2_048));
    for number in 2_049..=4_000 {
        let held: Vec<_> = (0..u32::try_from(number % 3).unwrap())
            .map(|position| log_of(number, position))
            .collect();
        logs.append(&block(number), &held).unwrap();
    }
    assert_eq!(logs, whole);
    for first in [1_001, 1_511, 1_512, 1_513, 3_000] {
        logs.prune(first);
        check(&logs, first, 4_000);
    }
    assert_ne!(logs, whole);
    logs.rewind(block(3_000).id()).unwrap();
    check(&logs, 3_000, 3_000);
    logs.prune(10_000);
    check(&logs, 3_000, 3_000);
}

#[test]
fn equal_lists_are_equal_however_they_came_about() {
    let mut pruned = filled(2_600);
    pruned.prune(1_700);
    let mut again = filled(2_600);
    again.prune(1_300);
    again.prune(1_700);
    assert_eq!(pruned, again);
    let mut other = filled(2_600);
    other.prune(1_700);
    other.rewind(block(2_599).id()).unwrap();
    assert_ne!(pruned, other);
}

#[test]
fn blocks_by_time() {
    let logs = filled(3_000);
    let number = |seal: Option<nodewire::codec::supervisor::Seal>| seal.map(|seal| seal.number);
    assert_eq!(number(logs.last_until(2_999)), None);
    assert_eq!(number(logs.last_until(3_000)), Some(1_000));
    assert_eq!(number(logs.last_until(3_003)), Some(1_001));
    assert_eq!(number(logs.last_until(u64::MAX)), Some(3_000));
    assert_eq!(number(logs.last_before(3_002)), Some(1_000));
    assert_eq!(number(logs.last_before(0)), Some(1_000));
    assert_eq!(number(index().last_before(5)), None);
}

#[test]
fn claims_on_unknown_chains_and_malformed_ones_have_no_chain() {
    let mut logs = index();
    logs.append(&block(1), &[]).unwrap();
    let claim = |chain: u64| Claim::Message {
        chain_id: ChainId::from(chain),
        block_number: 5,
        timestamp: 6,
        log_index: 7,
        checksum: Hash([3; 32]),
    };
    let log = |executing| IndexedLog { log_hash: Hash::ZERO, executing };
    let held = [log(None), log(Some(claim(10))), log(Some(claim(11))), log(Some(Claim::Malformed))];
    logs.append(&block(2), &held).unwrap();
    let open = logs.open(2).unwrap();
    assert_eq!((open.reference(), open.logs), (block(2), 4));
    let found: Vec<_> = open.executing.iter().map(|log| (log.position, log.chain)).collect();
    assert_eq!(found, [(1, Some(Slot(0))), (2, None), (3, None)]);
}

/// Whoever keeps states by their hashes finds most of those apart that are.
#[test]
fn indexes_of_other_lengths_and_heads_have_other_hashes() {
    let hash_of = |logs: &LogIndex| {
        let mut hasher = DefaultHasher::new();
        logs.hash(&mut hasher);
        hasher.finish()
    };
    let (one, two) = (filled(1_003), filled(1_004));
    assert_ne!(hash_of(&one), hash_of(&two));
    let mut other = filled(1_003);
    let branch = BlockRef { hash: Hash([9; 32]), ..block(1_004) };
    other.append(&branch, &[]).unwrap();
    assert_ne!(hash_of(&other), hash_of(&two));
    // The same list, however it came about.
    other.rewind(block(1_003).id()).unwrap();
    assert_eq!((other.clone(), hash_of(&other)), (one.clone(), hash_of(&one)));
    other.prune(1_002);
    let mut pruned = one;
    pruned.prune(1_001);
    pruned.prune(1_002);
    assert_eq!((other.clone(), hash_of(&other)), (pruned.clone(), hash_of(&pruned)));
}
