//! Candidates that wait for each other, or for what another chain has to replace
//! (`supervisor.md` 8.4 to 8.6).

use std::collections::BTreeMap;

use nodewire::codec::supervisor::{
    BlockRef, ChainId, ChecksumArgs, DerivedRefPair, Hash, Keccak256, RustCryptoKeccak256 as Keccak,
};
use nodewire::state::supervisor::{
    ChainConfig, Claim, Config, Consequence, ExpiryWindow, Index, IndexedLog, Limits, Slot,
};

use crate::heads;

fn hash(text: &str) -> Hash {
    Keccak::keccak256(&[text.as_bytes()])
}

fn l1(number: u64) -> BlockRef {
    let name = |number: u64| hash(&format!("l1 {number}"));
    BlockRef { hash: name(number), number, parent_hash: name(number - 1), timestamp: number }
}

/// Block `number` of the chain in a slot: those of all chains have the same times.
fn block(slot: u8, number: u64) -> BlockRef {
    let name = |number: u64| hash(&format!("{slot} {number}"));
    let timestamp = 1_000 + 2 * (number - 100);
    BlockRef { hash: name(number), number, parent_hash: name(number - 1), timestamp }
}

fn pair(source: u64, slot: u8, number: u64) -> DerivedRefPair {
    DerivedRefPair { source: l1(source), derived: block(slot, number) }
}

/// The first log of every block that has logs.
fn said() -> IndexedLog {
    IndexedLog { log_hash: hash("said"), executing: None }
}

/// A log that executes the first log of a block.
fn claims(slot: u8, number: u64) -> IndexedLog {
    let args = ChecksumArgs {
        block_number: number,
        log_index: 0,
        timestamp: block(slot, number).timestamp,
        chain_id: ChainId::from(u64::from(slot)),
        log_hash: said().log_hash,
    };
    let executing = Some(Claim::Message {
        chain_id: args.chain_id,
        block_number: number,
        timestamp: args.timestamp,
        log_index: 0,
        checksum: args.checksum::<Keccak>(),
    });
    IndexedLog { log_hash: hash("claims"), executing }
}

fn malformed() -> IndexedLog {
    IndexedLog { log_hash: hash("malformed"), executing: Some(Claim::Malformed) }
}

/// Chains anchored at their block 100, derived from layer-one block 10.
fn index(chains: u8, budget: usize) -> Index {
    let of_chain =
        |slot| (ChainId::from(u64::from(slot)), ChainConfig { activation: 0, block_time: 2 });
    let chains: BTreeMap<_, _> = (0..chains).map(of_chain).collect();
    let config = Config::new(chains, ExpiryWindow::EXPIRY_CURRENT);
    let mut limits = Limits::default();
    limits.promotion_budget = budget;
    let mut index = Index::new(config, limits).unwrap();
    for slot in index.slots() {
        index.anchor(slot, &pair(10, slot.0, 100)).unwrap();
    }
    let mut then = Vec::new();
    while !index.promote(&mut then) {}
    index
}

fn derive(index: &mut Index, slot: u8, sources: &[u64], number: u64) {
    for source in sources {
        index.derive(Slot(slot), &pair(*source, slot, number), &mut Vec::new()).unwrap();
    }
}

fn promote(index: &mut Index) -> Vec<Consequence> {
    let mut then = Vec::new();
    while !index.promote(&mut then) {}
    heads::check(index);
    then
}

/// Where the block of a chain is safe at.
fn safe_at(index: &Index, slot: u8, number: u64) -> u64 {
    let cross_safe = index.chain(Slot(slot)).unwrap().cross_safe();
    cross_safe.first_source(block(slot, number).id()).unwrap().number
}

