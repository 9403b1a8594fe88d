//! Chia: peers of several types at one node, each on a stream of its own.

mod bench;
mod content;
mod peer;
mod play;
mod step;
mod subjects;
mod tested;
mod whole;

pub(super) use bench::run;
pub use content::consensus;
pub use play::{Joining, Wired, play};
pub use step::{Gone, Hear, Hush, Join, Say};
pub(super) use subjects::KINDS;

use alloc::string::String;

use super::Scenario;

/// The network of scenarios, where nothing else is said.
pub const NETWORK_ID: &str = "testnet";

/// The scenario with the names in its steps filled in. Its content stays: questions are answered
/// by it, whenever it is played.
pub(super) fn expand(scenario: &Scenario, _: u64) -> Result<Scenario, String> {
    let vars = content::make(&scenario.content)?;
    let steps = scenario.steps.iter().map(|step| step.expand(&vars)).collect();
    Ok(Scenario { steps, ..scenario.clone() })
}
