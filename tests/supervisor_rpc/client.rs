//! The client before our server, in both output forms.

use std::collections::BTreeMap;
use std::time::Duration;

use nodewire::codec::supervisor::json_rpc::Document;
use nodewire::codec::supervisor::{
    Answer, BUILDER_TIMEOUT, BlockId, BlockRef, Call, ChainId, ChainRootInfo, CheckAccessList,
    Code, Dependency, DependencySetV1, DerivedIdPair, ExecutingDescriptor, Failure, Hash, HexBytes,
    PRE_VERIFICATION_TIMEOUT, Profile, SafetyLevel, Served, SuperRootResponse,
    SupervisorChainSyncStatus, SupervisorSyncStatus,
};
use nodewire::state::supervisor::{
    CallError, CallId, CallToken, Client, ClientCommand, ClientNotice, ClientRemote, Limits,
    RequestText, RpcText, Server,
};
use nodewire::{Action, Machine, Outbox, Time};
use serde_json::{Value, json};

use crate::documents::LIMITS_OF_TEXTS;
use crate::shared_vectors::shared;
use crate::text::list;

fn hash(byte: u8) -> Hash {
    Hash([byte; 32])
}

fn large_id() -> ChainId {
    ChainId([0xfe; 32])
}

/// One call of each method.
fn calls() -> Vec<Call> {
    let chain_id = ChainId::from(10);
    let block = BlockId::new(hash(0xab), u64::MAX);
    let check = CheckAccessList {
        inbox_entries: vec![hash(1), hash(3)],
        min_safety: SafetyLevel::CrossUnsafe,
        executing_descriptor: ExecutingDescriptor {
            timestamp: 0x1234,
            timeout: PRE_VERIFICATION_TIMEOUT,
            chain_id: Some(large_id()),
        },
    };
    vec![
        Call::CrossDerivedToSource { chain_id, derived: block },
        Call::LocalUnsafe { chain_id: large_id() },
        Call::CrossSafe { chain_id },
        Call::LocalSafe { chain_id },
        Call::Finalized { chain_id },
        Call::FinalizedL1,
        Call::SuperRootAtTimestamp { timestamp: u64::MAX },
        Call::SyncStatus,
        Call::AllSafeDerivedAt { derived_from: block },
        Call::CheckAccessList(Box::new(check)),
        Call::DependencySetV1,
        Call::GetFailsafeEnabled,
        Call::SetFailsafeEnabled { on: true },
    ]
}

/// A success of the method.
fn answer(call: &Call) -> Answer {
    let id = BlockId::new(hash(7), 7);
    let block = BlockRef { hash: hash(7), number: 7, parent_hash: hash(6), timestamp: 9 };
    let blocks = BTreeMap::from([(ChainId::from(10), id), (large_id(), BlockId::default())]);
    match call {
        Call::CrossDerivedToSource { .. } | Call::FinalizedL1 => Answer::BlockRef(block),
        Call::LocalUnsafe { .. } | Call::Finalized { .. } => Answer::BlockId(id),
        Call::CrossSafe { .. } | Call::LocalSafe { .. } => {
            Answer::Pair(DerivedIdPair { source: id, derived: BlockId::new(hash(8), 8) })
        }
        Call::SuperRootAtTimestamp { .. } => Answer::SuperRoot(Box::new(SuperRootResponse {
            cross_safe_derived_from: id,
            timestamp: u64::MAX,
            super_root: hash(9),
            version: 1,
            chains: vec![ChainRootInfo {
                chain_id: large_id(),
                canonical: hash(4),
                pending: HexBytes(vec![5; 128].into()),
            }],
        })),
        Call::SyncStatus => {
            let of_chain = SupervisorChainSyncStatus { local_unsafe: block, ..Default::default() };
            Answer::SyncStatus(Box::new(SupervisorSyncStatus {
                min_synced_l1: block,
                safe_timestamp: 1,
                finalized_timestamp: 2,
                chains: blocks.keys().map(|id| (*id, of_chain)).collect(),
            }))
        }
        Call::AllSafeDerivedAt { .. } => Answer::Blocks(blocks),
        Call::CheckAccessList(_) | Call::SetFailsafeEnabled { .. } => Answer::Null,
        Call::DependencySetV1 => Answer::DependencySet(DependencySetV1 {
            dependencies: blocks.keys().map(|id| (*id, Dependency {})).collect(),
            override_message_expiry_window: Some(5),
        }),
        Call::GetFailsafeEnabled => Answer::Failsafe(true),
    }
}

