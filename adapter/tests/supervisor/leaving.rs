//! What requests hold, and what becomes of those whose clients have left.

use std::time::Duration;

use nodewire::state::supervisor::{DurableLimits, Limits};
use nodewire_adapter::supervisor::{Folder, Host, Serving, Settings};
use tokio::time::Instant;

use crate::endpoint::{Client, Endpoint};
use crate::nodes::{Manner, Shared, attach, config, lock, world};
use crate::process::folder;

const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"admin_getFailsafeEnabled"}"#;
const ROOT: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"supervisor_superRootAtTimestamp","params":["0x3e8"]}"#;

#[test]
fn what_finds_no_room_is_told_so_and_harms_nobody() {
    // All but what is left to small ones: about 100,000.
    let endpoint = Endpoint::new(Limits::default(), |_, serving| serving.bytes = 134_000);
    let padded = |length: usize| format!("{CALL}{}", " ".repeat(length - CALL.len()));
    // One holds much, and says the rest later.
    let (mut slow, long) = (endpoint.connect(), padded(30_000));
    slow.head(long.len());
    slow.send(&long.as_bytes()[..29_000]);
    endpoint.until("held_bytes", |held| held >= 29_000);
    let mut other = endpoint.connect();
    for _ in 0..3 {
        // No room for the text itself, or for the text and its reply; nor in pieces.
        for length in [120_000, 50_000] {
            let reply = other.post(padded(length).as_bytes());
            assert_eq!(reply.status, 503, "{length}");
            assert!(reply.head.contains("retry-after: 1\r\n"), "{}", reply.head);
            let error = &reply.json().unwrap()["error"];
            assert_eq!(error["code"], -32_005);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("bytes of texts and replies"), "{message}");
        }
        // The connection is as good as before, and small texts find room.
        assert_eq!(other.post(CALL.as_bytes()).json().unwrap()["result"], false);
    }
    assert_eq!(endpoint.metric("requests_without_room_total"), 6);
    slow.send(&long.as_bytes()[29_000..]);
    assert_eq!(slow.reply().json().unwrap()["result"], false);
    endpoint.until("held_bytes", |held| held == 0);
    assert_eq!(other.post(padded(40_000).as_bytes()).status, 200);
    // Half a text of somebody who leaves is held no longer.
    let mut half = endpoint.connect();
    half.head(long.len());
    half.send(&long.as_bytes()[..29_000]);
    endpoint.until("held_bytes", |held| held >= 29_000);
    half.break_off();
    endpoint.until("held_bytes", |held| held == 0);
}

#[test]
fn those_that_hold_much_leave_room_for_small_ones() {
    let endpoint = Endpoint::new(Limits::default(), |_, serving| {
        (serving.bytes, serving.connections) = (1_000_000, 20);
    });
    let long = vec![b' '; 300_000];
    let half = |length: usize| {
        let mut client = endpoint.connect();
        client.head(long.len());
        client.send(&long[..length]);
        client
    };
    let mut slow = Vec::new();
    for length in [290_000, 290_000, 100_000, 40_000, 20_000] {
        let held = endpoint.metric("held_bytes");
        slow.push(half(length));
        // Some find no room themselves.
        std::thread::sleep(Duration::from_millis(100));
        assert!(endpoint.metric("held_bytes") >= held.min(500_000));
    }
    assert!(endpoint.metric("held_bytes") >= 500_000);
    // So many small ones as there may be connections beside.
    for _ in 0..10 {
        slow.push(half(10_000));
        assert_eq!(endpoint.ask(CALL).unwrap()["result"], false);
    }
}

#[test]
fn replies_are_held_until_they_are_written() {
    let endpoint = Endpoint::new(Limits::default(), |_, serving| {
        serving.bytes = 8_000_000;
        serving.stall = Duration::from_secs(2);
    });
    let batch = format!("[{}{CALL}]", (CALL.to_owned() + ",").repeat(999));
    let address = endpoint.address;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = Client::to(address);
                // Answers that nobody reads, more than the connection takes.
                for _ in 0..400 {
                    client.head(batch.len());
                    client.send(batch.as_bytes());
                }
            });
        }
        let held_for_long = || {
            let least = (0..10).map(|_| {
                std::thread::sleep(Duration::from_millis(20));
                endpoint.metric("held_bytes")
            });
            least.min()
        };
        let since = Instant::now();
        while held_for_long() == Some(0) {
            assert!(since.elapsed() < Duration::from_secs(10), "nothing is held");
        }
        assert!(endpoint.metric("held_bytes") <= 8_000_000);
        assert_eq!(endpoint.connect().post(CALL.as_bytes()).status, 200);
    });
    endpoint.until("held_bytes", |held| held == 0);
}

