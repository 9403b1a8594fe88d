//! Branches that part: on layer two and on layer one.

use nodewire::codec::supervisor::{
    BlockRef, BlockReplacement, ChainId, DerivedRefPair, NodeCommand, NodeEvent,
};
use nodewire::state::supervisor::SupervisorNotice;

use crate::chains::{executing, plain};
use crate::world::World;

#[test]
fn an_unsafe_reorganisation_is_followed_to_the_common_ancestor() {
    let mut world = World::new(&[1, 2]);
    for _ in 0..8 {
        world.chain(1).grow("a", vec![plain("old")]);
    }
    let message = world.chain(1).message(106, 0);
    for _ in 0..9 {
        world.chain(2).grow("a", vec![]);
    }
    world.chain(2).grow("a", vec![executing(&message)]);
    world.tell_unsafe(1);
    world.tell_unsafe(2);
    assert_eq!(world.numbers(2)[1], Some(210));
    world.chain(1).cut(104);
    for _ in 0..6 {
        world.chain(1).grow("b", vec![plain("new")]);
    }
    world.tell_unsafe(1);
    assert_eq!(world.numbers(1)[..2], [Some(110), Some(110)]);
    assert_eq!(world.heads(1).local_unsafe, Some(world.chain(1).head()));
    // What rested on the old branch is judged again (D-16): the message is gone.
    assert_eq!(world.numbers(2)[..2], [Some(210), Some(209)]);
    let ancestor = world.chain(1).block(104).unwrap().0.id();
    assert!(world.notices.contains(&SupervisorNotice::Rewound(ChainId::from(1), ancestor)));
}

#[test]
fn a_lower_branch_is_followed_too() {
    let mut world = World::new(&[1]);
    for _ in 0..8 {
        world.chain(1).grow("a", vec![]);
    }
    world.tell_unsafe(1);
    world.chain(1).cut(103);
    world.chain(1).grow("b", vec![]);
    world.tell_unsafe(1);
    assert_eq!(world.numbers(1)[..2], [Some(104), Some(104)]);
    world.chain(1).grow("b", vec![]);
    world.tell_unsafe(1);
    assert_eq!(world.heads(1).local_unsafe, Some(world.chain(1).head()));
}

#[test]
fn what_was_derived_wins_over_what_is_unsafe() {
    let mut world = World::new(&[1]);
    for _ in 0..5 {
        world.chain(1).grow("a", vec![]);
    }
    world.tell_unsafe(1);
    let old = world.chain(1).clone();
    world.chain(1).cut(102);
    for _ in 0..2 {
        world.chain(1).grow("b", vec![]);
    }
    for number in 101..=104 {
        world.tell_derived(1, 10, number);
    }
    assert_eq!(world.numbers(1), [Some(104), Some(104), Some(104), Some(104), None]);
    // The old branch does not come back.
    let new = std::mem::replace(world.chain(1), old);
    world.tell_unsafe(1);
    assert_eq!(world.numbers(1)[0], Some(104));
    *world.chain(1) = new;
    world.chain(1).grow("b", vec![]);
    world.tell_unsafe(1);
    assert_eq!(world.numbers(1)[0], Some(105));
}

#[test]
fn a_reorganisation_of_layer_one_drops_what_was_derived_from_it() {
    let mut world = World::new(&[1, 2]);
    for _ in 0..4 {
        world.grow_l1("a");
        world.chain(1).grow("a", vec![]);
        world.chain(2).grow("a", vec![]);
    }
    world.tell_tip();
    world.tell_unsafe(1);
    world.tell_unsafe(2);
    for step in 1..=4 {
        world.tell_derived(1, 10 + step, 99 + step);
        world.tell_derived(1, 10 + step, 100 + step);
        world.tell_derived(2, 10 + step, 199 + step);
        world.tell_derived(2, 10 + step, 200 + step);
    }
    assert_eq!(world.numbers(1)[2..4], [Some(104), Some(104)]);
    let kept = world.l1[12].id();
    world.l1.truncate(13);
    for _ in 0..3 {
        world.grow_l1("b");
    }
    world.tell_tip();
    for (chain, first) in [(1, 100), (2, 200)] {
        let expected = [Some(first + 4), Some(first + 4), Some(first + 2), Some(first + 2), None];
        assert_eq!(world.numbers(chain), expected);
    }
    assert!(world.notices.contains(&SupervisorNotice::L1Reorganised(kept)));
    let resets = world.commands.iter().filter(|(_, it)| matches!(it, NodeCommand::Reset(_)));
    assert_eq!(resets.count(), 2);
    // Derivation goes on along the new blocks.
    world.tell_derived(1, 13, 102);
    world.tell_derived(1, 13, 103);
    assert_eq!(world.numbers(1)[3], Some(103));
}

#[test]
fn a_tip_that_jumps_ahead_is_no_reorganisation() {
    let mut world = World::new(&[1]);
    world.tell_tip();
    for _ in 0..5 {
        world.grow_l1("a");
    }
    world.tell_tip();
    let reorganised = |notice: &SupervisorNotice| {
        matches!(notice, SupervisorNotice::L1Reorganised(_) | SupervisorNotice::Rewound(..))
    };
    assert!(!world.notices.iter().any(reorganised));
}

