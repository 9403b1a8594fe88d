//! Super roots, whose outputs come from nodes.

use nodewire::Machine;
use nodewire::codec::supervisor::{
    ChainId, Code, OutputV0, RustCryptoKeccak256 as Keccak, SuperRootResponse, SuperV1,
};
use nodewire::state::supervisor::{
    CallId, Dropped, Limits, RpcText, SupervisorCommand, SupervisorNotice, SupervisorQuery,
    SupervisorRemote,
};
use serde_json::json;

use crate::chains::{executing, hash, plain};
use crate::world::{World, output};

/// Both chains cross-safe up to their third block.
fn safe() -> World {
    let mut world = World::new(&[1, 2]);
    world.grow_l1("a");
    for chain in [1, 2] {
        for _ in 0..3 {
            world.chain(chain).grow("a", vec![plain("x")]);
        }
        world.tell_unsafe(chain);
        world.tell_derived(chain, 10, 100 * chain + 1);
        world.tell_derived(chain, 11, 100 * chain + 1);
        world.tell_derived(chain, 11, 100 * chain + 2);
        world.tell_derived(chain, 11, 100 * chain + 3);
    }
    world
}

#[test]
fn a_super_root_is_made_of_all_chains() {
    let mut world = safe();
    let before = output(&world.l1[3]);
    world.replaced.insert(ChainId::from(2), before);
    let reply = world.ask("supervisor_superRootAtTimestamp", json!(["0x3ed"]));
    let root: SuperRootResponse = serde_json::from_value(reply["result"].clone()).unwrap();
    assert_eq!((root.timestamp, root.version), (1_005, 1));
    assert_eq!(root.cross_safe_derived_from, world.l1[11].id());
    let canonical: Vec<_> = [(1, 102), (2, 202)]
        .into_iter()
        .map(|(chain, number)| {
            let block = world.chain(chain).block(number).unwrap().0;
            (ChainId::from(chain), output(&block).root::<Keccak>())
        })
        .collect();
    assert_eq!(SuperV1::new(1_005, canonical).unwrap().root::<Keccak>(), root.super_root);
    assert_eq!(root.chains[1].pending.0.to_vec(), before.preimage());
    let own = world.chain(1).block(102).unwrap().0;
    assert_eq!(root.chains[0].pending.0.to_vec(), output(&own).preimage());
}

/// A made-up replacement is told of; the same block with other roots, or a block that executes
/// messages and so is none, are refused.
#[test]
fn a_pending_output_of_a_block_that_was_not_seen_to_be_replaced() {
    let mut world = safe();
    let canonical = output(&world.chain(2).block(202).unwrap().0);
    let id = world.chain(2).block(202).unwrap().0.id();
    let unseen = SupervisorNotice::UnseenReplacement(ChainId::from(2), id);
    let dropped = SupervisorNotice::Dropped {
        what: Dropped::Answer,
        chain_id: Some(ChainId::from(2)),
        code: Code::ConflictingData,
    };
    let ask = |world: &mut World, time: &str| {
        world.notices.clear();
        let asked = world.asked;
        let reply = world.ask("supervisor_superRootAtTimestamp", json!([time]));
        (reply, world.asked - asked)
    };
    let (reply, asked) = ask(&mut world, "0x3ed");
    assert!(reply.get("result").is_some() && asked == 2, "{reply}");
    assert!(!world.notices.contains(&unseen));

    let before = output(&world.l1[3]);
    world.replaced.insert(ChainId::from(2), before);
    let (reply, asked) = ask(&mut world, "0x3ed");
    assert!(reply.get("result").is_some() && asked == 2, "{reply}");
    assert_eq!(world.notices, [unseen]);

    let other = OutputV0 { state_root: hash("other"), ..canonical };
    world.replaced.insert(ChainId::from(2), other);
    let (reply, asked) = ask(&mut world, "0x3ed");
    assert_eq!((reply["error"]["code"].as_i64(), asked), (Some(-32_114), 4));
    let message = reply["error"]["message"].as_str().unwrap();
    assert!(message.contains("no such block of 0x2 is pending"), "{message}");
    assert_eq!(world.notices, [dropped, dropped]);

    // A block that executes a message.
    let message = world.chain(1).message(101, 0);
    world.chain(2).grow("a", vec![executing(&message)]);
    world.chain(1).grow("a", vec![plain("x")]);
    for chain in [1, 2] {
        world.tell_unsafe(chain);
        world.tell_derived(chain, 11, 100 * chain + 4);
    }
    world.replaced.insert(ChainId::from(2), before);
    let (reply, asked) = ask(&mut world, "0x3f0");
    assert_eq!((reply["error"]["code"].as_i64(), asked), (Some(-32_114), 4), "{reply}");
    assert_eq!(world.notices, [dropped, dropped]);
    world.replaced.clear();
    let (reply, asked) = ask(&mut world, "0x3f0");
    assert!(reply.get("result").is_some() && asked == 2, "{reply}");
    assert_eq!(world.notices, []);
}

