//! Prints what ours and theirs cost, in one run: medians of interleaved batches, on one core.
//!
//! `cargo run --release --manifest-path peers/Cargo.toml --bin bench [part of a row's name]`

mod chia;
mod leios;
mod supervisor;

use std::time::Instant;

const BATCHES: usize = 101;
const BATCH_NANOS: f64 = 200_000.0;

struct Row {
    what: &'static str,
    against: &'static str,
    reach: Option<f64>,
    ours: Box<dyn FnMut()>,
    theirs: Box<dyn FnMut()>,
}

fn main() {
    println!(
        "{:44} {:>10} {:>10} {:>7} {:>7}  {:20}",
        "work", "ours ns", "theirs ns", "ratio", "reach", "against"
    );
    let mut short = 0;
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let rows = leios::rows().into_iter().chain(supervisor::rows()).chain(chia::rows());
    for mut row in rows.filter(|row| row.what.contains(&wanted)) {
        let (ours, theirs) = medians(&mut row.ours, &mut row.theirs);
        let ratio = ours / theirs;
        let (reach, verdict) = match row.reach {
            Some(reach) if ratio <= reach => (format!("{reach:.2}"), "ok"),
            Some(reach) => {
                short += 1;
                (format!("{reach:.2}"), "SHORT")
            }
            None => (String::new(), ""),
        };
        println!(
            "{:44} {ours:>10.1} {theirs:>10.1} {ratio:>7.3} {reach:>7}  {:20} {verdict}",
            row.what, row.against
        );
    }
    println!("{short} short of their reach");
}

/// Nanoseconds of each, batch about batch, so that both see the same machine.
fn medians(ours: &mut dyn FnMut(), theirs: &mut dyn FnMut()) -> (f64, f64) {
    let runs = |run: &mut dyn FnMut()| {
        run();
        (BATCH_NANOS / batch(run, 3).max(1.0)).clamp(1.0, 100_000.0) as u32
    };
    let (our_runs, their_runs) = (runs(ours), runs(theirs));
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        times.0.push(batch(ours, our_runs));
        times.1.push(batch(theirs, their_runs));
    }
    (median(times.0), median(times.1))
}

fn batch(run: &mut dyn FnMut(), runs: u32) -> f64 {
    let began = Instant::now();
    for _ in 0..runs {
        run();
    }
    began.elapsed().as_secs_f64() * 1e9 / f64::from(runs)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
