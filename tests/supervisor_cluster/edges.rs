//! Single conditions, each where it decides something.

use nodewire::codec::supervisor::{
    BlockRef, BlockReplacement, ChainId, Code, DerivedRefPair, Hash, NodeCommand, NodeEvent,
};
use nodewire::state::supervisor::{
    BlockQuery, CallId, Dropped, L1Query, Limits, LogsQuery, NodeBlockQuery, OutputsQuery, RpcText,
    Supervisor, SupervisorNotice, SupervisorQuery, SupervisorRemote,
};
use nodewire::{Machine, Outbox, Refused};
use serde_json::json;

use crate::chains::{executing, plain};
use crate::world::{NODE, World};

fn one() -> ChainId {
    ChainId::from(1)
}

fn derived(world: &mut World, chain: u64, derived: BlockRef) {
    let derivation_update = Some(DerivedRefPair { source: world.l1[10], derived });
    world.node(chain, NodeEvent { derivation_update, ..NodeEvent::default() });
}

/// Block 201 executes what was never said, and is found out.
fn invalidated(limits: Limits) -> (World, BlockRef) {
    let (world, bad) = World::invalidated(limits);
    assert_eq!(invalidations(&world, bad), 1);
    (world, bad)
}

fn invalidations(world: &World, bad: BlockRef) -> usize {
    let told = (ChainId::from(2), NodeCommand::InvalidateBlock(bad.seal()));
    world.commands.iter().filter(|command| **command == told).count()
}

fn resets(world: &World) -> usize {
    let started = |notice: &&SupervisorNotice| matches!(notice, SupervisorNotice::ResetStarted(..));
    world.notices.iter().filter(started).count()
}

fn dropped(what: Dropped, code: Code) -> SupervisorNotice {
    SupervisorNotice::Dropped { what, chain_id: Some(one()), code }
}

#[test]
fn a_node_that_derives_the_invalidated_block_again_is_told_again() {
    let (mut world, bad) = invalidated(Limits::default());
    derived(&mut world, 2, bad);
    assert_eq!((invalidations(&world, bad), resets(&world)), (2, 0));
}

/// So many replaced blocks are remembered as there may be above cross-safe: one at least.
#[test]
fn a_node_that_derives_what_was_replaced_is_told_to_replace_it() {
    let mut few = Limits::default();
    few.max_blocks_above_safe = 1;
    for limits in [Limits::default(), few] {
        let (mut world, bad) = invalidated(limits);
        world.chain(2).cut(200);
        let replacement = world.chain(2).grow("replaced", vec![]);
        let replace_block = Some(BlockReplacement { replacement, invalidated: bad.hash });
        world.node(2, NodeEvent { replace_block, ..NodeEvent::default() });
        assert_eq!(world.numbers(2)[3], Some(201));
        derived(&mut world, 2, bad);
        assert_eq!((invalidations(&world, bad), resets(&world)), (2, 0));
    }
}

#[test]
fn a_node_that_is_to_replace_a_block_is_reset_for_another_one_below() {
    let mut world = World::new(&[1, 2]);
    world.chain(1).grow("a", vec![plain("hello")]);
    let mut message = world.chain(1).message(101, 0);
    message.payload_hash.0[0] ^= 1;
    let mut below = world.chain(2).grow("a", vec![]);
    let bad = world.chain(2).grow("a", vec![executing(&message)]);
    for chain in [1, 2] {
        world.tell_unsafe(chain);
        world.tell_derived(chain, 10, 100 * chain + 1);
    }
    world.tell_derived(2, 10, 202);
    assert_eq!((invalidations(&world, bad), resets(&world)), (1, 0));
    below.hash.0[0] ^= 1;
    derived(&mut world, 2, below);
    assert_eq!(resets(&world), 1);
}

#[test]
fn an_answer_with_a_block_of_another_number_is_dropped() {
    let mut world = World::new(&[1]);
    for _ in 0..3 {
        world.chain(1).grow("a", vec![]);
    }
    world.silent = true;
    world.tell_unsafe(1);
    let (id, query) = world.kept.remove(0);
    let SupervisorQuery::Block(BlockQuery { number: 101, .. }) = query else { panic!("{query:?}") };
    let other = world.chain(1).block(102).unwrap().0;
    let before = world.asked;
    world.command(BlockQuery::answered(id, Some(other)));
    let expected = dropped(Dropped::Answer, Code::ConflictingData);
    assert_eq!(world.notices, [expected]);
    assert_eq!(world.asked, before, "its logs are not asked for");
}

