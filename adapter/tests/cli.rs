//! The command line, as a person uses it.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

fn nodewire() -> Command {
    Command::new(env!("CARGO_BIN_EXE_nodewire"))
}

fn run(arguments: &[&str]) -> Output {
    nodewire().args(arguments).output().expect("the binary runs")
}

fn piped(arguments: &[&str], input: &str) -> Output {
    let mut child = nodewire()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Fails with this one line on standard error, and says nothing else.
fn fails(arguments: &[&str], code: i32, line: &str) {
    let output = run(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(line), "{said}");
    assert!(output.stdout.is_empty());
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder for this test");
    folder
}

const BLOCK_REQUEST: &str = "830102818200821a00194b495820ef92699481fda5d0e3dcc95c1d8b3451b884aca86\
                             4e6385f33b690774e1ec8a8";

#[test]
fn what_is_decoded_encodes_to_the_same_bytes() {
    let json = piped(&["decode", "leios", "-"], BLOCK_REQUEST);
    assert!(json.status.success());
    assert!(text(&json.stdout).contains("LinearLeiosBlockId"));
    let hex = piped(&["encode", "leios", "-"], &text(&json.stdout));
    assert_eq!(text(&hex.stdout).trim(), BLOCK_REQUEST);
}

#[test]
fn bad_input_gets_one_clear_line() {
    fails(&["decode", "leios", "8301028182"], 1, "UnexpectedEnd at byte 5");
    fails(&["decode", "leios", "830000194"], 1, "an odd number");
    fails(&["decode", "leios", "zz"], 1, "not hex: 'z' at character 0");
    fails(&["decode", "leios", "8109"], 1, "UnknownMessage at byte 1");
    fails(&["decode", "leios", "@/no/such/file"], 1, "/no/such/file: No such file");
    fails(&["decode", "bitcoin", "00"], 2, "unrecognized subcommand 'bitcoin'");
    fails(&["encode", "leios", "{"], 1, "JSON: EOF");
    fails(&["encode", "leios", "{\"No\":1}"], 1, "unknown variant `No`");
    fails(&["play", "leios.nobody"], 2, "no machine is called leios.nobody; there are leios.");
    fails(&["replay", "/no/such/trace"], 1, "/no/such/trace: No such file");
    fails(&["demo", "--eb", "/no/such/block"], 1, "/no/such/block: No such file");
    fails(&["serve", "leios", "--headers", "/no/such/file"], 2, "not provided: --eb <EB>");
    fails(&["connect", "leios", "127.0.0.1:1"], 1, "127.0.0.1:1: Connection refused");
    fails(&["demo", "--no-such-option"], 2, "unexpected argument '--no-such-option'");
}

#[test]
fn every_rule_and_every_table_is_listed() {
    let rules = text(&run(&["rules", "leios"]).stdout);
    for number in 1..=63 {
        assert!(rules.contains(&format!("leios/L-{number} ")), "L-{number}");
    }
    for number in 1..=17 {
        assert!(rules.contains(&format!("leios/S-{number} ")), "S-{number}");
    }
    let diagrams = text(&run(&["diagram", "leios"]).stdout);
    assert_eq!(diagrams.matches("stateDiagram-v2").count(), 5);
}

#[test]
fn a_machine_plays_line_by_line() {
    let lines = "{\"local\":\"Start\"}\nnonsense\n";
    let played = piped(&["play", "leios.client"], lines);
    assert_eq!(played.status.code(), Some(1));
    assert_eq!(text(&played.stderr), "nodewire: a line was no input\n");
    let output = text(&played.stdout);
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines[0], r#"{"play":1,"machine":"leios.client"}"#);
    assert_eq!(lines[1], r#"{"send":{"Reply":"MsgLeiosInit"}}"#);
    assert!(lines[3].starts_with("{\"error\":"));
}

#[test]
fn the_demo_fetches_freshest_first_and_its_record_replays() {
    let folder = folder("demo");
    let folder = folder.to_str().expect("text");
    let demo = run(&["demo", "--rate", "100", "--record", "--json", "--out", folder]);
    assert!(demo.status.success(), "{}", text(&demo.stderr));
    let report: serde_json::Value = serde_json::from_slice(&demo.stdout).expect("JSON");
    let blocks = report["blocks"].as_array().expect("blocks");
    let bytes: Vec<_> = blocks.iter().map(|block| block["bytes"].as_u64()).collect();
    assert_eq!(bytes, [Some(12_000_000), Some(600_000)]);
    assert_eq!(report["votes"], 200);
    assert_eq!(report["ending"], "done");
    let trace = format!("{folder}/trace.jsonl");
    let replay = run(&["replay", &trace]);
    assert!(replay.status.success(), "{}", text(&replay.stderr));
    let drawing = text(&run(&["draw", "--steps", "0..9", &trace]).stdout);
    assert!(drawing.starts_with("<svg") && drawing.contains("Reply.MsgLeiosInit"));
    let json = text(&run(&["draw", "--json", "--steps", "0..9", &trace]).stdout);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["svg"].as_str().map(str::trim_end), Some(drawing.trim_end()));
    // A changed record is found out.
    let changed = std::fs::read_to_string(&trace).expect("a trace").replace("MsgLeiosDone", "Mist");
    std::fs::write(&trace, changed).expect("a file");
    let replay = run(&["replay", &trace]);
    assert_eq!(replay.status.code(), Some(1));
    assert!(text(&replay.stderr).contains("step "));
}

#[test]
fn the_demo_runs_on_real_data() {
    let vectors = std::env::var("NODEWIRE_VECTORS").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        PathBuf::from,
    );
    let (headers, eb) =
        (vectors.join("leios/headers.json"), vectors.join("leios/endorser_block.json"));
    if !eb.exists() {
        let required = std::env::var("NODEWIRE_REQUIRE_VECTORS").is_ok_and(|value| value == "1");
        assert!(!required, "no vectors in {}", vectors.display());
        println!("skipped: the_demo_runs_on_real_data needs the shared vectors");
        return;
    }
    let folder = folder("real");
    let path = |path: &PathBuf| path.to_str().expect("text").to_owned();
    let (headers, eb, folder) = (path(&headers), path(&eb), path(&folder));
    let demo = run(&["demo", "--headers", &headers, "--eb", &eb, "--out", &folder]);
    let said = text(&demo.stdout);
    assert!(demo.status.success(), "{}", text(&demo.stderr));
    assert!(said.contains("skipped conway1: announces nothing (leios/L-36)"));
    assert!(said.contains("re-assembled"));
    assert!(said.lines().any(|line| line.starts_with("1657673") && line.contains("66000")));
}

