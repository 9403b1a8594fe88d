//! Made-up feeds are the same on every target and in every version: their hashes are in
//! `tests/golden/supervisor_feeds.txt`; `NODEWIRE_BLESS=1` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use nodewire::sim::TraceHash;
use nodewire::sim::supervisor::{Cluster, Faults, Feed, Options, Order, recorded};
use nodewire::state::supervisor::{Limits, Supervisor};

fn options() -> [(&'static str, Options); 3] {
    let mut asked = Options::default();
    (asked.calls, asked.block_times, asked.logs) = (300_000, [1, 2, 3], 4);
    asked.content.at_anchor = 1_000;
    let mut wrong = Options::default();
    (wrong.faults, wrong.nodes) = (Faults::ALL, 3);
    let mut reorganised = Options::default();
    (reorganised.unsafe_reorgs, reorganised.l1_reorgs) = (300_000, 400_000);
    (reorganised.content.expired, reorganised.expiry_window) = (100_000, 20);
    [("asked", asked), ("wrong", wrong), ("reorganised", reorganised)]
}

/// How many lines a feed has, their hash, and the hash of all that can be asked at its end.
fn hashes(cluster: &Cluster, order: Order) -> (usize, u64, u64) {
    let lines = recorded(cluster, order, Limits::default());
    let mut told = TraceHash::new();
    lines.iter().for_each(|line| told.bytes(line.as_bytes()));
    let limits = Limits::default();
    let mut supervisor: Supervisor = Supervisor::new(cluster.config(), limits).unwrap();
    let mut feed = Feed::new(cluster, order);
    feed.play(&mut supervisor, |_, _, _| ());
    let mut asked = TraceHash::new();
    feed.everything().iter().for_each(|text| asked.bytes(text.as_bytes()));
    (lines.len(), told.get(), asked.get())
}

#[test]
fn feeds_are_what_they_were() {
    let mut found = String::new();
    for (name, options) in options() {
        for seed in 1..=4 {
            let cluster = Cluster::generate(seed, 3, 24, options.clone());
            for (kind, order) in [("in turn", Order::InTurn), ("mixed", Order::Mixed(seed))] {
                let (lines, told, asked) = hashes(&cluster, order);
                let hashes = format!("{lines} lines {told:016x}, asked {asked:016x}");
                writeln!(found, "{name} {seed} {kind}: {hashes}").unwrap();
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/supervisor_feeds.txt");
    if std::env::var("NODEWIRE_BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(&path, &found).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, known, "feeds have changed; NODEWIRE_BLESS=1 accepts it");
}
