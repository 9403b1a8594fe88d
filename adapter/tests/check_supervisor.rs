//! `check` against a served Supervisor, and against servers that are wrong in one way each.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use nodewire::codec::supervisor::ChainId;
use nodewire::state::supervisor::{ExpiryWindow, Supervisor};
use nodewire_adapter::check::supervisor::{Options, check, scenarios};
use nodewire_adapter::check::{Report, Verdict};
use nodewire_adapter::supervisor::{Handle, Host, Settings};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::Instant;

/// What a server does with a text: given what is right, it writes what it likes.
type Manner = fn(text: &[u8], right: Option<Vec<u8>>, to: &mut TcpStream);

fn host() -> (Runtime, Handle) {
    let runtime = Runtime::new().unwrap();
    let machine: Supervisor =
        Settings::of_chains([ChainId::from(10)], ExpiryWindow(604_800)).machine().unwrap();
    let (handle, _) = runtime.block_on(async { Host::start(machine) });
    (runtime, handle)
}

/// A server of one request a connection, for as long as the test runs.
fn serve(manner: Manner) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move || {
        let (runtime, handle) = host();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let text = body(&mut stream);
            let right = runtime.block_on(handle.text(text.clone().into())).unwrap();
            manner(&text, right.map(|right| right.to_vec()), &mut stream);
        }
    };
    std::thread::Builder::new().spawn(serve).unwrap();
    address
}

fn body(stream: &mut TcpStream) -> Vec<u8> {
    let mut lines = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    body
}

/// A whole reply; that nobody reads it is no failure of the server's.
fn reply(to: &mut TcpStream, text: Option<Vec<u8>>) {
    let text = text.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        text.len()
    );
    let _ = to.write_all(&[head.as_bytes(), &text].concat());
}

/// The right reply with each response in it changed.
fn changed(to: &mut TcpStream, right: Option<Vec<u8>>, change: fn(&mut Value)) {
    let changed = right.map(|right| {
        let mut form: Value = serde_json::from_slice(&right).unwrap();
        match &mut form {
            Value::Array(all) => all.iter_mut().for_each(change),
            one => change(one),
        }
        form.to_string().into_bytes()
    });
    reply(to, changed);
}

fn checked(address: SocketAddr, precise: bool) -> Report {
    let options = Options { chain: Some(ChainId::from(10)), precise, ..Options::default() };
    check(&address.to_string(), &scenarios(), &options, |_, _| ()).unwrap()
}

/// The same with little patience.
fn hurried(address: SocketAddr) -> Report {
    let chain = Some(ChainId::from(10));
    let patience = Duration::from_millis(500);
    let options = Options { chain, patience, ..Options::default() };
    check(&address.to_string(), &scenarios(), &options, |_, _| ()).unwrap()
}

fn broken_rules(report: &Report) -> Vec<&'static str> {
    let rules = report.rules().into_iter();
    rules.filter(|(_, verdict)| *verdict == Verdict::Fail).map(|(rule, _)| rule).collect()
}

/// The server breaks this rule in this scenario, with this reply.
fn names(manner: Manner, rule: &str, scenario: &str, what: &str) -> Report {
    let report = checked(serve(manner), false);
    assert!(broken_rules(&report).contains(&rule), "{}", report.table());
    assert!(report.failures().contains(scenario), "{}", report.table());
    let told = report.json();
    let told = told["scenarios"].as_array().unwrap().iter().find(|it| it["name"] == scenario);
    let why = told.unwrap()["why"].as_str().unwrap();
    assert!(why.contains(what), "{why}");
    report
}

#[test]
fn a_right_server_passes_whichever_codes_are_good() {
    let address = serve(|_, right, to| reply(to, right));
    for precise in [false, true] {
        let report = checked(address, precise);
        assert!(report.failures().is_empty(), "{}", report.table());
        assert_eq!(report.count(Verdict::Pass), scenarios().iter().filter(|it| it.wire).count());
        assert!(report.count(Verdict::Pass) >= 26);
    }
}

#[test]
fn a_wrong_id_is_named() {
    let wrong: Manner = |_, right, to| changed(to, right, |one| one["id"] = json!(2));
    names(wrong, "supervisor/S-44", "s44-ids", "\"id\":2");
}