#[test]
fn times_without_a_super_root() {
    let mut world = safe();
    for (time, code) in [("0x3e7", -32_113), ("0x3f0", -32_112), ("0xffffffffffffffff", -32_112)] {
        let reply = world.ask("supervisor_superRootAtTimestamp", json!([time]));
        assert_eq!(reply["error"]["code"], code, "{time}");
        let message = reply["error"]["message"].as_str().unwrap();
        assert_eq!(message.contains("not found"), code == -32_112, "{message}");
    }
    for time in ["0x3e8", "0x3e9", "0x3ee", "0x3ef"] {
        let reply = world.ask("supervisor_superRootAtTimestamp", json!([time]));
        assert!(reply.get("result").is_some(), "{time}: {reply}");
    }
}

#[test]
fn a_node_with_another_block_is_asked_once_more() {
    let mut world = safe();
    let truth = world.chain(1).clone();
    let block = &mut world.chain(1).blocks[2].0;
    block.hash = hash("another");
    let asked = world.asked;
    let reply = world.ask("supervisor_superRootAtTimestamp", json!(["0x3ed"]));
    assert_eq!(reply["error"]["code"], -32_114);
    assert_eq!(world.asked - asked, 4);
    *world.chain(1) = truth;
    let reply = world.ask("supervisor_superRootAtTimestamp", json!(["0x3ed"]));
    assert!(reply.get("result").is_some());
}

#[test]
fn a_rewind_while_outputs_are_collected_starts_it_again() {
    let mut world = safe();
    world.silent = true;
    let text =
        r#"{"jsonrpc":"2.0","id":5,"method":"supervisor_superRootAtTimestamp","params":["0x3ed"]}"#;
    let text = nodewire::state::supervisor::RpcText {
        call: nodewire::state::supervisor::CallId(1),
        text: text.into(),
    };
    world.hear(SupervisorRemote::Rpc(text));
    let kept = std::mem::take(&mut world.kept);
    assert_eq!(kept.len(), 2);
    world.silent = false;
    // Layer one parts below: what the super root is made of is gone.
    world.l1.truncate(11);
    world.grow_l1("b");
    world.grow_l1("b");
    world.tell_tip();
    world.tell_tip();
    for (id, query) in kept {
        assert!(matches!(query, SupervisorQuery::Outputs(_)));
        let answer = world.answer(id, query);
        world.command(answer);
    }
    assert_eq!(world.replies.len(), 1);
    assert_eq!(world.replies[0]["error"]["code"], -32_112, "{}", world.replies[0]);
}

#[test]
fn a_super_root_that_nobody_answers_is_given_up() {
    let mut world = safe();
    world.silent = true;
    let before = world.asked;
    let text =
        r#"{"jsonrpc":"2.0","id":5,"method":"supervisor_superRootAtTimestamp","params":["0x3ed"]}"#;
    let text = nodewire::state::supervisor::RpcText {
        call: nodewire::state::supervisor::CallId(1),
        text: text.into(),
    };
    world.hear(SupervisorRemote::Rpc(text));
    assert_eq!(world.asked - before, 2);
    world.wait();
    assert_eq!(world.replies.len(), 1);
    let code = world.replies[0]["error"]["code"].as_i64().unwrap();
    assert!([-32_002, -32_603].contains(&code), "{code}");
    // A late answer is one nobody waits for.
    for (id, query) in std::mem::take(&mut world.kept) {
        let answer = world.answer(id, query);
        world.command(answer);
    }
    assert_eq!(world.replies.len(), 1);
}

