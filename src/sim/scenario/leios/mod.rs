//! Leios and its neighbours: messages in bytes over channels.

mod bench;
mod content;
mod message;
mod node;
mod play;
mod step;
mod tested;

pub(super) use bench::{KINDS, run};
pub use message::Protocol;
pub use play::{Linked, play};
pub use step::{Await, Peer, Quiet, Segment};
pub use tested::Delivery;

use super::Scenario;
use alloc::string::String;
use serde_json::Map;

/// The slot in which scenarios begin, where nothing else is said.
pub const FIRST_SLOT: u64 = 1_000_000;

/// The network of scenarios, where nothing else is said: the Leios test network.
pub const NETWORK_MAGIC: u32 = 164;

/// The scenario without names: content and `$each` filled in, the messages of the other end as
/// hex where that can be known before it is played in slot `now`.
pub(super) fn expand(scenario: &Scenario, now: u64) -> Result<Scenario, String> {
    let (vars, _) = content::make(&scenario.content, now)?;
    let steps = scenario.steps.iter().map(|step| step.expand(&vars)).collect();
    Ok(Scenario { content: Map::new(), steps, ..scenario.clone() })
}
