//! Times: the median of many batches. For reports, on a machine that is named beside them.

#![allow(clippy::disallowed_types)] // A clock is what this is about.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Case, Run};

/// Prints a line for each case, and returns the nanoseconds of one operation of each.
pub fn run(cases: &[Case]) -> BTreeMap<&'static str, f64> {
    let mut times = BTreeMap::new();
    println!("{:36} {:>12} {:>12}", "case", "ns", "MB/s");
    for case in cases {
        let nanos = nanos(case);
        let rate = match case.bytes {
            0 => String::new(),
            bytes => format!("{:.0}", bytes as f64 / (nanos * case.ops as f64) * 1_000.0),
        };
        println!("{:36} {nanos:>12.1} {rate:>12}", case.name);
        times.insert(case.name, nanos);
    }
    times
}

/// Nanoseconds of one operation.
pub fn nanos(case: &Case) -> f64 {
    let mut run = (case.make)();
    run.once();
    let first = batch(&mut run, 1);
    let runs = match run {
        Run::Again(_) => (200_000.0 / first.max(1.0)).clamp(1.0, 100_000.0) as u32,
        Run::Anew(_) => 1,
    };
    let began = Instant::now();
    let mut batches = Vec::new();
    while batches.len() < 200 && (batches.len() < 7 || began.elapsed() < Duration::from_millis(500))
    {
        batches.push(batch(&mut run, runs));
    }
    batches.sort_by(f64::total_cmp);
    batches[batches.len() / 2] / case.ops as f64
}

/// Nanoseconds of one run in a batch of so many.
fn batch(run: &mut Run, runs: u32) -> f64 {
    let mut spent = Duration::ZERO;
    run.measured(&mut |run| {
        let began = Instant::now();
        for _ in 0..runs {
            run();
        }
        spent = began.elapsed();
    });
    spent.as_secs_f64() * 1e9 / f64::from(runs)
}