#[test]
fn a_batch_of_super_roots_asks_a_chain_for_few_outputs_at_once() {
    let mut world = safe();
    world.silent = true;
    let call = |id: usize| {
        let method = "supervisor_superRootAtTimestamp";
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": ["0x3ed"]})
    };
    let batch = json!((0..1_000).map(call).collect::<Vec<_>>());
    let text = RpcText { call: CallId(1), text: batch.to_string().into() };
    world.hear(SupervisorRemote::Rpc(text));
    let most = 2 * Limits::default().max_fetches;
    assert_eq!(world.kept.len(), most);
    let mut asked = 0;
    while let Some((id, query)) = world.kept.pop() {
        asked += 1;
        let answer = world.answer(id, query);
        world.command(answer);
        assert!(world.kept.len() <= most);
    }
    assert_eq!(asked, 2_000);
    let reply = world.replies.pop().unwrap();
    let replies = reply.as_array().unwrap();
    assert_eq!(replies.len(), 1_000);
    assert!(replies.iter().all(|reply| reply.get("result").is_some()));
    assert!(world.supervisor.questions().next().is_none());
}

#[test]
fn super_roots_that_wait_behind_silent_nodes_are_answered_in_time() {
    let mut world = safe();
    world.silent = true;
    for at in 0..40 {
        let call = json!({"jsonrpc": "2.0", "id": at, "method": "supervisor_superRootAtTimestamp",
            "params": ["0x3ed"]});
        let text = RpcText { call: CallId(at), text: call.to_string().into() };
        world.hear(SupervisorRemote::Rpc(text));
    }
    while world.supervisor.deadline().is_some() {
        world.wait();
    }
    assert_eq!(world.replies.len(), 40);
    assert!(world.replies.iter().all(|reply| reply["error"]["code"] == -32_002));
}

/// What a client that left had asked gives its places back, and those that waited go on.
#[test]
fn an_abandoned_text_makes_room_for_others() {
    let mut world = safe();
    world.silent = true;
    let call = |id: usize| {
        let method = "supervisor_superRootAtTimestamp";
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": ["0x3ed"]})
    };
    let most = Limits::default().max_parked_calls;
    let batch = |id: u64, calls: usize| RpcText {
        call: CallId(id),
        text: json!((0..calls).map(call).collect::<Vec<_>>()).to_string().into(),
    };
    let before = world.supervisor.clone();
    world.command(SupervisorCommand::Abandon(CallId(7)));
    assert_eq!(world.supervisor, before);
    world.hear(SupervisorRemote::Rpc(batch(7, 1_000)));
    world.hear(SupervisorRemote::Rpc(batch(8, most - 1_000)));
    let full = RpcText { call: CallId(9), text: call(1).to_string().into() };
    world.hear(SupervisorRemote::Rpc(full.clone()));
    assert_eq!(world.replies.pop().unwrap()["error"]["code"], -32_005);
    let asked = world.kept.len();

    world.command(SupervisorCommand::Abandon(CallId(7)));
    let reply = world.replies.pop().unwrap();
    let refused = reply.as_array().unwrap().iter();
    assert!(refused.clone().all(|reply| reply["error"]["code"] == -32_002), "{reply}");
    assert_eq!(refused.count(), 1_000);
    assert!(world.kept.len() > asked, "those of text 8 are asked now");
    assert_eq!(world.supervisor.questions().count(), world.kept.len() - asked);
    let now = world.supervisor.clone();
    world.command(SupervisorCommand::Abandon(CallId(7)));
    assert_eq!(world.supervisor, now);
    // There is room again, and text 8 is answered as ever.
    world.hear(SupervisorRemote::Rpc(full));
    while let Some((id, query)) = world.kept.pop() {
        let answer = world.answer(id, query);
        world.command(answer);
    }
    assert_eq!(world.replies.len(), 2);
    let replies = world.replies.iter().map(|reply| reply.as_array().map_or(0, Vec::len));
    assert_eq!(replies.sum::<usize>(), most - 1_000);
    assert!(world.replies.iter().all(|it| !it.to_string().contains("error")));
    assert!(world.supervisor.questions().next().is_none());
}