#[test]
fn an_id_in_another_form_is_named() {
    let wrong: Manner = |_, right, to| {
        changed(to, right, |one| {
            if one["id"].is_number() {
                one["id"] = one["id"].to_string().into();
            }
        });
    };
    names(wrong, "supervisor/S-44", "s44-ids", "\"id\":\"");
}

#[test]
fn a_batch_that_is_answered_as_one_is_named() {
    let wrong: Manner = |_, right, to| {
        let first = right.map(|right| match serde_json::from_slice(&right).unwrap() {
            Value::Array(all) => all[0].to_string().into_bytes(),
            _ => right,
        });
        reply(to, first);
    };
    let report = names(wrong, "supervisor/D-30", "d30-batches", "replied with {");
    // And nothing else is wrong with it.
    assert_eq!(report.failures().into_iter().collect::<Vec<_>>(), ["d30-batches"]);
}

#[test]
fn a_batch_in_another_order_is_named() {
    let wrong: Manner = |_, right, to| {
        let turned = right.map(|right| match serde_json::from_slice(&right).unwrap() {
            Value::Array(mut all) => {
                all.reverse();
                Value::Array(all).to_string().into_bytes()
            }
            _ => right,
        });
        reply(to, turned);
    };
    names(wrong, "supervisor/D-30", "d30-batches", "replied with [");
}

#[test]
fn no_method_where_nothing_can_be_read_is_named() {
    let wrong: Manner = |_, right, to| {
        changed(to, right, |one| {
            if [-32_700, -32_600].map(Value::from).contains(&one["error"]["code"]) {
                one["error"]["code"] = json!(-32_601);
            }
        });
    };
    names(wrong, "supervisor/S-44", "s44-parse-errors", "-32601");
}

#[test]
fn an_answer_to_a_notification_is_named() {
    let wrong: Manner = |_, right, to| {
        let always = br#"{"jsonrpc":"2.0","id":null,"result":null}"#;
        reply(to, right.or(Some(always.to_vec())));
    };
    names(wrong, "supervisor/D-30", "d30-batches", "not with \"nothing\"");
}

#[test]
fn a_list_that_is_let_through_is_named() {
    let wrong: Manner = |text, right, to| {
        if text.windows(15).any(|part| part == b"checkAccessList") {
            let null = json!({"jsonrpc": "2.0", "id": 1, "result": null});
            return reply(to, Some(null.to_string().into_bytes()));
        }
        reply(to, right);
    };
    names(wrong, "supervisor/S-42", "s42-malformed-list", "\"result\":null");
}

#[test]
fn coarse_codes_are_good_unless_precise_ones_are_wanted() {
    let coarse: Manner = |_, right, to| {
        changed(to, right, |one| {
            if one["error"]["code"] == -32_100 {
                one["error"]["code"] = json!(-320_501);
            }
        });
    };
    let address = serve(coarse);
    let report = checked(address, false);
    assert!(report.failures().is_empty(), "{}", report.table());
    let report = checked(address, true);
    assert!(broken_rules(&report).contains(&"supervisor/D-6"), "{}", report.table());
}

#[test]
fn closed_connections_are_named_and_do_not_end_the_check() {
    let wrong: Manner = |text, right, to| {
        if serde_json::from_slice::<Value>(text).is_ok() {
            reply(to, right);
        }
    };
    let report = names(wrong, "supervisor/S-44", "s44-parse-errors", "ended the connection");
    assert!(report.count(Verdict::Pass) > 15, "{}", report.table());
}

