//! Parts of an index that do not fit, each alone.

use alloc::collections::BTreeMap;

use super::*;
use crate::codec::supervisor::journal::form::canonical;
use crate::codec::supervisor::{BlockId, DerivedRefPair};
use crate::state::supervisor::index::{Consequence, LogIndex};
use crate::state::supervisor::{ChainConfig, Config, ExpiryWindow, Limits};

/// Block `number` of the branch `tag`.
fn block(tag: u8, number: u64) -> BlockRef {
    let hash = |number: u64| Hash([tag.wrapping_add(number.to_be_bytes()[7]); 32]);
    let parent_hash = hash(number.saturating_sub(1));
    BlockRef { hash: hash(number), number, parent_hash, timestamp: 100 + 2 * number }
}

/// A chain that is safe up to block 2, and logged up to block 3.
fn index() -> Index {
    let chains = [(ChainId::from(1), ChainConfig { activation: 0, block_time: 2 })];
    let config = Config::new(BTreeMap::from(chains), ExpiryWindow::EXPIRY_CURRENT);
    let mut index = Index::<_>::new(config, Limits::default()).unwrap();
    let pair = |number| DerivedRefPair { source: block(0x80, 9), derived: block(0, number) };
    index.anchor(Slot(0), &pair(1)).unwrap();
    for number in [2, 3] {
        index.append(Slot(0), &block(0, number), &[]).unwrap();
    }
    index.derive(Slot(0), &pair(2), &mut Vec::new()).unwrap();
    index.promote(&mut Vec::new());
    assert_eq!(index.chains[0].cross_safe.end().map(|end| end.derived.number), Some(2));
    index
}

/// A chain without entries has no head; one that has a log has entries, too.
#[test]
fn a_chain_is_empty_in_all_its_parts_or_in_none() {
    let empty = |index: &mut Index| {
        let chain = &mut index.chains[0];
        (chain.local_safe, chain.cross_safe) = Default::default();
        (chain.cross_unsafe, chain.confirmed) = (None, None);
        chain.logs.clear();
    };
    let mut index = index();
    empty(&mut index);
    assert_eq!(index.check(), Ok(()));
    index.chains[0].cross_unsafe = Some(block(0, 3).seal());
    assert_eq!(index.check(), Err(Code::DataCorruption), "a head");
    empty(&mut index);
    index.chains[0].logs.append(&block(0, 3), &[]).unwrap();
    assert_eq!(index.check(), Err(Code::DataCorruption), "logs");
}

/// Cross-safe rests on layer-one block 9.
#[test]
fn layer_one_is_confirmed_up_to_what_a_chain_rests_on() {
    for (confirmed, expected) in [(8, Ok(())), (9, Ok(())), (10, Err(Code::DataCorruption))] {
        let mut index = index();
        index.chains[0].confirmed = Some(confirmed);
        assert_eq!(index.check(), expected, "{confirmed}");
    }
}

/// Each alone: the set of chains, and how many are told of.
#[test]
fn what_is_told_of_other_chains_is_corrupt() {
    let index = index();
    let corrupt = |change: fn(&mut Globals)| {
        let mut globals = index.globals();
        change(&mut globals);
        let mut other = index.clone();
        let refused = other.restore_globals(globals) == Err(Code::DataCorruption);
        assert_eq!(other, index);
        refused
    };
    assert!(!corrupt(|_| {}));
    assert!(corrupt(|globals| globals.set = alloc::vec![ChainId::from(2)]), "another");
    assert!(corrupt(|globals| globals.chains.clear()), "nothing of it");
}

/// Whoever is believed about a block that was never derived takes nothing away.
#[test]
fn nothing_is_dropped_from_beyond_the_last_derived_block() {
    let before = index();
    let (mut index, mut then) = (before.clone(), Vec::new());
    assert!(!index.drop_derived(Slot(0), 3, &mut then));
    assert_eq!((&index, then.as_slice()), (&before, &[][..]));
    let pair = DerivedRefPair { source: block(0x80, 9), derived: block(0, 3) };
    index.derive(Slot(0), &pair, &mut then).unwrap();
    assert!(index.drop_derived(Slot(0), 3, &mut then));
    let end = index.chains[0].local_safe.end().map(|end| end.derived.number);
    assert_eq!(end, Some(2));
}

