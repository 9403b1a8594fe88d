//! The task that owns the machine: who is asked, who is commanded, who is replied to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nodewire::AskId;
use nodewire::Refused;
use nodewire::bytes::Bytes;
use nodewire::codec::supervisor::{ChainId, NodeCommand};
use nodewire::state::supervisor::{
    CallId, Limits, RpcText, Supervisor, SupervisorAnswer, SupervisorCommand, SupervisorNotice,
    SupervisorRemote,
};
use nodewire_adapter::supervisor::{Gone, Handle, Host, Link, Status};
use serde_json::{Value, json};

use crate::chains::{executing, plain};
use crate::nodes::{Manner, Shared, attach, config, lock, machine, until, world};

fn number(status: &Status, chain: usize) -> Option<u64> {
    status.chains[chain].heads.local_unsafe.map(|block| block.number)
}

async fn anchored(handle: &Handle, world: &Shared, ids: &[u64]) {
    for id in ids {
        let anchor = lock(world).anchor(*id);
        handle.command(anchor).await.unwrap().unwrap();
    }
}

async fn call(handle: &Handle, method: &str, params: Value) -> Value {
    let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let reply = handle.text(text.to_string().into()).await.unwrap();
    serde_json::from_slice(&reply.unwrap()).unwrap()
}

