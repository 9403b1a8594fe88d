//! The Supervisor over loopback HTTP beside an axum server that echoes texts and nothing else.
//!
//! `cargo bench -p nodewire-adapter --bench served [-- SECONDS [ROUNDS]]`: 64 connections of `wrk`
//! to one and to the other in turn, the medians of all rounds, and their ratio. Both are served by
//! one process, on runtimes alike. Without `wrk` nothing is measured, and it says so.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use nodewire::bytes::Bytes;
use nodewire::sim::supervisor::{Cluster, Feed, Options, Order, entries, message_of};
use nodewire::state::supervisor::{Limits, Supervisor};
use nodewire_adapter::supervisor::{Handle, Host, Manner, Serving, listen};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

const CONNECTIONS: u32 = 64;
/// How many messages the access list has.
const MESSAGES: usize = 10;

fn main() {
    let numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let numbers: Vec<u32> = numbers.collect();
    let seconds = numbers.first().copied().unwrap_or(2);
    let rounds = numbers.get(1).copied().unwrap_or(5);
    if Command::new("wrk").arg("-v").output().is_err() {
        println!("wrk is not there: nothing is measured");
        return;
    }
    let cluster = Cluster::generate(7, 2, 200, Options::default());
    let (supervisor, feed) = fed(&cluster);
    let served = runtime();
    let (supervisor, handle) = served.block_on(serve(&cluster, supervisor));
    let bare = runtime();
    let echo = bare.block_on(echo());
    println!("{CONNECTIONS} connections, {rounds} times {seconds} s each, in turn; medians\n");
    println!("{:<34}{:>12}{:>10}{:>10}", "", "requests/s", "p50 us", "p99 us");
    for (name, text) in [
        ("supervisor_localUnsafe", local_unsafe(&cluster)),
        ("supervisor_checkAccessList", check(&feed)),
    ] {
        let reply = served.block_on(handle.text(text.clone().into()));
        let reply = reply.expect("it is there").unwrap_or_default();
        assert!(reply.windows(8).any(|part| part == b"\"result\""), "{reply:?}");
        let script = script(name, &text);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            theirs.push(load(echo, &script, seconds));
            ours.push(load(supervisor, &script, seconds));
        }
        let (ours, theirs) = (median(&ours), median(&theirs));
        let row = |name: &str, [rate, half, most]: [f64; 3]| {
            println!("{name:<34}{rate:>12.0}{half:>10.0}{most:>10.0}");
        };
        row(name, ours);
        row(&format!("  echo of its {} bytes", text.len()), theirs);
        println!("  ratio of requests/s: {:.2}\n", ours[0] / theirs[0]);
    }
}

/// A Supervisor that was told all of a cluster, and what is true of it.
fn fed(cluster: &Cluster) -> (Supervisor, Feed) {
    let mut supervisor = Supervisor::new(cluster.config(), Limits::default()).expect("two chains");
    let mut feed = Feed::new(cluster, Order::InTurn);
    feed.play(&mut supervisor, |_, _, _| ());
    assert!(feed.is_settled(), "it is told everything");
    (supervisor, feed)
}

fn local_unsafe(cluster: &Cluster) -> String {
    let chain = cluster.chain_ids().next();
    request("supervisor_localUnsafe", &json!([chain]))
}

/// Newer messages of all chains, in the order of their chains.
fn check(feed: &Feed) -> String {
    let truth = feed.truth();
    let mut list = Vec::new();
    let mut now = 0;
    for (place, chain_id) in truth.chain_ids().enumerate() {
        let newest = truth.blocks(place).iter().rev();
        let messages = newest.flat_map(|block| {
            now = now.max(block.timestamp + 1);
            let logs = truth.logs(place, block.hash).unwrap_or_default();
            let at = (block.number, block.timestamp);
            (0..).zip(logs).map(move |(index, log)| message_of(chain_id, at, index, log))
        });
        list.extend(messages.take(MESSAGES / 2).flat_map(|message| entries(&message)));
    }
    let descriptor = json!({ "timestamp": format!("{now:#x}") });
    request("supervisor_checkAccessList", &json!([list, "unsafe", descriptor]))
}

fn request(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

async fn bound() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it has one");
    (listener, address)
}

async fn serve(cluster: &Cluster, supervisor: Supervisor) -> (SocketAddr, Handle) {
    let (listener, address) = bound().await;
    let serving = Serving::new(Manner::new(&cluster.config(), &Limits::default()));
    let (handle, _) = Host::start(supervisor);
    let of = handle.clone();
    tokio::spawn(async move {
        listen(listener, of, serving, std::future::pending(), Duration::ZERO).await;
    });
    (address, handle)
}

async fn echo() -> SocketAddr {
    let (listener, address) = bound().await;
    let routes = Router::new().route("/", post(|text: Bytes| async { text }));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// What `wrk` is to send, and to print in the end.
fn script(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.lua"));
    let script = format!(
        "wrk.method = 'POST'\nwrk.body = [==[{text}]==]\n\
         wrk.headers['Content-Type'] = 'application/json'\n\
         function done(summary, latency)\n  local wrong = summary.errors\n  \
         print('measured', summary.requests * 1e6 / summary.duration, latency:percentile(50), \
         latency:percentile(99), wrong.connect + wrong.read + wrong.write + wrong.status + \
         wrong.timeout)\nend\n"
    );
    std::fs::write(&path, script).expect("the folder of temporary files");
    path
}

/// Requests a second, and by how many microseconds half and nearly all of them are answered.
fn load(address: SocketAddr, script: &Path, seconds: u32) -> [f64; 3] {
    let connections = CONNECTIONS.to_string();
    let output = Command::new("wrk")
        .args(["-t", "1", "-c", &connections, "-d", &format!("{seconds}s"), "-s"])
        .arg(script)
        .arg(format!("http://{address}/"))
        .output()
        .expect("wrk runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("measured")).expect("figures");
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    let [rate, half, most, wrong] = numbers[..] else { panic!("{line}") };
    assert!(wrong == 0.0, "{wrong} requests went wrong");
    [rate, half, most]
}

fn median(runs: &[[f64; 3]]) -> [f64; 3] {
    [0, 1, 2].map(|at| {
        let mut column: Vec<f64> = runs.iter().map(|run| run[at]).collect();
        column.sort_by(f64::total_cmp);
        column[column.len() / 2]
    })
}
