//! The commands that know the Supervisor's values: decode, encode, rules, diagram, play, replay.

use std::io::Write;
use std::process::Stdio;

use nodewire::codec::supervisor::SafetyLevel;
use nodewire::sim::{Recorder, Trace};
use nodewire::{Machine, Outbox, Time};
use serde_json::{Value, json};

use crate::chains::{entries, plain};
use crate::nodes::{lock, machine, world};
use crate::process::{folder, nodewire};

fn said(arguments: &[&str]) -> Result<String, String> {
    let output = nodewire().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn decoded(kind: &str, text: &str) -> Value {
    let said = said(&["decode", "supervisor", "--as", kind, text]);
    serde_json::from_str(&said.unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

fn encoded(kind: &str, form: &Value) -> String {
    let said = said(&["encode", "supervisor", "--as", kind, &form.to_string()]);
    said.unwrap_or_else(|error| panic!("{error}"))
}

fn fails(arguments: &[&str], line: &str) {
    let error = said(arguments).unwrap_err();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains(line), "{error}");
}

#[test]
fn requests_and_responses_are_read_and_written() {
    let batch = r#"[{"jsonrpc":"2.0","id":"a","method":"supervisor_localUnsafe","params":["10"]},
        {"jsonrpc":"2.0","method":"supervisor_finalizedL1"},
        {"jsonrpc":"2.0","id":3,"method":"nothing"}]"#;
    let shown = decoded("request", batch);
    assert_eq!(shown[0]["params"], json!(["0xa"]));
    assert_eq!((&shown[0]["id"], shown[1].get("id")), (&json!("a"), None));
    assert_eq!(shown[2]["refused"]["code"], -32_601);
    let text = encoded("request", &json!({"method": "supervisor_crossSafe", "params": ["0x0A"]}));
    let shown = decoded("request", &text);
    assert_eq!(shown["params"], json!(["0xa"]));
    assert_eq!(encoded("request", &shown), text);
    let block = json!({"hash": format!("0x{:064x}", 5), "number": 7});
    let request = json!({"method": "supervisor_localUnsafe", "params": ["0xa"], "id": 4});
    let text = encoded("response", &json!({"request": request, "result": block}));
    assert_eq!(decoded("response", &text), json!([{"id": 4, "result": block}]));
    let wrong = json!({"request": request, "result": 5}).to_string();
    fails(&["encode", "supervisor", "--as", "response", &wrong], "no result of this request");
    let error = json!({"id": 4, "error": {"code": -32_112, "detail": "block 9"}});
    let text = encoded("response", &error);
    assert_eq!(decoded("response", &text)[0]["means"], "future data");
    let deployed = ["encode", "supervisor", "--as", "response", "--profile", "deployed"];
    let deployed = said(&[&deployed[..], &[&error.to_string()]].concat()).unwrap();
    assert!(deployed.contains("-321401") && deployed.contains("future data: block 9"));
    let malformed = decoded("response", r#"{"jsonrpc":"2.0","id":1}"#);
    assert_eq!(malformed[0]["malformed"], "not exactly one of result and error");
}

#[test]
fn access_lists_events_and_roots_are_read_and_written() {
    let world = world(&[10]);
    lock(&world).chain(10).grow("a", vec![plain("x")]);
    let message = lock(&world).chain(10).message(1_001, 0);
    let list = encoded("access-list", &json!([message]));
    assert_eq!(serde_json::from_str::<Value>(&list).unwrap(), json!(entries(&message)));
    let shown = decoded("access-list", &list);
    assert_eq!(shown[0]["blockNumber"], 1_001);
    let inbox = "0x4200000000000000000000000000000000000022";
    let other = format!("0x{:040x}", 9);
    let transaction = json!([
        {"address": inbox, "storageKeys": [entries(&message)[0]]},
        {"address": other, "storageKeys": [entries(&message)[0]]},
        {"address": inbox, "storageKeys": [entries(&message)[1]]},
    ]);
    assert_eq!(decoded("access-list", &transaction.to_string()), shown);
    let cut = json!([entries(&message)[0]]).to_string();
    fails(&["decode", "supervisor", "--as", "access-list", &cut], "inside a message at entry 1");
    let block = lock(&world).chain(10).head();
    let event = json!({"unsafeBlock": block, "strange": 1, "reset": null});
    assert_eq!(decoded("event", &event.to_string()), json!({"unsafeBlock": block}));
    let root = |byte: u8| format!("0x{}", format!("{byte:02x}").repeat(32));
    let output = json!({
        "stateRoot": root(1), "messagePasserStorageRoot": root(2), "blockHash": root(3),
    });
    let preimage = encoded("output", &output);
    let shown = decoded("output", &preimage);
    assert_eq!((&shown["output"], preimage.len()), (&output, 258));
    assert_eq!(encoded("output", &shown), preimage);
    let form = json!({"timestamp": 10, "chains": {"0xb": root(5), "0xa": root(4)}});
    let bytes = encoded("super-root", &form);
    let shown = decoded("super-root", &bytes);
    assert_eq!((&shown["timestamp"], &shown["chains"]), (&form["timestamp"], &form["chains"]));
    assert_eq!(shown["root"].as_str().map(str::len), Some(66));
    fails(&["decode", "supervisor", "--as", "super-root", "0x02"], "no super root");
    fails(&["decode", "supervisor", "--as", "output", "0x0"], "an odd number");
    fails(&["decode", "supervisor", "--as", "event", "5"], "JSON: ");
}

#[test]
fn rules_and_levels_are_listed() {
    let rules = said(&["rules", "supervisor"]).unwrap();
    for number in 1..=46 {
        assert!(rules.contains(&format!("supervisor/S-{number} ")), "S-{number}");
    }
    let listed: Value =
        serde_json::from_str(&said(&["rules", "supervisor", "--json"]).unwrap()).unwrap();
    assert_eq!(listed.as_array().map(Vec::len), Some(rules.lines().count()));
    let diagram = said(&["diagram", "supervisor"]).unwrap();
    assert!(diagram.contains("stateDiagram-v2") && diagram.contains("no phases"));
    for level in SafetyLevel::ALL {
        assert!(diagram.contains(&format!("\"{level}\"")), "{level}");
    }
}

#[test]
fn the_machine_plays_and_its_traces_replay() {
    let config = json!({"chains": {"0x1": {"blockTime": 2}}, "expiryWindow": 604_800});
    let world = world(&[1]);
    lock(&world).chain(1).grow("a", vec![plain("x")]);
    let anchor = lock(&world).anchor(1);
    let head = lock(&world).unsafe_head(1);
    let mut play = nodewire()
        .args(["play", "supervisor", "--config", &config.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = play.stdin.take().unwrap();
    writeln!(input, "{}", json!({"at": 5, "local": anchor})).unwrap();
    writeln!(input, "{}", json!({"at": 6, "remote": head})).unwrap();
    drop(input);
    let output = play.wait_with_output().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(lines.starts_with("{\"play\":1,\"machine\":\"supervisor\"}\n"), "{lines}");
    assert!(lines.contains(r#"{"ask":{"id":0,"query":{"logs":{"#), "{lines}");
    fails(&["play", "supervisor"], "this machine needs a configuration");
    fails(&["play", "supervisor", "--config", "{}"], "missing field `chains`");

    let mut recorder = Recorder::new(machine(&[1]), Trace::new("supervisor", &config));
    let mut out = Outbox::new();
    recorder.handle_local(Time::from_micros(5), anchor, &mut out).unwrap();
    recorder.handle_remote(Time::from_micros(6), head, &mut out);
    recorder.handle_timeout(Time::from_micros(20_000_000), &mut out);
    let folder = folder("supervisor-trace");
    let path = folder.join("trace.jsonl");
    let text = recorder.trace().to_string();
    std::fs::write(&path, &text).unwrap();
    let path = path.to_str().unwrap();
    assert!(said(&["replay", path]).unwrap().contains("supervisor: 3 steps"));
    assert!(said(&["draw", path]).unwrap().starts_with("<svg"));
    let first = text.lines().position(|line| line.contains("\"ask\"")).unwrap();
    let other = text.replacen("\"id\":0", "\"id\":1", 1);
    std::fs::write(path, other).unwrap();
    let error = said(&["replay", path]).unwrap_err();
    assert!(error.contains(&format!("step {first} differs")), "{error}");
}

#[test]
fn the_demo_shows_every_level_a_reorganisation_and_a_replacement() {
    let table = said(&["demo", "supervisor"]).unwrap();
    assert!(table.contains("B's 204 is replaced"), "{table}");
    let report: Value =
        serde_json::from_str(&said(&["demo", "supervisor", "--json"]).unwrap()).unwrap();
    let checks = report["checks"].as_array().unwrap();
    // One level more at each step, until all of them are there.
    for (passed, check) in checks[..6].iter().enumerate() {
        let codes = check["codes"].as_object().unwrap();
        assert_eq!(codes.values().filter(|code| code.is_null()).count(), passed, "{check}");
    }
    let conflicts = checks.iter().filter(|check| check["codes"]["unsafe"] == -32_114);
    assert_eq!(conflicts.count(), 2);
    let commands = report["commands"].as_array().unwrap();
    assert!(commands.iter().any(|command| command["method"] == "interop_invalidateBlock"));
    assert_eq!(report["status"]["chains"]["0x14"]["safe"]["number"], 204);
    fails(&["demo", "bitcoin"], "bitcoin");
}