/// It follows our head, so that there is no branch to look for.
#[test]
fn a_block_that_is_older_than_its_parent_is_dropped() {
    let mut world = World::new(&[1]);
    world.chain(1).grow("a", vec![]);
    world.chain(1).blocks[1].0.timestamp = 999;
    world.silent = true;
    world.tell_unsafe(1);
    let (id, query) = world.kept.pop().unwrap();
    let answer = world.answer(id, query);
    world.command(answer);
    assert_eq!(world.notices, [dropped(Dropped::UnsafeBlock, Code::ConflictingData)]);
    assert_eq!(world.kept, []);
    assert!(world.supervisor.is_synced());
}

#[test]
fn a_chain_that_nobody_knew_more_of_rests_before_more_is_asked() {
    let mut world = World::new(&[1]);
    for _ in 0..3 {
        world.chain(1).grow("a", vec![]);
    }
    world.silent = true;
    world.tell_unsafe(1);
    let (id, _) = world.kept.remove(0);
    world.command(BlockQuery::answered(id, None));
    for _ in 0..3 {
        world.chain(1).grow("a", vec![]);
    }
    let before = world.asked;
    world.tell_unsafe(1);
    assert_eq!(world.asked, before);
    assert!(!world.supervisor.is_synced());
    world.wait();
    assert!(world.asked > before);
}

#[test]
fn a_tip_that_follows_the_one_before_asks_nothing() {
    let mut world = World::new(&[1]);
    world.tell_tip();
    let before = world.asked;
    world.tell_tip();
    for _ in 0..3 {
        world.grow_l1("a");
        world.tell_tip();
    }
    assert_eq!(world.asked, before);
    world.l1.truncate(13);
    world.grow_l1("b");
    world.tell_tip();
    assert!(world.asked > before);
}

#[test]
fn a_chain_is_synced_once_it_is_anchored_and_indexed() {
    let mut world = World::new(&[1]);
    assert!(world.supervisor.is_synced());
    world.chain(1).grow("a", vec![]);
    world.silent = true;
    world.tell_unsafe(1);
    assert!(!world.supervisor.is_synced());
    let (id, query) = world.kept.pop().unwrap();
    let answer = world.answer(id, query);
    world.command(answer);
    assert!(world.supervisor.is_synced());
    let config = world.supervisor.index().config().clone();
    let fresh: Supervisor = Supervisor::new(config, Limits::default()).unwrap();
    assert!(!fresh.is_synced());
}

/// There is only the anchor, and one question about it.
#[test]
fn a_node_that_has_not_even_the_anchor_is_asked_once() {
    let mut world = World::new(&[1]);
    world.nodes_know.insert((one(), 100), None);
    world.hear(SupervisorRemote::NodeUp { chain_id: one(), node: NODE });
    assert_eq!(world.asked, 1);
    assert!(world.notices.contains(&SupervisorNotice::ResetImpossible(one(), NODE)));
}

/// The same blocks, but safe at others of layer one by the time the outputs are told.
#[test]
fn a_super_root_tells_where_its_blocks_are_safe_at_last() {
    let mut world = World::new(&[1]);
    world.grow_l1("a");
    world.chain(1).grow("a", vec![]);
    world.tell_unsafe(1);
    world.tell_derived(1, 11, 100);
    world.tell_derived(1, 11, 101);
    let before = world.l1[11];
    world.silent = true;
    let method = "supervisor_superRootAtTimestamp";
    let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": ["0x3ea"]});
    let text = RpcText { call: CallId(1), text: text.to_string().into() };
    world.hear(SupervisorRemote::Rpc(text));
    let (id, query) = world.kept.pop().unwrap();
    world.silent = false;
    world.l1.truncate(11);
    world.grow_l1("b");
    world.tell_tip();
    world.tell_derived(1, 11, 100);
    world.tell_derived(1, 11, 101);
    assert_eq!(world.numbers(1)[3], Some(101));
    let answer = world.answer(id, query);
    let asked = world.asked;
    world.command(answer);
    assert_eq!(world.asked, asked + 1);
    let reply = world.replies.pop().unwrap();
    let source = &reply["result"]["crossSafeDerivedFrom"];
    assert_ne!(before, world.l1[11]);
    assert_eq!(*source, serde_json::to_value(world.l1[11].id()).unwrap());
}

fn replaces(replacement: BlockRef, invalidated: Hash) -> NodeEvent {
    let replace_block = Some(BlockReplacement { replacement, invalidated });
    NodeEvent { replace_block, ..NodeEvent::default() }
}

