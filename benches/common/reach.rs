//! What is to be reached on a machine of today, and whether this run has.

use std::collections::BTreeMap;

use super::{Case, count};

/// Nanoseconds of one operation by case.
type Times = BTreeMap<&'static str, f64>;

/// What is measured of what, and where it has to be.
pub struct Row {
    work: &'static str,
    cases: &'static [&'static str],
    unit: Unit,
    reach: f64,
}

/// What is measured of the cases of a row.
#[derive(Clone, Copy)]
pub enum Unit {
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
    /// How many times as long the first takes as the second: at most.
    Ratio,
    /// What a function of its own measures, in a unit of its own: at most.
    AtMost(&'static str, fn() -> f64),
    /// The same: at least.
    AtLeast(&'static str, fn() -> f64),
}

/// A row of the table.
pub const fn row(
    work: &'static str,
    cases: &'static [&'static str],
    unit: Unit,
    reach: f64,
) -> Row {
    Row { work, cases, unit, reach }
}

/// Prints the rows of which every case has been timed, and of those without a case the wanted.
pub fn run(rows: &[Row], cases: &[Case], times: &Times, wanted: impl Fn(&str) -> bool) {
    println!("\n{:40} {:>12} {:>12}  unit", "work", "measured", "reach");
    let mut short = 0;
    for row in rows {
        if row.cases.is_empty() && !wanted(row.work) {
            continue;
        }
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
        matches!(self, Self::Gigabytes | Self::Megabytes | Self::Millions | Self::AtLeast(..))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Gigabytes => "GB/s",
            Self::Megabytes => "MB/s",
            Self::Millions => "M/s",
            Self::Twice | Self::Ratio => "times",
            Self::Allocations => "allocations",
            Self::AtMost(unit, _) | Self::AtLeast(unit, _) => unit,
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
            Self::Ratio => match cases.iter().map(nanos).collect::<Vec<_>>().as_slice() {
                [first, second] => first / second,
                _ => f64::NAN,
            },
            Self::AtMost(_, run) | Self::AtLeast(_, run) => run(),
        }
    }
}
