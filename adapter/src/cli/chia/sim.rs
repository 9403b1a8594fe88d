//! `sim chia`: a network of full nodes under virtual time, each figure beside its bound.

use std::time::Duration;

use clap::Args;
use nodewire::sim::chia::{GossipOptions, GossipReport, gossip};
use nodewire::state::chia::{FullNodeConfig, SyncOutcome};
use serde_json::json;

use super::told::{failure, short};
use crate::cli::failure::Failure;
use crate::cli::print;

/// What network.
#[derive(Debug, Args)]
pub struct Options {
    /// Full nodes: 2 to 10000.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(2..=10_000))]
    nodes: u16,
    /// Connections of a node, on average: 3 to 40; with fewer a network falls apart.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(3..=40))]
    degree: u16,
    /// Per cent of the nodes, at most 90, that are silent, lie to whoever syncs, or spam, in turn.
    #[arg(
        long, default_value_t = 10, value_name = "PERCENT",
        value_parser = clap::value_parser!(u16).range(..=90)
    )]
    adversaries: u16,
    /// What everything follows from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Blocks that all nodes begin with, and the late one lacks.
    #[arg(long, default_value_t = 500)]
    chain: u32,
    /// Blocks that come afterwards, one by one.
    #[arg(long, default_value_t = 5)]
    blocks: u32,
    /// A connection is replaced by another so often; 0: never. Bounds are those of connections that
    /// last: where too few do, nothing is measured against them.
    #[arg(long, default_value_t = 500, value_name = "MILLISECONDS")]
    churn: u64,
}

/// Most blocks that all nodes keep: what a machine has memory for.
const MOST_KEPT: u64 = 10_000_000;

/// Runs the network. What was outside its bound is a failure.
pub fn run(options: &Options, json: bool) -> Result<(), Failure> {
    let Options { nodes, degree, adversaries, .. } = *options;
    let length = u64::from(options.chain).saturating_add(options.blocks.into());
    if length.saturating_mul(nodes.into()) > MOST_KEPT {
        let why = format!("--chain: all nodes keep {MOST_KEPT} blocks at most");
        return Err(Failure::not_begun(why));
    }
    let most = FullNodeConfig::default().sync_threshold;
    if length <= most.into() {
        return Err(Failure::not_begun(format!(
            "--chain: a late node that lacks --chain and --blocks together, {length} blocks, begins \
             no sync: there have to be more than {most} (chia/P-4)"
        )));
    }
    if nodes == 2 && options.churn > 0 {
        let why = "--nodes: the only connection of two nodes has no other in its place; --churn 0";
        return Err(Failure::not_begun(why));
    }
    let mut wanted = GossipOptions::default();
    (wanted.nodes, wanted.degree) = (nodes.into(), degree.into());
    wanted.adversaries = adversaries.into();
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
    let fell_apart = report.blocks.iter().any(|it| it.to_all.is_none() && it.bound.is_none());
    let wrong = match report.wrong() {
        Some(_) if report.wronged == 0 && fell_apart => Some(FELL_APART),
        wrong => wrong,
    };
    wrong.map_or(Ok(()), |wrong| Err(Failure::new(wrong)))
}

/// What is wrong where no node is.
const FELL_APART: &str = "a block did not reach all honest nodes: connections that last do not join \
    them (more --degree, fewer --adversaries or less frequent --churn)";

fn table(report: &GossipReport) -> String {
    let GossipReport { honest, connections, churned, late, .. } = report;
    let [silent, lying, spamming] = report.adversaries;
    let mut lines = vec![
        format!("{honest} honest nodes, {silent} silent, {lying} lying, {spamming} spamming"),
        format!("{connections} connections; {churned} times one was replaced by another"),
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
    let unbounded = report.blocks.iter().filter(|it| it.bound.is_none()).count();
    if unbounded > 0 {
        lines.push(format!(
            "{unbounded} of {} blocks have no bound (-): too few connections lasted to join all nodes",
            report.blocks.len(),
        ));
    }
    let [silent, lying, spamming] = late.adversaries;
    let outcome = late.outcome.map_or("its sync was not over".into(), outcome);
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

/// How the late node's sync ended.
fn outcome(outcome: SyncOutcome) -> String {
    match outcome {
        SyncOutcome::Synced(tip) => format!("it synced to {}", short(&tip.to_string())),
        SyncOutcome::NothingHeavier => "nobody had more".to_owned(),
        SyncOutcome::Failed(why) => format!("its sync came to nothing: {}", failure(why)),
        other => format!("{other:?}"),
    }
}

fn seconds(span: Option<Duration>) -> String {
    span.map_or_else(|| "-".into(), |span| format!("{:.3} s", span.as_secs_f64()))
}

fn count(number: Option<u32>) -> String {
    number.map_or_else(|| "-".into(), |number| number.to_string())
}