/// It is told that the replacement is safe, and nothing is amiss.
#[test]
fn a_replacement_that_is_known_is_heard_again() {
    let (mut world, bad) = invalidated(Limits::default());
    world.chain(2).cut(200);
    let replacement = world.chain(2).grow("replaced", vec![]);
    world.node(2, replaces(replacement, bad.hash));
    assert_eq!(world.numbers(2)[3], Some(201));
    world.notices.clear();
    world.commands.clear();
    let asked = world.asked;
    world.node(2, replaces(replacement, bad.hash));
    let (derived, source) = (replacement.id(), world.l1[10].id());
    let told = (ChainId::from(2), NodeCommand::UpdateCrossSafe { derived, source });
    assert_eq!((world.commands, world.notices, world.asked - asked), (vec![told], vec![], 0));
}

/// Each alone: of another block, of another height, of another time, after another block.
#[test]
fn the_logs_of_a_replacement_that_does_not_fit_are_not_asked_for() {
    for fault in 0..4 {
        let (mut world, bad) = invalidated(Limits::default());
        world.chain(2).cut(200);
        let mut replacement = world.chain(2).grow("replaced", vec![]);
        let mut invalidated = bad.hash;
        match fault {
            0 => invalidated.0[0] ^= 1,
            1 => replacement.number += 1,
            2 => replacement.timestamp += 1,
            _ => replacement.parent_hash.0[0] ^= 1,
        }
        world.silent = true;
        world.node(2, replaces(replacement, invalidated));
        let asked = world.kept.iter().any(|(_, it)| matches!(it, SupervisorQuery::Logs(_)));
        assert!(!asked, "fault {fault}");
        assert_eq!(resets(&world), 1, "fault {fault}");
    }
}

/// Nobody is asked about layer one before it was heard of, and nobody twice at once.
#[test]
fn a_node_that_contradicts_us_has_layer_one_compared_once() {
    for has_tip in [false, true] {
        let mut world = World::new(&[1]);
        let block = world.chain(1).grow("a", vec![]);
        world.tell_unsafe(1);
        world.tell_derived(1, 10, 101);
        world.silent = true;
        if has_tip {
            world.tell_tip();
        }
        let compared = |world: &World| {
            let of_l1 = world.kept.iter().filter(|(_, it)| matches!(it, SupervisorQuery::L1(_)));
            of_l1.count()
        };
        assert_eq!(compared(&world), usize::from(has_tip));
        let other = BlockRef { hash: Hash([1; 32]), ..block };
        derived(&mut world, 1, other);
        assert_eq!(resets(&world), 1);
        assert_eq!(compared(&world), usize::from(has_tip), "tip: {has_tip}");
    }
}

/// Whoever calls `handle_timeout` may be late.
#[test]
fn a_call_is_answered_when_its_time_is_long_over() {
    let mut limits = Limits::default();
    limits.parked_deadline = limits.call_deadline / 4;
    let mut world = World::with_limits(&[1], limits.clone());
    world.silent = true;
    let method = "supervisor_superRootAtTimestamp";
    let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": ["0x3e8"]});
    let text = RpcText { call: CallId(1), text: text.to_string().into() };
    world.hear(SupervisorRemote::Rpc(text));
    assert_eq!((world.kept.len(), world.replies.len()), (1, 0));
    world.now = world.now.after(limits.call_deadline / 2);
    world.wait();
    let reply = world.replies.pop().expect("a reply");
    assert_eq!(reply["error"]["code"], -32_002);
}

#[test]
fn an_answer_to_another_kind_of_question_is_refused_and_changes_nothing() {
    let mut world = World::new(&[1]);
    world.chain(1).grow("a", vec![plain("hello")]);
    world.silent = true;
    world.tell_unsafe(1);
    let (id, query) = world.kept[0];
    let SupervisorQuery::Logs(LogsQuery { hash, .. }) = query else { panic!("{query:?}") };
    assert_eq!(hash, world.chain(1).head().hash);
    let before = world.supervisor.clone();
    for strange in [
        BlockQuery::answered(id, None),
        NodeBlockQuery::answered(id, None),
        L1Query::answered(id, None),
        OutputsQuery::answered(id, None),
    ] {
        let mut out = Outbox::new();
        let refusal = world.supervisor.handle_local(world.now, strange, &mut out).unwrap_err();
        assert_eq!(refusal.why, Refused::invalid("an answer to another kind of question"));
        assert!(out.is_empty() && world.supervisor == before);
    }
    world.command(LogsQuery::answered(id, Some(vec![plain("hello")])));
    assert_eq!(world.heads(1).local_unsafe.unwrap().number, 101);
}
