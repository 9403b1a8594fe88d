//! `replay` and `draw`: what to do with a trace.

use std::path::Path;

use nodewire::sim::{Sequence, Trace};
use nodewire_adapter::machines::replayed;
use serde_json::json;

use super::failure::Failure;
use super::{print, source};

/// Plays a trace again.
pub fn replay(path: &Path, json: bool) -> Result<(), Failure> {
    let trace = read(path)?;
    let named = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
    let report = replayed(&trace)
        .map_err(|failure| named(&failure))?
        .ok_or_else(|| named(&format!("no machine is called {}", trace.machine())))?;
    if json {
        return print(
            &json!({
                "machine": trace.machine(), "steps": report.steps,
                "actions": report.actions, "closed": report.closed,
            })
            .to_string(),
        );
    }
    print(&format!(
        "{}: {} steps, {} actions, all the same{}",
        trace.machine(),
        report.steps,
        report.actions,
        if report.closed { "; it has closed" } else { "" },
    ))
}

/// Draws a trace as a sequence diagram.
pub fn draw(
    path: &Path,
    output: Option<&Path>,
    steps: Option<&str>,
    json: bool,
) -> Result<(), Failure> {
    let trace = read(path)?;
    let mut sequence = Sequence::of(&trace);
    if let Some(steps) = steps {
        let range = steps.split_once("..").and_then(|(from, to)| {
            let from = if from.is_empty() { 0 } else { from.parse().ok()? };
            let to = if to.is_empty() { usize::MAX } else { to.parse().ok()? };
            (from < to).then_some(from..to)
        });
        let range =
            range.ok_or_else(|| Failure::not_begun(format!("no range of steps: {steps}")))?;
        let there = trace.steps().len();
        if range.start >= there {
            return Err(Failure::new(format!("no such steps: {steps}; there are {there}")));
        }
        sequence = sequence.steps(range);
    }
    let svg = sequence.svg();
    match output {
        Some(output) => {
            std::fs::write(output, svg).map_err(|e| Failure::file(output, &e))?;
            if json { print(&json!({ "file": output }).to_string()) } else { Ok(()) }
        }
        None if json => print(&json!({ "svg": svg }).to_string()),
        None => print(svg.trim_end()),
    }
}

fn read(path: &Path) -> Result<Trace, Failure> {
    let text = String::from_utf8(source::file(path)?)
        .map_err(|_| Failure::new(format!("{}: not text", path.display())))?;
    let named = |error| Failure::new(format!("{}: {error}", path.display()));
    let error = match text.parse() {
        Ok(trace) => return Ok(trace),
        Err(error) => named(error),
    };
    // Whoever was killed, or had no room left, while it wrote the last line wrote those before it.
    let whole = text.rsplit_once('\n').filter(|(_, last)| !last.is_empty());
    let Some(trace) = whole.and_then(|(whole, _)| whole.parse().ok()) else { return Err(error) };
    eprintln!("nodewire: {}: the last line is cut short, and left out", path.display());
    Ok(trace)
}
