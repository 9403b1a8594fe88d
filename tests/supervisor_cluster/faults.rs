//! Nodes and layer-one followers that are wrong, late or silent.

use nodewire::Machine;
use nodewire::codec::supervisor::{
    BlockReplacement, ChainId, DerivedRefPair, NodeCommand, NodeEvent,
    RustCryptoKeccak256 as Keccak,
};
use nodewire::state::supervisor::{
    CallId, Consequence, Index, Limits, OutputsQuery, RpcText, Slot, SupervisorNotice,
    SupervisorQuery, SupervisorRemote,
};
use serde_json::json;

use crate::chains::{entries, executing, plain};
use crate::world::{NODE, World, l1_block};

#[test]
fn a_block_of_a_branch_that_nobody_has_drops_nothing() {
    let mut world = World::new(&[1]);
    for _ in 0..9 {
        world.chain(1).grow("a", vec![plain("there")]);
    }
    world.tell_unsafe(1);
    let mut stale = world.chain(1).block(104).unwrap().0;
    stale.hash.0[0] ^= 1;
    let unsafe_block = Some(stale);
    world.node(1, NodeEvent { unsafe_block, ..NodeEvent::default() });
    assert_eq!(world.numbers(1)[..2], [Some(109), Some(109)]);
    let rewound = |notice: &SupervisorNotice| matches!(notice, SupervisorNotice::Rewound(..));
    assert!(!world.notices.iter().any(rewound));
    assert!(world.supervisor.is_synced());
}

#[test]
fn a_node_that_repeats_itself_asks_for_one_block() {
    let mut world = World::new(&[1]);
    world.grow_l1("a");
    world.tell_tip();
    world.silent = true;
    let exhaust_l1 = Some(DerivedRefPair { source: world.l1[10], derived: world.chain(1).head() });
    for _ in 0..10_000 {
        world.node(1, NodeEvent { exhaust_l1, ..NodeEvent::default() });
    }
    assert!(world.supervisor.questions().count() <= 1);
    world.l1.truncate(11);
    for _ in 0..1_000 {
        world.grow_l1("a");
        world.tell_tip();
    }
    assert!(world.supervisor.questions().count() <= 2);
}

#[test]
fn a_node_that_comes_and_goes_leaves_no_questions() {
    let mut world = World::new(&[1]);
    world.silent = true;
    let chain_id = ChainId::from(1);
    for _ in 0..1_000 {
        world.hear(SupervisorRemote::NodeUp { chain_id, node: NODE });
        world.hear(SupervisorRemote::NodeDown { chain_id, node: NODE });
    }
    assert_eq!(world.supervisor.questions().count(), 0);
}

#[test]
fn an_answer_from_before_a_node_came_again_counts_for_nothing() {
    let mut world = World::new(&[1]);
    world.silent = true;
    let chain_id = ChainId::from(1);
    world.nodes_know.insert((chain_id, 100), None);
    world.hear(SupervisorRemote::NodeUp { chain_id, node: NODE });
    let (old, query) = world.kept.pop().unwrap();
    world.hear(SupervisorRemote::NodeDown { chain_id, node: NODE });
    world.hear(SupervisorRemote::NodeUp { chain_id, node: NODE });
    let answer = world.answer(old, query);
    world.command(answer);
    let impossible = SupervisorNotice::ResetImpossible(chain_id, NODE);
    assert!(!world.notices.contains(&impossible));
    world.nodes_know.clear();
    let (new, query) = world.kept.pop().unwrap();
    let answer = world.answer(new, query);
    world.command(answer);
    let told = |command: &NodeCommand| matches!(command, NodeCommand::Reset(_));
    assert!(world.commands.iter().any(|(_, command)| told(command)));
}

#[test]
fn tips_that_alternate_in_silence_keep_one_question_open() {
    let mut world = World::new(&[1]);
    world.tell_tip();
    world.silent = true;
    let stem = world.l1.clone();
    for round in 0..1_000 {
        world.l1 = stem.clone();
        world.grow_l1(if round % 2 == 0 { "a" } else { "b" });
        world.tell_tip();
    }
    assert!(world.supervisor.questions().count() <= 1);
}

/// Chain 1 with a block derived from layer-one block 11, which is another one now.
fn reorganised() -> World {
    let mut world = World::new(&[1]);
    world.grow_l1("a");
    world.chain(1).grow("a", vec![]);
    world.tell_tip();
    world.tell_unsafe(1);
    world.tell_derived(1, 11, 100);
    world.tell_derived(1, 11, 101);
    assert_eq!(world.numbers(1)[3], Some(101));
    world.silent = true;
    world.l1.truncate(11);
    world.grow_l1("b");
    world.grow_l1("b");
    world.tell_tip();
    world
}

#[test]
fn a_comparison_that_nobody_answered_is_made_at_the_next_tip() {
    let mut world = reorganised();
    world.wait();
    world.silent = false;
    world.grow_l1("b");
    world.tell_tip();
    assert_eq!(world.numbers(1)[3], Some(100));
}

