//! The budgets: a line for each case, held to two per cent in both directions, so that gains are
//! written down too.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use super::{Bench, Case, count};

/// What one operation may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    instructions: u64,
    allocations: u64,
    bytes: u64,
}

fn file(bench: &Bench) -> PathBuf {
    let name = format!("benches/{}/budgets.txt", bench.name);
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn compiler() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    output.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned()).unwrap_or_default()
}

/// Checks the cases against the file, or writes them into it.
pub fn run(bench: &Bench, cases: &[Case], bless: bool) -> ExitCode {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("SKIPPED: valgrind is not installed, so instructions can't be counted");
        return if bless { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let text = std::fs::read_to_string(file(bench)).unwrap_or_default();
    let (first, rest) = text.split_once('\n').unwrap_or_default();
    let mut budgets = parse(rest);
    if !bless && first != compiler() {
        eprintln!("SKIPPED: the budgets are those of {first}, this is {}", compiler());
        return ExitCode::SUCCESS;
    }
    let mut wrong = Vec::new();
    let mut costs = BTreeMap::new();
    println!("{:36} {:>12} {:>8} {:>12}", "case", "instructions", "allocs", "bytes");
    for case in cases {
        let Some(instructions) = count::instructions(case) else {
            eprintln!("{} could not be counted", case.name);
            return ExitCode::FAILURE;
        };
        let (allocations, bytes) = count::allocations(case);
        let cost = Cost { instructions, allocations, bytes };
        println!("{:36} {instructions:>12} {allocations:>8} {bytes:>12}", case.name);
        if !bless {
            match budgets.get(case.name) {
                Some(budget) if within(*budget, cost) => {}
                Some(budget) => wrong.push(format!("{}: {cost:?}, budget {budget:?}", case.name)),
                None => wrong.push(format!("{}: no budget", case.name)),
            }
        }
        costs.insert(case.name.to_owned(), cost);
    }
    wrong.extend(not_linear(&costs));
    if bless {
        budgets.extend(costs);
        let known: Vec<_> = (bench.cases)().iter().map(|case| case.name).collect();
        budgets.retain(|name, _| known.contains(&name.as_str()));
        let lines = budgets.iter().map(|(name, cost)| {
            format!("{name} {} {} {}\n", cost.instructions, cost.allocations, cost.bytes)
        });
        let text = format!("{}\n{}", compiler(), lines.collect::<String>());
        if let Err(error) = std::fs::write(file(bench), text) {
            wrong.push(error.to_string());
        }
    }
    for line in &wrong {
        eprintln!("{line}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Checks only that twice the input costs at most 2.2 times as much: with any compiler.
pub fn growth(cases: &[Case]) -> ExitCode {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("SKIPPED: valgrind is not installed, so instructions can't be counted");
        return ExitCode::SUCCESS;
    }
    let mut costs = BTreeMap::new();
    for case in cases.iter().filter(|case| case.name.starts_with("linear_")) {
        let Some(instructions) = count::instructions(case) else {
            eprintln!("{} could not be counted", case.name);
            return ExitCode::FAILURE;
        };
        costs.insert(case.name.to_owned(), Cost { instructions, allocations: 0, bytes: 0 });
    }
    let wrong = not_linear(&costs);
    wrong.iter().for_each(|line| eprintln!("{line}"));
    println!("{} cases, {} not linear", costs.len(), wrong.len());
    if wrong.is_empty() && !costs.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parse(text: &str) -> BTreeMap<String, Cost> {
    let cost = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next()?.to_owned();
        let mut number = || words.next()?.parse().ok();
        let cost = Cost { instructions: number()?, allocations: number()?, bytes: number()? };
        Some((name, cost))
    };
    text.lines().filter_map(cost).collect()
}

/// Within two per cent, or a few instructions where there are few.
fn within(budget: Cost, cost: Cost) -> bool {
    let near =
        |budget: u64, cost: u64, least: u64| budget.abs_diff(cost) <= (budget / 50).max(least);
    near(budget.instructions, cost.instructions, 3)
        && budget.allocations == cost.allocations
        && near(budget.bytes, cost.bytes, 0)
}

/// Twice the input may cost 2.2 times as much.
fn not_linear(costs: &BTreeMap<String, Cost>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, single) in costs {
        let Some(base) = name.strip_suffix("/1") else { continue };
        let Some(double) = costs.get(&format!("{base}/2")) else { continue };
        if double.instructions * 10 > single.instructions * 22 {
            wrong.push(format!("{base}: not linear, {single:?} and {double:?}"));
        }
    }
    wrong
}
