//! Scenarios of one index: steps, each with what it comes to.

use nodewire::codec::supervisor::Code;
use serde_json::Value;

use crate::shared_vectors::shared;
use crate::text::{list, text};

/// Plays the scenarios of a file, each on a new index; what is refused must change nothing.
pub fn play<I: Clone + PartialEq + std::fmt::Debug>(
    name: &str,
    new: impl Fn() -> I,
    step: impl Fn(&mut I, &Value) -> Result<Value, Code>,
) {
    let Some(vectors) = shared(name, "supervisor", &format!("{name}.json")) else { return };
    let scenarios = list(&vectors["scenarios"]);
    for scenario in scenarios {
        let mut index = new();
        for (at, one) in list(&scenario["steps"]).iter().enumerate() {
            let before = index.clone();
            let found = step(&mut index, one);
            let name = format!("{} step {at}: {one}", scenario["name"]);
            let outcome = found.as_ref().map_or_else(|code| code.message(), |_| "ok");
            assert_eq!(outcome, text(&one["expect"]), "{name}");
            match found {
                Ok(found) => {
                    if let Some(expected) = one.get("returns") {
                        assert_eq!(found, *expected, "{name}");
                    }
                }
                Err(_) => assert_eq!(index, before, "{name}"),
            }
        }
    }
    assert_eq!(scenarios.len(), 7);
}