pub fn sent(client: &mut Client, now: Time, command: ClientCommand) -> RequestText {
    let mut out = Outbox::new();
    client.handle_local(now, command, &mut out).unwrap();
    let Some(Action::Send(request)) = out.pop() else { panic!("a text for each command") };
    assert!(out.is_empty());
    request
}

pub fn heard(client: &mut Client, now: Time, remote: ClientRemote) -> Vec<ClientNotice> {
    let mut out = Outbox::new();
    client.handle_remote(now, remote, &mut out);
    out.drain()
        .map(|action| match action {
            Action::Notify(notice) => notice,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// What a server that answers at once replies with.
fn served(
    profile: Profile,
    request: RequestText,
    answer: impl Fn(&Call) -> Result<Answer, Failure>,
) -> ClientRemote {
    let mut server = Server::new(Limits::default(), profile, Served::EVERYTHING);
    let mut out = Outbox::new();
    let text = RpcText { call: CallId(1), text: request.text };
    server.handle_text(Time::ZERO, text, |call| Some(answer(call)), &mut out);
    let Some(Action::Send(reply)) = out.pop() else { panic!("no reply") };
    ClientRemote::Reply { request: Some(request.request), text: reply.text.unwrap() }
}

#[test]
fn every_method_is_called_and_answered_in_both_forms() {
    let calls = calls();
    for profile in [Profile::Seed, Profile::Deployed] {
        let mut client = Client::new(Limits::default());
        for (at, call) in (0..).zip(&calls) {
            let request =
                sent(&mut client, Time::ZERO, ClientCommand::Call(CallToken(at), call.clone()));
            let reply = served(profile, request, |asked| {
                assert_eq!(asked, call);
                Ok(answer(asked))
            });
            let outcome = ClientNotice::Outcome(CallToken(at), Ok(answer(call)));
            assert_eq!(heard(&mut client, Time::ZERO, reply), [outcome], "{profile:?}");
        }
        // The same in one text.
        let batch = (0..).map(CallToken).zip(calls.iter().cloned()).collect();
        let request = sent(&mut client, Time::ZERO, ClientCommand::Batch(batch));
        assert_eq!(client.waiting(), calls.len());
        let outcomes =
            heard(&mut client, Time::ZERO, served(profile, request, |it| Ok(answer(it))));
        let expected = (0..)
            .zip(&calls)
            .map(|(at, call)| ClientNotice::Outcome(CallToken(at), Ok(answer(call))));
        assert_eq!(outcomes, expected.collect::<Vec<_>>());
        assert_eq!(client.waiting(), 0);
    }
}

#[test]
fn every_code_is_understood_in_both_forms() {
    for profile in [Profile::Seed, Profile::Deployed] {
        for code in Code::all() {
            let mut client = Client::new(Limits::default());
            let command = ClientCommand::Call(CallToken(3), Call::SyncStatus);
            let request = sent(&mut client, Time::ZERO, command);
            let reply = served(profile, request, |_| Err(Failure::new(code, "why")));
            let notices = heard(&mut client, Time::ZERO, reply);
            let [ClientNotice::Outcome(CallToken(3), Err(CallError::Server(error)))] = &notices[..]
            else {
                panic!("{notices:?}")
            };
            assert_eq!(error.number, i64::from(code.in_profile(profile)));
            assert_eq!(&*error.message, format!("{code}: why"));
            // Deployed services have no number for the failsafe.
            let failsafe = (profile, code) == (Profile::Deployed, Code::TransactionRejected);
            let meant = if failsafe { Code::InvalidParams } else { code };
            assert_eq!(error.code, Some(meant), "{profile:?}");
        }
    }
}

#[test]
fn the_examples_are_asked_and_understood() {
    let Some(vectors) = shared("rpc_examples", "supervisor", "rpc_examples.json") else { return };
    let examples = list(&vectors["examples"]);
    for example in examples {
        let text = example["request"].to_string();
        let Document::Single(request) =
            Document::read(text.as_bytes(), &LIMITS_OF_TEXTS, Served::EVERYTHING)
        else {
            panic!("no batch")
        };
        let call = request.call.unwrap();
        let seed = &example["response"];
        let deployed = example.get("response_deployed_form").unwrap_or(seed);
        for (profile, form) in [(Profile::Seed, seed), (Profile::Deployed, deployed)] {
            let mut client = Client::new(Limits::default());
            let command = ClientCommand::Call(CallToken(1), call.clone());
            let request = sent(&mut client, Time::ZERO, command);
            let asked: Value = serde_json::from_slice(&request.text).unwrap();
            assert_eq!(asked["method"], example["request"]["method"]);
            assert_eq!(asked["params"], example["request"]["params"]);
            let mut response = form.clone();
            response["id"] = asked["id"].clone();
            let text = response.to_string().into();
            let reply = ClientRemote::Reply { request: None, text };
            let notices = heard(&mut client, Time::ZERO, reply);
            let [ClientNotice::Outcome(CallToken(1), Ok(answer))] = &notices[..] else {
                panic!("{notices:?}")
            };
            let mut written = Vec::new();
            answer.write(profile, &mut written);
            assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), form["result"]);
        }
    }
    assert_eq!(examples.len(), 10);
}

#[test]
fn calls_are_data() {
    for call in calls() {
        let form = serde_json::to_value(&call).unwrap();
        assert_eq!(form["method"], call.method());
        assert_eq!(serde_json::from_value::<Call>(form).unwrap(), call);
    }
    let bare: Call = serde_json::from_value(json!({"method": "supervisor_syncStatus"})).unwrap();
    assert_eq!(bare, Call::SyncStatus);
    let command = json!({"call": [4, {"method": "supervisor_localUnsafe", "params": ["0xa"]}]});
    let read: ClientCommand = serde_json::from_value(command.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), command);
    for wrong in [
        json!({"method": "nothing"}),
        json!({"method": "supervisor_localUnsafe"}),
        json!({"method": "supervisor_syncStatus", "params": [], "more": 1}),
    ] {
        assert!(serde_json::from_value::<Call>(wrong.clone()).is_err(), "{wrong}");
    }
    let notice = ClientNotice::Outcome(CallToken(4), Err(CallError::TimedOut));
    assert_eq!(
        serde_json::to_value(&notice).unwrap(),
        json!({"outcome": [4, {"Err": "timedOut"}]})
    );
}

