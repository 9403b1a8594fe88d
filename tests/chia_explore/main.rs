//! Every order in which small Chia networks can hear each other: two nodes that dial each other,
//! a transaction that many announce, farmers and harvesters around full nodes, a late full node
//! that syncs from others. Faults that are planted in them are found.
//!
//! What goes along one connection keeps its order; connections overtake each other. The counts
//! stand in `tests/golden/chia_explore*.txt`; `NODEWIRE_BLESS=1` writes them anew.

#![cfg(all(feature = "chia", feature = "sim"))]

mod farming;
mod fetching;
mod links;
mod manned;
mod opening;
mod report;
mod syncing;

use crate::report::Report;

#[test]
fn every_order_of_opening() {
    let mut report = Report::new(10_000);
    opening::some(&mut report);
    report.compare("chia_explore_opening.txt");
}

#[test]
fn every_order_of_fetching_a_transaction() {
    let mut report = Report::new(20_000);
    fetching::all(&mut report);
    report.compare("chia_explore_fetching.txt");
}

#[test]
fn every_order_of_farming() {
    let mut report = Report::new(40_000);
    farming::some(&mut report);
    report.compare("chia_explore_farming.txt");
}

#[test]
fn every_order_of_syncing() {
    let mut report = Report::new(20_000);
    syncing::some(&mut report);
    report.compare("chia_explore_syncing.txt");
}

#[test]
fn every_order_of_more() {
    if cfg!(debug_assertions) {
        println!("skipped: every_order_of_more takes a release build");
        return;
    }
    let mut report = Report::new(400_000);
    opening::large(&mut report);
    farming::large(&mut report);
    syncing::large(&mut report);
    report.compare("chia_explore_large.txt");
}

#[test]
fn every_order_of_the_largest() {
    if std::env::var("NODEWIRE_EXPLORE").as_deref() != Ok("deep") {
        println!("skipped: every_order_of_the_largest takes NODEWIRE_EXPLORE=deep");
        return;
    }
    let mut report = Report::new(4_000_000);
    fetching::deep(&mut report);
    farming::deep(&mut report);
    report.compare("chia_explore_deep.txt");
}

#[test]
fn faults_planted_in_farms_are_found() {
    farming::planted();
}

#[test]
fn faults_planted_in_fetching_are_found() {
    fetching::planted();
}

#[test]
fn faults_planted_in_opening_are_found() {
    opening::planted();
}

#[test]
fn faults_planted_in_syncing_are_found() {
    syncing::planted();
}