/// A server that is listening, and where.
fn server(arguments: &[&str]) -> (Child, String) {
    let mut child = nodewire()
        .args(["serve", "leios", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    let output = child.stdout.as_mut().expect("piped");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("listening on ").expect("an address").to_owned();
    (child, address)
}

#[test]
fn two_processes_complete_a_closure() {
    let (server, address) = server(&["--once"]);
    let client = run(&["connect", "leios", &address]);
    assert!(client.status.success(), "{}", text(&client.stderr));
    assert!(text(&client.stdout).contains("12000000"));
    assert!(server.wait_with_output().expect("it ends").status.success());
}

#[test]
fn both_say_why_no_version_was_agreed_on() {
    let (server, address) = server(&["--once", "--magic", "1"]);
    let client = run(&["connect", "leios", &address]);
    let said = text(&client.stderr);
    assert_eq!((client.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    let why = "no version was agreed on: version 4097 was refused: ";
    assert!(said.contains(&address) && said.contains(why), "{said}");
    let server = server.wait_with_output().expect("it ends");
    let said = text(&server.stderr);
    assert_eq!((server.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains(why), "{said}");
}

#[test]
fn a_busy_port_is_said_so() {
    let (mut server, address) = server(&[]);
    fails(&["serve", "leios", "--listen", &address], 1, "Address already in use");
    server.kill().expect("it runs");
    server.wait().expect("it ends");
}

#[test]
fn a_killed_end_gives_the_other_a_named_ending() {
    // The server dies in the midst of a closure.
    let (mut dying, address) = server(&["--rate", "10"]);
    let client = nodewire()
        .args(["connect", "leios", &address])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    dying.kill().expect("it runs");
    dying.wait().expect("it ends");
    let client = client.wait_with_output().expect("it ends");
    assert_eq!(client.status.code(), Some(1));
    let said = text(&client.stderr);
    assert!(said.contains(&format!("{address}: the transport closed in the middle of")), "{said}");

    // The client dies.
    let (server, address) = server(&["--rate", "10", "--once"]);
    let mut client = nodewire()
        .args(["connect", "leios", &address])
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    client.kill().expect("it runs");
    client.wait().expect("it ends");
    let server = server.wait_with_output().expect("it ends");
    assert_eq!(server.status.code(), Some(1));
    let said = text(&server.stderr);
    assert!(said.contains("the transport closed in the middle of"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = nodewire()
        .args(["play", "leios.client"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut hello = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    out.read_line(&mut hello).expect("a line");
    drop(out);
    let mut input = child.stdin.take().expect("piped");
    // It may have gone before all of this is written.
    let _ = input.write_all("{\"timeout\":true}\n".repeat(1_000).as_bytes());
    drop(input);
    let end = child.wait_with_output().expect("it ends");
    assert_eq!((end.status.code(), text(&end.stderr)), (Some(0), String::new()));
}

#[test]
fn a_line_that_is_no_text_is_answered_and_the_play_goes_on() {
    let mut child = nodewire()
        .args(["play", "leios.client"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"\xff\xfe\n{\"timeout\":true}\n").expect("it reads");
    drop(input);
    let end = child.wait_with_output().expect("it ends");
    let said = text(&end.stdout);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!((end.status.code(), lines.len()), (Some(1), 3), "{said}");
    assert!(lines[1].starts_with("{\"error\":\"not text"), "{said}");
    assert!(lines[2].contains("\"closed\":false"), "{said}");
}

#[test]
fn complaints_about_bytes_name_the_rule() {
    fails(&["decode", "leios", "8109"], 1, "against leios/");
}
