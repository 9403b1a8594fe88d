//! The Supervisor: texts of clients, events of nodes, and a small world that answers questions.

mod bench;
mod call;
mod client;
mod content;
mod logs;
mod play;
mod sent;
mod tell;
mod world;

pub use call::{Call, Gives, Reply};
pub use play::{Endpoint, play};

use alloc::string::String;

use super::{Outcome, Scenario};

/// What a scenario can test, each with what it is.
pub(super) static KINDS: [(&str, &str); 2] = [
    ("supervisor", "the Supervisor: its RPC and the index behind it"),
    ("supervisor-client", "the client of its RPC"),
];

/// Plays a scenario against our machine.
pub(super) fn run(scenario: &Scenario) -> Outcome {
    match scenario.under_test.as_str() {
        "supervisor-client" => client::run(scenario),
        _ => bench::run(scenario),
    }
}

/// The scenario with the names in its steps filled in. Its content stays: questions are answered
/// by it, whenever it is played.
pub(super) fn expand(scenario: &Scenario, _: u64) -> Result<Scenario, String> {
    let vars = content::make(&scenario.content)?.1;
    let steps = scenario.steps.iter().map(|step| step.expand(&vars)).collect();
    Ok(Scenario { steps, ..scenario.clone() })
}
