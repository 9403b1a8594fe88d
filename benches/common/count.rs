//! Counting instructions: the bench runs itself again under callgrind, once for each case.

use std::process::{Command, ExitCode};

use super::{Case, alloc};

/// The flag of the inner process.
pub const ONE: &str = "--count-one";

/// What callgrind looks at: everything from its entry to its exit.
#[inline(never)]
#[unsafe(no_mangle)]
fn measured_case(run: &mut dyn FnMut()) {
    run();
}

/// Runs one case, the second time measured; a long one once.
pub fn one(cases: Vec<Case>, name: &str) -> ExitCode {
    let Some(case) = cases.into_iter().find(|case| case.name == name) else {
        eprintln!("no case {name}");
        return ExitCode::FAILURE;
    };
    let mut run = (case.make)();
    if !case.is_long() {
        run.once();
    }
    run.measured(&mut |run| measured_case(run));
    ExitCode::SUCCESS
}

/// Instructions of one operation; `None` where valgrind is not to be had.
pub fn instructions(case: &Case) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=measured_case")
        .arg(std::env::current_exe().ok()?)
        .args([ONE, case.name])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| line.split("Collected :").nth(1))?;
    let all: u64 = line.trim().parse().ok()?;
    Some(all / case.ops)
}

/// Allocations and allocated bytes of one operation.
pub fn allocations(case: &Case) -> (u64, u64) {
    let (calls, bytes) = allocations_of_run(case);
    (calls / case.ops, bytes / case.ops)
}

/// Allocations and allocated bytes of a whole run.
pub fn allocations_of_run(case: &Case) -> (u64, u64) {
    let mut run = (case.make)();
    run.once();
    let mut counted = (0, 0);
    run.measured(&mut |run| {
        let before = alloc::so_far();
        run();
        let after = alloc::so_far();
        counted = (after.0 - before.0, after.1 - before.1);
    });
    counted
}
