//! The examples do what they say: each asserts its outcome in `main`.

#![cfg(feature = "leios")]
// Each example brings the content along that it shares with the others.
#![allow(clippy::duplicate_mod)]

#[path = "../examples/blocking.rs"]
mod blocking;
#[path = "../examples/foreign_channels.rs"]
mod foreign_channels;
#[path = "../examples/own_mux.rs"]
mod own_mux;
#[path = "../examples/pair.rs"]
mod pair;

#[test]
fn pair_runs_to_the_end() {
    pair::main();
}

#[test]
fn own_mux_runs_to_the_end() {
    own_mux::main();
}

#[test]
fn foreign_channels_come_through_and_go_first() {
    foreign_channels::main();
}

#[test]
fn blocking_loop_carries_a_session_over_a_socket() {
    blocking::main();
}