/// Limits with room for two calls that wait, for as long as they like.
fn two() -> Limits {
    let mut limits = Limits::default();
    limits.max_parked_calls = 2;
    limits.parked_deadline = Duration::from_secs(3_600);
    limits.call_deadline = Duration::from_secs(3_600);
    limits
}

fn set(serving: &mut Serving, grace: Duration) {
    (serving.grace, serving.request) = (grace, Duration::from_secs(3_600));
}

/// Nodes that never answer.
fn silent(endpoint: &Endpoint) -> Shared {
    let world = world(&[10]);
    endpoint.runtime.block_on(async {
        let link = attach(&endpoint.handle, &world, Manner::Silent).await;
        let anchor = lock(&world).anchor(10);
        endpoint.handle.command(anchor).await.unwrap().unwrap();
        let derived = lock(&world).derived(10, 10, 1_000);
        link.tell(derived).await.unwrap();
    });
    world
}

/// A client whose call waits for nodes.
fn waiting(endpoint: &Endpoint, world: &Shared) -> Client {
    let asked = lock(world).asked;
    let mut client = endpoint.connect();
    client.head(ROOT.len());
    client.send(ROOT.as_bytes());
    let since = Instant::now();
    while lock(world).asked == asked {
        assert!(since.elapsed() < Duration::from_secs(10), "it does not wait");
        std::thread::sleep(Duration::from_millis(5));
    }
    client
}

fn refused(endpoint: &Endpoint) {
    assert_eq!(endpoint.ask(ROOT).unwrap()["error"]["code"], -32_005, "there is room");
}

fn those_that_left_make_room(endpoint: &Endpoint) {
    let world = silent(endpoint);
    let clients = [waiting(endpoint, &world), waiting(endpoint, &world)];
    refused(endpoint);
    assert_eq!(endpoint.metric("abandoned_total"), 0);
    clients.into_iter().for_each(Client::break_off);
    endpoint.until("abandoned_total", |abandoned| abandoned == 2);
    endpoint.until("held_bytes", |held| held == 0);
    // There is room for two more; whoever ends the connection gets some grace.
    let [leaves, stays] = [waiting(endpoint, &world), waiting(endpoint, &world)];
    refused(endpoint);
    drop(leaves);
    endpoint.until("abandoned_total", |abandoned| abandoned == 3);
    let again = waiting(endpoint, &world);
    refused(endpoint);
    drop((stays, again));
    endpoint.until("abandoned_total", |abandoned| abandoned == 5);
    assert_eq!(endpoint.ask(CALL).unwrap()["result"], false);
}

#[test]
fn calls_of_clients_that_left_make_room_at_once() {
    let grace = Duration::from_millis(100);
    let endpoint = Endpoint::new(two(), |_, serving| set(serving, grace));
    those_that_left_make_room(&endpoint);
    assert_eq!(endpoint.stopped().questions().count(), 0);
}

#[test]
fn so_they_do_where_a_journal_is_kept() {
    let place = folder("journal-left");
    let grace = Duration::from_millis(100);
    let endpoint = Endpoint::of(
        two(),
        |_, serving| set(serving, grace),
        |config, limits| {
            let folder = Folder::open(&place).unwrap();
            let recovered = folder.recover(&Settings { config, limits }).unwrap();
            Host::kept(recovered, DurableLimits::default(), folder).unwrap()
        },
    );
    those_that_left_make_room(&endpoint);
    assert_eq!(endpoint.metric("journal_failed"), 0);
    let machine = endpoint.stopped();
    // What was given up stays so after a restart.
    let settings = Settings { config: config(&[10]), limits: two() };
    let recovered = Folder::open(&place).unwrap().recover(&settings).unwrap();
    assert!(recovered.complete && recovered.exact, "{:?}", recovered.files);
    assert_eq!(recovered.machine, machine);
}

#[test]
fn who_says_no_more_may_still_listen() {
    let mut limits = two();
    limits.parked_deadline = Duration::from_millis(400);
    let grace = Duration::from_secs(3_600);
    let endpoint = Endpoint::new(limits, |_, serving| set(serving, grace));
    let world = silent(&endpoint);
    let mut client = waiting(&endpoint, &world);
    client.finish();
    assert_eq!(client.reply().json().unwrap()["error"]["code"], -32_002);
    assert_eq!(endpoint.metric("abandoned_total"), 0);
    // One that says more is there.
    let mut client = waiting(&endpoint, &world);
    client.head(CALL.len());
    client.send(CALL.as_bytes());
    assert_eq!(client.reply().json().unwrap()["error"]["code"], -32_002);
    assert_eq!(client.reply().json().unwrap()["result"], false);
}
