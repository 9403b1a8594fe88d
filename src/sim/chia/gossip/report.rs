//! What a run came to.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::state::chia::SyncOutcome;

/// What a run of [`gossip`](super::gossip) came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GossipReport {
    /// Nodes that behave.
    pub honest: usize,
    /// Those that say nothing, lie to whoever syncs, and spam.
    pub adversaries: [usize; 3],
    /// Connections at the start.
    pub connections: usize,
    /// Connections that were closed or broken on the way; as many new ones were made.
    pub churned: usize,
    /// The blocks, in order.
    pub blocks: Vec<Spread>,
    /// The node that comes late.
    pub late: Late,
    /// How often honest nodes ended a connection because an honest peer broke a rule: never.
    pub wronged: u64,
    /// How often they did to an adversary, by rule or limit.
    pub blamed: BTreeMap<String, u64>,
    /// Messages of all nodes, handshakes among them, what spammers make up not.
    pub messages: u64,
    /// Events of the network.
    pub events: u64,
    /// The hash over all events: equal in equal runs.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::codec::text::number::serialize"))]
    pub trace: u64,
}

/// How a block went through the network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Spread {
    /// From the first node that has it until 99 % of the honest ones do; `None`: they don't.
    pub to_most: Option<Duration>,
    /// Until the last honest one does; `None`: it doesn't.
    pub to_all: Option<Duration>,
    /// Most connections between two honest nodes, along those that lasted meanwhile and through
    /// nodes that hand blocks on; `None`: there is no such way between some.
    pub diameter: Option<u32>,
    /// The same from the first node.
    pub hops: Option<u32>,
    /// `diameter` times the largest delay and the time that a block takes to leave.
    pub bound: Option<Duration>,
    /// How often the block went out.
    pub messages: u64,
    /// Twice the connections that there were meanwhile: nobody says it twice along one.
    pub flood: u64,
}

/// How a node caught up that came late.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Late {
    /// Blocks that it lacked.
    pub lacked: u32,
    /// Its peers that say nothing, lie and spam.
    pub adversaries: [usize; 3],
    /// How its first sync ended.
    pub outcome: Option<SyncOutcome>,
    /// From dialling until then.
    pub took: Option<Duration>,
    /// What that takes at most: see [`gossip`](super::gossip).
    pub bound: Duration,
    /// Adversaries that it blamed.
    pub blamed: u64,
}

impl GossipReport {
    /// Why this is not how it should be; `None`: everything was within its bound.
    #[must_use]
    pub fn wrong(&self) -> Option<&'static str> {
        let within = |took: Option<Duration>, bound: Option<Duration>| {
            // Where connections that lasted do not suffice there is no bound.
            took.is_some() && bound.is_none_or(|bound| took <= Some(bound))
        };
        if self.wronged > 0 {
            return Some("an honest node was blamed");
        }
        if !self.blocks.iter().all(|it| within(it.to_all, it.bound)) {
            return Some("a block was slower than its bound");
        }
        if self.blocks.iter().any(|it| it.messages > it.flood) {
            return Some("a block went out more often than a flood");
        }
        let is_synced = matches!(self.late.outcome, Some(SyncOutcome::Synced(_)));
        if !is_synced || !within(self.late.took, Some(self.late.bound)) {
            return Some("the late node was slower than its bound");
        }
        None
    }
}
