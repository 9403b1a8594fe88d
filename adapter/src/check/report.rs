//! What came of a check: by scenario and by rule, as a table, as JSON and as JUnit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use nodewire::sim::scenario::{Outcome, Scenario};
use nodewire::state::{chia, leios, supervisor};
use serde_json::{Value, json};

/// All outcomes.
#[derive(Clone, Debug)]
pub struct Report {
    family: &'static str,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    rules: Vec<String>,
    verdict: Verdict,
    why: String,
}

/// What came of a scenario, or of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing could be seen.
    Inapplicable,
    /// All that could be seen was right.
    Pass,
    /// Something was wrong.
    Fail,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inapplicable => "inapplicable",
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }
}

impl Report {
    /// No outcomes yet of the scenarios of a family.
    #[must_use]
    pub const fn new(family: &'static str) -> Self {
        Self { family, entries: Vec::new() }
    }

    /// Adds an outcome.
    pub fn add(&mut self, scenario: &Scenario, outcome: &Outcome) {
        let (verdict, why) = match outcome {
            Outcome::Passed => (Verdict::Pass, String::new()),
            Outcome::Inapplicable(why) => (Verdict::Inapplicable, why.clone()),
            Outcome::Failed { step, why } => (Verdict::Fail, format!("step {step}: {why}")),
            Outcome::Broken { step, why } => {
                (Verdict::Fail, format!("the scenario is wrong at step {step}: {why}"))
            }
        };
        // What a server sends is for no terminal to obey.
        let why = why.replace(char::is_control, "?");
        let (name, rules) = (scenario.name.clone(), scenario.rules.clone());
        self.entries.push(Entry { name, rules, verdict, why });
    }

    /// True if nothing was played.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many scenarios had this outcome.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.entries.iter().filter(|entry| entry.verdict == verdict).count()
    }

    /// The scenarios that failed.
    #[must_use]
    pub fn failures(&self) -> BTreeSet<&str> {
        let failed = self.entries.iter().filter(|entry| entry.verdict == Verdict::Fail);
        failed.map(|entry| entry.name.as_str()).collect()
    }

    /// What came of each rule, in the order of the rules: fail if any of its scenarios failed,
    /// pass if any passed.
    #[must_use]
    pub fn rules(&self) -> Vec<(&'static str, Verdict)> {
        let mut found: BTreeMap<&str, Verdict> = BTreeMap::new();
        for entry in &self.entries {
            for rule in &entry.rules {
                let worst = found.entry(rule).or_insert(Verdict::Inapplicable);
                *worst = (*worst).max(entry.verdict);
            }
        }
        let mut listed: Vec<(&'static str, Verdict)> = Vec::new();
        let all = leios::rules::all().chain(supervisor::rules::all()).chain(chia::rules::all());
        for rule in all {
            if listed.iter().all(|(id, _)| *id != rule.id()) {
                if let Some(verdict) = found.get(rule.id()) {
                    listed.push((rule.id(), *verdict));
                }
            }
        }
        listed
    }

    /// For people: one line a rule, what failed, and why others were not played.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        for (rule, verdict) in self.rules() {
            let of_rule = |entry: &&Entry| entry.rules.iter().any(|other| other == rule);
            let count = |verdict| {
                self.entries.iter().filter(of_rule).filter(|entry| entry.verdict == verdict).count()
            };
            let played = count(Verdict::Pass) + count(Verdict::Fail);
            let _ = writeln!(
                text,
                "{rule:<14} {:<13} {:>2} of {played:>2} passed, {:>2} inapplicable",
                verdict.name(),
                count(Verdict::Pass),
                count(Verdict::Inapplicable),
            );
        }
        for entry in self.entries.iter().filter(|entry| entry.verdict == Verdict::Fail) {
            let _ =
                writeln!(text, "FAIL {} ({}): {}", entry.name, entry.rules.join(", "), entry.why);
        }
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in self.entries.iter().filter(|it| it.verdict == Verdict::Inapplicable) {
            *reasons.entry(&entry.why).or_default() += 1;
        }
        for (why, count) in reasons {
            let _ = writeln!(text, "{count:>3} inapplicable: {why}");
        }
        let _ = write!(
            text,
            "{} scenario{}: {} passed, {} failed, {} inapplicable",
            self.entries.len(),
            if self.entries.len() == 1 { "" } else { "s" },
            self.count(Verdict::Pass),
            self.count(Verdict::Fail),
            self.count(Verdict::Inapplicable),
        );
        text
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let scenario = |entry: &Entry| {
            json!({ "name": entry.name, "rules": entry.rules, "verdict": entry.verdict.name(),
                "why": entry.why })
        };
        let rule =
            |(rule, verdict): &(&str, Verdict)| json!({ "rule": rule, "verdict": verdict.name() });
        json!({
            "check": 1,
            "rules": self.rules().iter().map(rule).collect::<Vec<_>>(),
            "scenarios": self.entries.iter().map(scenario).collect::<Vec<_>>(),
        })
    }

    /// For build servers.
    #[must_use]
    pub fn junit(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(
            text,
            "<testsuite name=\"nodewire check {}\" tests=\"{}\" failures=\"{}\" errors=\"0\" \
             skipped=\"{}\">",
            self.family,
            self.entries.len(),
            self.count(Verdict::Fail),
            self.count(Verdict::Inapplicable),
        );
        for entry in &self.entries {
            let class = entry.rules.first().map_or(self.family, String::as_str);
            let _ = write!(
                text,
                "  <testcase classname=\"{}\" name=\"{}\"",
                escape(class),
                escape(&entry.name)
            );
            let why = escape(&entry.why);
            let _ = match entry.verdict {
                Verdict::Pass => writeln!(text, "/>"),
                Verdict::Fail => writeln!(text, "><failure message=\"{why}\"/></testcase>"),
                Verdict::Inapplicable => writeln!(text, "><skipped message=\"{why}\"/></testcase>"),
            };
        }
        text.push_str("</testsuite>\n");
        text
    }
}

/// Text as an attribute of XML; what XML has no sign for becomes `?`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            sign if sign.is_control() => escaped.push('?'),
            sign => escaped.push(sign),
        }
    }
    escaped
}
