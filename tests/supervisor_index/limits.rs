//! What is too large is refused, and changes nothing.

use std::collections::BTreeMap;

use nodewire::codec::supervisor::{BlockRef, ChainId, Code, DerivedRefPair, Hash};
use nodewire::state::supervisor::{
    ChainConfig, Claim, Config, Consequence, ExpiryWindow, Index, IndexedLog, Limits, Slot,
};

fn block(kind: u8, number: u64) -> BlockRef {
    let hash = |number: u64| Hash([kind + u8::try_from(number).unwrap(); 32]);
    let parent_hash = hash(number - 1);
    BlockRef { hash: hash(number), number, parent_hash, timestamp: 1_000 + 2 * number }
}

fn logs(plain: usize, executing: usize) -> Vec<IndexedLog> {
    let log = |executing| IndexedLog { log_hash: Hash([9; 32]), executing };
    let malformed = std::iter::repeat_n(log(Some(Claim::Malformed)), executing);
    std::iter::repeat_n(log(None), plain).chain(malformed).collect()
}

/// A chain whose first block after the anchor is invalid.
fn invalidated() -> (Index, BlockRef) {
    let mut limits = Limits::default();
    (limits.max_logs, limits.max_executing) = (4, 2);
    let chains = BTreeMap::from([(ChainId::from(5), ChainConfig { activation: 0, block_time: 2 })]);
    let config = Config::new(chains, ExpiryWindow::EXPIRY_CURRENT);
    let mut index = Index::new(config, limits).unwrap();
    let pair = |number| DerivedRefPair { source: block(100, 1), derived: block(0, number) };
    index.anchor(Slot(0), &pair(10)).unwrap();
    let bad = block(0, 11);
    for held in [logs(5, 0), logs(0, 3)] {
        let before = index.clone();
        assert_eq!(index.append(Slot(0), &bad, &held), Err(Code::LimitExceeded));
        assert_eq!(index, before);
    }
    index.append(Slot(0), &bad, &logs(2, 2)).unwrap();
    let mut then = Vec::new();
    index.derive(Slot(0), &pair(11), &mut then).unwrap();
    assert!(index.promote(&mut then));
    assert!(then.contains(&Consequence::Invalidated(Slot(0), bad.seal())), "{then:?}");
    (index, bad)
}

#[test]
fn blocks_and_replacements_with_too_many_logs_or_messages() {
    let (mut index, bad) = invalidated();
    let replacement = BlockRef { hash: Hash([200; 32]), ..bad };
    let mut then = Vec::new();
    for held in [logs(5, 0), logs(0, 3), logs(2, 3)] {
        let before = index.clone();
        let refused = index.replace(Slot(0), &replacement, bad.hash, &held, &mut then);
        assert_eq!(refused, Err(Code::LimitExceeded));
        assert_eq!((&index, then.as_slice()), (&before, &[][..]));
    }
    index.replace(Slot(0), &replacement, bad.hash, &logs(4, 0), &mut then).unwrap();
    assert!(index.promote(&mut then));
    let head = index.heads(Slot(0)).cross_safe.map(|entry| entry.derived);
    assert_eq!(head, Some(replacement.seal()));
}