#[test]
fn an_http_error_is_named() {
    let wrong: Manner = |text, right, to| match serde_json::from_slice::<Value>(text) {
        Ok(_) => reply(to, right),
        Err(_) => drop(to.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")),
    };
    names(wrong, "supervisor/S-44", "s44-parse-errors", "status 400");
}

#[test]
fn garbage_is_named_and_obeyed_by_no_terminal() {
    let wrong: Manner = |_, _, to| reply(to, Some(b"\x1b[2J\x07<html>".to_vec()));
    let report = names(wrong, "supervisor/S-44", "s44-ids", "replied with ?[2J?<html>");
    assert_eq!(report.count(Verdict::Pass), 0);
    assert!(!report.table().contains('\x1b'));
    let wrong: Manner = |_, _, to| drop(to.write_all(b"SSH-2.0-x\r\n\r\n"));
    assert_eq!(checked(serve(wrong), false).count(Verdict::Pass), 0);
    let deep: Manner = |_, _, to| reply(to, Some(vec![b'['; 500_000]));
    assert_eq!(checked(serve(deep), false).count(Verdict::Pass), 0);
}

#[test]
fn a_server_that_never_answers_costs_a_few_time_outs() {
    let begun = Instant::now();
    let silent: Manner = |_, _, to| {
        let _ = to.set_read_timeout(Some(Duration::from_secs(20)));
        // Until the other end has enough of it.
        let _ = to.read(&mut [0]);
    };
    let report = hurried(serve(silent));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!((report.count(Verdict::Pass), report.failures().len()), (0, 3));
    assert!(report.table().contains("did not answer within 500ms"), "{}", report.table());
    assert!(report.table().contains("it did not answer any more"), "{}", report.table());
}

#[test]
fn a_reply_byte_by_byte_is_not_waited_for() {
    let begun = Instant::now();
    let slow: Manner = |_, _, to| {
        let _ = to.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        while to.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let report = hurried(serve(slow));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(report.count(Verdict::Pass), 0);
}

#[test]
fn a_reply_without_end_is_cut_off() {
    let endless: Manner = |_, _, to| {
        let _ = to.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
        while to.write_all(&[b' '; 65_536]).is_ok() {}
    };
    let report = checked(serve(endless), false);
    assert_eq!(report.count(Verdict::Pass), 0);
    assert!(report.table().contains("replied with more than"), "{}", report.table());
}

fn nodewire(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nodewire")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_served_supervisor_passes_from_outside() {
    let config = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("check-supervisor.json");
    std::fs::write(&config, r#"{"chains":{"0xa":{"blockTime":2}},"expiryWindow":604800}"#).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_nodewire"))
        .args(["serve", "supervisor", "--listen", "127.0.0.1:0", "--json", "--config"])
        .arg(&config)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let _serving = Serving(child);
    let line: Value = serde_json::from_str(&line).unwrap();
    let url = format!("http://{}/", line["listening"].as_str().unwrap());
    let all = ["--json", "check", "supervisor", "--connect", &url, "--chain", "0xa"];
    for profile in [&[][..], &["--profile", "seed"]] {
        let checked = nodewire(&[&all[..], profile].concat());
        assert!(checked.status.success(), "{}", text(&checked.stderr));
        let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
        let passed = report["scenarios"].as_array().unwrap().iter();
        assert!(passed.filter(|entry| entry["verdict"] == "pass").count() >= 26);
    }
    let checked = nodewire(&["check", "supervisor", "--connect", &url, "--filter", "S-10"]);
    let table = text(&checked.stdout);
    assert!(table.contains("inapplicable: needs a chain of its dependency set"), "{table}");
}

#[test]
fn what_is_wrong_is_one_line_and_an_exit_code() {
    let fails = |arguments: &[&str], why: &str| {
        let failed = nodewire(&[&["check", "supervisor"], arguments].concat());
        assert!(!failed.status.success(), "{arguments:?}");
        let told = text(&failed.stderr);
        assert!(told.contains(why), "{told}");
    };
    fails(&[], "--connect");
    fails(&["--connect", "127.0.0.1:1"], "127.0.0.1:1: took no connection");
    fails(&["--connect", "ftp://x/"], "neither http nor https");
    fails(&["--connect", "127.0.0.1:1", "--only", "s99"], "there is no such scenario");
    let address = serve(|_, _, to| reply(to, Some(b"{}".to_vec()))).to_string();
    fails(&["--connect", &address, "--chain", "0xa", "--only", "s44-ids"], "failed: s44-ids");
    assert!(text(&nodewire(&["check", "supervisor", "--list"]).stdout).contains("s44-ids"));
}
