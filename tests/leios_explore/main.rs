//! Every interleaving of two honest sides, message by message: no fault, no dead end, every edge
//! of every table, and always the same number of states.
//!
//! Mini-protocols are not ordered with each other; each keeps its own order. The counts stand in
//! `tests/golden/explore.txt`; `NODEWIRE_BLESS=1` writes them anew. States are told apart by
//! 64-bit fingerprints: n of them collide with a chance of about n²/2⁶⁵.

#![cfg(all(feature = "leios", feature = "sim"))]

mod content;
mod equivocation;
mod events;
mod naive;
mod neighbours;
mod pair;
mod patient;
mod planted;
mod report;
mod rules;

use nodewire::state::leios::table::{KEEP_ALIVE, NAIVE, REPLY, REQUEST};

use crate::report::Report;

#[test]
fn every_interleaving_of_two_honest_sides() {
    let mut report = Report::new(400_000);
    neighbours::handshakes(&mut report);
    neighbours::keep_alive(&mut report);
    naive::naive(&mut report);
    pair::pair(&mut report);
    pair::narrow(&mut report);
    equivocation::equivocation(&mut report);

    report.covers(&neighbours::HANDSHAKE_WITHOUT_REFUSAL);
    report.covers(&KEEP_ALIVE);
    report.covers(&NAIVE);
    report.covers(&REQUEST);
    report.covers(&REPLY);
    // L-24 fails what is outstanding when the server ends, L-52 excuses what overlaps.
    for notice in [
        "BlockOffered",
        "TxsOffered",
        "VoteOffered",
        "Block",
        "Txs",
        "Vote",
        "Excused",
        "Failed",
        "Opened",
        "Finishing",
        "RoundTrip",
        "Agreed",
        "Queried",
        "Notified",
        "Tx",
        "Finished",
    ] {
        assert!(report.told.contains(notice), "nobody was told {notice}: {:?}", report.told);
    }

    rules::check(&report);

    report.compare("explore.txt");
}

#[test]
fn whatever_two_sides_can_do_in_any_order() {
    if cfg!(debug_assertions) {
        println!("skipped: whatever_two_sides_can_do_in_any_order takes a release build");
        return;
    }
    let mut report = Report::new(400_000);
    pair::large(&mut report);
    report.compare("explore_large.txt");
}

#[test]
fn a_world_of_millions() {
    if std::env::var("NODEWIRE_EXPLORE").as_deref() != Ok("deep") {
        println!("skipped: a_world_of_millions takes NODEWIRE_EXPLORE=deep");
        return;
    }
    let mut report = Report::new(20_000_000);
    pair::deep(&mut report);
    report.compare("explore_deep.txt");
}
