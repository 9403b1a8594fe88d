//! `demo chia`: a small network, and what happens in it.

use std::collections::BTreeMap;

use clap::Args;
use nodewire::state::chia::SyncOutcome;
use nodewire_adapter::chia::demo::{Event, Outcome, Size, What, Who, run as demo};
use serde_json::json;

use super::told::{failure, phase_name};
use crate::cli::failure::Failure;
use crate::cli::print;

/// How large it is.
#[derive(Debug, Args)]
pub struct Options {
    /// Blocks that there are before the late node comes.
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(100..))]
    blocks: u32,
    /// Blocks that the late node is to see farmed.
    #[arg(long, default_value_t = 3)]
    farmed: u32,
}

/// Runs the demo, and prints what happens.
pub fn run(options: &Options, json: bool) -> Result<(), Failure> {
    let Options { blocks, farmed } = *options;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (mut printed, mut highest) = (Ok(()), Highest::default());
    let tell = |event: &Event, about: &str| {
        if !json && printed.is_ok() && highest.is_news(event) {
            printed = line(event, about).map_or(Ok(()), |line| print(&line));
        }
    };
    let outcome = runtime.block_on(demo(Size { blocks, farmed }, tell)).map_err(Failure::new)?;
    printed?;
    print(&if json { as_json(&outcome) } else { summary(&outcome) })
}

/// How high everybody's chain is: of tips that are not above the others nothing is told.
#[derive(Default)]
struct Highest(BTreeMap<&'static str, u32>);

impl Highest {
    fn is_news(&mut self, event: &Event) -> bool {
        let What::Tip(height) = event.what else { return true };
        let before = self.0.insert(event.who.name(), height).unwrap_or(0);
        if height <= before {
            self.0.insert(event.who.name(), before);
        }
        height > before
    }
}

/// What is worth a line.
fn line(event: &Event, about: &str) -> Option<String> {
    let what = match &event.what {
        What::Signed => "a block is signed".to_owned(),
        // The late node's every block is a new tip while it syncs.
        What::Tip(_) if event.who == Who::Late => return None,
        What::Tip(height) => format!("new tip at height {height}"),
        What::Phase(phase) => format!("syncing: {}", phase_name(*phase)),
        What::Synced(SyncOutcome::Synced(_)) => "synced".to_owned(),
        What::Synced(SyncOutcome::NothingHeavier) => "nobody has more".to_owned(),
        What::Synced(SyncOutcome::Failed(why)) => {
            format!("the sync came to nothing: {}", failure(*why))
        }
        What::Synced(other) => format!("the sync is over: {other:?}"),
        What::Blamed(_, rule) => format!("the {about} broke {rule}, and is closed"),
    };
    let seconds = event.at.as_micros() as f64 / 1e6;
    Some(format!("{seconds:>9.3} s  {:<12} {what}", event.who.name()))
}

fn summary(outcome: &Outcome) -> String {
    let Outcome { synced, blamed, before, height } = outcome;
    let seconds = synced.as_secs_f64();
    let blamed: Vec<_> = blamed.iter().map(|(who, rule)| format!("{who} ({rule})")).collect();
    format!(
        "The late node synced {before} blocks in {seconds:.1} s, five of which it waited for other \
         tips (P-36).\nIt blamed: {}.\nAll are at height {height} now.",
        blamed.join(", ")
    )
}

fn as_json(outcome: &Outcome) -> String {
    let Outcome { synced, blamed, before, height } = outcome;
    let blamed: Vec<_> =
        blamed.iter().map(|(who, rule)| json!({ "who": who, "rule": rule })).collect();
    let micros = u64::try_from(synced.as_micros()).unwrap_or(u64::MAX);
    json!({ "synced_us": micros, "blocks": before, "blamed": blamed, "height": height }).to_string()
}
