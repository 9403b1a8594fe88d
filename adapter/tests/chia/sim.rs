//! `sim chia`.

use serde_json::Value;

use crate::{run, said, text};

const SMALL: [&str; 8] = ["--nodes", "24", "--degree", "6", "--chain", "60", "--blocks", "2"];

#[test]
fn a_small_network_is_within_its_bounds_and_the_same_for_a_seed() {
    let small = |more: &[&str]| said(&[&["sim", "chia"], &SMALL[..], more].concat());
    let line = small(&["--seed", "4", "--json"]);
    let shown: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(shown["wrong"], Value::Null);
    assert_eq!(shown["options"]["nodes"], 24);
    assert_eq!(shown["report"]["wronged"], 0);
    assert_eq!(shown["report"]["blocks"].as_array().unwrap().len(), 2);
    assert_eq!(small(&["--seed", "4", "--json"]), line);
    let table = small(&["--seed", "4"]);
    assert!(table.contains("a late node lacked 62 blocks"), "{table}");
    assert_ne!(small(&["--seed", "5"]), table);
}

#[test]
fn what_cannot_be_simulated_is_refused_before_it_begins() {
    for (options, told) in [
        (["--nodes", "1"], "2..=10000"),
        (["--nodes", "2"], "--churn 0"),
        (["--degree", "2"], "3..=40"),
        (["--adversaries", "91"], "0..=90"),
        (["--chain", "4000000000"], "10000000 blocks"),
        (["--chain", "15"], "begins no sync: there have to be more than 20"),
    ] {
        let output = run(&[&["sim", "chia"], &options[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(output.stdout.is_empty(), "{options:?}");
        let line = text(&output.stderr);
        assert!(line.contains(told) && line.lines().count() == 1, "{line}");
    }
}

#[test]
fn the_shortest_chain_that_is_synced_is_enough() {
    let shortest = ["--nodes", "6", "--degree", "3", "--chain", "20", "--blocks", "1"];
    let table = said(&[&["sim", "chia", "--adversaries", "0"], &shortest[..]].concat());
    assert!(table.contains("it synced to "), "{table}");
}

#[test]
fn what_has_no_bound_is_told() {
    let few = ["--nodes", "30", "--degree", "4", "--chain", "60", "--blocks", "2"];
    let table = said(&[&["sim", "chia", "--churn", "1"], &few[..]].concat());
    assert!(table.contains("2 of 2 blocks have no bound (-)"), "{table}");
}
