//! What the Supervisor costs: instructions, allocations and, for reports only, time (how to run
//! it: `benches/common/mod.rs`).

mod backlog;
#[path = "../common/mod.rs"]
mod common;
mod index;
mod large;
mod late;
mod reach;
mod restart;
mod rpc;
mod rpc_samples;
mod samples;

use std::process::ExitCode;

use common::{Bench, Case, alloc};
use samples as supervisor_samples; // What the peers' crate calls it.

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    common::main(&Bench { name: "supervisor", cases, rows: reach::ROWS })
}

fn cases() -> Vec<Case> {
    let rooms = [index::cases, backlog::cases, restart::cases, rpc::cases, late::cases];
    rooms.iter().flat_map(|cases| cases()).collect()
}
