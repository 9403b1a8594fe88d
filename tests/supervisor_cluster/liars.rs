//! Nodes that lie beside others that do not.

use nodewire::Machine;
use nodewire::codec::supervisor::{BlockRef, BlockReplacement, ChainId, DerivedRefPair, NodeEvent};
use nodewire::state::supervisor::{
    Limits, NodeId, SupervisorNotice, SupervisorQuery, SupervisorRemote,
};

use crate::chains::hash;
use crate::world::{NODE, World};

const LIAR: NodeId = NodeId(7);

fn tell(world: &mut World, chain: u64, node: NodeId, event: NodeEvent) {
    let chain_id = ChainId::from(chain);
    world.hear(SupervisorRemote::Node { chain_id, node, event: Box::new(event) });
}

/// Block 201 of chain 2 is invalid, and chain 2 has its replacement: both.
fn invalidated() -> (World, BlockRef, BlockRef) {
    let (mut world, bad) = World::invalidated(Limits::default());
    world.chain(2).cut(200);
    let replacement = world.chain(2).grow("replaced", vec![]);
    (world, bad, replacement)
}

/// A node that tells replacements that nobody has, each before the one of another node is known to
/// be there, gives others their turn.
#[test]
fn replacements_that_nobody_has_keep_no_true_one_from_its_place() {
    let (mut world, bad, replacement) = invalidated();
    let replaces = |replacement| {
        let replace_block = Some(BlockReplacement { replacement, invalidated: bad.hash });
        NodeEvent { replace_block, ..NodeEvent::default() }
    };
    let mut lies =
        (0..).map(|lie: u32| BlockRef { hash: hash(&format!("lie {lie}")), ..replacement });
    world.silent = true;
    tell(&mut world, 2, LIAR, replaces(lies.next().unwrap()));
    tell(&mut world, 2, NODE, replaces(replacement));
    for _ in 0..20 {
        for (id, query) in std::mem::take(&mut world.kept) {
            tell(&mut world, 2, LIAR, replaces(lies.next().unwrap()));
            let answer = world.answer(id, query);
            world.command(answer);
        }
        if world.kept.is_empty() && world.supervisor.deadline().is_some() {
            world.wait();
        }
    }
    let replaced = SupervisorNotice::Replaced(ChainId::from(2), replacement.id());
    assert!(world.notices.contains(&replaced), "{:?}", world.notices);
    assert_eq!(world.numbers(2)[..4], [Some(201); 4]);
}

/// Blocks that are told one by one while they are asked for leave no question behind.
#[test]
fn questions_of_one_chain_leave_room_for_those_of_others() {
    let mut world = World::new(&[1, 2]);
    world.silent = true;
    let unsafe_block = |block| NodeEvent { unsafe_block: Some(block), ..NodeEvent::default() };
    for _ in 0..400 {
        world.chain(1).grow("a", vec![]);
    }
    let far = world.chain(1).head();
    tell(&mut world, 1, LIAR, unsafe_block(far));
    for number in 101..400 {
        let block = world.chain(1).block(number).unwrap().0;
        tell(&mut world, 1, LIAR, unsafe_block(block));
        // Logs are told, blocks are not.
        for (id, query) in std::mem::take(&mut world.kept) {
            if matches!(query, SupervisorQuery::Logs(_)) {
                let answer = world.answer(id, query);
                world.command(answer);
            }
        }
    }
    let limits = Limits::default();
    assert!(world.supervisor.questions().count() <= 2 * limits.max_fetches);
    world.silent = false;
    world.chain(2).grow("a", vec![]);
    world.tell_unsafe(2);
    assert_eq!(world.numbers(2)[0], Some(201));
}

/// A node says that it derived a block more from a layer-one block than there is.
#[test]
fn a_block_that_was_not_derived_gives_way_to_what_is_derived_after_it() {
    let mut world = World::new(&[1]);
    world.chain(1).grow("a", vec![]);
    world.chain(1).grow("a", vec![]);
    world.tell_derived(1, 10, 101);
    let (source, known) = (world.l1[10], world.chain(1).block(101).unwrap().0);
    let derived = BlockRef {
        hash: hash("lie"),
        number: 102,
        parent_hash: known.hash,
        timestamp: known.timestamp + 2,
    };
    let derivation_update = Some(DerivedRefPair { source, derived });
    tell(&mut world, 1, LIAR, NodeEvent { derivation_update, ..NodeEvent::default() });
    assert_eq!(world.numbers(1)[2], Some(102));
    world.grow_l1("a");
    world.tell_tip();
    // As often as it is reset it derives the same again.
    for _ in 0..3 {
        world.tell_derived(1, 11, 101);
        world.tell_derived(1, 11, 102);
        for _ in 0..20 {
            if world.supervisor.deadline().is_some() {
                world.wait();
            }
        }
    }
    assert_eq!(world.numbers(1)[..4], [Some(102); 4]);
    assert_eq!(world.heads(1).cross_safe.unwrap().derived, world.chain(1).head().seal());
}
