//! `check`: scenarios against any implementation at the other end of a connection.

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use nodewire::sim::scenario::{Outcome, Scenario};
use nodewire_adapter::check::{Options, Report, Verdict, Way, check, scenarios};
use nodewire_adapter::machines::TEST_NETWORK;

use crate::cli::address::address;
use crate::cli::failure::Failure;
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
    /// Only scenarios whose name or rule has this in it; may be given again.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Scenario files of this folder instead of those of this program.
    #[arg(long, value_name = "FOLDER")]
    scenarios: Option<PathBuf>,
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
    /// Write the outcomes to this file in the form of JUnit.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Names of scenarios that are expected to fail, one a line: then exactly these have to.
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
}

/// Checks, and says whether what failed is what was expected to.
pub fn run(options: &Checked, json: bool) -> Result<ExitCode, Failure> {
    let chosen = chosen(options)?;
    if let Some(name) = &options.expand {
        return expand(&chosen, name).map(|()| ExitCode::SUCCESS);
    }
    if options.list {
        return list(&chosen, json).map(|()| ExitCode::SUCCESS);
    }
    let expected = options.expected.as_deref().map(expected).transpose()?.unwrap_or_default();
    let way = match (options.connect, options.listen) {
        (Some(address), _) => Way::Connect(address),
        (None, Some(address)) => {
            let listener = TcpListener::bind(address);
            Way::Listen(listener.map_err(|error| Failure::new(format!("{address}: {error}")))?)
        }
        (None, None) => return Err(Failure::new("one of --connect and --listen is needed")),
    };
    let report = played(&way, &chosen, options)?;
    if let Some(path) = &options.junit {
        fs::write(path, report.junit()).map_err(|error| Failure::file(path, &error))?;
    }
    print(&if json { report.json().to_string() } else { report.table() })?;
    verdict(&report, &expected)
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
        how.longest_wait = Duration::from_secs(3_600);
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}");
    let bar = ProgressBar::new(chosen.len() as u64);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let told = |scenario: &Scenario, outcome: &Outcome| {
        bar.inc(1);
        bar.set_message(scenario.name.clone());
        if let Outcome::Failed { .. } | Outcome::Broken { .. } = outcome {
            bar.println(format!("{}: {outcome}", scenario.name));
        }
    };
    let report = check(way, chosen, &how, told);
    bar.finish_and_clear();
    report.map_err(|error| match way {
        Way::Connect(address) => Failure::new(format!("{address}: {error}")),
        Way::Listen(_) => Failure::new(format!("nobody connected: {error}")),
    })
}

/// Success if just what was expected has failed, and anything was played at all.
fn verdict(report: &Report, expected: &BTreeSet<String>) -> Result<ExitCode, Failure> {
    let failures = report.failures();
    let unexpected: Vec<_> =
        failures.iter().filter(|name| !expected.contains(**name)).copied().collect();
    let better: Vec<_> =
        expected.iter().filter(|name| !failures.contains(name.as_str())).cloned().collect();
    if report.count(Verdict::Pass) + failures.len() == 0 {
        return Err(Failure::new("no scenario could be played"));
    }
    if !unexpected.is_empty() {
        return Err(Failure::new(format!("failed: {}", unexpected.join(", "))));
    }
    if !better.is_empty() {
        return Err(Failure::new(format!("expected to fail, but did not: {}", better.join(", "))));
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(options: &Checked) -> Result<Vec<Scenario>, Failure> {
    let mut all = match &options.scenarios {
        None => scenarios(),
        Some(folder) => read(folder)?,
    };
    if !options.only.is_empty() {
        let has = |scenario: &Scenario, text: &String| {
            scenario.name.contains(text) || scenario.rules.iter().any(|rule| rule.ends_with(text))
        };
        all.retain(|scenario| options.only.iter().any(|text| has(scenario, text)));
    }
    if all.is_empty() {
        return Err(Failure::new("there is no such scenario"));
    }
    Ok(all)
}

fn read(folder: &Path) -> Result<Vec<Scenario>, Failure> {
    let failed = |error| Failure::file(folder, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|found| found == "json") {
            files.push(path);
        }
    }
    files.sort();
    let mut scenarios = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
        let scenario = text.parse();
        let named = |why| Failure::new(format!("{}: {why}", path.display()));
        scenarios.push(scenario.map_err(named)?);
    }
    Ok(scenarios)
}

/// Names, one a line; `#` begins a comment.
fn expected(path: &Path) -> Result<BTreeSet<String>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(names.filter(|name| !name.is_empty()).map(str::to_string).collect())
}

fn expand(chosen: &[Scenario], name: &str) -> Result<(), Failure> {
    let found = chosen.iter().find(|scenario| scenario.name == name);
    let found = found.ok_or_else(|| Failure::new(format!("there is no scenario `{name}`")))?;
    let expanded =
        found.expand(nodewire::sim::scenario::leios::FIRST_SLOT).map_err(Failure::new)?;
    print(&serde_json::to_string_pretty(&expanded)?)
}

fn list(chosen: &[Scenario], json: bool) -> Result<(), Failure> {
    for scenario in chosen {
        let Scenario { name, about, rules, under_test, .. } = scenario;
        print(&if json {
            serde_json::json!({ "name": name, "about": about, "rules": rules,
                "under_test": under_test })
            .to_string()
        } else {
            format!("{name:<34} {under_test:<19} {about}")
        })?;
    }
    Ok(())
}
