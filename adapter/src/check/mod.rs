//! Scenarios against whatever speaks a protocol at the other end of a connection, by family.

pub mod chia;
pub mod leios;
mod report;
mod socket;
pub mod supervisor;

use nodewire::sim::scenario::Scenario;

pub use report::{Report, Verdict};

/// Scenarios that were put into this program.
fn read(texts: &[&str]) -> Vec<Scenario> {
    texts.iter().map(|text| text.parse().expect("a scenario of this program")).collect()
}
