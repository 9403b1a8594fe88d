//! Scenarios of Chia nodes, over TCP.
//!
//! A connection for each peer of a scenario, judged from outside. A violation of ours has to make
//! the other end close that connection in time; after what is legal it has to be there still.

mod applies;
mod probe;
mod start;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use nodewire::sim::scenario::chia::{NETWORK_ID, play};
use nodewire::sim::scenario::{Outcome, Scenario};
use nodewire::state::chia::ConnectionConfig;

use super::Report;
use probe::probe;
use start::Started;
use wire::Wire;

/// The scenarios of this program, by name.
///
/// # Panics
/// Never: tests read every one of them.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    super::read(include!(concat!(env!("OUT_DIR"), "/chia.rs")))
}

/// How to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// What listens there, as scenarios call it: `full-node`, `farmer`, ….
    pub role: String,
    /// The network that it belongs to.
    pub network_id: String,
    /// The version that it speaks.
    pub version: String,
    /// How long it may take for what it owes, and for closing a connection.
    pub patience: Duration,
    /// How long it is watched where it has to be quiet.
    pub quiet: Duration,
    /// Scenarios with longer waits are left out.
    pub longest_wait: Duration,
    /// The command line that starts the other end anew for each scenario; `None`: it runs, and
    /// what one scenario does to its chain is there in the next.
    pub start: Option<String>,
}

impl Options {
    /// A node of this role on the testnet: five seconds of patience, no long waits.
    #[must_use]
    pub fn new(role: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            network_id: NETWORK_ID.to_owned(),
            version: ConnectionConfig::VERSION.to_owned(),
            patience: Duration::from_secs(5),
            quiet: Duration::from_millis(200),
            longest_wait: Duration::from_secs(2),
            start: None,
        }
    }
}

/// Plays scenarios against whoever listens there; `told` hears of each.
///
/// # Errors
/// If nobody listens there, it is another node than [`Options`] say, or it cannot be started.
pub fn check(
    address: SocketAddr,
    scenarios: &[Scenario],
    options: &Options,
    mut told: impl FnMut(&Scenario, &Outcome),
) -> Result<Report, String> {
    let start = || {
        let start = |command| Started::new(command, address, options.patience);
        options.start.as_deref().map(start).transpose()
    };
    let started = start()?;
    probe(address, options).map_err(|why| format!("{address}: {why}"))?;
    drop(started);
    let mut report = Report::new("chia");
    for scenario in scenarios {
        let outcome = match applies::to(scenario, &options.role) {
            Err(why) => Outcome::Inapplicable(why),
            Ok(()) => {
                let started = start()?;
                let shared_only = scenario.under_test == "chia-connection";
                let mut wire = Wire::new(address, options.clone(), shared_only);
                let outcome = play(scenario, &mut wire);
                drop(started);
                outcome
            }
        };
        told(scenario, &outcome);
        report.add(scenario, &outcome);
    }
    Ok(report)
}
