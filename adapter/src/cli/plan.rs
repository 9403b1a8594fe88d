//! Which scenarios are played, how far that is, and what is told of it: the same in every family.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use nodewire::sim::scenario::{Outcome, Scenario};
use nodewire_adapter::check::{Report, Verdict};

use super::failure::Failure;
use super::print;

/// Which scenarios to play, and what to do with the outcomes.
#[derive(Debug, Args)]
pub struct Plan {
    /// Only scenarios whose name or rule has this in it; may be given again.
    #[arg(long, visible_alias = "filter", value_name = "TEXT")]
    only: Vec<String>,
    /// Scenario files of this folder instead of those of this program.
    #[arg(long, value_name = "FOLDER")]
    scenarios: Option<PathBuf>,
    /// Write the outcomes to this file in the form of JUnit.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Names of scenarios that are expected to fail, one a line: then exactly these have to.
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
}

impl Plan {
    /// The scenarios to play.
    pub fn chosen(&self, all: fn() -> Vec<Scenario>) -> Result<Vec<Scenario>, Failure> {
        let mut all = match &self.scenarios {
            None => all(),
            Some(folder) => read(folder)?,
        };
        if !self.only.is_empty() {
            let has = |scenario: &Scenario, text: &String| {
                let mut rules = scenario.rules.iter();
                scenario.name.contains(text) || rules.any(|rule| rule.ends_with(text))
            };
            all.retain(|scenario| self.only.iter().any(|text| has(scenario, text)));
        }
        if all.is_empty() {
            return Err(Failure::not_begun("there is no such scenario"));
        }
        Ok(all)
    }

    /// Names, one a line; `#` begins a comment.
    pub fn expected(&self) -> Result<BTreeSet<String>, Failure> {
        let Some(path) = &self.expected else { return Ok(BTreeSet::new()) };
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        Ok(names.filter(|name| !name.is_empty()).map(str::to_string).collect())
    }

    /// Prints and writes the outcomes, and says whether what failed is what was expected to.
    pub fn tell(
        &self,
        report: &Report,
        expected: &BTreeSet<String>,
        json: bool,
    ) -> Result<ExitCode, Failure> {
        if let Some(path) = &self.junit {
            fs::write(path, report.junit()).map_err(|error| Failure::file(path, &error))?;
        }
        print(&if json { report.json().to_string() } else { report.table() })?;
        verdict(report, expected)
    }
}

/// How many scenarios are played, and which failed.
pub struct Progress(ProgressBar);

impl Progress {
    /// Of these scenarios.
    pub fn new(scenarios: &[Scenario]) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}");
        let bar = ProgressBar::new(scenarios.len() as u64);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }

    /// One more is played.
    pub fn told(&self, scenario: &Scenario, outcome: &Outcome) {
        self.0.inc(1);
        self.0.set_message(scenario.name.clone());
        if let Outcome::Failed { .. } | Outcome::Broken { .. } = outcome {
            self.0.println(format!("{}: {outcome}", scenario.name));
        }
    }

    /// All are.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// Prints the names of scenarios and what they show.
pub fn list(chosen: &[Scenario], json: bool) -> Result<(), Failure> {
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

/// Nothing is played without what this says.
fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::not_begun(format!("{}: {error}", path.display()))
}

fn read(folder: &Path) -> Result<Vec<Scenario>, Failure> {
    let failed = |error| unreadable(folder, &error);
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
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        let scenario = text.parse();
        let named = |why| Failure::not_begun(format!("{}: {why}", path.display()));
        scenarios.push(scenario.map_err(named)?);
    }
    Ok(scenarios)
}
