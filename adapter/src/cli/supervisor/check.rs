//! `check supervisor`: scenarios of texts against any server of the RPC.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use nodewire::codec::supervisor::ChainId;
use nodewire_adapter::check::supervisor::{Options, check, scenarios};
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::plan::{self, Plan, Progress};

/// How to check.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Checked {
    /// Test the server at this URL: a connection for each text.
    #[arg(long, group = "what", value_name = "URL")]
    connect: Option<String>,
    /// Print the names of the scenarios and what they show.
    #[arg(long, group = "what")]
    list: bool,
    #[command(flatten)]
    plan: Plan,
    /// Which codes are good.
    #[arg(long, value_enum, default_value_t = Codes::Deployed)]
    profile: Codes,
    /// A chain of its dependency set; without it the server is asked.
    #[arg(long, value_name = "ID", value_parser = chain)]
    chain: Option<ChainId>,
    /// Milliseconds that the server has for a whole reply.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    patience: u64,
}

/// Which codes are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Codes {
    /// Those of the specification alone.
    Seed,
    /// Those, and the coarser ones of programs that were deployed.
    Deployed,
}

/// Checks, and says whether what failed is what was expected to. Who is not there is not checked at
/// all: that ends with 2.
pub fn run(options: &Checked, json: bool) -> Result<ExitCode, Failure> {
    let chosen = options.plan.chosen(scenarios)?;
    let Some(url) = &options.connect else {
        return plan::list(&chosen, json).map(|()| ExitCode::SUCCESS);
    };
    let expected = options.plan.expected()?;
    let how = Options {
        chain: options.chain,
        precise: options.profile == Codes::Seed,
        patience: Duration::from_millis(options.patience),
    };
    let progress = Progress::new(&chosen);
    let report = check(url, &chosen, &how, |scenario, outcome| progress.told(scenario, outcome));
    progress.end();
    let report = report.map_err(|error| Failure::not_begun(format!("{url}: {error}")))?;
    options.plan.tell(&report, &expected, json)
}

fn chain(text: &str) -> Result<ChainId, String> {
    serde_json::from_value(json!(text)).map_err(|_| "no chain id".to_owned())
}
