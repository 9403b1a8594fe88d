//! Scenarios against whatever speaks a protocol at the other end of a connection, by family.

pub mod chia;
pub mod leios;
mod report;
mod socket;
pub mod supervisor;

use std::time::Duration;

use nodewire::sim::scenario::{Scenario, Stop};

pub use report::{Report, Verdict};

/// The longest wait of a scenario that is played if even slow ones are.
pub const SLOWEST: Duration = Duration::from_secs(3_600);

/// A wait of so many microseconds, if none is to be longer than this.
fn short_enough(micros: u64, longest: Duration) -> Result<Duration, Stop> {
    let span = Duration::from_micros(micros);
    if span <= longest {
        return Ok(span);
    }
    let slow = if span <= SLOWEST { "; --slow plays it" } else { "" };
    Err(Stop::Inapplicable(format!("takes {} seconds{slow}", span.as_secs())))
}

/// Scenarios that were put into this program.
fn read(texts: &[&str]) -> Vec<Scenario> {
    texts.iter().map(|text| text.parse().expect("a scenario of this program")).collect()
}
