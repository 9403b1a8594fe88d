//! What the Leios family and the core cost: instructions, allocations and, for reports only, time
//! (how to run it: `benches/common/mod.rs`).

mod codec;
#[path = "../common/mod.rs"]
mod common;
mod echo;
mod floods;
mod growth;
mod idle;
mod links;
mod machines;
mod reach;
mod samples;

use std::process::ExitCode;

use common::{Bench, Case, alloc};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    common::main(&Bench { name: "leios", cases, rows: reach::ROWS })
}

fn cases() -> Vec<Case> {
    let rooms =
        [codec::cases, links::cases, machines::cases, echo::cases, growth::cases, floods::cases];
    rooms.iter().flat_map(|cases| cases()).collect()
}