#[test]
fn tips_that_alternate_drop_nothing_that_stays() {
    let mut world = World::new(&[1]);
    world.chain(1).grow("a", vec![]);
    world.tell_unsafe(1);
    world.tell_derived(1, 10, 101);
    let stem = world.l1.clone();
    for round in 0..50 {
        world.l1 = stem.clone();
        for _ in 0..2 {
            world.grow_l1(if round % 2 == 0 { "a" } else { "b" });
        }
        world.tell_tip();
        assert_eq!(world.numbers(1)[3], Some(101));
    }
}

/// Block 201 is invalidated; the node said what it replaced it with, whose logs nobody tells yet.
fn replaced_in_silence() -> (World, BlockRef) {
    let mut world = World::new(&[1, 2]);
    world.chain(1).grow("a", vec![plain("hello")]);
    let mut message = world.chain(1).message(101, 0);
    message.payload_hash.0[0] ^= 1;
    let bad = world.chain(2).grow("a", vec![executing(&message)]);
    for chain in [1, 2] {
        world.tell_unsafe(chain);
        world.tell_derived(chain, 10, 100 * chain + 1);
    }
    let invalidated = SupervisorNotice::Invalidated(ChainId::from(2), bad.seal());
    assert!(world.notices.contains(&invalidated));
    world.silent = true;
    let old = world.chain(2).clone();
    world.chain(2).cut(200);
    let replacement = world.chain(2).grow("replaced", vec![]);
    let replace_block = Some(BlockReplacement { replacement, invalidated: bad.hash });
    world.node(2, NodeEvent { replace_block, ..NodeEvent::default() });
    assert_eq!(world.kept.len(), 1);
    // A reorganisation of layer one undoes the replacement, at the node.
    *world.chain(2) = old;
    (world, replacement)
}

fn told_to_replace(world: &World) -> usize {
    let told =
        |(_, command): &&(ChainId, NodeCommand)| matches!(command, NodeCommand::InvalidateBlock(_));
    world.commands.iter().filter(told).count()
}

#[test]
fn a_node_that_derives_past_an_invalidated_block_again_is_brought_back() {
    let (mut world, replacement) = replaced_in_silence();
    world.chain(2).grow("a", vec![]);
    world.tell_derived(2, 10, 202);
    let bad = world.chain(2).block(201).unwrap().0;
    world.chain(2).cut(200);
    world.chain(2).blocks.push((replacement, Vec::new()));
    let (logs, query) = world.kept.pop().unwrap();
    let answer = world.answer(logs, query);
    world.chain(2).cut(200);
    world.chain(2).blocks.push((bad, Vec::new()));
    world.silent = false;
    // Nothing more is told: what was told is enough to know that it is elsewhere.
    world.command(answer);
    let common = world.chain(2).block(200).unwrap().0.id();
    let is_reset = |(chain, command): &(ChainId, NodeCommand)| match command {
        NodeCommand::Reset(heads) => *chain == ChainId::from(2) && heads.local_safe == common,
        _ => false,
    };
    assert!(world.commands.iter().any(is_reset), "{:?}", world.commands);
}

#[test]
fn a_node_that_stands_on_an_invalidated_block_again_is_told_again() {
    let (mut world, _) = replaced_in_silence();
    let before = told_to_replace(&world);
    let exhaust_l1 = Some(DerivedRefPair { source: world.l1[10], derived: world.chain(2).head() });
    for _ in 0..3 {
        world.node(2, NodeEvent { exhaust_l1, ..NodeEvent::default() });
    }
    assert_eq!(told_to_replace(&world), before + 1);
}

/// Whoever tells of layer one falls behind what is known of it, and comes back.
#[test]
fn a_tip_that_falls_back_to_what_is_known_drops_nothing() {
    let mut world = World::new(&[1]);
    for _ in 0..4 {
        world.grow_l1("a");
        world.chain(1).grow("a", vec![]);
    }
    world.tell_tip();
    world.tell_unsafe(1);
    for number in 1..=4 {
        world.tell_derived(1, 10 + number, 99 + number);
        world.tell_derived(1, 10 + number, 100 + number);
    }
    assert_eq!(world.numbers(1)[3], Some(104));
    let whole = world.l1.clone();
    for _ in 0..3 {
        world.l1.truncate(13);
        world.tell_tip();
        assert_eq!(world.numbers(1)[2..4], [Some(104); 2]);
        world.l1.clone_from(&whole);
        world.tell_tip();
        assert_eq!(world.numbers(1)[2..4], [Some(104); 2]);
    }
    // Shorter it was indeed: that shows at the next block.
    world.l1.truncate(13);
    world.tell_tip();
    assert_eq!(world.numbers(1)[3], Some(104));
    world.grow_l1("b");
    world.tell_tip();
    assert_eq!(world.numbers(1)[2..4], [Some(102); 2]);
}
