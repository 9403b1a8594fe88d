//! Scenarios: the tests of the numbered rules as data, for our machines and for everybody else's.
//!
//! A [`Scenario`] is a JSON file: what is configured, what happens, and which verdicts are
//! accepted. [`run`] plays it against our own machine of the named kind; `leios::play`,
//! `supervisor::play` and `chia::play` play it against anything, for example an implementation at the other end
//! of a socket. The format is described in `docs/scenarios.md`.
//!
//! A family is a folder: what its steps mean and how its content is made. Steps that every family
//! has, names and patterns are shared.
//!
//! ```
//! # #[cfg(feature = "leios")] {
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
//! # }
//! ```

mod clock;
mod play;
mod step;
mod subject;
mod value;

#[cfg(feature = "chia")]
pub mod chia;
#[cfg(feature = "leios")]
pub mod leios;
#[cfg(feature = "supervisor")]
pub mod supervisor;

pub use step::Step;
pub use subject::{Asked, Outcome, Stop, Subject};

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the format.
pub const SCENARIO_VERSION: u64 = 1;

/// Plays a scenario against our machine.
pub fn run(scenario: &Scenario) -> Outcome {
    match Family::of(scenario) {
        #[cfg(feature = "leios")]
        Ok(Family::Leios) => leios::run(scenario),
        #[cfg(feature = "supervisor")]
        Ok(Family::Supervisor) => supervisor::run(scenario),
        #[cfg(feature = "chia")]
        Ok(Family::Chia) => chia::run(scenario),
        Err(why) => Outcome::Broken { step: 0, why },
    }
}

/// What a scenario can test: the names for `under_test`, each with what it is.
pub fn under_test() -> impl Iterator<Item = (&'static str, &'static str)> {
    FAMILIES.iter().flat_map(|family| family.kinds().iter().copied())
}

/// The families that have scenarios: a folder each.
#[derive(Clone, Copy)]
enum Family {
    #[cfg(feature = "leios")]
    Leios,
    #[cfg(feature = "supervisor")]
    Supervisor,
    #[cfg(feature = "chia")]
    Chia,
}

static FAMILIES: &[Family] = &[
    #[cfg(feature = "leios")]
    Family::Leios,
    #[cfg(feature = "supervisor")]
    Family::Supervisor,
    #[cfg(feature = "chia")]
    Family::Chia,
];

impl Family {
    const fn kinds(self) -> &'static [(&'static str, &'static str)] {
        match self {
            #[cfg(feature = "leios")]
            Self::Leios => &leios::KINDS,
            #[cfg(feature = "supervisor")]
            Self::Supervisor => &supervisor::KINDS,
            #[cfg(feature = "chia")]
            Self::Chia => &chia::KINDS,
        }
    }

    fn of(scenario: &Scenario) -> Result<Self, String> {
        let name = scenario.under_test.as_str();
        let has = |family: &&Self| family.kinds().iter().any(|(kind, _)| *kind == name);
        FAMILIES.iter().find(has).copied().ok_or_else(|| format!("nothing is called {name}"))
    }
}

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
    /// What the other side has, by name: blocks, headers and votes; chains and their logs.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub content: Map<String, Value>,
    /// True if questions of the tested side are answered by steps only; else they are answered as
    /// an honest application would.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub manual: bool,
    /// True if it needs nothing but texts to a server that was just started, whatever its chains.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub wire: bool,
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

    /// The scenario with everything filled in that can be known before it is played: without
    /// names of Leios content, in slot `now`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn expand(&self, now: u64) -> Result<Self, String> {
        match Family::of(self)? {
            #[cfg(feature = "leios")]
            Family::Leios => leios::expand(self, now),
            #[cfg(feature = "supervisor")]
            Family::Supervisor => supervisor::expand(self, now),
            #[cfg(feature = "chia")]
            Family::Chia => chia::expand(self, now),
        }
    }
}
