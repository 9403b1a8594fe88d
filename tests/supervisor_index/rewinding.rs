//! Unsafe blocks that are dropped (`supervisor.md` 8.7).

use std::collections::BTreeMap;

use nodewire::codec::supervisor::{
    BlockRef, ChainId, DerivedRefPair, Hash, RustCryptoKeccak256 as Keccak,
};
use nodewire::state::supervisor::{
    ChainConfig, Config, Consequence, ExpiryWindow, Index, Limits, Slot,
};

fn block(number: u64) -> BlockRef {
    let hash = |number: u64| Hash([u8::try_from(number).unwrap(); 32]);
    let (hash, parent_hash) = (hash(number), hash(number - 1));
    BlockRef { hash, number, parent_hash, timestamp: 1_000 + 2 * number }
}

/// Back to the cross-safe block itself, as cross-safe has it: its time, too, if a node told
/// another when it derived the block than was logged.
#[test]
fn a_head_without_anything_left_above_cross_safe_is_the_cross_safe_one() {
    for late in [0, 1] {
        let chains = [(ChainId::from(1), ChainConfig { activation: 0, block_time: 2 })];
        let config = Config::new(BTreeMap::from(chains), ExpiryWindow::EXPIRY_CURRENT);
        let mut index = Index::<Keccak>::new(config, Limits::default()).unwrap();
        let (slot, source) = (Slot(0), block(100));
        index.anchor(slot, &DerivedRefPair { source, derived: block(1) }).unwrap();
        for number in 2..=4 {
            index.append(slot, &block(number), &[]).unwrap();
        }
        let mut derived = block(2);
        derived.timestamp += late;
        index.derive(slot, &DerivedRefPair { source, derived }, &mut Vec::new()).unwrap();
        index.promote(&mut Vec::new());
        let heads = index.heads(slot);
        let safe = heads.cross_safe.unwrap().derived;
        assert_eq!((safe, heads.cross_unsafe), (derived.seal(), Some(block(4).seal())));
        let mut then = Vec::new();
        index.rewind_logs(slot, derived.id(), &mut then).unwrap();
        let expected = [
            Consequence::LogsRewound(slot, derived.id()),
            Consequence::CrossUnsafeLowered(slot, derived.id()),
        ];
        assert_eq!(then, expected);
        assert_eq!(index.heads(slot).cross_unsafe, Some(safe));
    }
}
