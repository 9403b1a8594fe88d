//! `nodewire check` from outside: exit codes, files, and one clear line for what is wrong.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn nodewire(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nodewire")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// `nodewire serve` on a port of its own, until dropped.
struct Serving(Child, String);

impl Serving {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nodewire"))
            .args(["serve", "leios", "--listen", "127.0.0.1:0", "--txs", "20", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        Self(child, line["listening"].as_str().unwrap().to_string())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    folder.join(format!("check-{}-{name}", std::process::id()))
}

#[test]
fn the_served_node_passes_and_expectations_are_kept_to_the_name() {
    let serving = Serving::start();
    let junit = scratch("junit.xml");
    let checked = nodewire(&[
        "--json",
        "check",
        "leios",
        "--connect",
        &serving.1,
        "--only",
        "L-2",
        "--junit",
        junit.to_str().unwrap(),
    ]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(report["check"], 1);
    let scenarios = report["scenarios"].as_array().unwrap();
    let found = |name: &str| scenarios.iter().find(|entry| entry["name"] == name).unwrap();
    assert_eq!(found("l02-request-no-skipped")["verdict"], "pass");
    assert_eq!(found("l02-client-counts-up")["verdict"], "inapplicable");
    assert!(fs::read_to_string(&junit).unwrap().contains("l02-request-no-skipped"));

    // What was expected to fail and doesn't is as wrong as the other way round.
    let expected = scratch("expected.txt");
    fs::write(&expected, "# known\nl02-request-no-skipped\n").unwrap();
    let expected = expected.to_str().unwrap();
    let checked = nodewire(&[
        "check",
        "leios",
        "--connect",
        &serving.1,
        "--only",
        "L-2",
        "--expected",
        expected,
    ]);
    assert!(!checked.status.success());
    assert!(text(&checked.stderr).contains("did not: l02-request-no-skipped"));
}

#[test]
fn a_failure_is_told_and_may_be_expected() {
    // A server for another network fails at the handshake.
    let serving = Serving::start();
    let arguments =
        ["check", "leios", "--connect", &serving.1, "--only", "l01-first", "--magic", "7"];
    let checked = nodewire(&arguments);
    assert!(!checked.status.success());
    assert!(text(&checked.stdout).contains("FAIL l01-first-request-no"));
    assert!(text(&checked.stderr).contains("nodewire: failed: l01-first-request-no"));

    let expected = scratch("other-network.txt");
    fs::write(&expected, "l01-first-request-no # another network\n").unwrap();
    let expected = ["--expected", expected.to_str().unwrap()];
    assert!(nodewire(&[&arguments[..], &expected[..]].concat()).status.success());
}

#[test]
fn scenarios_are_listed_and_expanded() {
    let listed = text(&nodewire(&["check", "leios", "--list"]).stdout);
    assert!(listed.lines().count() > 150);
    assert!(listed.contains("l33-third-announcement"));

    let expanded = nodewire(&["check", "leios", "--expand", "l05-notification-request-too-small"]);
    assert!(expanded.status.success());
    let expanded: Value = serde_json::from_slice(&expanded.stdout).unwrap();
    assert_eq!(expanded["steps"][2]["peer"]["hex"], "8300011907ff");
}

#[test]
fn what_is_wrong_is_one_line() {
    let fails = |arguments: &[&str], why: &str| {
        let failed = nodewire(&[&["check", "leios"], arguments].concat());
        assert!(!failed.status.success(), "{arguments:?}");
        let told = text(&failed.stderr);
        assert!(told.contains(why), "{told}");
    };
    fails(&[], "--connect");
    fails(&["--expand", "l99"], "no scenario `l99`");
    fails(&["--connect", "127.0.0.1:1", "--only", "l01-first"], "127.0.0.1:1: ");
    fails(&["--connect", "127.0.0.1:1", "--only", "l99"], "there is no such scenario");
    fails(&["--connect", "127.0.0.1:1", "--scenarios", "/nowhere"], "/nowhere: ");
    let folder = scratch("folder");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("bad.json"), "{}").unwrap();
    fails(&["--list", "--scenarios", folder.to_str().unwrap()], "bad.json: missing field");
}
