//! Nothing is final before layer one was seen to have what it was derived from.

use nodewire::codec::supervisor::NodeCommand;
use nodewire::state::supervisor::{SupervisorQuery, SupervisorRemote};
use serde_json::json;

use crate::chains::{entries, plain};
use crate::world::World;

/// Layer one was reorganised after block 10 and is final up to block 14; the node of chain 1 tells
/// late what it derived from block 11 of the branch that is gone.
fn told_late(silent: bool) -> World {
    let mut world = World::new(&[1]);
    world.chain(1).grow("a", vec![]);
    let stem = world.l1.clone();
    world.grow_l1("gone");
    let gone = std::mem::replace(&mut world.l1, stem);
    for _ in 0..5 {
        world.grow_l1("b");
    }
    world.tell_tip();
    world.tell_unsafe(1);
    let last = world.l1[14];
    world.hear(SupervisorRemote::L1Finalized(last));
    assert_eq!(world.numbers(1)[3..], [Some(100); 2]);
    world.silent = silent;
    let real = std::mem::replace(&mut world.l1, gone);
    world.tell_derived(1, 11, 100);
    world.tell_derived(1, 11, 101);
    world.l1 = real;
    world
}

fn answer(world: &mut World) {
    world.silent = false;
    for (id, query) in std::mem::take(&mut world.kept) {
        let answer = world.answer(id, query);
        world.command(answer);
    }
}

fn is_final(world: &World) -> bool {
    let above = |command: &NodeCommand| matches!(command, NodeCommand::UpdateFinalized(it) if it.number > 100);
    world.numbers(1)[4] != Some(100) || world.commands.iter().any(|(_, told)| above(told))
}

#[test]
fn what_was_derived_from_a_block_that_is_gone_is_not_final_while_nobody_answers() {
    let mut world = told_late(true);
    assert_eq!(world.numbers(1)[3], Some(101));
    assert!(!is_final(&world));
    assert_eq!(world.supervisor.index().unconfirmed_l1(), Some(11));
    // Not even at later tips and finalized blocks.
    for _ in 0..3 {
        let tip = world.grow_l1("b");
        world.tell_tip();
        world.hear(SupervisorRemote::L1Finalized(tip));
        assert!(!is_final(&world));
    }
    assert!(world.supervisor.questions().count() <= 2);
}

#[test]
fn what_was_derived_from_a_block_that_is_gone_is_dropped_when_layer_one_answers() {
    let mut world = told_late(true);
    answer(&mut world);
    assert_eq!(world.numbers(1), [Some(101), Some(101), Some(100), Some(100), Some(100)]);
    assert!(!is_final(&world));
    // What is derived from the real one is final as soon as layer one has answered.
    world.tell_derived(1, 11, 100);
    world.tell_derived(1, 11, 101);
    assert_eq!(world.numbers(1), [Some(101); 5]);
    assert_eq!(world.supervisor.index().unconfirmed_l1(), None);
}

#[test]
fn who_does_not_know_the_final_block_yet_confirms_nothing() {
    // It is asked while it is on the branch that is gone.
    let mut world = told_late(false);
    assert_eq!(world.numbers(1)[3], Some(101));
    assert!(!is_final(&world));
    world.grow_l1("b");
    world.tell_tip();
    assert_eq!(world.numbers(1)[2..], [Some(100); 3]);
    assert!(!is_final(&world));
}

#[test]
fn who_knows_another_final_block_confirms_nothing() {
    let mut world = told_late(true);
    // Whoever answers is on the branch that is gone.
    world.l1.truncate(11);
    for _ in 0..5 {
        world.grow_l1("gone");
    }
    answer(&mut world);
    assert_eq!(world.numbers(1)[3], Some(101));
    assert!(!is_final(&world));
}

#[test]
fn what_nobody_confirmed_is_asked_for_again_at_the_next_tip() {
    let mut world = told_late(true);
    for (id, query) in std::mem::take(&mut world.kept) {
        let SupervisorQuery::L1(_) = query else { continue };
        world.command(nodewire::state::supervisor::L1Query::answered(id, None));
    }
    assert!(world.kept.is_empty(), "not at once");
    world.silent = false;
    world.grow_l1("b");
    world.tell_tip();
    assert_eq!(world.numbers(1)[2..], [Some(100); 3]);
}

#[test]
fn chains_that_have_come_to_the_final_block_need_nobody() {
    let mut world = World::new(&[1]);
    for _ in 0..6 {
        world.grow_l1("a");
    }
    world.tell_tip();
    for source in 11..=16 {
        world.tell_derived(1, source, 100);
    }
    world.silent = true;
    let asked = world.asked;
    let last = world.l1[13];
    world.hear(SupervisorRemote::L1Finalized(last));
    assert_eq!(world.numbers(1)[4], Some(100));
    // What was final stays, though the final block is now one the chain has not come to.
    world.chain(1).grow("a", vec![]);
    world.tell_derived(1, 16, 101);
    let last = world.l1[16];
    world.hear(SupervisorRemote::L1Finalized(last));
    assert_eq!(world.asked, asked + 1, "for the logs of the block");
    let mut later = last;
    later.number += 1;
    later.parent_hash = last.hash;
    later.hash.0[0] ^= 1;
    world.hear(SupervisorRemote::L1Finalized(later));
    assert_eq!(world.supervisor.index().unconfirmed_l1(), None);
}

#[test]
fn what_was_final_stays_so_while_a_later_block_of_a_branch_that_is_gone_is_dropped() {
    let mut world = World::new(&[1]);
    world.chain(1).grow("a", vec![plain("hello")]);
    world.chain(1).grow("a", vec![plain("hello")]);
    let lists = [101, 102].map(|number| entries(&world.chain(1).message(number, 0)));
    world.tell_unsafe(1);
    world.tell_derived(1, 10, 101);
    world.grow_l1("a");
    world.tell_derived(1, 11, 101);
    world.tell_derived(1, 11, 102);
    let final_now = |world: &mut World| {
        lists.clone().map(|entries| {
            let params = json!([entries, "finalized", {"timestamp": "0x3ed"}]);
            let reply = world.ask("supervisor_checkAccessList", params);
            reply["error"]["code"].as_i64().unwrap_or(0)
        })
    };
    world.hear(SupervisorRemote::L1Finalized(world.l1[10]));
    assert_eq!(final_now(&mut world), [0, -32_112]);
    world.l1.truncate(11);
    let other = world.grow_l1("b");
    world.silent = true;
    world.hear(SupervisorRemote::L1Finalized(other));
    assert_eq!(final_now(&mut world), [0, -32_114]);
}
