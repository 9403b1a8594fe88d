//! `sim chia`: a network of full nodes under virtual time, each figure beside its bound.

use std::time::Duration;

use clap::Args;
use nodewire::sim::chia::{GossipOptions, GossipReport, gossip};
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::print;

/// What network.
#[derive(Debug, Args)]
pub struct Options {
    /// Full nodes.
    #[arg(long, default_value_t = 300)]
    nodes: usize,
    /// Connections of a node, on average.
    #[arg(long, default_value_t = 8)]
    degree: usize,
    /// Hundredths of the nodes that are silent, lie to whoever syncs, or spam, in turn.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    adversaries: usize,
    /// What everything follows from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Blocks that all nodes begin with, and the late one lacks.
    #[arg(long, default_value_t = 500)]
    chain: u32,
    /// Blocks that come afterwards, one by one.
    #[arg(long, default_value_t = 5)]
    blocks: u32,
    /// A connection is replaced by another so often; 0: never.
    #[arg(long, default_value_t = 500, value_name = "MILLISECONDS")]
    churn: u64,
}

/// Most nodes, and most blocks that all of them keep: what a machine has memory for.
const MOST_NODES: usize = 10_000;
const MOST_KEPT: u64 = 10_000_000;

/// Runs the network. What was outside its bound is a failure.
pub fn run(options: &Options, json: bool) -> Result<(), Failure> {
    let Options { nodes, degree, adversaries, .. } = *options;
    if !(2..=MOST_NODES).contains(&nodes) {
        return Err(Failure::new(format!("--nodes {nodes}: 2 to {MOST_NODES}")));
    }
    if !(1..=40).contains(&degree) {
        return Err(Failure::new(format!("--degree {degree}: 1 to 40")));
    }
    if adversaries > 90 {
        return Err(Failure::new(format!("--adversaries {adversaries}: at most 90")));
    }
    let length = u64::from(options.chain).saturating_add(options.blocks.into());
    if length.saturating_mul(nodes as u64) > MOST_KEPT {
        return Err(Failure::new(format!("--chain: all nodes keep {MOST_KEPT} blocks at most")));
    }
    let mut wanted = GossipOptions::default();
    (wanted.nodes, wanted.degree, wanted.adversaries) = (nodes, degree, adversaries);
    (wanted.seed, wanted.chain, wanted.blocks) = (options.seed, options.chain, options.blocks);
    wanted.churn = Duration::from_millis(options.churn);
    let report = gossip(&wanted);
    if json {
        let line = json!({
            "version": 1,
            "nodewire": env!("CARGO_PKG_VERSION"),
            "options": wanted,
            "report": report,
            "wrong": report.wrong(),
        });
        print(&line.to_string())?;
    } else {
        print(&table(&report))?;
    }
    report.wrong().map_or(Ok(()), |wrong| Err(Failure::new(wrong)))
}

fn table(report: &GossipReport) -> String {
    let GossipReport { honest, connections, churned, late, .. } = report;
    let [silent, lying, spamming] = report.adversaries;
    let mut lines = vec![
        format!("{honest} honest nodes, {silent} silent, {lying} lying, {spamming} spamming"),
        format!("{connections} connections, {churned} of them replaced on the way"),
        "block   99 % after   all after       bound  steps  widest   messages    flood".into(),
    ];
    for (at, it) in report.blocks.iter().enumerate() {
        lines.push(format!(
            "{:>5} {:>12} {:>11} {:>11} {:>6} {:>7} {:>10} {:>8}",
            at + 1,
            seconds(it.to_most),
            seconds(it.to_all),
            seconds(it.bound),
            count(it.hops),
            count(it.diameter),
            it.messages,
            it.flood,
        ));
    }
    let [silent, lying, spamming] = late.adversaries;
    let outcome = late.outcome.map_or("not over".into(), |outcome| format!("{outcome:?}"));
    lines.push(format!(
        "a late node lacked {} blocks, {silent} of its peers silent, {lying} lying, {spamming} \
         spamming: {} beside {}; it blamed {}",
        late.lacked,
        seconds(late.took),
        seconds(Some(late.bound)),
        late.blamed,
    ));
    lines.push(format!("  {outcome}"));
    let blamed: Vec<_> =
        report.blamed.iter().map(|(rule, times)| format!("{rule}: {times}")).collect();
    lines.push(format!("adversaries blamed: {}", blamed.join(", ")));
    lines.push(format!("honest ones blamed: {}", report.wronged));
    lines.push(format!("{} messages, {} events", report.messages, report.events));
    lines.push(format!("trace  {:016x}", report.trace));
    lines.join("\n")
}

fn seconds(span: Option<Duration>) -> String {
    span.map_or_else(|| "-".into(), |span| format!("{:.3} s", span.as_secs_f64()))
}

fn count(number: Option<u32>) -> String {
    number.map_or_else(|| "-".into(), |number| number.to_string())
}
