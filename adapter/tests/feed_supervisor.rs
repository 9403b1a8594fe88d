//! `feed supervisor` and `serve supervisor`, each in a process, joined by their standard streams:
//! what is served in the end is what was made up.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// Ended when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn nodewire() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nodewire"));
    command.env("NODEWIRE_LOG", "off");
    command
}

fn said(arguments: &[&str]) -> Output {
    nodewire().args(["feed", "supervisor"]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn config(name: &str, made: &[&str]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("feed-{name}.json"));
    fs::write(&path, said(&[made, &["--config"]].concat()).stdout).unwrap();
    path
}

fn call(address: SocketAddr, method: &str, params: &Value) -> Value {
    let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ";
    write!(stream, "{head}{}\r\n\r\n{text}", text.len()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Plays a cluster against a served Supervisor; its address, and what the feed reported.
fn played(name: &str, made: &[&str]) -> (Process, SocketAddr, Value) {
    let mut serve = nodewire()
        .args(["serve", "supervisor", "--listen", "127.0.0.1:0", "--json", "--no-clock"])
        .args(["--feed", "-", "--config"])
        .arg(config(name, made))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(serve.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let address = line["listening"].as_str().unwrap().parse().unwrap();
    let feed = nodewire()
        .args(["--json", "feed", "supervisor", "--drive"])
        .args(made)
        .stdin(serve.stdout.take().unwrap())
        .stdout(serve.stdin.take().unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let serve = Process(serve);
    let output = feed.wait_with_output().unwrap();
    let told = text(&output.stderr);
    assert!(output.status.success(), "{told}");
    (serve, address, serde_json::from_str(&told).unwrap())
}

/// The heads that are served are those of what was made up.
fn served_as_made(name: &str, made: &[&str], chains: usize) {
    let (_serve, address, report) = played(name, made);
    let all = report["chains"].as_array().unwrap();
    assert_eq!(all.len(), chains);
    for chain in all {
        let head = &chain["head"];
        assert!(head["number"].as_u64().unwrap() % 100 > 3, "{chain}");
        let of = json!([chain["chainID"]]);
        for method in ["supervisor_localUnsafe", "supervisor_localSafe", "supervisor_crossSafe"] {
            let reply = call(address, method, &of);
            let result = &reply["result"];
            let served = result.get("derived").unwrap_or(result);
            assert_eq!(served, head, "{method}: {reply}");
        }
    }
    assert!(report["said"].as_u64() > Some(50) && report["heard"].as_u64() > Some(50));
    // What it knows by now is no fault.
    let url = address.to_string();
    let checked = nodewire().args(["check", "supervisor", "--connect", &url]).output().unwrap();
    let table = text(&checked.stdout);
    assert!(checked.status.success(), "{table}");
    assert!(table.contains("7 inapplicable: needs a server that knows nothing"), "{table}");
}

#[test]
fn what_is_served_is_what_was_made_up() {
    served_as_made("right", &["--chains", "3", "--blocks", "30", "--seed", "5"], 3);
}

#[test]
fn also_when_everybody_overtakes_everybody() {
    let made = ["--chains", "2", "--blocks", "25", "--seed", "11", "--mixed"];
    served_as_made("mixed", &made, 2);
}

#[test]
fn also_when_much_goes_wrong_on_the_way() {
    for seed in ["3", "4"] {
        let made = ["--blocks", "20", "--seed", seed, "--mixed", "--faults", "all"];
        served_as_made(&format!("faults-{seed}"), &made, 2);
    }
}

#[test]
fn what_is_printed_can_be_played_and_is_the_same_each_time() {
    let made = ["--chains", "2", "--blocks", "8", "--seed", "9"];
    let (once, again) = (said(&made), said(&made));
    assert!(once.status.success() && once.stdout == again.stdout);
    assert!(once.stdout != said(&["--chains", "2", "--blocks", "8", "--seed", "10"]).stdout);
    let config = text(&said(&[&made[..], &["--config"]].concat()).stdout);
    let mut play = nodewire()
        .args(["play", "supervisor", "--config", config.trim()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = play.stdin.take().unwrap();
    let write = move || input.write_all(&once.stdout).unwrap();
    let writer = std::thread::Builder::new().spawn(write).unwrap();
    let output = play.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let played = text(&output.stdout);
    assert!(played.contains("\"crossSafe\"") && !played.contains("{\"refused\""), "{played}");
}

#[test]
fn a_supervisor_that_says_nothing_or_nonsense_is_told_of() {
    let fails = |input: &str, why: &str| {
        let mut feed = nodewire()
            .args(["feed", "supervisor", "--drive", "--patience", "1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may be gone by now.
        let mut to = feed.stdin.take().unwrap();
        let _ = to.write_all(input.as_bytes());
        let kept = input.is_empty().then_some(to);
        let output = feed.wait_with_output().unwrap();
        drop(kept);
        let told = text(&output.stderr);
        assert!(!output.status.success() && told.contains(why), "{told}");
    };
    fails("", "not all is cross-safe of");
    fails("{\"play\":1,\"machine\":\"supervisor\"}\n", "has gone before the end");
    fails("nonsense\n", "what the Supervisor said: ");
    fails("{\"error\":\"no input\"}\n", "did not read a line");
}
