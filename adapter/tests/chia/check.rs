//! `check`: our own nodes keep the rules, seen from outside.

#![expect(clippy::disallowed_methods, reason = "who is checked runs beside the command")]

use std::io::Write;
use std::net::TcpListener;

use crate::process::{Process, port};
use crate::{run, text};

/// What scenarios take as given of a role.
const GIVEN: [(&str, &str); 3] = [
    ("full-node", "--witness 32"),
    ("harvester", "--plots 0,1"),
    (
        "farmer",
        "--farmer-target target --puzzle-hash \
         0404040404040404040404040404040404040404040404040404040404040404",
    ),
];

fn passes(role: &str, least: usize) {
    let at = port();
    let binary = env!("CARGO_BIN_EXE_nodewire");
    let node_id = "77".repeat(32);
    let given = GIVEN.iter().find(|(of, _)| *of == role).map_or("", |(_, given)| given);
    let start =
        format!("{binary} serve chia --role {role} --listen {at} {given} --node-id {node_id}");
    let check = ["--json", "check", "chia", "--role", role, "--connect", &at, "--start", &start];
    let output = run(&check);
    let told = text(&output.stdout);
    assert!(output.status.success(), "{told}{}", text(&output.stderr));
    let passed = told.matches("\"verdict\":\"pass\",\"why\"").count();
    assert!(passed >= least, "{passed} passed");
}

#[test]
fn a_full_node_passes() {
    passes("full-node", 120);
}

#[test]
fn a_farmer_passes() {
    passes("farmer", 30);
}

#[test]
fn a_harvester_passes() {
    passes("harvester", 12);
}

#[test]
fn a_timelord_passes() {
    passes("timelord", 3);
}

#[test]
fn an_introducer_passes() {
    passes("introducer", 3);
}

/// Why nothing is checked: one line, and 2.
fn unchecked(options: &[&str]) -> String {
    let output = run(&[&["check", "chia"], options].concat());
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(output.stdout.is_empty() && line.lines().count() == 1, "{line}");
    line
}

#[test]
fn what_is_not_the_node_that_was_meant_is_not_checked() {
    let at = port();
    let node = Process::start(&["serve", "chia", "--role", "full-node", "--listen", &at]);
    node.says("listening");
    for (option, value, why) in [
        ("--role", "farmer", "it is a node of type full-node, not farmer (--role)"),
        ("--network-id", "mainnet", "it belongs to network testnet, not mainnet (--network-id)"),
        ("--protocol", "9.9.9", ", not 9.9.9 (--protocol)"),
    ] {
        let line = unchecked(&["--connect", &at, option, value]);
        assert!(line.contains(&at) && line.contains(why), "{line}");
    }
    let line = unchecked(&["--connect", &at, "--start", "true"]);
    assert!(line.contains("before --start has begun anything"), "{line}");
}

/// What a scenario does to a chain is there in the next.
#[test]
fn where_nothing_begins_the_node_anew_a_failure_says_so() {
    let at = port();
    let node = ["serve", "chia", "--role", "full-node", "--listen", &at, "--witness", "32"];
    let node = Process::start(&node);
    node.says("listening");
    let output = run(&["check", "chia", "--connect", &at, "--only", "p03-"]);
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(line.starts_with("nodewire: failed: p03-"), "{line}");
    assert!(line.contains("; without --start ") && line.lines().count() == 1, "{line}");
}

#[test]
fn options_that_make_no_sense_check_nothing() {
    let nowhere = ["--connect", "127.0.0.1:9"];
    for (option, why) in [
        ("--only", "there is no such scenario"),
        ("--expected", "/nowhere: "),
        ("--scenarios", "/nowhere: "),
    ] {
        let line = unchecked(&[&nowhere[..], &[option, "/nowhere"]].concat());
        assert!(line.contains(why), "{line}");
    }
    let output = run(&["check", "chia", "--list", "--start", "true"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

#[test]
fn what_is_no_node_is_not_checked() {
    let at = port();
    assert!(unchecked(&["--connect", &at]).contains("refused"));
    for (said, why) in [
        (&b""[..], "it closed the connection instead of saying who it is"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak in frames of this protocol"),
        (b"\0\0\0\x01\x00", "what it says first is no message: TypeMismatch at byte 0"),
    ] {
        let listener = TcpListener::bind(&at).expect("a port");
        let other = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody comes");
            stream.write_all(said).expect("it listens");
        });
        let line = unchecked(&["--connect", &at]);
        assert!(line.contains(why), "{line}");
        other.join().expect("it was there");
    }
    let listener = TcpListener::bind(&at).expect("a port");
    let line = unchecked(&["--connect", &at, "--patience", "50"]);
    assert!(line.contains("it does not say who it is within 50 ms"), "{line}");
    drop(listener);
}

#[test]
fn a_command_that_starts_nothing_is_named() {
    let at = port();
    let start = |command: &str, patience: &str| {
        unchecked(&["--connect", &at, "--start", command, "--patience", patience])
    };
    let line = start("no-such-program --role x", "2000");
    assert!(line.contains("--start: no-such-program: "), "{line}");
    let binary = env!("CARGO_BIN_EXE_nodewire");
    let line =
        start(&format!("{binary} serve chia --role farmer --listen {at} --blocks 1"), "2000");
    assert!(line.contains("has ended (exit status: 2)"), "{line}");
    assert!(line.contains("--blocks is for --role full-node"), "{line}");
    let line = start("sleep 60", "100");
    assert!(line.contains(&format!("at {at} after 100 ms")), "{line}");
    assert!(start(" ", "100").contains("the command line is empty"));
}
