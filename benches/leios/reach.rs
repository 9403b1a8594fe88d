//! What is to be reached on a machine of today, and whether this run has.

use std::collections::BTreeMap;

use crate::cases::Case;
use crate::{count, idle};

/// Nanoseconds of one operation by case.
type Times = BTreeMap<&'static str, f64>;

/// What is measured of what, and where it has to be.
struct Row {
    work: &'static str,
    cases: &'static [&'static str],
    unit: Unit,
    reach: f64,
}

#[derive(Clone, Copy)]
enum Unit {
    /// Nanoseconds of one operation of each, added up: at most.
    Nanos,
    /// Gigabytes a second: at least.
    Gigabytes,
    /// Megabytes a second: at least.
    Megabytes,
    /// Millions of operations, one of each, a second: at least.
    Millions,
    /// How many times the instructions of the first the second takes with twice the input: at
    /// most. Times tell of caches instead.
    Twice,
    /// Allocations of all operations together: at most.
    Allocations,
    /// Bytes of an idle connection: at most.
    Idle,
}

const ROWS: &[Row] = &[
    row("offer, decode", &["offer/decode"], Unit::Nanos, 40.0),
    row("offer, encode", &["offer/encode"], Unit::Nanos, 40.0),
    row(
        "announcement, decode and extract",
        &["announcement/decode", "announcement/view"],
        Unit::Nanos,
        250.0,
    ),
    row("66 transactions of 1,500, decode", &["txs_66_of_1500/decode"], Unit::Nanos, 2_000.0),
    row("500 transactions of 200, decode", &["txs_500_of_200/decode"], Unit::Nanos, 6_000.0),
    row("request of 222 windows, decode", &["request_222/decode"], Unit::Nanos, 3_000.0),
    row("request of 222 windows, encode", &["request_222/encode"], Unit::Nanos, 2_000.0),
    row("12 MB out of 12,288-byte segments", &["reassemble/12MB"], Unit::Gigabytes, 1.0),
    row("  24 MB: instructions", &["reassemble/12MB", "reassemble/24MB"], Unit::Twice, 2.2),
    row(
        "  a reply twice as long: instructions",
        &["linear_reassemble/1", "linear_reassemble/2"],
        Unit::Twice,
        2.2,
    ),
    row("100 kB out of 1-byte segments", &["reassemble/100kB_of_1_byte"], Unit::Megabytes, 20.0),
    row(
        "  twice as many: instructions",
        &["linear_one_byte_segments/1", "linear_one_byte_segments/2"],
        Unit::Twice,
        2.2,
    ),
    row("demultiplexing, 12,288-byte segments", &["demux/12288"], Unit::Gigabytes, 5.0),
    row("demultiplexing, 45-byte segments", &["demux/45"], Unit::Nanos, 40.0),
    row("offer, bytes to notice", &["client/bytes_to_notice"], Unit::Millions, 5.0),
    row("  of a vote", &["client/bytes_to_notice_votes"], Unit::Millions, 5.0),
    row("  128 offers in one read", &["client/bytes_to_notice_in_one_read"], Unit::Millions, 5.0),
    row(
        "client's step: decode, rules",
        &["offer/decode", "client/steady_offers"],
        Unit::Millions,
        5.0,
    ),
    row("128 steady steps of a client", &["client/steady_offers"], Unit::Allocations, 0.0),
    row("128 steady steps of a server", &["server/steady_offers"], Unit::Allocations, 0.0),
    row("128 offers, bytes to notices", &["client/bytes_to_notice"], Unit::Allocations, 0.0),
    row("echo, actions of 72 bytes", &["echo/72_byte_actions"], Unit::Nanos, 15.0),
    row("idle connection, a side", &[], Unit::Idle, 4_096.0),
];

const fn row(work: &'static str, cases: &'static [&'static str], unit: Unit, reach: f64) -> Row {
    Row { work, cases, unit, reach }
}

/// Prints the rows of which every case has been timed.
pub fn run(cases: &[Case], times: &Times) {
    println!("\n{:40} {:>12} {:>12}  unit", "work", "measured", "reach");
    let mut short = 0;
    for row in ROWS {
        let of = |name: &&str| cases.iter().find(|case| case.name == *name);
        let Some(used) = row.cases.iter().map(of).collect::<Option<Vec<_>>>() else { continue };
        let measured = row.unit.measure(&used, times);
        let met = if row.unit.at_least() { measured >= row.reach } else { measured <= row.reach };
        short += usize::from(!met);
        let (bound, verdict) =
            (if row.unit.at_least() { ">=" } else { "<=" }, if met { "ok" } else { "SHORT" });
        let reach = format!("{bound} {}", row.reach);
        println!("{:40} {measured:>12.2} {reach:>12}  {:12} {verdict}", row.work, row.unit.name());
    }
    println!("{short} short of their reach");
}

impl Unit {
    const fn at_least(self) -> bool {
        matches!(self, Self::Gigabytes | Self::Megabytes | Self::Millions)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Gigabytes => "GB/s",
            Self::Megabytes => "MB/s",
            Self::Millions => "M/s",
            Self::Twice => "times",
            Self::Allocations => "allocations",
            Self::Idle => "bytes",
        }
    }

    fn measure(self, cases: &[&Case], times: &Times) -> f64 {
        let nanos = |case: &&Case| times.get(case.name).copied().unwrap_or(f64::NAN);
        let sum: f64 = cases.iter().map(nanos).sum();
        let rate = |case: &&Case| case.bytes as f64 / (nanos(case) * case.ops as f64);
        match self {
            Self::Nanos => sum,
            Self::Gigabytes => cases.iter().map(rate).sum(),
            Self::Megabytes => cases.iter().map(rate).sum::<f64>() * 1e3,
            Self::Millions => 1e3 / sum,
            Self::Twice => {
                let counted = |case: &&Case| count::instructions(case).map(|count| count as f64);
                match cases.iter().map(counted).collect::<Option<Vec<_>>>().as_deref() {
                    Some([first, second]) => second / first,
                    _ => f64::NAN,
                }
            }
            Self::Allocations => {
                cases.iter().map(|case| count::allocations_of_run(case).0 as f64).sum()
            }
            Self::Idle => idle::bytes(),
        }
    }
}