/// What both are derived from comes before what one of them rests on.
#[test]
fn blocks_that_wait_for_each_other_are_safe_where_all_they_rest_on_is() {
    let mut index = index(3, 10_000);
    index.append(Slot(2), &block(2, 101), &[said()]).unwrap();
    derive(&mut index, 2, &[11, 12], 100);
    derive(&mut index, 2, &[12], 101);
    promote(&mut index);
    assert_eq!(safe_at(&index, 2, 101), 12);
    let logs = [vec![said(), claims(1, 102), claims(2, 101)], vec![said(), claims(0, 102)]];
    for (slot, logs) in (0..).zip(logs) {
        index.append(Slot(slot), &block(slot, 101), &[]).unwrap();
        index.append(Slot(slot), &block(slot, 102), &logs).unwrap();
        derive(&mut index, slot, &[11], 100);
        derive(&mut index, slot, &[11], 101);
        derive(&mut index, slot, &[11, 12], 102);
    }
    promote(&mut index);
    for slot in [0, 1] {
        assert_eq!((safe_at(&index, slot, 101), safe_at(&index, slot, 102)), (11, 12));
    }
}

/// A block was looked at while another one was invalidated that it claims something about. What
/// is put in its place waits for it, too: both are decided on what there is now.
#[test]
fn a_replacement_that_waits_for_who_waits_for_it_is_decided_with_it() {
    let mut index = index(2, 10_000);
    let bad = block(1, 101);
    index.append(Slot(0), &block(0, 101), &[said(), claims(1, 101)]).unwrap();
    index.append(Slot(1), &bad, &[said(), malformed()]).unwrap();
    for slot in [0, 1] {
        derive(&mut index, slot, &[10], 101);
    }
    let then = promote(&mut index);
    assert!(then.contains(&Consequence::Invalidated(Slot(1), bad.seal())), "{then:?}");
    let safe = |index: &Index, slot| index.heads(Slot(slot)).cross_safe.unwrap().derived;
    assert_eq!([0, 1].map(|slot| safe(&index, slot).number), [100, 100]);
    let replacement = BlockRef { hash: hash("replaced"), ..bad };
    let logs = [said(), claims(0, 101)];
    index.replace(Slot(1), &replacement, bad.hash, &logs, &mut Vec::new()).unwrap();
    promote(&mut index);
    assert_eq!([0, 1].map(|slot| safe(&index, slot)), [block(0, 101).seal(), replacement.seal()]);
}

/// A block that is found invalid takes back the cross-unsafe heads of its time, and in the same
/// step a block of that time is found safe.
#[test]
fn cross_unsafe_is_not_below_what_is_found_safe_while_it_falls_back() {
    let mut index = index(2, 1);
    index.append(Slot(0), &block(0, 101), &[malformed()]).unwrap();
    index.append(Slot(1), &block(1, 101), &[]).unwrap();
    for slot in [0, 1] {
        derive(&mut index, slot, &[10], 101);
    }
    let mut then = Vec::new();
    assert!(!index.promote(&mut then), "the budget is spent");
    let lowered = Consequence::CrossUnsafeLowered(Slot(1), block(1, 100).id());
    assert!(then.contains(&lowered), "{then:?}");
    heads::check(&index);
    let heads = index.heads(Slot(1));
    let safe = heads.cross_safe.map(|safe| safe.derived);
    assert_eq!((safe, heads.cross_unsafe), (Some(block(1, 101).seal()), safe));
}

/// Unsafe ones, too, which are a verdict each.
#[test]
fn no_more_candidates_are_looked_at_than_the_budget_allows() {
    let mut index = index(1, 1);
    for number in 101..=103 {
        index.append(Slot(0), &block(0, number), &[]).unwrap();
    }
    for number in 101..=103 {
        assert!(!index.promote(&mut Vec::new()));
        assert_eq!(index.heads(Slot(0)).cross_unsafe, Some(block(0, number).seal()));
    }
    assert!(index.promote(&mut Vec::new()));
}

/// What the node told is forgotten where layer one has another block; else it stays.
#[test]
fn the_layer_one_block_that_a_node_derives_from_goes_with_its_branch() {
    let mut index = index(1, 10_000);
    derive(&mut index, 0, &[11], 100);
    promote(&mut index);
    for (ancestor, expected) in [(13, 12), (12, 12), (11, 11)] {
        let mut index = index.clone();
        index.set_current_l1(Slot(0), l1(12)).unwrap();
        index.rewind_l1(l1(ancestor).id(), &mut Vec::new());
        let current = index.chain(Slot(0)).unwrap().current_l1();
        assert_eq!(current, Some(l1(expected)), "back to {ancestor}");
    }
}
