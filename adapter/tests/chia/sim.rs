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
fn what_no_machine_has_memory_for_is_refused() {
    for (options, told) in [
        (["--nodes", "1"], "2 to 10000"),
        (["--degree", "0"], "1 to 40"),
        (["--adversaries", "91"], "at most 90"),
        (["--chain", "4000000000"], "10000000 blocks"),
    ] {
        let output = run(&[&["sim", "chia"], &options[..]].concat());
        assert!(!output.status.success() && output.stdout.is_empty(), "{options:?}");
        assert!(text(&output.stderr).contains(told), "{options:?}");
    }
}
