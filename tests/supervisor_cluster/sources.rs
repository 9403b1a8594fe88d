//! What cross-safe rests on is layer one's to take back, not a node's.

use nodewire::codec::supervisor::{BlockId, NodeCommand, RustCryptoKeccak256 as Keccak};
use nodewire::state::supervisor::{Limits, Snapshot, restore};

use crate::chains::{executing, plain};
use crate::world::World;

/// The layer-one block that chain 1 is cross-safe at.
fn safe_at(world: &World) -> BlockId {
    world.heads(1).cross_safe.unwrap().source.id()
}

/// Chain 1 after three layer-one blocks without a block.
fn waiting() -> World {
    let mut world = World::new(&[1]);
    for _ in 0..3 {
        world.grow_l1("a");
    }
    world.tell_tip();
    world.chain(1).grow("a", vec![]);
    world.chain(1).grow("a", vec![]);
    world.tell_unsafe(1);
    for source in 11..=13 {
        world.tell_derived(1, source, 100);
    }
    assert_eq!(safe_at(&world), world.l1[13].id());
    world
}

#[test]
fn a_node_that_takes_blocks_for_empty_and_then_not_takes_nothing_back() {
    let mut world = waiting();
    let last = world.l1[13].id();
    let tell = |world: &mut World, source, number| {
        world.commands.clear();
        world.tell_derived(1, source, number);
        let back = |command: &NodeCommand| matches!(command, NodeCommand::UpdateCrossSafe { source, .. } if *source != last);
        assert!(!world.commands.iter().any(|(_, command)| back(command)));
        assert_eq!(safe_at(world), last);
    };
    tell(&mut world, 11, 101);
    assert_eq!(world.numbers(1)[2..4], [Some(101), Some(100)]);
    tell(&mut world, 12, 101);
    tell(&mut world, 12, 102);
    assert_eq!(world.numbers(1)[2..4], [Some(102), Some(100)]);
    // It is safe where the chain was, as soon as that is derived again.
    tell(&mut world, 13, 102);
    assert_eq!(world.numbers(1)[2..4], [Some(102); 2]);
}

#[test]
fn what_is_ahead_on_a_branch_that_is_gone_is_dropped_by_layer_one() {
    let mut world = waiting();
    world.tell_derived(1, 11, 101);
    world.l1.truncate(12);
    for _ in 0..3 {
        world.grow_l1("b");
    }
    world.tell_tip();
    assert_eq!(safe_at(&world), world.l1[11].id());
    assert_eq!(world.numbers(1)[2..4], [Some(101); 2]);
    for source in 12..=14 {
        world.tell_derived(1, source, 101);
        assert_eq!(safe_at(&world), world.l1[usize::try_from(source).unwrap()].id());
    }
}

#[test]
fn a_snapshot_of_a_chain_that_is_safe_ahead_is_restored() {
    let mut world = World::new(&[1, 2]);
    for _ in 0..3 {
        world.grow_l1("a");
    }
    world.chain(2).grow("a", vec![plain("hello")]);
    let message = world.chain(2).message(201, 0);
    world.chain(1).grow("a", vec![executing(&message)]);
    world.chain(1).grow("a", vec![]);
    world.tell_unsafe(1);
    world.tell_unsafe(2);
    world.tell_derived(1, 11, 100);
    world.tell_derived(1, 11, 101);
    for source in 12..=13 {
        world.tell_derived(1, source, 101);
        world.tell_derived(2, source - 1, 200);
    }
    world.tell_derived(2, 12, 201);
    // It became safe at a later layer-one block than it was derived from, and the next was derived
    // from that one too.
    assert_eq!(safe_at(&world), world.l1[13].id());
    world.tell_derived(1, 11, 102);
    let heads = world.heads(1);
    assert_eq!(heads.local_safe.unwrap().source.number, 11);
    assert_eq!(safe_at(&world), world.l1[13].id());
    let machine = &world.supervisor;
    let snapshot = Snapshot::new(machine.clone(), 1, 0).write(usize::MAX);
    let config = machine.index().config().clone();
    let (restored, _) = restore::<Keccak>(config, Limits::default(), &snapshot).unwrap();
    assert!(restored == *machine);
}