#[test]
fn a_comparison_that_nobody_answered_is_made_again_without_a_tip() {
    let mut world = reorganised();
    for _ in 0..7 {
        world.wait();
        assert_eq!(world.numbers(1)[3], Some(101));
    }
    world.silent = false;
    world.wait();
    assert_eq!(world.numbers(1)[3], Some(100));
    assert_eq!(world.supervisor.deadline(), None);
}

#[test]
fn an_answer_about_an_older_layer_one_counts_for_nothing() {
    let mut world = reorganised();
    // Before it is answered, layer one is what it was again, and then the other once more.
    let (first, query) = world.kept.pop().unwrap();
    let other = std::mem::replace(&mut world.l1, {
        let mut before = World::new(&[1]);
        before.grow_l1("a");
        before.l1
    });
    let early = world.answer(first, query);
    world.tell_tip();
    world.l1 = other;
    world.tell_tip();
    world.command(early);
    world.silent = false;
    for (id, query) in std::mem::take(&mut world.kept) {
        let answer = world.answer(id, query);
        world.command(answer);
    }
    assert_eq!(world.numbers(1)[3], Some(100));
}

#[test]
fn what_is_derived_gets_logged_though_a_node_told_another_block_first() {
    let mut world = World::new(&[1]);
    let old = {
        world.chain(1).grow("a", vec![]);
        world.chain(1).grow("a", vec![]);
        world.chain(1).clone()
    };
    world.chain(1).cut(100);
    world.chain(1).grow("b", vec![]);
    world.chain(1).grow("b", vec![]);
    // Whoever is asked for blocks is still on the old branch.
    let new = std::mem::replace(world.chain(1), old);
    let source = world.l1[10];
    for number in [101, 102] {
        let derived = new.block(number).unwrap().0;
        let derivation_update = Some(DerivedRefPair { source, derived });
        world.node(1, NodeEvent { derivation_update, ..NodeEvent::default() });
    }
    assert_eq!(world.numbers(1)[0], Some(100));
    *world.chain(1) = new;
    for _ in 0..3 {
        if world.supervisor.deadline().is_some() {
            world.wait();
        }
    }
    assert_eq!(world.numbers(1)[..4], [Some(102); 4]);
}

#[test]
fn what_is_derived_gets_logged_though_it_is_more_than_may_be_above_cross_safe() {
    let mut limits = Limits::default();
    limits.max_blocks_above_safe = 3;
    let mut world = World::with_limits(&[1, 2], limits);
    world.chain(1).grow("a", vec![plain("hello")]);
    let message = world.chain(1).message(101, 0);
    world.chain(2).grow("a", vec![executing(&message)]);
    for _ in 0..8 {
        world.chain(2).grow("a", vec![]);
    }
    for number in 201..=209 {
        world.tell_derived(2, 10, number);
    }
    assert_eq!(world.numbers(2)[..4], [Some(203), Some(200), Some(209), Some(200)]);
    world.tell_unsafe(1);
    world.tell_derived(1, 10, 101);
    assert_eq!(world.numbers(2)[..4], [Some(209); 4]);
}

#[test]
fn layer_one_blocks_without_a_block_count_as_entries() {
    let mut limits = Limits::default();
    limits.max_local_safe_above_safe = 5;
    let mut world = World::with_limits(&[1, 2], limits);
    world.chain(1).grow("a", vec![plain("hello")]);
    let message = world.chain(1).message(101, 0);
    world.chain(2).grow("a", vec![executing(&message)]);
    world.tell_unsafe(2);
    world.tell_derived(2, 10, 201);
    for _ in 0..20 {
        let number = world.grow_l1("a").number;
        world.tell_derived(2, number, 201);
    }
    let index = world.supervisor.index();
    let chain = index.chain(index.slot(ChainId::from(2)).unwrap()).unwrap();
    assert_eq!(chain.local_safe().len() - chain.cross_safe().len(), 5);
}

#[test]
fn a_node_that_replaces_by_a_block_that_does_not_fit_is_reset() {
    for fault in 0..2 {
        let (mut world, bad) = World::invalidated(Limits::default());
        world.chain(2).cut(200);
        let mut replacement = world.chain(2).grow("replaced", vec![]);
        match fault {
            0 => replacement.parent_hash.0[0] ^= 1,
            _ => replacement.timestamp += 1,
        }
        let replace_block = Some(BlockReplacement { replacement, invalidated: bad.hash });
        world.node(2, NodeEvent { replace_block, ..NodeEvent::default() });
        assert_eq!(world.numbers(2)[0], Some(200));
        let started = SupervisorNotice::ResetStarted(ChainId::from(2), NODE);
        assert!(world.notices.contains(&started), "fault {fault}");
    }
}

