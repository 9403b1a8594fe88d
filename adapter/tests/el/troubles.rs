//! Servers that are slow, broken or lying: nobody else is harmed, and afterwards all is as if
//! nothing had been.

use std::time::Duration;

use nodewire::codec::supervisor::ChainId;
use nodewire_adapter::supervisor::el::Standing;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::layer::{Server, Trouble};
use crate::world::{A, B, World, chains, grow};

const LATEST: &str = "eth_getBlockByNumber";
const RECEIPTS: &str = "eth_getBlockReceipts";

/// The place of a fault among the counts.
const UNREACHABLE: usize = 0;
const TIMED_OUT: usize = 1;
const STATUS: usize = 2;
const TOO_LARGE: usize = 3;
const GARBAGE: usize = 4;
const REFUSED: usize = 5;
const WRONG: usize = 6;

/// While B's server has this trouble, A gets to its head and B does not; then B gets there too.
async fn goes_through(method: &'static str, trouble: Trouble, fault: usize) {
    let (a, b) = chains(25);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    b.later(method, 6, usize::MAX, trouble);
    let world = World::follow(&[&a, &b]).await;
    let heads = [a.head(), b.head()];
    world.reaches(A, heads[0]).await;
    world.sees(1, |seen| seen.faults[fault] > 0).await;
    assert_ne!(world.heads(B).await.0, Some(heads[1].id()));
    assert_eq!(world.seen(0).faults, [0; 7]);
    b.heal();
    world.reaches(B, heads[1]).await;
    world.sees(1, |seen| seen.standing == Standing::Following).await;
    // It goes on as if nothing had been.
    grow(&mut a.script().chain, &mut b.script().chain, "a");
    let heads = [a.head(), b.head()];
    world.reaches(A, heads[0]).await;
    world.reaches(B, heads[1]).await;
}

#[tokio::test]
async fn connections_that_break() {
    goes_through("", Trouble::Closed, UNREACHABLE).await;
    goes_through(LATEST, Trouble::Half, UNREACHABLE).await;
    goes_through(RECEIPTS, Trouble::Half, UNREACHABLE).await;
}

#[tokio::test]
async fn answers_that_never_come_to_an_end() {
    goes_through("", Trouble::Silence, TIMED_OUT).await;
    goes_through(RECEIPTS, Trouble::Drip, TIMED_OUT).await;
}

#[tokio::test]
async fn answers_that_are_too_large() {
    goes_through(LATEST, Trouble::Endless, TOO_LARGE).await;
    goes_through(RECEIPTS, Trouble::Endless, TOO_LARGE).await;
    goes_through(RECEIPTS, Trouble::Claims, UNREACHABLE).await;
}

#[tokio::test]
async fn other_statuses() {
    goes_through("", Trouble::Status(503), STATUS).await;
    goes_through(RECEIPTS, Trouble::Status(429), STATUS).await;
    goes_through(LATEST, Trouble::Status(301), STATUS).await;
}

#[tokio::test]
async fn answers_that_are_no_answers() {
    goes_through("", Trouble::Text("<html>busy</html>"), GARBAGE).await;
    goes_through(RECEIPTS, Trouble::Text(""), GARBAGE).await;
    goes_through(RECEIPTS, Trouble::Text(r#"{"jsonrpc":"2.0","id":1,"result":[]}"#), GARBAGE).await;
    goes_through(RECEIPTS, Trouble::Changed(|it| *it = json!({"logs": []})), GARBAGE).await;
    goes_through(LATEST, Trouble::Changed(|it| it["hash"] = Value::Null), GARBAGE).await;
}

#[tokio::test]
async fn errors_instead_of_results() {
    goes_through(RECEIPTS, Trouble::Error(-32000), REFUSED).await;
    goes_through("", Trouble::Error(-32601), REFUSED).await;
}

#[tokio::test]
async fn receipts_that_are_missing_or_of_another_block() {
    goes_through(RECEIPTS, Trouble::Changed(|it| drop(list(it).pop())), WRONG).await;
    goes_through(RECEIPTS, Trouble::Changed(|it| list(it).clear()), WRONG).await;
    goes_through(RECEIPTS, Trouble::Changed(|it| list(it).reverse()), WRONG).await;
    let stray: fn(&mut Value) = |it| it[0]["blockHash"] = json!(format!("0x{}", "1".repeat(64)));
    goes_through(RECEIPTS, Trouble::Changed(stray), WRONG).await;
    let gap: fn(&mut Value) = |it| it[1]["logs"][0]["logIndex"] = json!("0x5");
    goes_through(RECEIPTS, Trouble::Changed(gap), WRONG).await;
}

fn list(value: &mut Value) -> &mut Vec<Value> {
    value.as_array_mut().expect("a list")
}

/// Receipts that are not there yet are asked for again, and no fault.
#[tokio::test]
async fn receipts_that_come_late() {
    let (a, b) = chains(10);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    b.later(RECEIPTS, 3, 6, Trouble::Changed(|it| *it = Value::Null));
    let world = World::follow(&[&a, &b]).await;
    let head = b.head();
    world.reaches(A, a.head()).await;
    world.reaches(B, head).await;
    assert_eq!(world.seen(1).faults, [0; 7]);
}

#[tokio::test]
async fn a_server_of_another_chain_is_not_believed() {
    let (a, b) = chains(10);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    b.script().chain_id = ChainId::from(A);
    let world = World::follow(&[&a, &b]).await;
    world.reaches(A, a.head()).await;
    world.sees(1, |seen| seen.faults[WRONG] > 1).await;
    assert_eq!(world.heads(B).await, (None, None));
    assert_eq!(b.script().asked.len(), 1, "{:?}", b.script().asked);
    b.script().chain_id = ChainId::from(B);
    world.reaches(B, b.head()).await;
}

#[tokio::test]
async fn a_server_that_fails_is_asked_less_and_less() {
    let (a, b) = chains(25);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let world = World::follow(&[&a, &b]).await;
    let head = b.head();
    world.reaches(A, a.head()).await;
    world.reaches(B, head).await;
    b.trouble("", usize::MAX, Trouble::Status(500));
    world.sees(1, |seen| seen.standing == Standing::Failing).await;
    let (since, before) = (Instant::now(), b.requests());
    sleep(Duration::from_millis(1_500)).await;
    // From 10 ms to 160 ms doubling: about 4 and then 8 or 9 looks of one request each.
    let looks = b.requests() - before;
    let most = 8 + since.elapsed().as_millis() / 160;
    assert!(looks >= 3 && (looks as u128) <= most, "{looks} looks");
    // What was indexed stays, and is answered.
    assert_eq!(world.heads(B).await.0, Some(head.id()));
    assert_eq!(world.call("localUnsafe", json!(["0x14"])).await, Ok(json!(head.id())));
}

#[tokio::test]
async fn nobody_listens_at_first() {
    let (a, b) = chains(10);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let mut absent = b.clone();
    absent.url = format!("http://{port}/");
    let world = World::follow(&[&a, &absent]).await;
    world.reaches(A, a.head()).await;
    world.sees(1, |seen| seen.faults[UNREACHABLE] > 1).await;
    assert_eq!(world.heads(B).await, (None, None));
}
