//! Hundreds of full nodes under virtual time: blocks that reach everybody, and one that comes late.

mod graph;
mod late;
mod report;
mod town;

pub use report::{GossipReport, Late, Spread};

use core::time::Duration;

use town::Town;

/// What is simulated. Start from `default()` and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct GossipOptions {
    /// Full nodes; blocks come from others, one for each.
    pub nodes: usize,
    /// Connections of a node, on average.
    pub degree: usize,
    /// Hundredths of the nodes that are adversaries: silent, lying and spamming ones in turn.
    pub adversaries: usize,
    /// What everything follows from.
    pub seed: u64,
    /// Blocks of the chain that all nodes begin with.
    pub chain: u32,
    /// Blocks that come afterwards, five seconds one after the other.
    pub blocks: u32,
    /// How often a connection is replaced by another; zero: never.
    pub churn: Duration,
    /// The shortest and the longest delay of a connection, one way.
    pub delays: (Duration, Duration),
    /// Up to so much is added to the delay of each piece.
    pub jitter: Duration,
    /// Bytes a second of each way of a connection.
    pub rate: u64,
    /// How often a spammer says something to each of its peers.
    pub spam: Duration,
}

impl Default for GossipOptions {
    /// 300 nodes with 8 connections each, one of them replaced each half second, a tenth of the
    /// nodes adversaries, 10 Mb/s and 10 to 150 ms.
    fn default() -> Self {
        Self {
            nodes: 300,
            degree: 8,
            adversaries: 10,
            seed: 0,
            chain: 500,
            blocks: 5,
            churn: Duration::from_millis(500),
            delays: (Duration::from_millis(10), Duration::from_millis(150)),
            jitter: Duration::from_millis(10),
            rate: 1_250_000,
            spam: Duration::from_millis(200),
        }
    }
}

/// Runs a network of full nodes, all of them whole nodes with the chain of a
/// [`Keeper`](crate::sim::chia::Keeper): computing takes no time.
///
/// Each block comes from a node of its own that dials one of the honest ones. It reaches the others
/// in at most as many steps as the graph is wide, each of them the largest delay and the time that
/// the block and a piece before it take to leave; and each connection carries it at most once each
/// way, the flood count.
///
/// At last a node with the first block alone dials as many others as the rest have, one of each
/// kind of adversaries among them. It has caught up when it was greeted (three delays), has waited
/// for tips (5 s, P-36), has the hashes, and has asked for headers and blocks in rounds of ten
/// batches of 25 and of 5 (P-39, P-42): a round takes at most a round trip and the time that ten
/// answers take to leave one peer. Each peer that says nothing costs each round, and the hashes,
/// 10 s more, each that lies one round more. Where everybody answers at once it is much faster.
#[must_use]
pub fn gossip(options: &GossipOptions) -> GossipReport {
    let mut town = Town::new(options);
    town.settle();
    for _ in 0..options.blocks {
        town.spread();
    }
    town.join_late();
    town.report()
}
