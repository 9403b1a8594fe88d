//! `check`: scenarios against any implementation at the other end of a connection.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use clap::Args;
use nodewire::sim::scenario::Scenario;
use nodewire_adapter::check::leios::{Options, Way, check, scenarios};
use nodewire_adapter::check::{Report, SLOWEST};
use nodewire_adapter::machines::TEST_NETWORK;

use crate::cli::address::address;
use crate::cli::failure::Failure;
use crate::cli::plan::{self, Plan, Progress};
use crate::cli::print;

/// How to check.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Checked {
    /// Test the server at this address: a connection for each scenario.
    #[arg(long, group = "what", value_name = "ADDR", value_parser = address)]
    connect: Option<SocketAddr>,
    /// Test the client that connects to this address, again and again.
    #[arg(long, group = "what", value_name = "ADDR", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Print a scenario with all names filled in, to be played by other means.
    #[arg(long, group = "what", value_name = "NAME")]
    expand: Option<String>,
    /// Print the names of the scenarios and what they show.
    #[arg(long, group = "what")]
    list: bool,
    #[command(flatten)]
    plan: Plan,
    /// The network's magic number.
    #[arg(long, default_value_t = TEST_NETWORK)]
    magic: u32,
    /// The version under which the pair is spoken.
    #[arg(long, default_value_t = nodewire::state::leios::HandshakeConfig::LEIOS)]
    version_number: u16,
    /// The slot it is now on the tested side's clock; seconds since 1970 if not given.
    #[arg(long)]
    slot: Option<u64>,
    /// Milliseconds that the tested side has for what it owes, and for closing the connection.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    patience: u64,
    /// Also play scenarios that take minutes.
    #[arg(long)]
    slow: bool,
}

/// Checks, and says whether what failed is what was expected to. Who is not there is not checked at
/// all: that ends with 2.
pub fn run(options: &Checked, json: bool) -> Result<ExitCode, Failure> {
    let chosen = options.plan.chosen(scenarios)?;
    if let Some(name) = &options.expand {
        return expand(&chosen, name).map(|()| ExitCode::SUCCESS);
    }
    if options.list {
        return plan::list(&chosen, json).map(|()| ExitCode::SUCCESS);
    }
    let expected = options.plan.expected()?;
    let way = match (options.connect, options.listen) {
        (Some(address), _) => Way::Connect(address),
        (None, Some(address)) => {
            let listener = TcpListener::bind(address);
            Way::Listen(
                listener.map_err(|error| Failure::not_begun(format!("{address}: {error}")))?,
            )
        }
        (None, None) => return Err(Failure::not_begun("one of --connect and --listen is needed")),
    };
    let report = played(&way, &chosen, options)?;
    options.plan.tell(&report, &expected, json)
}

fn played(way: &Way, chosen: &[Scenario], options: &Checked) -> Result<Report, Failure> {
    let slot = match options.slot {
        Some(slot) => slot,
        None => UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs()),
    };
    let mut how = Options::new(options.magic, slot);
    how.version = options.version_number;
    how.patience = Duration::from_millis(options.patience);
    if options.slow {
        how.longest_wait = SLOWEST;
    }
    let progress = Progress::new(chosen);
    let report = check(way, chosen, &how, |scenario, outcome| progress.told(scenario, outcome));
    progress.end();
    report.map_err(|error| match way {
        Way::Connect(address) => Failure::not_begun(format!("{address}: {error}")),
        Way::Listen(_) => Failure::not_begun(format!("nobody connected: {error}")),
    })
}

fn expand(chosen: &[Scenario], name: &str) -> Result<(), Failure> {
    let found = chosen.iter().find(|scenario| scenario.name == name);
    let found =
        found.ok_or_else(|| Failure::not_begun(format!("there is no scenario `{name}`")))?;
    let expanded =
        found.expand(nodewire::sim::scenario::leios::FIRST_SLOT).map_err(Failure::new)?;
    print(&serde_json::to_string_pretty(&expanded)?)
}
