//! Times: of messages, of calls, of the whole cluster.

use nodewire::codec::supervisor::{Answer, BlockRef, Call, Code, ExecutingDescriptor, Seal};
use nodewire::state::supervisor::{
    CallId, ChainProgress, Limits, RpcAnswer, RpcText, Untimely, summary, timely_in_access_list,
    timely_in_block,
};
use nodewire::{Action, Machine, Outbox, Refused, Time};
use serde_json::Value;

use crate::shared_vectors::shared;
use crate::support::{SERVED, server};
use crate::text::{hash, list, number, text};

fn name(outcome: Result<(), Untimely>) -> &'static str {
    match outcome {
        Ok(()) => "ok",
        Err(Untimely::InitiatedInFuture) => "initiated-in-future",
        Err(Untimely::SameTimestamp) => "same-timestamp",
        Err(Untimely::Expired) => "expired",
        Err(Untimely::ExpiresBeforeTimeout) => "expires-before-timeout",
    }
}

#[test]
fn time_rules() {
    let Some(vectors) = shared("time_rules", "supervisor", "time_rules.json") else { return };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let (init, exec) = (number(&case["init"]), number(&case["exec"]));
        let (timeout, window) = (number(&case["timeout"]), number(&case["window"]));
        let descriptor = ExecutingDescriptor { timestamp: exec, timeout, chain_id: None };
        let rpc = name(timely_in_access_list(init, &descriptor, window));
        assert_eq!(rpc, text(&case["rpc"]), "{}", case["name"]);
        let block = name(timely_in_block(init, exec, window));
        assert_eq!(block, text(&case["block"]), "{}", case["name"]);
    }
    assert_eq!(cases.len(), 54);
}

#[test]
fn sync_status() {
    let Some(vectors) = shared("sync_status", "supervisor", "sync_status.json") else { return };
    let seal = |value: &Value| -> Option<Seal> {
        (!value.is_null()).then(|| Seal {
            hash: hash(&value["hash"]),
            number: value["number"].as_u64().unwrap(),
            timestamp: value["timestamp"].as_u64().unwrap(),
        })
    };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let chains = case["chains"].as_object().unwrap().values();
        let progress: Vec<ChainProgress> = chains
            .map(|chain| ChainProgress {
                current_l1: serde_json::from_value::<Option<BlockRef>>(chain["currentL1"].clone())
                    .unwrap(),
                cross_safe: seal(&chain["crossSafe"]),
                finalized: seal(&chain["finalized"]),
            })
            .collect();
        let expected = &case["expect"];
        let mut reversed = progress.clone();
        reversed.reverse();
        for order in [progress, reversed] {
            match summary(order.into_iter()) {
                Ok(found) => {
                    let min: BlockRef =
                        serde_json::from_value(expected["minSyncedL1"].clone()).unwrap();
                    assert_eq!(found.min_synced_l1, min, "{}", case["name"]);
                    assert_eq!(expected["safeTimestamp"], found.safe_timestamp);
                    assert_eq!(expected["finalizedTimestamp"], found.finalized_timestamp);
                }
                Err(code) => assert_eq!(expected["error"], code.message(), "{}", case["name"]),
            }
        }
    }
    assert_eq!(cases.len(), 8);
}

const BATCH: &str = r#"[
    {"jsonrpc":"2.0","id":"a","method":"supervisor_finalizedL1"},
    {"jsonrpc":"2.0","method":"supervisor_finalizedL1"},
    {"jsonrpc":"2.0","id":2,"method":"nothing"},
    {"jsonrpc":"2.0","id":1.0,"method":"supervisor_syncStatus"}
]"#;

