//! Nodes that tell the same over and over leave room for the questions of others.

use nodewire::codec::supervisor::{BlockRef, BlockReplacement, ChainId, DerivedRefPair, NodeEvent};
use nodewire::state::supervisor::{NodeId, SupervisorNotice, SupervisorRemote};

use crate::chains::{executing, hash, plain};
use crate::world::{World, l1_block};

/// Far more than questions may be open in a cluster of two chains.
const STORM: usize = 5_000;
/// Blocks, walks, logs, resets and layer-one blocks of a chain or two.
const FEW: usize = 40;

fn silent() -> World {
    let mut world = World::new(&[1, 2]);
    for id in [1, 2] {
        world.chain(id).grow("a", vec![plain("hello")]);
    }
    world.silent = true;
    world
}

/// Few questions came of the storm, and another chain's block is indexed as ever.
fn others_go_on(mut world: World) {
    assert!(world.kept.len() <= FEW, "{} questions", world.kept.len());
    world.silent = false;
    world.tell_unsafe(2);
    assert_eq!(world.numbers(2)[0], Some(201));
}

#[test]
fn a_block_told_again_is_asked_for_once() {
    let mut world = silent();
    for _ in 0..STORM {
        world.tell_unsafe(1);
    }
    others_go_on(world);
}

#[test]
fn many_blocks_of_one_number_are_asked_for_one_at_a_time() {
    let mut world = silent();
    let mut block = world.chain(1).head();
    for at in 0..STORM {
        block.hash = hash(&format!("other {at}"));
        world.node(1, NodeEvent { unsafe_block: Some(block), ..NodeEvent::default() });
        assert!(world.supervisor.questions().count() <= FEW);
    }
    world.kept.clear();
    others_go_on(world);
}

#[test]
fn nodes_that_come_and_go_leave_nothing_open() {
    let mut world = silent();
    let chain_id = ChainId::from(1);
    for at in 0..STORM {
        let node = NodeId(u32::try_from(at).unwrap());
        world.hear(SupervisorRemote::NodeUp { chain_id, node });
        world.hear(SupervisorRemote::NodeDown { chain_id, node });
        assert!(world.supervisor.questions().count() <= FEW);
    }
    world.kept.clear();
    others_go_on(world);
}

#[test]
fn a_node_that_has_derived_everything_is_given_one_block() {
    let mut world = silent();
    world.grow_l1("a");
    world.tell_tip();
    world.kept.clear();
    let (source, derived) = (world.l1[10], world.chain(1).blocks[0].0);
    for _ in 0..STORM {
        let exhaust_l1 = Some(DerivedRefPair { source, derived });
        world.node(1, NodeEvent { exhaust_l1, ..NodeEvent::default() });
    }
    others_go_on(world);
}

#[test]
fn tips_of_two_branches_are_compared_one_at_a_time() {
    let mut world = silent();
    for at in 0..STORM {
        let branch = if at % 2 == 0 { "a" } else { "b" };
        world.hear(SupervisorRemote::L1Tip(l1_block(11, branch)));
        assert!(world.supervisor.questions().count() <= FEW);
    }
    // The newest question counts, and says that nothing derived is gone.
    let last = world.kept.pop().unwrap();
    world.kept.clear();
    world.silent = false;
    let answer = world.answer(last.0, last.1);
    world.command(answer);
    assert_eq!(world.numbers(1)[3], Some(100));
    others_go_on(world);
}

#[test]
fn replacements_that_contradict_each_other_are_asked_for_one_at_a_time() {
    let mut world = World::new(&[1, 2, 3]);
    world.chain(3).grow("a", vec![plain("hello")]);
    let mut message = world.chain(3).message(301, 0);
    message.payload_hash.0[0] ^= 1;
    let bad = world.chain(1).grow("a", vec![executing(&message)]);
    world.chain(2).grow("a", vec![plain("hello")]);
    for chain in [3, 1] {
        world.tell_unsafe(chain);
        world.tell_derived(chain, 10, 100 * chain + 1);
    }
    let marker = SupervisorNotice::Invalidated(ChainId::from(1), bad.seal());
    assert!(world.notices.contains(&marker));
    world.silent = true;
    for at in 0..STORM {
        let replacement = BlockRef { hash: hash(&format!("instead {at}")), ..bad };
        let replace_block = Some(BlockReplacement { replacement, invalidated: bad.hash });
        world.node(1, NodeEvent { replace_block, ..NodeEvent::default() });
        assert!(world.supervisor.questions().count() <= FEW);
    }
    world.kept.clear();
    others_go_on(world);
}
