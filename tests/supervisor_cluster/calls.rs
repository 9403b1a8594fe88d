//! Every method of the RPC before a cluster that got on, and what the Supervisor holds meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use nodewire::codec::supervisor::{BlockId, ChainId, NodeCommand, NodeEvent, ResetHeads, Seal};
use nodewire::state::supervisor::{
    CallId, ChainConfig, Config, Dropped, ExpiryWindow, Limits, RpcText, Supervisor,
    SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorRemote,
};
use nodewire::{Action, AskId, Machine, Outbox, Time};
use serde_json::{Value, json};

use crate::chains::{entries, plain};
use crate::world::{NODE, World};

/// Two chains, two blocks each, all of it final.
fn settled() -> World {
    let mut world = World::new(&[1, 2]);
    let l1 = world.grow_l1("a");
    world.tell_tip();
    for chain in [1, 2] {
        for _ in 0..2 {
            world.chain(chain).grow("a", vec![plain("x")]);
        }
        world.tell_unsafe(chain);
        world.tell_derived(chain, 11, 100 * chain);
        world.tell_derived(chain, 11, 100 * chain + 1);
        world.tell_derived(chain, 11, 100 * chain + 2);
        let derivation_origin_update = Some(l1);
        world.node(chain, NodeEvent { derivation_origin_update, ..NodeEvent::default() });
    }
    world.hear(SupervisorRemote::L1Finalized(l1));
    world
}

fn result(world: &mut World, method: &str, params: Value) -> Value {
    let reply = world.ask(method, params);
    assert!(reply.get("error").is_none(), "{method}: {reply}");
    reply["result"].clone()
}

fn code(world: &mut World, method: &str, params: Value) -> i64 {
    world.ask(method, params)["error"]["code"].as_i64().expect("an error")
}

#[test]
fn every_method_answers() {
    let mut world = settled();
    let l1 = world.l1[11];
    let head = world.chain(1).head();
    let (id, source) = (json!(head.id()), json!(l1.id()));
    let other = json!({"hash": head.parent_hash, "number": head.number});
    let pair = json!({"source": source, "derived": id});
    assert_eq!(result(&mut world, "supervisor_localUnsafe", json!(["0x1"])), id);
    assert_eq!(result(&mut world, "supervisor_crossSafe", json!(["0x1"])), pair);
    assert_eq!(result(&mut world, "supervisor_localSafe", json!(["0x1"])), pair);
    assert_eq!(result(&mut world, "supervisor_finalized", json!(["0x1"])), id);
    assert_eq!(result(&mut world, "supervisor_finalizedL1", json!([])), json!(l1));
    let derived_from = result(&mut world, "supervisor_crossDerivedToSource", json!(["1", id]));
    assert_eq!(derived_from, json!(l1));
    let alias = result(&mut world, "supervisor_crossDerivedFrom", json!(["1", id]));
    assert_eq!(alias, derived_from);
    let all = result(&mut world, "supervisor_allSafeDerivedAt", json!([source]));
    assert_eq!(all, json!({"0x1": id, "0x2": world.chain(2).head().id()}));
    let status = result(&mut world, "supervisor_syncStatus", json!([]));
    assert_eq!(status["minSyncedL1"], json!(l1));
    assert_eq!(status["safeTimestamp"], head.timestamp);
    assert_eq!(status["chains"]["0x1"]["finalized"], id);
    assert_eq!(result(&mut world, "admin_getFailsafeEnabled", json!([])), json!(false));
    let conflict = code(&mut world, "supervisor_crossDerivedToSource", json!(["0x1", other]));
    assert_eq!(conflict, -32_114);
    assert_eq!(code(&mut world, "supervisor_localUnsafe", json!(["0x9"])), -32_100);
    let unknown = json!([{"hash": head.hash, "number": 50}]);
    assert_eq!(code(&mut world, "supervisor_allSafeDerivedAt", unknown), -32_112);
}

