//! What nodes tell and what they are told.

use nodewire::Machine;
use nodewire::codec::supervisor::{
    BlockReplacement, ChainId, Code, DerivedRefPair, NodeCommand, NodeEvent,
};
use nodewire::state::supervisor::{Dropped, Limits, NodeId, SupervisorNotice, SupervisorRemote};
use serde_json::json;

use crate::chains::{entries, executing, plain};
use crate::world::{NODE, World};

/// Chain 1 says something in its block 101; chain 2 executes it two blocks later.
fn talk(world: &mut World) -> Vec<nodewire::codec::supervisor::Hash> {
    world.chain(1).grow("a", vec![plain("hello")]);
    let message = world.chain(1).message(101, 0);
    world.chain(2).grow("a", vec![]);
    world.chain(2).grow("a", vec![plain("x"), executing(&message)]);
    entries(&message)
}

#[test]
fn a_message_gets_safer_step_by_step() {
    let mut world = World::new(&[1, 2]);
    let entries = talk(&mut world);
    let check = |world: &mut World| -> Vec<i64> {
        let levels = ["unsafe", "cross-unsafe", "local-safe", "safe", "finalized"];
        let at = json!({"timestamp": "0x3ec"});
        levels
            .map(|level| world.ask("supervisor_checkAccessList", json!([entries, level, at])))
            .iter()
            .map(|reply| reply["error"]["code"].as_i64().unwrap_or(0))
            .collect()
    };
    let future = -32_112;
    assert_eq!(check(&mut world), [future; 5]);
    world.tell_unsafe(2);
    assert_eq!(world.numbers(2), [Some(202), Some(201), Some(200), Some(200), None]);
    world.tell_unsafe(1);
    assert_eq!(world.numbers(1), [Some(101), Some(101), Some(100), Some(100), None]);
    assert_eq!(world.numbers(2)[1], Some(202));
    assert_eq!(check(&mut world), [0, 0, future, future, future]);
    let l1 = world.grow_l1("a");
    world.tell_tip();
    world.tell_derived(1, 11, 100);
    world.tell_derived(1, 11, 101);
    assert_eq!(check(&mut world), [0, 0, 0, 0, future]);
    world.tell_derived(2, 11, 200);
    world.tell_derived(2, 11, 201);
    world.tell_derived(2, 11, 202);
    assert_eq!(world.numbers(2), [Some(202), Some(202), Some(202), Some(202), None]);
    world.hear(SupervisorRemote::L1Finalized(l1));
    assert_eq!(check(&mut world), [0; 5]);
    assert_eq!(world.numbers(1)[4], Some(101));
    let told = |command: &NodeCommand| matches!(command, NodeCommand::UpdateFinalized(_));
    assert_eq!(world.commands.iter().filter(|(_, command)| told(command)).count(), 2);
    assert!(world.supervisor.is_synced());
}

#[test]
fn an_invalid_message_is_replaced() {
    let mut world = World::new(&[1, 2]);
    world.chain(1).grow("a", vec![plain("hello")]);
    let mut message = world.chain(1).message(101, 0);
    message.payload_hash.0[0] ^= 1;
    let block = world.chain(2).grow("a", vec![]);
    let bad = world.chain(2).grow("a", vec![executing(&message)]);
    world.tell_unsafe(1);
    world.tell_unsafe(2);
    assert_eq!(world.numbers(2)[..2], [Some(202), Some(201)]);
    world.tell_derived(1, 10, 101);
    world.tell_derived(2, 10, 201);
    world.tell_derived(2, 10, 202);
    assert_eq!(world.commands.last().unwrap().1, NodeCommand::InvalidateBlock(bad.seal()));
    assert_eq!(world.numbers(2), [Some(201), Some(201), None, Some(201), None]);
    // Nothing more is taken of that branch, until the replacement comes.
    world.tell_unsafe(2);
    world.tell_derived(2, 10, 202);
    assert_eq!(world.numbers(2)[0], Some(201));
    world.chain(2).cut(201);
    let replacement = world.chain(2).grow("replaced", vec![plain("deposit")]);
    assert!(replacement.follows(block.id()));
    let wrong = BlockReplacement { replacement, invalidated: block.hash };
    let replace_block = Some(wrong);
    world.node(2, NodeEvent { replace_block, ..NodeEvent::default() });
    assert_eq!(world.numbers(2)[0], Some(201));
    let right = BlockReplacement { replacement, invalidated: bad.hash };
    let replace_block = Some(right);
    world.node(2, NodeEvent { replace_block, ..NodeEvent::default() });
    assert_eq!(world.numbers(2), [Some(202), Some(202), Some(202), Some(202), None]);
    let replaced = SupervisorNotice::Replaced(ChainId::from(2), replacement.id());
    assert!(world.notices.contains(&replaced));
}

#[test]
fn events_before_the_anchor_wait_for_it() {
    let mut world = World::new(&[1]);
    let fresh = nodewire::state::supervisor::Supervisor::new(
        world.supervisor.index().config().clone(),
        Limits::default(),
    );
    world.supervisor = fresh.unwrap();
    world.chain(1).grow("a", vec![plain("hello")]);
    world.tell_unsafe(1);
    assert_eq!(world.numbers(1), [None; 5]);
    world.anchor(ChainId::from(1));
    assert_eq!(world.numbers(1)[0], Some(101));
}

