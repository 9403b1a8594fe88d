//! What every bench is made of: cases, what they cost, budgets and a table of what to reach.
//!
//! ```text
//! cargo bench -p nodewire --bench NAME                  times: medians, never a gate; then what
//!                                                       is to be reached, and whether it is
//! cargo bench -p nodewire --bench NAME -- --check       instructions and allocations against
//!                                                       benches/NAME/budgets.txt
//! cargo bench -p nodewire --bench NAME -- --bless       writes that file anew
//! cargo bench -p nodewire --bench NAME -- --growth      that twice the input costs at most 2.2
//!                                                       times as much
//! cargo bench -p nodewire --bench NAME -- offer         the cases with that in their name, also
//!                                                       long ones (`long_...`)
//! ```
//!
//! Instructions are counted by callgrind, one process for each case, and are the same on a busy
//! machine; they hold for one compiler, named in the first line of the budgets.
//! Wherever `n/1` and `n/2` cases stand together, twice the input may cost 2.2 times as much.

#![allow(dead_code, unused_imports)] // Each bench uses what it needs.

pub mod alloc;
mod budget;
mod case;
pub mod count;
mod reach;
pub mod wall;

use std::process::ExitCode;

pub use case::{Case, Run, again};
pub use reach::{Row, Unit, row};

/// One bench: a program of its own.
pub struct Bench {
    /// Its name, and that of its directory.
    pub name: &'static str,
    /// Every case, in the order of reports.
    pub cases: fn() -> Vec<Case>,
    /// What is to be reached.
    pub rows: &'static [Row],
}

/// Does what the program's arguments say.
pub fn main(bench: &Bench) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let flag = |name: &str| args.iter().any(|arg| arg == name);
    if let Some(at) = args.iter().position(|arg| arg == count::ONE) {
        return count::one((bench.cases)(), args.get(at + 1).map_or("", String::as_str));
    }
    let names: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let wanted =
        |name: &str| names.is_empty() || names.iter().any(|part| name.contains(part.as_str()));
    let is_chosen = |it: &Case| wanted(it.name) && (!it.is_long() || !names.is_empty());
    let cases: Vec<Case> = (bench.cases)().into_iter().filter(is_chosen).collect();
    if flag("--bless") || flag("--check") {
        budget::run(bench, &cases, flag("--bless"))
    } else if flag("--growth") {
        budget::growth(&cases)
    } else if flag("--test") {
        cases.iter().for_each(|case| (case.make)().once());
        ExitCode::SUCCESS
    } else {
        let times = wall::run(&cases);
        reach::run(bench.rows, &cases, &times, wanted);
        ExitCode::SUCCESS
    }
}