#[test]
fn an_access_list_is_refused_for_the_first_thing_wrong_with_it() {
    let mut world = settled();
    let message = world.chain(1).message(101, 0);
    let good = entries(&message);
    let check = |world: &mut World, entries: Value, level: &str, at: Value| {
        world.ask("supervisor_checkAccessList", json!([entries, level, at]))
    };
    let at = json!({"timestamp": "0x3ec"});
    assert!(check(&mut world, json!(good), "finalized", at.clone()).get("error").is_none());
    let mut wrong = message;
    wrong.identifier.chain_id = ChainId::from(7);
    for (entries, level, at, code) in [
        (json!(entries(&wrong)), "safe", at.clone(), -32_100),
        (json!(good), "safe", json!({"timestamp": "0x3ec", "chainID": "0x7"}), -32_100),
        (json!(good), "safe", json!({"timestamp": "0x3ea"}), -32_114),
        (json!(good), "safe", json!({"timestamp": "0x3e9"}), -32_114),
        (json!(good), "safe", json!({"timestamp": "0x3ec", "timeout": "0x93a80"}), -32_114),
        (json!(good), "safe", json!({"timestamp": "0xffffffffff"}), -32_114),
        (json!([good[0]]), "safe", at.clone(), -32_602),
        (json!([good[1]]), "invalid", at.clone(), -32_602),
    ] {
        let reply = check(&mut world, entries, level, at);
        assert_eq!(reply["error"]["code"], code, "{reply}");
    }
    world.command(SupervisorCommand::Failsafe(true));
    assert_eq!(check(&mut world, json!(good), "unsafe", at)["error"]["code"], -32_003);
    assert_eq!(result(&mut world, "admin_getFailsafeEnabled", json!([])), json!(true));
    assert_eq!(world.notices.last(), Some(&SupervisorNotice::Failsafe(true)));
}

#[test]
fn texts_that_are_answered_at_once_leave_no_trace() {
    let mut world = settled();
    let before = world.supervisor.clone();
    world.now = world.now.after(Duration::from_secs(60));
    let head = world.chain(1).head().id();
    let message = world.chain(1).message(101, 0);
    let list = entries(&message);
    for (method, params) in [
        ("supervisor_localUnsafe", json!(["0x1"])),
        ("supervisor_localUnsafe", json!(["0x9"])),
        ("supervisor_syncStatus", json!([])),
        ("supervisor_allSafeDerivedAt", json!([head])),
        ("supervisor_checkAccessList", json!([list, "safe", {"timestamp": "0x10"}])),
        // Not there yet, so that nobody is asked.
        ("supervisor_superRootAtTimestamp", json!(["0xffffff"])),
        ("admin_getFailsafeEnabled", json!([])),
        ("nothing", json!([])),
    ] {
        world.ask(method, params);
        assert_eq!(world.supervisor, before, "{method}");
    }
    // A super root needs the outputs of nodes.
    world.silent = true;
    let text = json!({"jsonrpc": "2.0", "id": 1, "method": "supervisor_superRootAtTimestamp",
        "params": ["0x3e8"]});
    let text = RpcText { call: CallId(1), text: text.to_string().into() };
    world.hear(SupervisorRemote::Rpc(text));
    assert_eq!(world.kept.len(), 2);
    assert_ne!(world.supervisor, before);
}

#[test]
fn switching_what_is_switched_so_leaves_no_trace() {
    let mut config = Config::new(BTreeMap::new(), ExpiryWindow::EXPIRY_CURRENT);
    config.admin = true;
    let mut supervisor: Supervisor = Supervisor::new(config, Limits::default()).unwrap();
    let before = supervisor.clone();
    let mut switch = |on: bool| {
        let text = json!({"jsonrpc": "2.0", "method": "admin_setFailsafeEnabled", "params": [on]});
        let text = RpcText { call: CallId(1), text: text.to_string().into() };
        let mut out = Outbox::new();
        supervisor.handle_remote(Time::from_micros(9), SupervisorRemote::Rpc(text), &mut out);
        (supervisor.clone(), out)
    };
    assert_eq!(switch(false).0, before);
    let (switched, out) = switch(true);
    assert!(switched.index().failsafe());
    let notice = Action::Notify(SupervisorNotice::Failsafe(true));
    assert!(out.iter().any(|action| *action == notice));
    assert_eq!(switch(true).0, switched);
}