#[test]
fn answers_in_any_order_make_a_reply_in_order() {
    let mut server = server(SERVED);
    let mut out = Outbox::new();
    let text = RpcText { call: CallId(9), text: BATCH.into() };
    server.handle_remote(Time::ZERO, text, &mut out);
    let asked: Vec<_> = out.drain().collect();
    let ids: Vec<_> = asked
        .into_iter()
        .map(|action| match action {
            Action::Ask(id, _) => id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids.len(), 3);
    for id in ids.iter().rev() {
        assert!(server.awaits(*id) && out.is_empty());
        let answer = RpcAnswer(*id, Err(Code::FutureData.into()));
        server.handle_local(Time::ZERO, answer.clone(), &mut out).unwrap();
        assert!(!server.awaits(*id));
        // An answer counts once.
        let before = out.len();
        server.handle_local(Time::ZERO, answer, &mut out).unwrap();
        assert_eq!(out.len(), before);
    }
    let Some(Action::Send(reply)) = out.pop() else { panic!("no reply") };
    let reply: Value = serde_json::from_slice(&reply.text.unwrap()).unwrap();
    let ids: Vec<_> = list(&reply).iter().map(|response| response["id"].to_string()).collect();
    assert_eq!(ids, ["\"a\"", "2", "1.0"]);
    let unknown = RpcAnswer(nodewire::AskId::from_u64(99), Err(Code::FutureData.into()));
    let refusal = server.handle_local(Time::ZERO, unknown.clone(), &mut out).unwrap_err();
    assert_eq!((refusal.why, refusal.input), (Refused::UnknownAsk, unknown));
}

#[test]
fn a_text_that_is_answered_at_once_leaves_the_server_as_it_was() {
    let mut server = server(SERVED);
    let before = server.clone();
    let mut out = Outbox::new();
    let at = Time::from_micros(9);
    let wrong = RpcText { call: CallId(1), text: "[{}, 7".into() };
    server.handle_remote(at, wrong, &mut out);
    assert!(matches!(out.pop(), Some(Action::Send(_))) && out.is_empty());
    assert_eq!(server, before);
    let text = RpcText { call: CallId(2), text: BATCH.into() };
    let known = |call: &Call| match call {
        Call::FinalizedL1 => Some(Err(Code::FutureData.into())),
        _ => Some(Ok(Answer::Null)),
    };
    server.handle_text(at, text.clone(), known, &mut out);
    let Some(Action::Send(reply)) = out.pop() else { panic!("no reply") };
    assert!(out.is_empty());
    assert_eq!(server, before);
    let reply: Value = serde_json::from_slice(&reply.text.unwrap()).unwrap();
    let codes: Vec<_> = list(&reply).iter().map(|response| &response["error"]["code"]).collect();
    assert_eq!(codes, [&Value::from(-32_112), &Value::from(-32_601), &Value::Null]);
    // Only what is not known is asked.
    let known = |call: &Call| (*call == Call::SyncStatus).then_some(Ok(Answer::Null));
    server.handle_text(at, text, known, &mut out);
    let asked: Vec<_> = out.drain().collect();
    assert!(matches!(
        asked[..],
        [Action::Ask(_, Call::FinalizedL1), Action::Ask(_, Call::FinalizedL1)]
    ));
    assert_ne!(server, before);
}

#[test]
fn a_call_that_nobody_answers_is_given_up() {
    let mut server = server(SERVED);
    let mut out = Outbox::new();
    let at = Time::from_micros(5);
    let text = RpcText { call: CallId(9), text: BATCH.into() };
    server.handle_remote(at, text.clone(), &mut out);
    let first: Vec<_> = out.drain().collect();
    // A clock that goes back breaks nothing.
    server.handle_remote(Time::ZERO, text, &mut out);
    out.drain().for_each(drop);
    let due = server.deadline().unwrap();
    assert_eq!(due, at.after(Limits::default().parked_deadline));
    server.handle_timeout(Time::from_micros(due.as_micros() - 1), &mut out);
    assert!(out.is_empty());
    server.handle_timeout(due, &mut out);
    let replies: Vec<_> = out.drain().collect();
    assert_eq!(replies.len(), 2);
    let Action::Send(reply) = &replies[0] else { panic!() };
    let reply: Value = serde_json::from_slice(reply.text.as_ref().unwrap()).unwrap();
    let codes: Vec<_> = list(&reply).iter().map(|response| &response["error"]["code"]).collect();
    assert_eq!(codes, [-32_002, -32_601, -32_002]);
    assert_eq!((server.deadline(), server.waiting()), (None, 0));
    for action in first {
        let Action::Ask(id, _) = action else { panic!() };
        let late = RpcAnswer(id, Err(Code::FutureData.into()));
        server.handle_local(due, late, &mut out).unwrap();
    }
    assert!(out.is_empty());
}

#[test]
fn calls_beyond_the_limit_are_refused_at_once() {
    let mut limits = Limits::default();
    limits.max_parked_calls = 2;
    let profile = nodewire::codec::supervisor::Profile::Seed;
    let mut server = nodewire::state::supervisor::Server::new(limits, profile, SERVED);
    let mut out = Outbox::new();
    server.handle_remote(Time::ZERO, RpcText { call: CallId(9), text: BATCH.into() }, &mut out);
    let ids: Vec<_> = out
        .drain()
        .filter_map(|action| match action {
            Action::Ask(id, _) => Some(id),
            _ => None,
        })
        .collect();
    assert_eq!(ids.len(), 2);
    for id in ids {
        let answer = RpcAnswer(id, Err(Code::FutureData.into()));
        server.handle_local(Time::ZERO, answer, &mut out).unwrap();
    }
    let Some(Action::Send(reply)) = out.pop() else { panic!("no reply") };
    let reply: Value = serde_json::from_slice(&reply.text.unwrap()).unwrap();
    let codes: Vec<_> = list(&reply).iter().map(|response| &response["error"]["code"]).collect();
    assert_eq!(codes, [-32_112, -32_601, -32_005]);
}
