//! `play`: every machine of the family.

use std::io::Write;
use std::process::{Command, Stdio};

use nodewire_adapter::machines;

/// What a machine prints for these lines.
fn played(machine: &str, lines: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nodewire"))
        .args(["play", machine])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{machine}");
    crate::text(&output.stdout)
}

#[test]
fn every_machine_of_the_family_can_be_played() {
    let names: Vec<_> = machines::names().filter(|(name, _)| name.starts_with("chia.")).collect();
    assert_eq!(names.len(), 9);
    for (name, _) in names {
        played(name, "{\"timeout\":true}\n");
    }
}

#[test]
fn a_connection_says_who_it_is() {
    let said = played("chia.connection", "{\"local\":\"Open\"}\n");
    assert!(said.contains("handshake") && said.contains("0.0.4"), "{said}");
}

#[test]
fn the_help_lists_every_machine() {
    let help = crate::said(&["play", "--help"]);
    for (name, what) in machines::names() {
        let listed = help.lines().find(|line| line.trim_start().starts_with(&format!("{name} ")));
        assert!(listed.is_some_and(|line| line.contains(what)), "{name}: {help}");
    }
    let output = crate::run(&["play", "chia.nobody"]);
    assert_eq!(output.status.code(), Some(2));
}
