//! What the library costs: instructions, allocations and, for reports only, time.
//!
//! ```text
//! cargo bench -p nodewire --bench leios                 times: medians, never a gate; then what
//!                                                       is to be reached, and whether it is
//! cargo bench -p nodewire --bench leios -- --check      instructions and allocations against
//!                                                       budgets.txt
//! cargo bench -p nodewire --bench leios -- --bless      writes budgets.txt anew
//! cargo bench -p nodewire --bench leios -- --growth     that twice the input costs at most 2.2
//!                                                       times as much
//! cargo bench -p nodewire --bench leios -- offer        the cases with that in their name
//! ```
//!
//! Instructions are counted by callgrind, one process for each case, and are the same on a busy
//! machine; they hold for one compiler, named in the first line of `benches/budgets.txt`.
//! Wherever `n/1` and `n/2` cases stand together, twice the input may cost 2.2 times as much.

mod alloc;
mod budget;
mod cases;
mod codec;
mod count;
mod echo;
mod floods;
mod growth;
mod idle;
mod links;
mod machines;
mod reach;
mod samples;
mod wall;

use std::process::ExitCode;

use cases::{Case, all};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let flag = |name: &str| args.iter().any(|arg| arg == name);
    if let Some(at) = args.iter().position(|arg| arg == count::ONE) {
        return count::one(args.get(at + 1).map_or("", String::as_str));
    }
    let names: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let wanted =
        |case: &Case| names.is_empty() || names.iter().any(|name| case.name.contains(*name));
    let cases: Vec<Case> = all().into_iter().filter(wanted).collect();
    if flag("--bless") || flag("--check") {
        budget::run(&cases, flag("--bless"))
    } else if flag("--growth") {
        budget::growth(&cases)
    } else if flag("--test") {
        cases.iter().for_each(|case| (case.make)().once());
        ExitCode::SUCCESS
    } else {
        let times = wall::run(&cases);
        reach::run(&cases, &times);
        ExitCode::SUCCESS
    }
}
