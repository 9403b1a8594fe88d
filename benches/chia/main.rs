//! What the Chia family costs: instructions, allocations and, for reports only, time (how to run
//! it: `benches/common/mod.rs`).

mod codec;
#[path = "../common/mod.rs"]
mod common;
mod node;
mod reach;
mod samples;
mod sync;

use std::process::ExitCode;

use common::{Bench, Case, alloc};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    common::main(&Bench { name: "chia", cases, rows: reach::ROWS })
}

fn cases() -> Vec<Case> {
    let rooms = [codec::cases, node::cases, sync::cases];
    rooms.iter().flat_map(|cases| cases()).collect()
}