#[test]
fn what_nobody_answers_is_asked_again() {
    let mut world = World::new(&[1]);
    for _ in 0..40 {
        world.chain(1).grow("a", vec![plain("hello")]);
    }
    world.silent = true;
    world.tell_unsafe(1);
    // No more at once than allowed.
    assert_eq!(world.kept.len(), Limits::default().max_fetches);
    world.silent = false;
    for _ in 0..10 {
        if world.supervisor.deadline().is_some() {
            world.wait();
        }
    }
    assert_eq!(world.supervisor.deadline(), None);
    assert_eq!(world.numbers(1)[0], Some(140));
    // Late answers count for nothing.
    let late = std::mem::take(&mut world.kept);
    let before = world.supervisor.clone();
    for (id, query) in late {
        let answer = world.answer(id, query);
        world.command(answer);
    }
    assert_eq!(world.supervisor.index(), before.index());
}

#[test]
fn a_node_that_disagrees_is_reset_to_the_last_common_block() {
    let mut world = World::new(&[1]);
    for _ in 0..20 {
        world.chain(1).grow("a", vec![]);
    }
    world.tell_unsafe(1);
    for number in 101..=120 {
        world.tell_derived(1, 10, number);
    }
    assert_eq!(world.numbers(1)[3], Some(120));
    // The node lost everything after block 113.
    for number in 114..=120 {
        world.nodes_know.insert((ChainId::from(1), number), None);
    }
    let asked = world.asked;
    let reset = Some("lost my data".to_owned());
    world.node(1, NodeEvent { reset: reset.clone(), ..NodeEvent::default() });
    assert!(world.asked - asked <= 8, "found by bisection");
    // What it may have missed comes after the reset.
    let [.., (_, NodeCommand::Reset(heads)), (_, NodeCommand::UpdateCrossSafe { derived, .. })] =
        &world.commands[..]
    else {
        panic!("no reset");
    };
    assert_eq!(derived.number, 120);
    let target = world.chains[&ChainId::from(1)].block(113).unwrap().0.id();
    let of = [heads.local_unsafe, heads.cross_unsafe, heads.local_safe, heads.cross_safe];
    assert_eq!(of, [target; 4]);
    // Nothing is final: the anchor is told, not zero (D-28).
    assert_eq!(heads.finalized.number, 100);
    // The next reset has to wait, longer each time.
    let resets = |world: &World| {
        world.commands.iter().filter(|(_, it)| matches!(it, NodeCommand::Reset(_))).count()
    };
    let before = resets(&world);
    for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
        world.node(1, NodeEvent { reset: reset.clone(), ..NodeEvent::default() });
        world.node(1, NodeEvent { reset: reset.clone(), ..NodeEvent::default() });
        let since = world.now;
        world.wait();
        assert_eq!(world.now.since(since).as_secs(), pause);
    }
    assert_eq!(resets(&world), before + 8);
}

#[test]
fn a_node_that_shares_nothing_cannot_be_reset() {
    let mut world = World::new(&[1]);
    world.nodes_know.insert((ChainId::from(1), 100), None);
    world.hear(SupervisorRemote::NodeUp { chain_id: ChainId::from(1), node: NODE });
    let impossible = SupervisorNotice::ResetImpossible(ChainId::from(1), NODE);
    assert!(world.notices.contains(&impossible));
    assert!(world.commands.is_empty());
}

#[test]
fn a_node_that_derived_all_it_has_is_given_the_next_block() {
    let mut world = World::new(&[1]);
    let exhaust_l1 = Some(DerivedRefPair { source: world.l1[10], derived: world.chain(1).head() });
    world.node(1, NodeEvent { exhaust_l1, ..NodeEvent::default() });
    assert!(world.commands.is_empty());
    let next = world.grow_l1("a");
    world.tell_tip();
    assert_eq!(world.commands, [(ChainId::from(1), NodeCommand::ProvideL1(next))]);
    world.grow_l1("a");
    world.tell_tip();
    assert_eq!(world.commands.len(), 1);
}

#[test]
fn chains_and_nodes_that_nobody_knows_are_not_heard() {
    let mut world = World::new(&[1]);
    let chain_id = ChainId::from(9);
    let event = Box::new(NodeEvent::default());
    world.hear(SupervisorRemote::Node { chain_id, node: NODE, event });
    let dropped = SupervisorNotice::Dropped {
        what: Dropped::Event,
        chain_id: None,
        code: Code::UnknownChain,
    };
    assert_eq!(world.notices.last(), Some(&dropped));
    for node in 0..20 {
        world.hear(SupervisorRemote::NodeUp { chain_id: ChainId::from(1), node: NodeId(node) });
    }
    let refused = world
        .notices
        .iter()
        .filter(|notice| matches!(notice, SupervisorNotice::Dropped { what: Dropped::Node, .. }));
    assert_eq!(refused.count(), 20 - Limits::default().max_nodes);
}

/// The deadline of a reset that was put off may be heard of after another input of that time.
#[test]
fn a_reset_that_was_put_off_is_not_begun_over() {
    let mut world = World::new(&[1]);
    let event = || NodeEvent { reset: Some("why".to_owned()), ..NodeEvent::default() };
    world.node(1, event());
    world.node(1, event());
    let started = SupervisorNotice::ResetStarted(ChainId::from(1), NODE);
    let count = |world: &World| world.notices.iter().filter(|it| **it == started).count();
    assert_eq!(count(&world), 1);
    world.silent = true;
    world.now = world.supervisor.deadline().unwrap();
    world.node(1, event());
    assert_eq!(count(&world), 2);
    let mut out = nodewire::Outbox::new();
    world.supervisor.handle_timeout(world.now, &mut out);
    assert_eq!(out.drain().count(), 0);
}
