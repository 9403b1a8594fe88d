//! Texts over HTTP: what is answered, and what clients cannot do to it.

use std::time::Duration;

use nodewire::codec::supervisor::Profile;
use nodewire::state::supervisor::{Limits, SupervisorRemote};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::agree::agree;
use crate::endpoint::{Client, Endpoint};
use crate::nodes::{Manner, attach, l1_block, lock, world};
use crate::shared_vectors::shared;

const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"admin_getFailsafeEnabled"}"#;

fn answered() -> Option<Value> {
    Some(json!({"jsonrpc": "2.0", "id": 7, "result": false}))
}

fn code(reply: &Option<Value>) -> i64 {
    reply.as_ref().unwrap()["error"]["code"].as_i64().unwrap()
}

fn small(max_text: usize) -> Endpoint {
    let mut limits = Limits::default();
    limits.max_text = max_text;
    Endpoint::new(limits.clone(), |config, serving| {
        serving.manner = nodewire_adapter::supervisor::Manner::new(config, &limits);
    })
}

#[test]
fn every_text_of_the_vectors_has_its_answer() {
    let Some(vectors) = shared("http", "supervisor", "jsonrpc.json") else { return };
    let endpoint = Endpoint::usual();
    let world = world(&[10]);
    endpoint.runtime.block_on(async {
        let link = attach(&endpoint.handle, &world, Manner::Knows).await;
        link.tell(SupervisorRemote::L1Finalized(l1_block(3))).await.unwrap();
    });
    let mut client = endpoint.connect();
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let text = case["request"].as_str().unwrap();
        // All on one connection: none of them ends it.
        let reply = client.post(text.as_bytes());
        assert_eq!(reply.status, 200);
        assert!(reply.head.contains("content-type: application/json\r\n"), "{}", reply.head);
        let name = &case["name"];
        assert!(agree(&case["response"], reply.json().as_ref()), "{name}: {reply:?}");
    }
    assert_eq!(cases.len(), 87);
}

