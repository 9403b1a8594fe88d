//! The feed: lines in, lines out.

use std::io::Read;

use nodewire::codec::supervisor::{ChainId, NodeEvent};
use nodewire::state::supervisor::SupervisorRemote;
use nodewire_adapter::supervisor::{Feed, Host};
use serde_json::{Value, json};

use crate::chains::plain;
use crate::lines::{anchor, answer, remote};
use crate::nodes::{NODE, Shared, event, lock, machine, until, world};
use crate::process::{Process, config, folder, nodewire};

/// Answers every question until a line has `member`, and returns that.
fn answer_until(process: &mut Process, world: &Shared, done: impl Fn(&Value) -> bool) -> Value {
    loop {
        let line = process.line();
        if let Some(answer) = answer(world, &line) {
            process.feed(&answer);
        }
        if done(&line) {
            return line;
        }
    }
}

fn notice(kind: &str, number: u64) -> impl Fn(&Value) -> bool {
    let kind = kind.to_owned();
    move |line| line["notify"][&kind][1]["number"] == number
}

#[test]
fn a_feed_brings_the_machine_along_and_hears_it() {
    let folder = folder("feed-duplex");
    let config = config(&folder, &[10]);
    let mut process = Process::start(&["--config", &config, "--feed", "-", "--no-clock"]);
    assert_eq!(process.line(), json!({ "play": 1, "machine": "supervisor" }));
    let world = world(&[10]);
    for _ in 0..3 {
        lock(&world).chain(10).grow("a", vec![plain("x")]);
    }
    process.feed(&anchor(&world, 10));
    let head = lock(&world).unsafe_head(10);
    process.feed(&remote(&head));
    answer_until(&mut process, &world, notice("crossUnsafe", 1_003));
    for number in 1_000..=1_003 {
        let derived = lock(&world).derived(10, 10, number);
        process.feed(&remote(&derived));
    }
    let safe = |line: &Value| {
        line["send"]["command"]["call"]["method"] == "interop_updateCrossSafe"
            && line["send"]["command"]["call"]["params"][0]["number"] == 1_003
    };
    answer_until(&mut process, &world, safe);
    let head = process.call("supervisor_crossSafe", &json!(["0xa"]));
    assert_eq!(head["result"]["derived"]["number"], 1_003, "{head}");
    // A text may come by the feed too.
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"supervisor_localUnsafe","params":["0xa"]}"#;
    process.feed(&json!({"remote": {"rpc": {"call": 9, "text": text}}}).to_string());
    let reply = process.line_with("send")["reply"].clone();
    assert_eq!(reply["call"], 9);
    assert!(reply["text"].as_str().unwrap().contains("1003"), "{reply}");
    // Its end is not that of the server.
    process.close_feed();
    let head = process.call("supervisor_localUnsafe", &json!(["0xa"]));
    assert_eq!(head["result"]["number"], 1_003);
    process.signal("-TERM");
    assert!(process.wait().success());
}

