//! Scenarios: the tests of the numbered rules as data, for our machines and for everybody else's.
//!
//! A [`Scenario`] is a JSON file: what is configured, what happens, and which verdicts are
//! accepted. [`run`] plays it against our own machine of the named kind, in bytes; [`play`] plays
//! it against any [`Subject`], for example an implementation at the other end of a socket. The
//! format is described in `docs/scenarios.md`.
//!
//! ```
//! use nodewire::sim::scenario::{Outcome, Scenario, run};
//!
//! let scenario: Scenario = r#"{
//!     "scenario": 1,
//!     "name": "pong",
//!     "about": "A ping is answered with its cookie.",
//!     "rules": ["leios/11.2"],
//!     "under_test": "keep-alive-server",
//!     "steps": [
//!         { "peer": { "on": "KeepAlive", "message": { "MsgKeepAlive": 7 } } },
//!         { "await": { "on": "KeepAlive", "message": { "MsgKeepAliveResponse": 7 } } }
//!     ],
//!     "accept": ["running"]
//! }"#.parse().unwrap();
//! assert_eq!(run(&scenario), Outcome::Passed);
//! ```

mod bench;
mod content;
mod message;
mod node;
mod play;
mod step;
mod tested;
mod value;

pub use bench::{run, under_test};
pub use message::Protocol;
pub use play::{Outcome, Stop, Subject, play};
pub use step::{Await, Peer, Quiet, Segment, Step};
pub use tested::{Asked, Delivery};

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the format.
pub const SCENARIO_VERSION: u64 = 1;

/// The slot in which scenarios begin, where nothing else is said.
pub const FIRST_SLOT: u64 = 1_000_000;

/// The network of scenarios, where nothing else is said: the Leios test network.
pub const NETWORK_MAGIC: u32 = 164;

/// One test of one or more rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// The version of the format: 1.
    pub scenario: u64,
    /// Its name: that of its file.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// The rules it tests.
    pub rules: Vec<String>,
    /// The kind of machine that is tested.
    pub under_test: String,
    /// Where the configuration differs from the defaults.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
    /// Blocks, headers and votes by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub content: Map<String, Value>,
    /// True if questions of the tested side are answered by steps only; else they are answered as
    /// an honest application would.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub manual: bool,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// The verdicts that are good: any of them.
    pub accept: Vec<Value>,
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scenario: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if scenario.scenario != SCENARIO_VERSION {
            return Err(format!(
                "scenario format {} is not known here, only {SCENARIO_VERSION}",
                scenario.scenario
            ));
        }
        Ok(scenario)
    }
}

impl Scenario {
    /// True if nothing but faults of the tested side's own finding are accepted: its duty is to
    /// end the connection.
    #[must_use]
    pub fn wants_fault(&self) -> bool {
        self.accept.iter().all(|verdict| verdict.get("fault").is_some())
    }

    /// The scenario without names: content and `$each` filled in, the messages of the other end
    /// as hex where that can be known before it is played.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn expand(&self, now: u64) -> Result<Self, String> {
        let (vars, _) = content::make(&self.content, now)?;
        let steps = self.steps.iter().map(|step| step.expand(&vars)).collect::<Result<_, _>>()?;
        Ok(Self { content: Map::new(), steps, ..self.clone() })
    }
}
