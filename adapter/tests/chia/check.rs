//! `check`: our own nodes keep the rules, seen from outside.

use std::net::TcpListener;

use crate::{run, text};

/// What scenarios take as given of the tested side.
const GIVEN: &str = "--witness 32 --plots 0,1 --farmer-target target";

fn passes(role: &str, least: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("it listens").to_string();
    drop(listener);
    let binary = env!("CARGO_BIN_EXE_nodewire");
    let (node_id, paid) = ("77".repeat(32), "04".repeat(32));
    let start = format!(
        "{binary} serve chia --role {role} --listen {at} {GIVEN} --node-id {node_id} \
         --puzzle-hash {paid}"
    );
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