#[test]
fn calls_without_a_reply_time_out_and_late_replies_are_ignored() {
    let limits = Limits::default();
    let wait = limits.call_deadline;
    let mut client = Client::new(limits);
    let (first, second) = (Time::from_micros(5), Time::from_micros(1_005));
    let command = |token| ClientCommand::Call(CallToken(token), Call::SyncStatus);
    let early = sent(&mut client, first, command(1));
    sent(&mut client, second, command(2));
    // A clock that goes back breaks nothing.
    sent(&mut client, Time::ZERO, command(3));
    assert_eq!(client.deadline(), Some(first.after(wait)));
    let mut out = Outbox::new();
    client.handle_timeout(first.after(wait - Duration::from_micros(1)), &mut out);
    assert!(out.is_empty());
    let timed_out =
        |token| Action::Notify(ClientNotice::Outcome(CallToken(token), Err(CallError::TimedOut)));
    client.handle_timeout(first.after(wait), &mut out);
    assert_eq!(out.drain().collect::<Vec<_>>(), [timed_out(1)]);
    let reply = served(Profile::Seed, early, |call| Ok(answer(call)));
    let ClientRemote::Reply { request: Some(request), text } = reply.clone() else { panic!() };
    use nodewire::state::supervisor::Ignored;
    let ignored = |what| vec![ClientNotice::Ignored(what)];
    assert_eq!(heard(&mut client, second, reply), ignored(Ignored::Request(request)));
    let unnamed = ClientRemote::Reply { request: None, text };
    assert_eq!(heard(&mut client, second, unnamed), ignored(Ignored::Response));
    client.handle_timeout(second.after(wait), &mut out);
    assert_eq!(out.drain().collect::<Vec<_>>(), [timed_out(2), timed_out(3)]);
    assert_eq!((client.deadline(), client.waiting()), (None, 0));
}

