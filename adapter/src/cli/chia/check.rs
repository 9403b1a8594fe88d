//! `check`: scenarios against any node that listens.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use nodewire::sim::scenario::chia::NETWORK_ID;
use nodewire::state::chia::ConnectionConfig;
use nodewire_adapter::check::SLOWEST;
use nodewire_adapter::check::chia::{Options, check, scenarios};

use super::options::Of;
use crate::cli::address::address;
use crate::cli::failure::Failure;
use crate::cli::plan::{self, Plan, Progress};

/// How to check.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Checked {
    /// Test the node at this address: connections for each scenario.
    #[arg(long, group = "what", value_name = "ADDR", value_parser = address)]
    connect: Option<SocketAddr>,
    /// Print the names of the scenarios, of every role, and what they show.
    #[arg(long, group = "what")]
    list: bool,
    /// What it is: scenarios of its role are played, and those of every connection against a full
    /// node.
    #[arg(long, value_enum, default_value = "full-node")]
    role: Of,
    #[command(flatten)]
    plan: Plan,
    /// The network that it belongs to.
    #[arg(long, default_value = NETWORK_ID)]
    network_id: String,
    /// The version that it speaks.
    #[arg(long, default_value = ConnectionConfig::VERSION)]
    protocol: String,
    /// Milliseconds that it has for what it owes, and for closing a connection.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    patience: u64,
    /// A command line that starts the node anew for each scenario, to listen at the address of
    /// --connect: what one scenario does to its chain is gone in the next then. Split at spaces; no
    /// shell looks at it. Of our own nodes a full node is to have `--witness 32`, a farmer
    /// `--farmer-target target` and a `--puzzle-hash` of 32 times 04, a harvester `--plots 0,1`.
    #[arg(long, value_name = "COMMAND", requires = "connect", conflicts_with = "list")]
    start: Option<String>,
    /// Also play scenarios that take minutes.
    #[arg(long)]
    slow: bool,
}

/// Checks, and says whether what failed is what was expected to. What is not there or is another
/// node is not checked at all: that ends with 2.
pub fn run(options: &Checked, json: bool) -> Result<ExitCode, Failure> {
    let chosen = options.plan.chosen(scenarios)?;
    let Some(at) = options.connect else {
        return plan::list(&chosen, json).map(|()| ExitCode::SUCCESS);
    };
    let expected = options.plan.expected()?;
    let mut how = Options::new(options.role.name());
    how.network_id.clone_from(&options.network_id);
    how.version.clone_from(&options.protocol);
    how.patience = Duration::from_millis(options.patience);
    how.start.clone_from(&options.start);
    if options.slow {
        how.longest_wait = SLOWEST;
    }
    let progress = Progress::new(&chosen);
    let report = check(at, &chosen, &how, |scenario, outcome| progress.told(scenario, outcome));
    progress.end();
    let report = report.map_err(Failure::not_begun)?;
    let told = options.plan.tell(&report, &expected, json);
    let is_worn = options.start.is_none() && !report.failures().is_empty();
    told.map_err(|failure| if is_worn { failure.with(WORN) } else { failure })
}

/// What most failures come of where nothing begins the node anew.
const WORN: &str = "; without --start each scenario finds the node as those before it left it";