#[test]
fn a_chain_derived_from_another_final_block_has_no_final_message() {
    let mut world = World::new(&[1, 2]);
    world.chain(1).grow("a", vec![plain("hello")]);
    let entries = entries(&world.chain(1).message(101, 0));
    world.grow_l1("a");
    world.tell_unsafe(1);
    world.tell_derived(1, 11, 100);
    world.tell_derived(1, 11, 101);
    world.l1.truncate(11);
    let other = world.grow_l1("b");
    world.silent = true;
    world.hear(SupervisorRemote::L1Finalized(other));
    let at = json!({"timestamp": "0x3ec"});
    let reply = world.ask("supervisor_checkAccessList", json!([entries, "finalized", at]));
    assert_eq!(reply["error"]["code"], -32_114);
    assert_eq!(world.ask("supervisor_finalized", json!(["0x1"]))["error"]["code"], -32_114);
    // Layer one is asked at once, and what was derived from the other block is dropped.
    world.silent = false;
    for (id, query) in std::mem::take(&mut world.kept) {
        let answer = world.answer(id, query);
        world.command(answer);
    }
    assert_eq!(world.numbers(1), [Some(101), Some(101), Some(100), Some(100), Some(100)]);
}

#[test]
fn a_node_that_asks_for_what_is_not_there_stalls_nobody() {
    let mut world = World::new(&[1]);
    world.chain(1).grow("a", vec![plain("hello")]);
    let tip = world.grow_l1("a");
    world.tell_tip();
    world.l1.truncate(11);
    let exhaust_l1 = Some(DerivedRefPair { source: world.l1[10], derived: world.chain(1).head() });
    world.silent = true;
    world.tell_unsafe(1);
    world.silent = false;
    for _ in 0..40 {
        world.now = world.now.after(std::time::Duration::from_millis(500));
        world.node(1, NodeEvent { exhaust_l1, ..NodeEvent::default() });
        if world.supervisor.deadline().is_some_and(|due| due <= world.now) {
            world.wait();
        }
    }
    assert_eq!(world.numbers(1)[0], Some(101));
    world.l1.push(tip);
    world.wait();
    assert_eq!(world.commands.last(), Some(&(ChainId::from(1), NodeCommand::ProvideL1(tip))));
}

#[test]
fn an_output_that_no_node_tells_is_unavailable_and_one_that_a_node_refuses_an_error() {
    for (attached, code) in [(true, -32_603), (false, -32_002)] {
        let mut world = World::new(&[1]);
        let chain_id = ChainId::from(1);
        world.hear(SupervisorRemote::NodeUp { chain_id, node: NODE });
        if !attached {
            world.hear(SupervisorRemote::NodeDown { chain_id, node: NODE });
        }
        world.silent = true;
        let method = "supervisor_superRootAtTimestamp";
        let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": ["0x3e8"]});
        let text = RpcText { call: CallId(1), text: text.to_string().into() };
        world.hear(SupervisorRemote::Rpc(text));
        let (id, SupervisorQuery::Outputs(_)) = world.kept.pop().unwrap() else {
            panic!("outputs are asked for")
        };
        world.command(OutputsQuery::answered(id, None));
        assert_eq!(world.replies.pop().unwrap()["error"]["code"], code);
    }
}

#[test]
fn a_chain_that_is_anchored_again_is_told_anew_what_is_final() {
    let world = World::new(&[1]);
    let index = world.supervisor.index();
    let mut index = Index::<Keccak>::new(index.config().clone(), Limits::default()).unwrap();
    let (slot, mut then) = (Slot(0), Vec::new());
    let derived = world.chains[&ChainId::from(1)].blocks[0].0;
    let mut anchor = DerivedRefPair { source: world.l1[10], derived };
    index.anchor(slot, &anchor).unwrap();
    index.finalize_l1(l1_block(11, "a"), &mut then).unwrap();
    assert_eq!(then, [Consequence::Finalized(slot, derived.id())]);
    then.clear();
    index.rewind_l1(world.l1[9].id(), &mut then);
    assert_eq!(then, [Consequence::Uninitialized(slot)]);
    anchor.source = world.l1[9];
    anchor.derived.number -= 1;
    index.anchor(slot, &anchor).unwrap();
    then.clear();
    index.promote(&mut then);
    assert_eq!(then, [Consequence::Finalized(slot, anchor.derived.id())]);
}

#[test]
fn super_roots_that_wait_for_others_begin_when_nobody_answered_those() {
    let mut limits = Limits::default();
    limits.max_fetches = 1;
    limits.call_deadline = std::time::Duration::from_secs(1);
    let mut world = World::with_limits(&[1], limits);
    world.silent = true;
    for call in 1..=3 {
        let method = "supervisor_superRootAtTimestamp";
        let text = json!({"jsonrpc": "2.0", "id": call, "method": method, "params": ["0x3e8"]});
        let text = RpcText { call: CallId(call), text: text.to_string().into() };
        world.hear(SupervisorRemote::Rpc(text));
    }
    assert_eq!(world.kept.len(), 1);
    world.wait();
    assert_eq!(world.replies.pop().unwrap()["error"]["code"], -32_002);
    let (id, query) = world.kept.pop().unwrap();
    assert_eq!(world.kept.len(), 1);
    world.silent = false;
    let answer = world.answer(id, query);
    world.command(answer);
    assert_eq!(world.replies.len(), 2);
    assert!(world.replies.iter().all(|reply| reply["error"].is_null()));
}