#[test]
fn calls_beyond_the_limits_are_refused_and_change_nothing() {
    let mut limits = Limits::default();
    (limits.max_open_calls, limits.max_batch) = (3, 2);
    let mut client = Client::new(limits);
    let batch = |calls| ClientCommand::Batch(vec![(CallToken(1), Call::SyncStatus); calls]);
    let mut out = Outbox::new();
    let refused = |client: &mut Client, command: ClientCommand| {
        let before = client.clone();
        let refusal = client.handle_local(Time::ZERO, command.clone(), &mut Outbox::new());
        let refusal = refusal.unwrap_err();
        assert_eq!((&*client, &refusal.input), (&before, &command));
        refusal.why.to_string()
    };
    assert_eq!(refused(&mut client, batch(0)), "a batch without a call");
    assert_eq!(refused(&mut client, batch(3)), "more calls than a batch may have");
    client.handle_local(Time::ZERO, batch(2), &mut out).unwrap();
    assert_eq!((client.room(), client.waiting()), (1, 2));
    assert_eq!(refused(&mut client, batch(2)), "no room under `max_open_calls` now");
    let one = ClientCommand::Call(CallToken(1), Call::SyncStatus);
    client.handle_local(Time::ZERO, one.clone(), &mut out).unwrap();
    assert_eq!(refused(&mut client, one), "no room under `max_open_calls` now");
}

#[test]
fn what_is_held_is_bounded_by_the_open_calls() {
    let mut client = Client::new(Limits::default());
    let empty = client.footprint();
    let check = calls().swap_remove(9);
    for token in 0..1_000 {
        sent(&mut client, Time::ZERO, ClientCommand::Call(CallToken(token), check.clone()));
    }
    // An entry each, whatever was called with.
    assert!(client.footprint() >= empty + 1_000 * 32);
    assert!(client.footprint() <= empty + 2 * 1_024 * 64);
    client.handle_timeout(client.deadline().unwrap(), &mut Outbox::new());
    assert_eq!(client.footprint(), empty);
}

#[test]
fn a_success_holds_until_the_timeout_is_over() {
    let at = |timestamp, timeout| ExecutingDescriptor { timestamp, timeout, chain_id: None };
    assert_eq!(at(100, BUILDER_TIMEOUT).valid_until(), 100);
    assert_eq!(at(100, PRE_VERIFICATION_TIMEOUT).valid_until(), 86_500);
    assert_eq!(at(u64::MAX, 1).valid_until(), u64::MAX);
}

#[test]
fn a_refusal_is_asked_again() {
    let mut client = Client::new(Limits::default());
    let check = calls().swap_remove(9);
    for outcome in [Err(Code::FutureData), Err(Code::ConflictingData), Ok(Answer::Null)] {
        let request =
            sent(&mut client, Time::ZERO, ClientCommand::Call(CallToken(1), check.clone()));
        let reply = served(Profile::Seed, request, |_| outcome.clone().map_err(Failure::from));
        let notices = heard(&mut client, Time::ZERO, reply);
        let [ClientNotice::Outcome(_, found)] = &notices[..] else { panic!("{notices:?}") };
        assert_eq!(found.is_ok(), outcome.is_ok());
    }
}
