//! The Supervisor: texts of clients, events of nodes, and a small world that answers questions.

mod bench;
mod call;
mod content;
mod logs;
mod play;
mod tell;
mod world;

pub(super) use bench::{KINDS, run};
pub use call::{Call, Gives, Reply};
pub use play::{Endpoint, play};

use alloc::string::String;

use super::Scenario;

/// The scenario with the names in its steps filled in. Its content stays: questions are answered
/// by it, whenever it is played.
pub(super) fn expand(scenario: &Scenario, _: u64) -> Result<Scenario, String> {
    let vars = content::make(&scenario.content)?.1;
    let steps = scenario.steps.iter().map(|step| step.expand(&vars)).collect();
    Ok(Scenario { steps, ..scenario.clone() })
}