/// Each alone: a head that is not logged, or not derived, or out of order.
#[test]
fn heads_that_are_not_in_the_lists_are_corrupt() {
    let corrupt = |change: fn(&mut Chain)| {
        let mut index = index();
        change(&mut index.chains[0]);
        index.check() == Err(Code::DataCorruption)
    };
    let other_logs = |chain: &mut Chain, first: u64| {
        chain.logs = LogIndex::new(ChainId::from(1), [ChainId::from(1)].into());
        chain.logs.append(&block(0, first), &[]).unwrap();
    };
    assert_eq!(index().check(), Ok(()));
    assert!(!corrupt(|chain| chain.cross_unsafe = None));
    assert!(corrupt(|chain| chain.cross_unsafe = Some(block(0, 1).seal())), "below");
    assert!(corrupt(|chain| chain.cross_unsafe = Some(block(0, 4).seal())), "not logged");
    assert!(corrupt(|chain| chain.cross_unsafe = Some(block(7, 3).seal())), "another");
    let mut index = index();
    index.chains[0].cross_unsafe = Some(block(0, 3).seal());
    other_logs(&mut index.chains[0], 3);
    assert_eq!(index.check(), Err(Code::DataCorruption), "cross-safe is not logged");
    assert!(corrupt(|chain| {
        chain.local_safe = DerivationIndex::default();
        for number in [1, 2] {
            chain.local_safe.add(&block(0x80, 9), &block(3, number)).unwrap();
        }
    }));
    assert!(corrupt(|chain| chain.local_safe = DerivationIndex::default()));
}

/// Executing logs ascend, and each is one of the block's, of a chain of the set.
#[test]
fn logs_that_do_not_fit_their_block_are_corrupt() {
    let log = |position, chain: Option<u8>| ExecutingLog {
        position,
        chain: chain.map(Slot),
        block_number: 1,
        timestamp: 102,
        log_index: 0,
        checksum: Hash::ZERO,
    };
    let restored = |executing: &[ExecutingLog]| {
        let checksums = alloc::vec![Hash::ZERO; 2];
        let mut index = index();
        let result = index.restore_block(Slot(0), &block(0, 4), checksums, executing.to_vec());
        assert_eq!(index.chains[0].logs.len(), if result.is_ok() { 4 } else { 3 });
        result
    };
    let corrupt = Err(Code::DataCorruption);
    assert_eq!(restored(&[]), Ok(()));
    assert_eq!(restored(&[log(0, None), log(1, Some(0))]), Ok(()));
    assert_eq!(restored(&[log(1, None), log(0, None)]), corrupt, "out of order");
    assert_eq!(restored(&[log(1, None), log(1, None)]), corrupt, "twice");
    assert_eq!(restored(&[log(2, None)]), corrupt, "no log of the block");
    assert_eq!(restored(&[log(0, Some(1))]), corrupt, "of no chain");
}

/// Entries go on by one block on either side, and on one side at least.
#[test]
fn entries_that_do_not_go_on_are_corrupt() {
    let entry = |source, derived| Entry {
        source: block(0x80, source).seal(),
        derived: block(0, derived).seal(),
        invalidated: false,
    };
    let restored = |entry: Entry| index().restore_entry(Slot(0), Side::Local, entry);
    for fits in [entry(9, 3), entry(10, 2), entry(10, 3)] {
        assert_eq!(restored(fits), Ok(()), "{fits:?}");
    }
    let mut other = entry(9, 3);
    other.source.hash = Hash([1; 32]);
    for wrong in [entry(9, 2), entry(11, 2), entry(9, 4), entry(8, 3), entry(9, 1), other] {
        assert_eq!(restored(wrong), Err(Code::DataCorruption), "{wrong:?}");
    }
    // Nothing goes on after a marker.
    let mut index = index();
    let marker = Entry { invalidated: true, ..entry(9, 3) };
    assert_eq!(index.restore_entry(Slot(0), Side::Cross, marker), Err(Code::DataCorruption));
    assert_eq!(index.restore_entry(Slot(0), Side::Local, marker), Ok(()));
    let next = index.restore_entry(Slot(0), Side::Local, entry(10, 4));
    assert_eq!(next, Err(Code::DataCorruption));
}

#[test]
fn verdicts_are_read_as_they_were_written() {
    for verdict in [
        Verdict::Waits(Slot(3)),
        Verdict::Unknown,
        Verdict::Open,
        Verdict::OutOfScope,
        Verdict::Bad,
        Verdict::Valid,
    ] {
        let mut bytes = Vec::new();
        verdict.write(&mut bytes);
        assert_eq!(canonical::<Verdict>(&bytes), Ok(verdict));
    }
    let mut bytes = Vec::new();
    (1_u64, Some(Slot(0))).write(&mut bytes);
    assert!(canonical::<Verdict>(&bytes).is_err(), "a chain that none waits for");
}

#[test]
fn what_is_anchored_again_begins_anew() {
    let mut index = index();
    let fresh = Index::<_>::new(index.config.clone(), Limits::default()).unwrap();
    let mut then = Vec::new();
    index.rewind_l1(BlockId::new(block(0x80, 8).hash, 8), &mut then);
    assert_eq!(then, [Consequence::Uninitialized(Slot(0))]);
    assert_eq!(index.chains, fresh.chains);
}
