//! What is too old to matter is dropped, and nothing else changes (`supervisor.md` 8.12).

use std::collections::BTreeMap;
use std::time::Duration;

use nodewire::codec::supervisor::{
    BlockRef, ChainId, ChecksumArgs, Code, DerivedRefPair, Hash, RustCryptoKeccak256 as Keccak,
};
use nodewire::state::supervisor::{
    ChainConfig, Claim, Config, Consequence, ExpiryWindow, Index, IndexedLog, Limits, Slot,
};

const WINDOW: u64 = 100;
const MARGIN: u64 = 20;
const ANCHOR: u64 = 1_000;

fn hash(kind: u64, number: u64) -> Hash {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&kind.to_be_bytes());
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    Hash(bytes)
}

fn block(chain: u64, number: u64) -> BlockRef {
    let parent_hash = hash(chain, number - 1);
    BlockRef { hash: hash(chain, number), number, parent_hash, timestamp: 2 * number }
}

/// A layer-one block for every four blocks of each chain.
fn l1(number: u64) -> BlockRef {
    BlockRef { timestamp: 8 * number, ..block(99, number) }
}

fn pair(chain: u64, number: u64) -> DerivedRefPair {
    DerivedRefPair { source: l1(number / 4), derived: block(chain, number) }
}

/// That the first log of a block is there.
fn claim(chain: u64, block_number: u64) -> Claim {
    let (chain_id, timestamp) = (ChainId::from(chain), 2 * block_number);
    let log_hash = hash(50 + chain, block_number);
    let checksum = ChecksumArgs { block_number, log_index: 0, timestamp, chain_id, log_hash }
        .checksum::<Keccak>();
    Claim::Message { chain_id, block_number, timestamp, log_index: 0, checksum }
}

/// Each block executes a message of the other chain: as old as may be, or one step older.
fn logs(chain: u64, number: u64) -> Vec<IndexedLog> {
    let log_hash = hash(50 + chain, number);
    let oldest = number - WINDOW / 2;
    let too_old = chain == 1 && number % 100 == 50;
    let executing = (oldest > ANCHOR + 1).then(|| claim(1 - chain, oldest - u64::from(too_old)));
    vec![IndexedLog { log_hash, executing: None }, IndexedLog { log_hash, executing }]
}

fn index(prune_margin: Option<u64>, max_pruned: usize) -> Index {
    let chain = ChainConfig { activation: 0, block_time: 2 };
    let chains: BTreeMap<_, _> = (0..2).map(|id| (ChainId::from(id), chain)).collect();
    let mut limits = Limits::default();
    limits.prune_margin = prune_margin.map(Duration::from_secs);
    limits.max_pruned = max_pruned;
    let mut index = Index::new(Config::new(chains, ExpiryWindow(WINDOW)), limits).unwrap();
    for slot in index.slots() {
        index.anchor(slot, &pair(slot.0.into(), ANCHOR)).unwrap();
    }
    index
}

/// Block `number` of both chains, and what follows of it.
fn advance(index: &mut Index, number: u64) -> Vec<Consequence> {
    let mut then = Vec::new();
    for slot in index.slots() {
        let chain = u64::from(slot.0);
        // After a replacement the chain goes on by other hashes.
        let head = index.heads(slot).local_unsafe.unwrap();
        let mut next = BlockRef { parent_hash: head.hash, ..block(chain, number) };
        index.append(slot, &next, &logs(chain, number)).unwrap();
        let mut pairs = vec![DerivedRefPair { source: l1(number / 4), derived: next }];
        if number % 4 == 0 {
            let before = BlockRef { hash: head.hash, ..block(chain, number - 1) };
            pairs.insert(0, DerivedRefPair { source: l1(number / 4), derived: before });
        }
        for pair in pairs {
            index.derive(slot, &pair, &mut then).unwrap();
        }
        while !index.promote(&mut then) {}
        if then.iter().any(|it| matches!(it, Consequence::Invalidated(of, _) if *of == slot)) {
            let invalidated = next.hash;
            next.hash = hash(70 + chain, number);
            let log_hash = hash(50 + chain, number);
            let kept = [IndexedLog { log_hash, executing: None }];
            index.replace(slot, &next, invalidated, &kept, &mut then).unwrap();
        }
        while !index.promote(&mut then) {}
    }
    if number % 40 == 0 {
        index.finalize_l1(l1(number / 4 - 5), &mut then).unwrap();
        while !index.promote(&mut then) {}
    }
    then
}

