//! Every order in which tiny clusters can be told, asked and obeyed: the heads keep the invariants
//! of `supervisor.md` section 1 in every state, every order ends, all end in the same state, and
//! there are always as many states.
//!
//! What one node tells, and what it is told, keeps its order; chains, nodes, layer one, answers and
//! the next step of history overtake each other. The counts stand in
//! `tests/golden/supervisor_explore*.txt`; `NODEWIRE_BLESS=1` writes them anew.

#![cfg(all(feature = "supervisor", feature = "sim"))]

mod clusters;
mod planted;
mod report;
mod world;

use nodewire::state::supervisor::Supervisor;

use crate::clusters::{all, lost_cycle, lost_small, reorganised};
use crate::report::Report;

#[test]
fn every_order_of_two_chains() {
    let mut report = Report::new(40_000);
    for tiny in all() {
        report.explore::<Supervisor>(&tiny);
    }
    report.compare("supervisor_explore.txt");
}

#[test]
fn a_cycle_that_layer_one_loses() {
    let mut report = Report::new(100_000);
    report.explore::<Supervisor>(&lost_small());
    report.compare("supervisor_explore_lost.txt");
}

#[test]
fn a_reorganisation_at_each_step() {
    if cfg!(debug_assertions) {
        println!("skipped: a_reorganisation_at_each_step takes a release build");
        return;
    }
    let mut report = Report::new(400_000);
    for tiny in reorganised() {
        report.explore::<Supervisor>(&tiny);
    }
    report.explore::<Supervisor>(&lost_cycle());
    report.compare("supervisor_explore_large.txt");
}

#[test]
fn a_cluster_of_millions() {
    if std::env::var("NODEWIRE_EXPLORE").as_deref() != Ok("deep") {
        println!("skipped: a_cluster_of_millions takes NODEWIRE_EXPLORE=deep");
        return;
    }
    let mut report = Report::new(20_000_000);
    report.explore::<Supervisor>(&clusters::deep());
    report.explore::<Supervisor>(&clusters::lost_cycle_deep());
    report.compare("supervisor_explore_deep.txt");
}
