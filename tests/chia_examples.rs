//! The example of Chia does what it says: it asserts its outcome in `main`.

#![cfg(feature = "chia")]

#[path = "../examples/chia_harvester.rs"]
mod chia_harvester;

#[test]
fn a_harvester_over_a_socket_is_asked_for_a_proof() {
    chia_harvester::main();
}
