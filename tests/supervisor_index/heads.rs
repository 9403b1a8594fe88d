//! What holds of the heads at all times (`supervisor.md` section 1).

use nodewire::codec::supervisor::Keccak256;
use nodewire::state::supervisor::Index;

pub fn check<K: Keccak256>(index: &Index<K>) {
    for slot in index.slots() {
        let heads = index.heads(slot);
        let cross_unsafe = heads.cross_unsafe.map(|seal| seal.number);
        let cross_safe = heads.cross_safe.map(|entry| entry.derived.number);
        let local_safe = heads.local_safe.map(|entry| entry.derived.number);
        assert!(cross_unsafe <= heads.local_unsafe.map(|block| block.number));
        assert!(cross_safe <= cross_unsafe);
        assert!(local_safe.is_none_or(|local_safe| cross_safe <= Some(local_safe)));
        assert!(heads.finalized.map(|seal| seal.number) <= cross_safe);
    }
}