#[test]
fn verdicts_and_heads_are_those_of_an_index_that_keeps_all() {
    let mut all = index(None, 512);
    let mut kept = index(Some(MARGIN), 512);
    let mut slowly = index(Some(MARGIN), 3);
    let mut invalidated = 0;
    for number in ANCHOR + 1..ANCHOR + 1_000 {
        let then = advance(&mut all, number);
        assert_eq!(advance(&mut kept, number), then, "{number}");
        assert_eq!(advance(&mut slowly, number), then, "{number}");
        invalidated += then.iter().filter(|it| matches!(it, Consequence::Invalidated(..))).count();
        for slot in all.slots() {
            assert_eq!(kept.heads(slot), all.heads(slot), "{number}");
            let head = all.heads(slot).cross_safe.unwrap().derived;
            assert_eq!(head.number, number, "everything gets on");
            let first = |index: &Index| index.chain(slot).unwrap().logs().first().unwrap().number;
            // The last block before the horizon, never one that is not final.
            let finalized = all.heads(slot).finalized.map_or(0, |it| it.timestamp);
            let horizon = finalized.saturating_sub(2 * WINDOW + MARGIN);
            let expected = (horizon.saturating_sub(1) / 2).max(ANCHOR);
            let behind = first(&kept);
            assert!(behind == expected || number % 40 < 2 && behind < expected, "{number}");
            assert!(first(&slowly) <= behind);
            check_lookups(&all, &kept, slot, number);
        }
    }
    assert!(invalidated > 5, "{invalidated}");
    assert!(kept.footprint() * 2 < all.footprint());
    for slot in all.slots() {
        let chain = slowly.chain(slot).unwrap();
        assert!(chain.logs().len() < 400, "{}", chain.logs().len());
        let first = kept.chain(slot).unwrap().logs().first().unwrap();
        let chain = kept.chain(slot).unwrap();
        assert_eq!(chain.local_safe().first().unwrap().derived, first);
        assert_eq!(chain.cross_safe().first().unwrap().derived, first);
        // Who starts again tells the anchor again.
        assert_eq!(kept.anchor(slot, &pair(slot.0.into(), ANCHOR)), Ok(()));
        let other = kept.anchor(slot, &pair(slot.0.into(), ANCHOR + 1));
        assert_eq!(other, Err(Code::ConflictingData));
    }
}

/// Above the first block both answer alike; below it, the one says that it is gone.
fn check_lookups(all: &Index, kept: &Index, slot: Slot, head: u64) {
    let (all, kept) = (all.chain(slot).unwrap(), kept.chain(slot).unwrap());
    let first = kept.logs().first().unwrap().number;
    for number in [ANCHOR, first - 1, first, first + 1, head - 60, head, head + 1] {
        let whole = all.logs().find(number);
        let expected = if number < first { Err(Code::MissedData) } else { whole };
        assert_eq!(kept.logs().find(number), expected, "{number}");
        let Claim::Message { log_index, timestamp, checksum, .. } = claim(slot.0.into(), number)
        else {
            continue;
        };
        let contains = |logs: &nodewire::state::supervisor::LogIndex| {
            logs.contains(number, log_index, timestamp, &checksum)
        };
        let gone = number <= first && number > 0;
        let expected = if gone { Err(Code::MissedData) } else { contains(all.logs()) };
        assert_eq!(contains(kept.logs()), expected, "{number}");
        let derived = |chain: &nodewire::state::supervisor::Chain| {
            [
                chain.local_safe().derived(number).copied(),
                chain.cross_safe().derived(number).copied(),
            ]
        };
        if number >= first {
            assert_eq!(derived(kept), derived(all), "{number}");
        } else {
            assert_eq!(derived(kept), [Err(Code::MissedData); 2], "{number}");
        }
    }
}

/// A block without messages.
fn tell(index: &mut Index, slot: Slot, number: u64) {
    let mut then = Vec::new();
    let chain = u64::from(slot.0);
    index.append(slot, &block(chain, number), &[]).unwrap();
    if number % 4 == 0 {
        let source = l1(number / 4);
        let pair = DerivedRefPair { source, derived: block(chain, number - 1) };
        index.derive(slot, &pair, &mut then).unwrap();
    }
    index.derive(slot, &pair(chain, number), &mut then).unwrap();
    while !index.promote(&mut then) {}
    if let Some(number) = index.unconfirmed_l1() {
        index.confirm_l1(l1(number).id(), &mut then);
        while !index.promote(&mut then) {}
    }
}

#[test]
fn a_chain_that_is_not_that_far_holds_back_all() {
    let mut index = index(Some(MARGIN), 512);
    let first = |index: &Index, slot| index.chain(slot).unwrap().logs().first().unwrap().number;
    for number in ANCHOR + 1..=ANCHOR + 400 {
        tell(&mut index, Slot(0), number);
    }
    let mut then = Vec::new();
    index.finalize_l1(l1(ANCHOR / 4 + 100), &mut then).unwrap();
    while !index.promote(&mut then) {}
    for number in ANCHOR + 1..=ANCHOR + 400 {
        tell(&mut index, Slot(1), number);
        let expected = (number - (2 * WINDOW + MARGIN) / 2).saturating_sub(1).max(ANCHOR);
        assert_eq!([first(&index, Slot(0)), first(&index, Slot(1))], [expected; 2], "{number}");
    }
}
