//! The recipes beyond the first: what each shows holds in every run.

use nodewire_adapter::sim::{Figures, Recipe, Settings, plot, run, set};

#[path = "../examples/own_policy.rs"]
mod own_policy;

#[test]
fn a_policy_of_ones_own_takes_the_place_of_ours() {
    own_policy::main();
}

fn figures(recipe: &str, assignments: &[&str], seed: Option<u64>) -> Figures {
    let settings = set(&Settings::default(), assignments).expect("known keys");
    let recipe = Recipe::find(recipe).expect("a known recipe")[0];
    run(&recipe, &settings, seed).expect("a run").figures
}

fn get(figures: &Figures, name: &str) -> f64 {
    figures.get(name).unwrap_or_else(|| panic!("no figure {name}"))
}

/// Without optimisation, less of the same: Leios still saturates the link under every block.
const PRAOS: &[&str] =
    if cfg!(debug_assertions) { &["bulk.txs=1600", "praos.blocks=4"] } else { &[] };

#[test]
fn a_ranking_block_waits_for_one_segment_at_most() {
    let figures = figures("praos", PRAOS, None);
    assert!(get(&figures, "alone | worst ms") >= 72.0);
    let worst = get(&figures, "as set (Praos first) | worst ms");
    assert!((75.0..=83.0).contains(&worst), "{worst}");
    assert!(get(&figures, "fair | worst ms") > 120.0);
    assert!(get(&figures, "by message | worst ms") > 150.0);
}

#[test]
fn so_it_does_over_links_of_other_rates() {
    let seeds = if cfg!(debug_assertions) { 2 } else { 100 };
    for seed in 1..=seeds {
        let figures = figures("praos", PRAOS, Some(seed));
        // The block alone, one segment, and what little waits in the socket.
        let ratio = get(&figures, "worst / alone");
        assert!(ratio <= 1.16, "seed {seed}: {ratio}");
    }
}

#[test]
fn a_fresh_announcement_passes_by_the_bulk() {
    let small = ["bulk.txs=1600", "bulk.fresh_after=500ms"];
    let figures = figures("announcement", if cfg!(debug_assertions) { &small } else { &[] }, None);
    // 124,576 bytes at 10 Mb/s.
    assert!(get(&figures, "the pair | announcement ms") <= 100.0);
    assert!(get(&figures, "the pair, all asked at once | announcement ms") <= 100.0);
    let flooded = get(&figures, "in order of sending, all asked at once | announcement ms");
    assert!(flooded > 1_000.0, "{flooded}");
}

#[test]
fn the_freshest_block_of_a_burst_comes_first() {
    let small = ["bulk.burst_txs=300", "bulk.fresh_after=500ms"];
    let figures = figures("burst", if cfg!(debug_assertions) { &small } else { &[] }, None);
    let fresh = get(&figures, "freshest first | closure s");
    let in_order = get(&figures, "in order | closure s");
    assert!(2.0 * fresh < in_order, "{fresh} {in_order}");
}

#[test]
fn what_two_blocks_share_is_fetched_once() {
    let figures = figures("overlap", &["overlap.txs=300"], None);
    assert_eq!(get(&figures, "decision logic | redundant MB"), 0.0);
    let both = get(&figures, "asked twice, both outstanding | redundant %");
    let apart = get(&figures, "asked twice, one after the other | redundant %");
    assert!(both < 25.0 && apart > 75.0, "{both} {apart}");
}

#[test]
fn the_pair_needs_fewer_messages_than_the_baseline_and_less_time() {
    let small = [
        "baseline.txs=400",
        "baseline.votes=90",
        "baseline.quorum=68",
        "baseline.rates=[10000000]",
        "baseline.round_trips_ms=[100]",
    ];
    let figures = figures("baseline", &small, None);
    for missing in ["  0", " 10", "100"] {
        let row = |side: &str, column: &str| {
            get(&figures, &format!("10 Mb/s 100 ms {missing} % {side} | {column}"))
        };
        assert!(10.0 * row("pair", "quorum s") < row("naive lock-step", "quorum s"));
        assert!(row("pair", "closure s") < row("naive lock-step", "closure s"));
        assert!(row("pair", "messages") < row("naive pipelined", "messages"));
        // In the pair's bytes are KeepAlive and the handshake too.
        assert!(row("pair", "MB") <= 1.05 * row("naive pipelined", "MB"));
    }
}

#[test]
fn a_small_network_gets_everything_once() {
    let small = [
        "network.nodes=12",
        "network.degree=[4,6]",
        "network.blocks=2",
        "network.txs=400",
        "network.votes=24",
    ];
    let figures = figures("network", &small, Some(3));
    for what in ["announcement", "block", "closure", "quorum"] {
        assert_eq!(get(&figures, &format!("{what} | reached %")), 100.0, "{what}");
    }
    assert!(get(&figures, "closure | 100 % s") < 2.0);
    assert!(get(&figures, "sent Mb/s a node") < 4.0);
    // Blocks this small are asked of two strangers at once.
    assert!(get(&figures, "blocks received a node and block") <= 2.0);
    assert!(get(&figures, "votes received a node and vote") <= 1.1);
    assert_eq!(get(&figures, "refused") + get(&figures, "faults"), 0.0);
}

#[test]
fn lines_alone_are_drawn() {
    let settings = set(&Settings::default(), ["overlap.txs=20"]).unwrap();
    let recipe = Recipe::find("overlap").unwrap()[0];
    let line = |seed| serde_json::to_string(&run(&recipe, &settings, Some(seed)).unwrap()).unwrap();
    let lines = format!("{}\n{}\n", line(1), line(2));
    let drawings = plot(&lines).unwrap();
    let [(name, svg)] = &drawings[..] else { panic!("{} drawings", drawings.len()) };
    assert_eq!(name, "overlap");
    assert!(svg.contains("2 runs") && svg.contains("redundant MB") && svg.ends_with("</svg>\n"));
    assert!(plot("{}").unwrap_err().starts_with("line 1:"));
    assert!(plot("").is_err());
}

#[test]
fn recipes_are_found_by_number_and_name() {
    assert_eq!(Recipe::find("all").unwrap().len(), 7);
    assert_eq!(Recipe::find("5").unwrap()[0].name, "praos");
    assert!(Recipe::find("prawns").unwrap_err().contains("praos (5)"));
}
