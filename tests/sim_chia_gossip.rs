//! Small networks of full nodes under virtual time: every bound holds, liars are blamed and nobody
//! else, and a run follows from its seed.

#![cfg(all(feature = "chia", feature = "sim"))]

use std::time::Duration;

use nodewire::sim::chia::{GossipOptions, gossip};
use nodewire::state::chia::SyncOutcome;

fn small(seed: u64) -> GossipOptions {
    let mut options = GossipOptions::default();
    (options.nodes, options.degree, options.seed) = (30, 6, seed);
    (options.chain, options.blocks) = (120, 3);
    options
}

#[test]
fn a_network_of_thirty_with_adversaries_keeps_every_bound() {
    let report = gossip(&small(7));
    assert_eq!(report.wrong(), None);
    assert_eq!((report.honest, report.adversaries), (27, [1, 1, 1]));
    assert_eq!(report.late.adversaries, [1, 1, 1]);
    assert!(matches!(report.late.outcome, Some(SyncOutcome::Synced(_))));
    assert_eq!((report.late.lacked, report.late.blamed), (123, 1));
    // Who lies is known by what it sent, and nobody else is blamed.
    assert_eq!(report.blamed.keys().collect::<Vec<_>>(), ["chia/P-40"]);
    assert!(report.churned > 20 && report.blocks.len() == 3);
    for spread in &report.blocks {
        // All but a few connections carried it, and none twice the same way.
        assert!(spread.messages * 4 > spread.flood, "{spread:?}");
        assert!(spread.bound.is_some(), "{spread:?}");
    }
    assert_eq!(format!("{:016x}", report.trace), "0542adcfdaf39be9");
}

#[test]
fn a_run_follows_from_its_seed() {
    let [one, again, other] = [7, 7, 8].map(|seed| gossip(&small(seed)));
    assert_eq!(one, again);
    assert_ne!(one.trace, other.trace);
    assert_eq!(other.wrong(), None);
}

#[test]
fn without_adversaries_and_churn_a_late_node_has_nothing_to_wait_for() {
    let mut options = small(3);
    (options.adversaries, options.churn) = (0, Duration::ZERO);
    let report = gossip(&options);
    assert_eq!(report.wrong(), None);
    assert_eq!((report.honest, report.churned), (30, 0));
    assert!(report.blamed.is_empty());
    // The tips are waited for, and little else.
    assert!(report.late.took.is_some_and(|took| took < Duration::from_secs(12)), "{report:?}");
    for spread in &report.blocks {
        // Once along each connection at least, and back along those that it did not come by.
        let edges = report.connections as u64;
        assert!(spread.messages >= edges, "{spread:?}");
    }
}

/// A report tells what is not as it should be, each thing by itself.
#[test]
fn what_is_out_of_bounds_is_told() {
    let mut options = small(3);
    (options.nodes, options.blocks) = (12, 1);
    let good = gossip(&options);
    assert_eq!(good.wrong(), None);
    let mut report = good.clone();
    report.wronged = 1;
    assert_eq!(report.wrong(), Some("an honest node was blamed"));
    for to_all in [None, Some(Duration::from_secs(100_000))] {
        let mut report = good.clone();
        report.blocks[0].to_all = to_all;
        assert_eq!(report.wrong(), Some("a block was slower than its bound"));
    }
    let mut report = good.clone();
    report.blocks[0].messages = report.blocks[0].flood;
    assert_eq!(report.wrong(), None);
    report.blocks[0].messages += 1;
    assert_eq!(report.wrong(), Some("a block went out more often than a flood"));
    let late = Some("the late node was slower than its bound");
    let mut report = good.clone();
    report.late.outcome = Some(SyncOutcome::NothingHeavier);
    assert_eq!(report.wrong(), late);
    let mut report = good;
    report.late.took = Some(report.late.bound + Duration::from_micros(1));
    assert_eq!(report.wrong(), late);
}

/// Where bytes leave slowly blocks take longer, and the bound says so.
#[test]
fn a_slow_network_takes_longer() {
    let run = |rate| {
        let mut options = small(3);
        (options.nodes, options.blocks, options.rate) = (12, 1, rate);
        let report = gossip(&options);
        assert_eq!(report.wrong(), None);
        report.blocks[0].to_all.unwrap()
    };
    assert!(run(10_000) > run(1_250_000) + Duration::from_millis(100));
}
