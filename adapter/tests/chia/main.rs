//! The Chia family on the command line.

mod check;
mod codec;
mod demo;
mod node;
mod play;
mod process;
mod processes;
mod record;
mod sim;
mod sockets;

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nodewire")).args(arguments).output().expect("the binary runs")
}

/// What it prints when it succeeds.
fn said(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}
