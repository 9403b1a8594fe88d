//! The demo.

use serde_json::Value;

use crate::said;

#[test]
fn a_late_node_syncs_and_the_liar_is_named() {
    let told = said(&["--json", "demo", "chia", "--blocks", "400", "--farmed", "1"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told["height"].as_u64().unwrap() >= 402);
    let blamed = told["blamed"].as_array().unwrap();
    assert!(blamed.iter().all(|one| one["who"] == "liar"), "{blamed:?}");
    assert!(blamed.iter().any(|one| one["rule"] == "chia/P-40"), "{blamed:?}");
}