async fn told(link: &Link, world: &Shared, id: u64) {
    let head = lock(world).unsafe_head(id);
    link.tell(head).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn blocks_are_fetched_and_calls_answered() {
    let world = world(&[1, 2]);
    let (handle, host) = Host::start(machine(&[1, 2]));
    let link = attach(&handle, &world, Manner::Knows).await;
    anchored(&handle, &world, &[1, 2]).await;
    for _ in 0..40 {
        lock(&world).chain(1).grow("a", vec![plain("x")]);
    }
    told(&link, &world, 1).await;
    until(&handle, |status| number(status, 0) == Some(140)).await;
    let head = call(&handle, "supervisor_localUnsafe", json!(["0x1"])).await;
    assert_eq!(head["result"]["number"], 140);
    // A root needs outputs of nodes first.
    let root = call(&handle, "supervisor_superRootAtTimestamp", json!(["0x3e8"])).await;
    assert_eq!(root["result"]["chains"].as_array().map(Vec::len), Some(2), "{root}");
    let refused = call(&handle, "supervisor_localUnsafe", json!(["0x9"])).await;
    assert_eq!(refused["error"]["code"], -32_100);
    let status = handle.status().await.unwrap();
    assert_eq!(status.counts.refusals, [(-32_100, 1)].into());
    assert_eq!((status.counts.replies, status.counts.unasked), (3, 0));
    assert_eq!(status.chains[0].target, 140);
    // Only what was told of is commanded.
    let derived = lock(&world).derived(1, 10, 100);
    link.tell(derived).await.unwrap();
    let derived = lock(&world).derived(1, 10, 101);
    link.tell(derived).await.unwrap();
    until(&handle, |status| status.counts.commands > 0).await;
    let commands = std::mem::take(&mut lock(&world).commands);
    assert!(commands.iter().all(|(chain, _)| *chain == ChainId::from(1)));
    assert!(commands.iter().any(|(_, it)| matches!(it, NodeCommand::UpdateCrossSafe { .. })));
    let block = lock(&world).chain(1).block(101).unwrap().0.id();
    let notice = SupervisorNotice::LocalSafe(ChainId::from(1), block);
    assert!(lock(&world).notices.contains(&notice));
    // What was handed in is done before it stops.
    told(&link, &world, 2).await;
    handle.stop().await;
    let machine = host.await.unwrap();
    assert_eq!(machine.index().slots().count(), 2);
    assert_eq!(handle.text(Bytes::from_static(b"{}")).await, Err(Gone));
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_decides() {
    for others in [
        vec![Manner::KnowsNothing, Manner::Silent, Manner::TakesNothing],
        vec![Manner::Silent],
        vec![],
    ] {
        let world = world(&[1]);
        let (handle, _host) = Host::start(machine(&[1]));
        for manner in others {
            attach(&handle, &world, manner).await;
        }
        let link = attach(&handle, &world, Manner::Knows).await;
        anchored(&handle, &world, &[1]).await;
        lock(&world).chain(1).grow("a", vec![]);
        let since = tokio::time::Instant::now();
        told(&link, &world, 1).await;
        until(&handle, |status| number(status, 0) == Some(101)).await;
        assert!(since.elapsed().as_secs() < 1, "nobody was waited for");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_asked_again_later() {
    for manner in [Manner::KnowsNothing, Manner::TakesNothing] {
        let world = world(&[1]);
        let (handle, _host) = Host::start(machine(&[1]));
        let link = attach(&handle, &world, manner).await;
        anchored(&handle, &world, &[1]).await;
        lock(&world).chain(1).grow("a", vec![]);
        told(&link, &world, 1).await;
        let asked = |times| move |status: &Status| status.counts.asked >= times;
        until(&handle, asked(3)).await;
        attach(&handle, &world, Manner::Knows).await;
        until(&handle, |status| number(status, 0) == Some(101)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_leaves_takes_its_nodes_and_questions_along() {
    let world = world(&[1]);
    let (handle, _host) = Host::start(machine(&[1]));
    let silent = attach(&handle, &world, Manner::Silent).await;
    anchored(&handle, &world, &[1]).await;
    lock(&world).chain(1).grow("a", vec![]);
    told(&silent, &world, 1).await;
    until(&handle, |status| status.counts.asked == 1).await;
    silent.detach().await;
    let since = tokio::time::Instant::now();
    attach(&handle, &world, Manner::Knows).await;
    until(&handle, |status| number(status, 0) == Some(101)).await;
    assert!(since.elapsed().as_secs() <= 2, "its question was not waited for");
    // Its node is not told of what follows.
    assert!(lock(&world).commands.is_empty());
}

#[tokio::test(start_paused = true)]
async fn refusals_come_back_to_whoever_sent() {
    let world = world(&[1]);
    let (handle, _host) = Host::start(machine(&[1]));
    let link = attach(&handle, &world, Manner::Silent).await;
    let mut strange = lock(&world).anchor(1);
    if let SupervisorCommand::Anchor { chain_id, .. } = &mut strange {
        *chain_id = ChainId::from(9);
    }
    assert!(handle.command(strange.clone()).await.unwrap().is_err());
    assert!(link.command(strange).await.unwrap().is_err());
    let never = SupervisorAnswer::L1(None);
    let answer = SupervisorCommand::Answer(AskId::from_u64(5), Box::new(never.clone()));
    assert_eq!(link.command(answer).await.unwrap(), Err(Refused::UnknownAsk));
    link.answer(AskId::from_u64(5), never).await.unwrap();
    // A text of a source is replied under its own number.
    let text = br#"{"jsonrpc":"2.0","id":1,"method":"admin_getFailsafeEnabled"}"#;
    let text = RpcText { call: CallId(77), text: Bytes::from_static(text) };
    link.tell(SupervisorRemote::Rpc(text)).await.unwrap();
    until(&handle, |status| status.counts.replies == 1).await;
    assert_eq!(lock(&world).replies.len(), 1);
    assert!(lock(&world).replies[0].starts_with("77: "));
}

#[tokio::test(start_paused = true)]
async fn what_candidates_wait_for_is_told() {
    let world = world(&[1, 2]);
    let (handle, host) = Host::start(machine(&[1, 2]));
    let link = attach(&handle, &world, Manner::Knows).await;
    anchored(&handle, &world, &[1, 2]).await;
    lock(&world).chain(1).grow("a", vec![plain("x")]);
    let message = lock(&world).chain(1).message(101, 0);
    lock(&world).chain(2).grow("a", vec![]);
    lock(&world).chain(2).grow("a", vec![executing(&message)]);
    told(&link, &world, 2).await;
    until(&handle, |status| number(status, 1) == Some(202)).await;
    let status = handle.status().await.unwrap();
    let waits = status.chains[1].waits_unsafe.clone().expect("block 101 of chain 1 is not there");
    assert_eq!(waits.candidate.number, 202);
    assert_eq!(waits.chains, [ChainId::from(1), ChainId::from(2)]);
    assert_eq!(status.chains[0].waits_unsafe, None);
    assert_eq!(status.chains[1].waits_safe, None);
    told(&link, &world, 1).await;
    until(&handle, |status| status.chains[1].waits_unsafe.is_none()).await;
    for (chain, number) in [(2, 200), (2, 201), (2, 202)] {
        let derived = lock(&world).derived(chain, 10, number);
        link.tell(derived).await.unwrap();
    }
    until(&handle, |status| status.chains[1].waits_safe.is_some()).await;
    let status = handle.status().await.unwrap();
    assert_eq!(status.chains[1].waits_safe.as_ref().unwrap().candidate.number, 202);
    assert!(!status.chains[1].awaits_replacement);
    handle.stop().await;
    assert!(host.await.unwrap().is_synced());
}

/// Clients that ask all the time, faster than they can be answered.
fn flood(handle: &Handle, over: &Arc<AtomicBool>) {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "supervisor_syncStatus"});
    let text = Bytes::from(Value::from(vec![call; 200]).to_string());
    for _ in 0..64 {
        let (handle, text, over) = (handle.clone(), text.clone(), over.clone());
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                handle.text(text.clone()).await.unwrap();
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_come_however_much_is_asked() {
    let world = world(&[1, 2]);
    let mut limits = Limits::default();
    limits.parked_deadline = Duration::from_millis(300);
    let (handle, _host) = Host::start(Supervisor::new(config(&[1, 2]), limits).unwrap());
    attach(&handle, &world, Manner::Silent).await;
    anchored(&handle, &world, &[1, 2]).await;
    let over = Arc::new(AtomicBool::new(false));
    flood(&handle, &over);
    let root = call(&handle, "supervisor_superRootAtTimestamp", json!(["0x3e8"]));
    let root = tokio::time::timeout(Duration::from_secs(20), root).await;
    over.store(true, Ordering::Relaxed);
    assert_eq!(root.expect("an answer in time")["error"]["code"], -32_002);
}
