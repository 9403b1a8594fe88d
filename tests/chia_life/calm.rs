//! Nothing happens but blocks and payments.

use std::time::Duration;

use crate::looks::Look;
use crate::people::{FULL_NODES, PEOPLE, Plan};
use crate::village::Village;

/// A network that makes blocks for so many minutes, and is looked at each of them: it keeps its
/// pace, and what it holds in the second half is no more than in the first, once it has settled.
fn live(mut village: Village, minutes: usize, settled: usize) -> Village {
    village.pass(Duration::from_secs(60));
    let mut looks: Vec<Look> = Vec::new();
    for minute in 1..minutes {
        let before = village.heights();
        village.pass(Duration::from_secs(60));
        looks.push(village.look());
        let after = village.heights();
        for number in 0..FULL_NODES {
            // Ten seconds each, and a little for the proof of space.
            let grown = after[number] - before[number];
            assert!((4..=6).contains(&grown), "{minute} min, {number}: {before:?} {after:?}");
        }
    }
    let (early, late) = looks.split_at(looks.len() / 2);
    let early = early.get(settled..).unwrap_or(late);
    for number in 0..PEOPLE {
        let most = |looks: &[Look], of: fn(&Look, usize) -> usize| {
            looks.iter().map(|look| of(look, number)).max().unwrap_or(0)
        };
        let footprint: fn(&Look, usize) -> usize = |look, number| look.footprints[number];
        let open: fn(&Look, usize) -> usize = |look, number| look.open[number];
        let [before, after] = [early, late].map(|looks| most(looks, footprint));
        assert!(after <= before + before / 8, "{number} holds {before} bytes, then {after}");
        assert!(after < 8 << 20, "{number} holds {after} bytes");
        let [before, after] = [early, late].map(|looks| most(looks, open));
        assert!(after <= before + 4, "{number} has {before} questions, then {after}");
    }
    village
}

#[test]
fn small_tables_are_no_end() {
    live(Village::new(Plan::new(true), 1), 70, 4);
}

/// The largest tables that fill by blocks have 256 entries (F-11, P-22), and 1,024 hashes are
/// remembered, of which a block takes three to five; each peer is remembered to know 4,096
/// transactions.
#[test]
fn large_tables_are_no_end_either() {
    let mut village = Village::new(Plan::new(false), 1);
    // All of them are filled only if there is time for it.
    let is_long = std::env::var_os("NODEWIRE_LIFE").is_some();
    let (minutes, settled) = if is_long { (400, Some(90)) } else { (60, None) };
    village.pays_every = Duration::from_secs(if settled.is_some() { 1 } else { 5 });
    let village = live(village, minutes, settled.unwrap_or(minutes));
    assert!(village.ledger(0).len() > minutes * 5);
}
