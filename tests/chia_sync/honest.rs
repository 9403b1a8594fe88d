//! Among honest nodes a sync always comes to an end, and nobody is blamed.

use std::rc::Rc;

use nodewire::state::chia::{SyncNotice, SyncOutcome, SyncPhase};
use proptest::prelude::*;

use crate::chains::{chain, empty, grow, tip};
use crate::world::World;

#[test]
fn a_fresh_node_gets_the_whole_chain_of_another() {
    let theirs = Rc::new(chain(160));
    let mut world = World::new(empty(), 1);
    world.honest(1, &theirs);
    world.start(1);
    let hash = theirs.chain().tips[0].header_hash;
    assert_eq!(world.run(), SyncOutcome::Synced(hash));
    assert_eq!(world.keeper.ledger.chain(), theirs.chain());
    assert_eq!(world.keeper.weighed, (1..=160).collect::<Vec<_>>());
    assert_eq!(world.keeper.added, (1..=160).collect::<Vec<_>>());
    assert_eq!(world.blamed(), []);
    let entered = world.notices.iter().filter_map(|notice| match notice {
        SyncNotice::Entered(phase, _) => Some(*phase),
        _ => None,
    });
    let entered = entered.collect::<Vec<_>>();
    use SyncPhase::{Blocks, Hashes, Headers, WaitTips, Weight};
    assert_eq!(entered, [WaitTips, Hashes, Headers, Weight, Blocks]);
}