#[test]
fn texts_may_come_in_pieces_and_together() {
    let endpoint = Endpoint::usual();
    let mut client = endpoint.connect();
    // Byte by byte.
    for byte in
        format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{CALL}", CALL.len())
            .bytes()
    {
        client.send(&[byte]);
    }
    assert_eq!(client.reply().json(), answered());
    // In chunks.
    client.send(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    for piece in CALL.as_bytes().chunks(9) {
        client.send(format!("{:x}\r\n", piece.len()).as_bytes());
        client.send(piece);
        client.send(b"\r\n");
    }
    client.send(b"0\r\n\r\n");
    assert_eq!(client.reply().json(), answered());
    // Several requests before the first answer.
    for _ in 0..5 {
        client.head(CALL.len());
        client.send(CALL.as_bytes());
    }
    for _ in 0..5 {
        assert_eq!(client.reply().json(), answered());
    }
    // A client that has said all it wants to say is answered too.
    client.head(CALL.len());
    client.send(CALL.as_bytes());
    client.finish();
    assert_eq!(client.reply().json(), answered());
    assert_eq!(client.next(), None);
}

#[test]
fn what_is_no_request_harms_nobody() {
    let endpoint = Endpoint::usual();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"POST / HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\n{}",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
    ] {
        let mut client = endpoint.connect();
        client.send(bytes);
        client.finish();
        assert!(client.next().is_none_or(|reply| reply.status == 400));
    }
    // Gone in the midst of a head, of a body, of an answer.
    for bytes in ["POST / HT", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{}"] {
        endpoint.connect().send(bytes.as_bytes());
    }
    endpoint.connect().head(CALL.len());
    let get = endpoint.get("/");
    assert_eq!(get.status, 405);
    assert_eq!(endpoint.get("/nowhere").status, 404);
    for text in ["", " ", "{", "\u{feff}{}", "[]", "null", "[[[[[[[[[["] {
        assert!([-32_700, -32_600].contains(&code(&endpoint.ask(text))), "{text}");
    }
    assert_eq!(code(&endpoint.ask(b"\xff\xfe")), -32_700);
    assert_eq!(code(&endpoint.ask("[".repeat(1_000_000))), -32_700);
    assert_eq!(endpoint.ask(r#"{"jsonrpc":"2.0","method":"x"}"#), None);
    assert_eq!(endpoint.ask(CALL), answered());
}

#[test]
fn a_text_that_is_too_long_is_refused_in_json() {
    let endpoint = small(1_000);
    let padded = |length: usize| format!("{CALL}{}", " ".repeat(length - CALL.len()));
    assert_eq!(endpoint.ask(padded(1_000)), answered());
    let mut client = endpoint.connect();
    for length in [1_001, 5_000, 15_000] {
        assert_eq!(code(&client.post(padded(length).as_bytes()).json()), -32_005, "{length}");
        // The connection is as good as before.
        assert_eq!(client.post(CALL.as_bytes()).json(), answered());
    }
    // Without end: refused before the end, which is then not waited for.
    client.send(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..64 {
        client.send(format!("400\r\n{}\r\n", " ".repeat(0x400)).as_bytes());
    }
    let reply = client.reply();
    assert!(reply.head.contains("connection: close"), "{}", reply.head);
    assert_eq!(code(&reply.json()), -32_005);
    assert_eq!(client.next(), None);
    assert_eq!(endpoint.ask(CALL), answered());
}

#[test]
fn the_usual_limit_is_that_of_the_machine() {
    let endpoint = Endpoint::usual();
    let limit = Limits::default().max_text;
    let mut text = CALL.as_bytes().to_vec();
    text.resize(limit, b' ');
    assert_eq!(endpoint.ask(&text), answered());
    text.push(b' ');
    assert_eq!(code(&endpoint.ask(&text)), -32_005);
}

#[test]
fn slow_clients_are_let_go() {
    let endpoint = Endpoint::new(Limits::default(), |_, serving| {
        serving.request = Duration::from_millis(300);
        serving.head = Duration::from_millis(300);
    });
    // Says nothing; says half a head; says half a body; has said something before.
    let mut silent = endpoint.connect();
    let mut slow = endpoint.connect();
    slow.send(b"POST / HT");
    let mut half = endpoint.connect();
    half.head(100);
    half.send(b"{");
    let mut idle = endpoint.connect();
    assert_eq!(idle.post(CALL.as_bytes()).json(), answered());
    let since = Instant::now();
    for client in [&mut silent, &mut slow, &mut idle] {
        let reply = client.next();
        assert!(reply.is_none_or(|reply| reply.status == 408));
    }
    let reply = half.reply();
    assert_eq!(reply.status, 408);
    assert_eq!(half.next(), None);
    assert!(since.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_client_that_takes_nothing_is_let_go() {
    let endpoint = Endpoint::new(Limits::default(), |_, serving| {
        serving.stall = Duration::from_millis(300);
    });
    let one = CALL.to_owned() + ",";
    let batch = format!("[{}{CALL}]", one.repeat(999));
    let mut client = endpoint.connect();
    // Some megabytes of answers that nobody reads.
    for _ in 0..400 {
        client.head(batch.len());
        client.send(batch.as_bytes());
    }
    endpoint.until("connections", |connections| connections <= 1);
    drop(client);
}

#[test]
fn more_connections_than_allowed_wait() {
    let endpoint = Endpoint::new(Limits::default(), |_, serving| serving.connections = 2);
    let mut first = endpoint.connect();
    let mut second = endpoint.connect();
    assert_eq!(first.post(CALL.as_bytes()).json(), answered());
    assert_eq!(second.post(CALL.as_bytes()).json(), answered());
    let mut third = endpoint.connect();
    third.head(CALL.len());
    third.send(CALL.as_bytes());
    assert_eq!(first.post(CALL.as_bytes()).json(), answered());
    drop(first);
    assert_eq!(third.reply().json(), answered());
}

#[test]
fn many_clients_at_once() {
    let endpoint = Endpoint::usual();
    let address = endpoint.address;
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(move || {
                let mut client = Client::to(address);
                for _ in 0..50 {
                    assert_eq!(client.post(CALL.as_bytes()).json(), answered());
                }
            });
        }
    });
    let status = endpoint.runtime.block_on(endpoint.handle.status()).unwrap();
    assert_eq!(status.counts.replies, 64 * 50);
}

#[test]
fn open_requests_are_answered_before_the_end() {
    let mut limits = Limits::default();
    limits.parked_deadline = Duration::from_millis(800);
    let mut endpoint = Endpoint::new(limits, |_, _| {});
    let world = world(&[10]);
    endpoint.runtime.block_on(async {
        let link = attach(&endpoint.handle, &world, Manner::Silent).await;
        let anchor = lock(&world).anchor(10);
        endpoint.handle.command(anchor).await.unwrap().unwrap();
        // It derives its anchor: there is a root to be made.
        let derived = lock(&world).derived(10, 10, 1_000);
        link.tell(derived).await.unwrap();
    });
    let root =
        r#"{"jsonrpc":"2.0","id":1,"method":"supervisor_superRootAtTimestamp","params":["0x3e8"]}"#;
    let mut waiting = endpoint.connect();
    waiting.head(root.len());
    waiting.send(root.as_bytes());
    let mut idle = endpoint.connect();
    assert_eq!(idle.post(CALL.as_bytes()).json(), answered());
    // Its question was asked, so it has been taken in.
    while lock(&world).asked == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    endpoint.stop();
    let since = Instant::now();
    assert_eq!(idle.next(), None, "nothing is under way here");
    assert_eq!(code(&waiting.reply().json()), -32_002);
    assert_eq!(waiting.next(), None);
    assert!(since.elapsed() < Duration::from_secs(4));
    let refused = std::net::TcpStream::connect(endpoint.address);
    assert!(refused.is_err(), "nobody listens any more");
    endpoint.stopped();
}

#[test]
fn operators_see_how_it_is() {
    let endpoint = Endpoint::new(Limits::default(), |config, _| {
        config.profile = Profile::Deployed;
    });
    assert_eq!(endpoint.get("/healthz").text(), "ok\n");
    let ready = endpoint.get("/readyz");
    assert_eq!((ready.status, ready.text().as_str()), (503, "chain 0xa has no anchor\n"));
    let world = world(&[10]);
    let link = endpoint.runtime.block_on(async {
        let link = attach(&endpoint.handle, &world, Manner::Knows).await;
        let anchor = lock(&world).anchor(10);
        endpoint.handle.command(anchor).await.unwrap().unwrap();
        link
    });
    assert_eq!(endpoint.get("/readyz").text(), "ready\n");
    assert_eq!(code(&endpoint.ask(r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#)), -32_601);
    // A block far ahead that nobody has.
    let mut head = lock(&world).chain(10).head();
    head.number += 100;
    let unsafe_block = Some(head);
    let event = nodewire::codec::supervisor::NodeEvent { unsafe_block, ..Default::default() };
    let event = crate::nodes::event(nodewire::codec::supervisor::ChainId::from(10), event);
    endpoint.runtime.block_on(link.tell(event)).unwrap();
    let ready = endpoint.get("/readyz");
    let reason = "chain 0xa is 200 seconds behind at block 1000\n";
    assert_eq!((ready.status, ready.text().as_str()), (503, reason));
    let reply = endpoint.get("/metrics");
    assert!(reply.head.contains("content-type: application/openmetrics-text"), "{}", reply.head);
    let metrics = reply.text();
    for line in [
        r#"nodewire_supervisor_head_number{chain="0xa",level="unsafe"} 1000"#,
        r#"nodewire_supervisor_head_number{chain="0xa",level="safe"} 1000"#,
        r#"nodewire_supervisor_head_behind_blocks{chain="0xa",level="unsafe"} 100"#,
        r#"nodewire_supervisor_head_time_seconds{chain="0xa",level="cross-unsafe"} 1000"#,
        r#"nodewire_supervisor_refusals_total{code="-32601"} 1"#,
        "nodewire_supervisor_replies_total 1",
        "nodewire_supervisor_sources 1",
        "nodewire_supervisor_failsafe 0",
        "# EOF",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
    }
    assert!(!metrics.contains(r#"level="finalized""#), "unknown is not zero");
}