#[test]
fn the_dependency_set_names_a_window_of_its_own() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"supervisor_dependencySetV1"}"#;
    for (window, named) in [
        (ExpiryWindow::EXPIRY_CURRENT, Value::Null),
        (ExpiryWindow::EXPIRY_APRIL_2025, json!(15_552_000)),
        (ExpiryWindow(0), json!(0)),
    ] {
        let chain = (ChainId::from(10), ChainConfig { activation: 0, block_time: 2 });
        let mut config = Config::new(BTreeMap::from([chain]), window);
        config.dependency_set_v1 = true;
        let mut supervisor: Supervisor = Supervisor::new(config, Limits::default()).unwrap();
        let text = RpcText { call: CallId(1), text: call.into() };
        let mut out = Outbox::new();
        supervisor.handle_remote(Time::ZERO, SupervisorRemote::Rpc(text), &mut out);
        let Some(Action::Send(SupervisorMessage::Reply(reply))) = out.pop() else { panic!() };
        let reply: Value = serde_json::from_slice(&reply.text.unwrap()).unwrap();
        let expected = json!({"dependencies": {"0xa": {}}, "overrideMessageExpiryWindow": named});
        assert_eq!(reply["result"], expected);
    }
}

#[test]
fn commands_that_fit_nothing_are_refused_and_change_nothing() {
    let mut world = settled();
    let before = world.supervisor.clone();
    let mut out = Outbox::new();
    let head = BlockId::default();
    let strange = SupervisorCommand::Rewind { chain_id: ChainId::from(9), head };
    assert!(world.supervisor.handle_local(world.now, strange, &mut out).is_err());
    assert!(!world.supervisor.awaits(AskId::from_u64(999)));
    assert_eq!(world.supervisor, before);
    let same = RandomState::new();
    assert_eq!(same.hash_one(&before), same.hash_one(&world.supervisor));
    // Not below what is cross-safe.
    world.command(SupervisorCommand::Rewind { chain_id: ChainId::from(1), head });
    let refused = |notice: &SupervisorNotice| {
        matches!(notice, SupervisorNotice::Dropped { what: Dropped::UnsafeBlock, .. })
    };
    assert!(world.notices.last().is_some_and(refused));
    world.hear(SupervisorRemote::NodeDown { chain_id: ChainId::from(1), node: NODE });
}

#[test]
fn what_is_held_grows_with_what_is_indexed() {
    let mut world = World::new(&[1]);
    let empty = world.supervisor.footprint();
    for _ in 0..600 {
        world.chain(1).grow("a", vec![plain("x"), plain("y")]);
    }
    world.tell_unsafe(1);
    let logs = 2 * 600 * 32;
    assert!(world.supervisor.footprint() >= empty + logs);
    assert!(world.supervisor.footprint() <= empty + 10 * logs);
}

#[test]
fn node_events_and_calls_have_their_json() {
    let world = settled();
    let block = world.l1[3];
    let text = json!({
        "reset": "why", "unsafeBlock": block, "derivationUpdate": null, "unknown": [1],
        "exhaustL1": {"source": block, "derived": block},
        "replaceBlock": {"replacement": block, "invalidated": block.hash},
        "derivationOriginUpdate": block,
    });
    let event: NodeEvent = serde_json::from_value(text.clone()).unwrap();
    assert_eq!((event.unsafe_block, event.derivation_update), (Some(block), None));
    let again: NodeEvent = serde_json::from_value(serde_json::to_value(&event).unwrap()).unwrap();
    assert_eq!(again, event);
    assert_eq!(serde_json::from_str::<NodeEvent>("{}").unwrap(), NodeEvent::default());
    assert!(serde_json::from_value::<NodeEvent>(json!({"unsafeBlock": [1]})).is_err());
    let id = block.id();
    let seal = Seal { hash: block.hash, number: 3, timestamp: 4 };
    let heads = ResetHeads { finalized: id, ..ResetHeads::default() };
    let commands = [
        (NodeCommand::UpdateCrossUnsafe(id), json!([id])),
        (NodeCommand::UpdateCrossSafe { derived: id, source: id }, json!([id, id])),
        (NodeCommand::UpdateFinalized(id), json!([id])),
        (NodeCommand::InvalidateBlock(seal), json!([seal])),
        (NodeCommand::ResetPreInterop, json!([])),
        (NodeCommand::ProvideL1(block), json!([block])),
    ];
    let mut methods = BTreeSet::new();
    for (command, params) in commands {
        assert_eq!(serde_json::to_value(&command).unwrap(), params);
        methods.insert(command.method());
    }
    let reset = NodeCommand::Reset(Box::new(heads));
    assert_eq!(serde_json::to_value(&reset).unwrap().as_array().map(Vec::len), Some(5));
    assert_eq!(serde_json::to_value(&reset).unwrap()[4], json!(id));
    methods.insert(reset.method());
    assert_eq!(methods.len(), 7);
}