#[test]
fn a_bad_line_is_answered_and_harms_nothing() {
    let folder = folder("feed-bad");
    let config = config(&folder, &[10]);
    let mut process = Process::start(&["--config", &config, "--feed", "-"]);
    process.line_with("play");
    let world = world(&[10]);
    process.feed(&anchor(&world, 10));
    for line in [
        "nonsense",
        "{}",
        "[]",
        r#"{"remote":{"strange":1}}"#,
        r#"{"local":{"answer":[1]}}"#,
        r#"{"remote":{"l1Tip":{}},"local":{"failsafe":true}}"#,
        r#"{"remote":{"node":{"chainID":"0xa","node":1,"event":{"unsafeBlock":[]}}}}"#,
        "{\"remote\":\u{0}}",
        "\"",
    ] {
        process.feed(line);
        assert!(process.line_with("error").is_string(), "{line}");
    }
    // Blank lines and the clock's are none of them; refusals say what they are.
    for line in ["", "   ", r#"{"at":5,"timeout":true}"#] {
        process.feed(line);
    }
    process.feed(r#"{"local":{"answer":[77,{"l1":null}]}}"#);
    assert_eq!(process.line_with("refused")["kind"], "UnknownAsk");
    let strange = NodeEvent { reset: Some("why".to_owned()), ..NodeEvent::default() };
    process.feed(&remote(&event(ChainId::from(9), strange)));
    let dropped = process.line_with("notify");
    assert_eq!(dropped["dropped"]["code"], -32_100);
    let head = process.call("supervisor_localUnsafe", &json!(["0xa"]));
    assert_eq!(head["result"]["number"], 1_000);
    process.signal("-INT");
    assert!(process.wait().success());
}

#[test]
fn a_file_and_a_named_pipe_are_feeds_too() {
    let folder = folder("feed-files");
    let config = config(&folder, &[10]);
    let world = world(&[10]);
    let path = folder.join("feed.jsonl");
    std::fs::write(&path, anchor(&world, 10)).unwrap();
    let path = path.to_str().unwrap();
    let process = Process::start(&["--config", &config, "--feed", path, "--no-clock"]);
    let out = format!("{path}.out");
    let text = wait_for(&out, "localUnsafe", &process);
    assert!(text.starts_with("{\"machine\":\"supervisor\",\"play\":1}\n"), "{text}");
    process.signal("-TERM");
    assert!(process.wait().success());
    // A pipe whose writers come and go.
    let pipe = folder.join("feed.pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let pipe = pipe.to_str().unwrap();
    let process = Process::start(&["--config", &config, "--feed", pipe, "--no-clock"]);
    std::fs::write(pipe, anchor(&world, 10) + "\n").unwrap();
    std::fs::write(pipe, "nonsense\n").unwrap();
    let text = wait_for(&format!("{pipe}.out"), "error", &process);
    assert!(text.lines().count() >= 2, "{text}");
    process.signal("-TERM");
    assert!(process.wait().success());
}

fn wait_for(path: &str, text: &str, process: &Process) -> String {
    for _ in 0..1_000 {
        let found = std::fs::read_to_string(path).unwrap_or_default();
        let head = process.call("supervisor_localUnsafe", &json!(["0xa"]));
        let is_there = text == "localUnsafe" && head["result"]["number"] == 1_000;
        // What is written comes after what is answered.
        if found.contains(text) || (is_there && !found.is_empty()) {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("no {text} in {path}");
}

#[test]
fn what_cannot_be_served_is_said_in_one_line() {
    let folder = folder("serve-wrong");
    let config = config(&folder, &[10]);
    let bad = folder.join("bad.json");
    std::fs::write(&bad, r#"{"chains":{},"expiryWindow":1,"limit":{}}"#).unwrap();
    let bad = bad.to_str().unwrap();
    for (arguments, line) in [
        (vec![], "--expiry-window"),
        (vec!["--expiry-window", "60"], "there is no chain"),
        (vec!["--config", bad], "unknown field `limit`"),
        (vec!["--config", "/nowhere"], "/nowhere: No such file"),
        (vec!["--config", &config, "--feed", "/nowhere"], "/nowhere: No such file"),
        (vec!["--config", &config, "--el", "0xb=http://127.0.0.1:1"], "not in the dependency set"),
        (vec!["--config", &config, "--el", "0xa"], "CHAIN=URL"),
        (vec!["--config", &config, "--el", "ten=http://x"], "no chain id"),
        (vec!["--config", &config, "--el-anchor", "never"], "block number"),
    ] {
        let serve = ["serve", "supervisor", "--listen", "127.0.0.1:0"];
        let output = nodewire().args(serve).args(&arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(line), "{arguments:?}: {said}");
    }
}

/// Takes one line, and then nothing until it is let go.
struct Stuck(std::sync::mpsc::Receiver<()>);

impl std::io::Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // It ends when the other end is dropped.
        let _ = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_feed_whose_reader_is_too_slow_or_gone_ends() {
    let world = world(&[10]);
    let up = remote(&SupervisorRemote::NodeUp { chain_id: ChainId::from(10), node: NODE });
    let strange = event(ChainId::from(9), NodeEvent::default());
    // Each is answered with a notice.
    let many = (remote(&strange) + "\n").repeat(70_000);
    let lines = format!("{}\n{up}\n{many}", anchor(&world, 10));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (handle, _host) = Host::start(machine(&[10]));
        let (_hold, held) = std::sync::mpsc::channel();
        // The lines do not end by themselves.
        let lines = std::io::Cursor::new(lines).chain(Endless);
        let feed = Feed::start(&handle, std::io::BufReader::new(lines), Stuck(held)).await;
        let feed = feed.unwrap();
        until(&handle, |status| status.sources == 0).await;
        assert!(!feed.is_written());
        // A reader that is gone.
        let lines = std::io::Cursor::new(many).chain(Endless);
        let (gone, out) = std::os::unix::net::UnixStream::pair().unwrap();
        drop(gone);
        Feed::start(&handle, std::io::BufReader::new(lines), out).await.unwrap();
        until(&handle, |status| status.sources == 0).await;
    });
}

/// Blank lines, for ever.
struct Endless;

impl std::io::Read for Endless {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        std::thread::sleep(std::time::Duration::from_millis(1));
        bytes.fill(b'\n');
        Ok(bytes.len())
    }
}
