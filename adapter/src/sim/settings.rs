//! Everything a simulation goes by, as data: each field can be set by its path.

use std::time::Duration;

use nodewire::link::MuxConfig;
use nodewire::sim::LinkSpec;
use nodewire::state::leios::{FetchLimits, Limits, NaiveConfig};
use serde::{Deserialize, Serialize};

/// The machines' limits and policies, the links, and what each recipe asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The limits of the pair.
    pub limits: Limits,
    /// What to ask whom.
    pub fetch: FetchLimits,
    /// The multiplexer.
    pub mux: MuxConfig,
    /// The baseline.
    pub naive: NaiveConfig,
    /// What all links have in common.
    pub link: LinkSettings,
    /// Recipe 1.
    pub sources: Sources,
    /// Recipe 2.
    pub baseline: Baseline,
    /// Recipes 3 and 4.
    pub bulk: Bulk,
    /// Recipe 5.
    pub praos: Praos,
    /// Recipe 6.
    pub overlap: Overlap,
    /// Recipe 7.
    pub network: Network,
}

/// Most bytes of made-up transactions in a recipe, and most nodes.
const MOST_BYTES: u64 = 1 << 30;
const MOST_NODES: usize = 100_000;

impl Settings {
    /// Says no to what would only run out of memory.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { baseline, bulk, overlap, network, sources, .. } = self;
        let fits = |recipe: &str, blocks: u32, txs: u32, size: u32| {
            // What a transaction takes besides its bytes counts too.
            let each = u64::from(size).saturating_add(100).saturating_mul(txs.into());
            let bytes = each.saturating_mul(blocks.into());
            if bytes > MOST_BYTES {
                return Err(format!("{recipe}: {bytes} bytes of transactions are more than 1 GiB"));
            }
            Ok(())
        };
        fits("sources", 1, sources.txs, sources.tx_sizes.1)?;
        fits("baseline", 1, baseline.txs, baseline.tx_size)?;
        fits("bulk", 1, bulk.txs, bulk.tx_size)?;
        fits("bulk", bulk.burst, bulk.burst_txs, bulk.tx_size)?;
        fits("overlap", 2, overlap.txs, overlap.tx_size)?;
        fits("network", network.blocks, network.txs, network.tx_size)?;
        if network.nodes > MOST_NODES {
            return Err(format!("network: more than {MOST_NODES} nodes"));
        }
        Ok(())
    }
}

/// What all links have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkSettings {
    /// Bytes that a sender may hand over before they are on their way: the unsent part of a
    /// socket's buffer.
    pub backlog: usize,
    /// Bytes that may be on their way or unread.
    pub window: usize,
    /// Bytes of a piece.
    pub piece: usize,
    /// Up to so much is added to the delay of each piece.
    pub jitter: Duration,
    /// In runs from a seed, rates and delays differ by up to so many hundredths either way.
    pub spread_percent: u64,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            backlog: 16_384,
            window: 1 << 20,
            piece: 1_448,
            jitter: Duration::ZERO,
            spread_percent: 30,
        }
    }
}

impl LinkSettings {
    /// One direction with this rate and delay.
    #[must_use]
    pub fn spec(&self, bits_per_second: u64, delay: Duration) -> LinkSpec {
        LinkSpec {
            rate: (bits_per_second / 8).max(1),
            delay,
            jitter: self.jitter,
            backlog: self.backlog,
            window: self.window,
            pieces: (self.piece, self.piece),
            breaks: 0,
        }
    }
}

/// Recipe 1: one sink, many unequal sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sources {
    /// Rate of each source's link, in bits a second.
    pub rates: Vec<u64>,
    /// One-way delay of each, in microseconds.
    pub delays_us: Vec<u64>,
    /// Transactions of the block.
    pub txs: u32,
    /// Smallest and largest transaction.
    pub tx_sizes: (u32, u32),
    /// Bytes of all of them.
    pub closure: u64,
    /// When all offer.
    pub offered_at: Duration,
    /// How long before the offers the header has been announced.
    pub announced_before: Duration,
    /// What the first to answer serves before it falls silent, where it does.
    pub mute_after: u64,
    /// Bytes asked at once of a peer by the plain policies.
    pub plain_window: u64,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            rates: [10, 8, 5, 12, 7, 4, 6, 3].map(|mega| mega * 1_000_000).to_vec(),
            delays_us: [12, 18, 25, 8, 15, 40, 5, 30].map(|milli| milli * 1_000).to_vec(),
            txs: 1_500,
            tx_sizes: (628, 15_942),
            closure: 12_000_000,
            offered_at: Duration::from_secs(5),
            announced_before: Duration::ZERO,
            mute_after: 100_000,
            plain_window: 400_000,
        }
    }
}

/// Recipe 2: the pair and its baseline on one link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baseline {
    /// Rates, in bits a second.
    pub rates: Vec<u64>,
    /// Round trips, in milliseconds.
    pub round_trips_ms: Vec<u64>,
    /// Hundredths of the transactions that the mempool lacks.
    pub missing_percent: Vec<u64>,
    /// Transactions of the block.
    pub txs: u32,
    /// Bytes of each.
    pub tx_size: u32,
    /// Votes.
    pub votes: u16,
    /// Votes that make a quorum.
    pub quorum: u16,
    /// How many requests the pipelined baseline has under way.
    pub pipeline: usize,
}

impl Default for Baseline {
    fn default() -> Self {
        Self {
            rates: vec![10_000_000, 100_000_000],
            round_trips_ms: vec![25, 100, 300],
            missing_percent: vec![0, 10, 100],
            txs: 6_400,
            tx_size: 1_500,
            votes: 916,
            quorum: 687,
            pipeline: 100,
        }
    }
}

/// Recipes 3 and 4: old bulk on one link, and something fresh in the midst of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bulk {
    /// Rate, in bits a second.
    pub rate: u64,
    /// One-way delay.
    pub delay: Duration,
    /// Transactions of a block.
    pub txs: u32,
    /// Bytes of each.
    pub tx_size: u32,
    /// How long after the old blocks the fresh one comes.
    pub fresh_after: Duration,
    /// How many old blocks, in recipe 4.
    pub burst: u32,
    /// Transactions of each block in recipe 4.
    pub burst_txs: u32,
}

impl Default for Bulk {
    fn default() -> Self {
        Self {
            rate: 10_000_000,
            delay: Duration::from_millis(25),
            txs: 8_000,
            tx_size: 1_500,
            fresh_after: Duration::from_secs(2),
            burst: 4,
            burst_txs: 2_000,
        }
    }
}

/// Recipe 5: a ranking block beside saturating Leios.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Praos {
    /// Rate, in bits a second.
    pub rate: u64,
    /// One-way delay.
    pub delay: Duration,
    /// Bytes of the ranking block.
    pub block: usize,
    /// How many ranking blocks, one after the other.
    pub blocks: u32,
    /// Time between them.
    pub every: Duration,
    /// The unsent backlog of the socket in this recipe: less than a piece, so that what waits is
    /// the multiplexer's and can be overtaken.
    pub backlog: usize,
    /// A larger backlog to compare with.
    pub large_backlog: usize,
    /// Bytes of the message ahead where priority is by message.
    pub message: usize,
}

impl Default for Praos {
    fn default() -> Self {
        Self {
            rate: 10_000_000,
            delay: Duration::from_millis(25),
            block: 90_112,
            blocks: 20,
            every: Duration::from_millis(317),
            backlog: 1_024,
            large_backlog: 65_536,
            message: 512_000,
        }
    }
}

/// Recipe 6: two blocks that share most of their transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overlap {
    /// Rate, in bits a second.
    pub rate: u64,
    /// One-way delay.
    pub delay: Duration,
    /// Transactions of each block.
    pub txs: u32,
    /// Bytes of each.
    pub tx_size: u32,
    /// Hundredths they share.
    pub shared_percent: u32,
    /// How long after the first the second is offered.
    pub apart: Duration,
}

impl Default for Overlap {
    fn default() -> Self {
        Self {
            rate: 10_000_000,
            delay: Duration::from_millis(25),
            txs: 2_000,
            tx_size: 1_500,
            shared_percent: 90,
            apart: Duration::from_millis(500),
        }
    }
}

/// Recipe 7: a small network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// How many nodes.
    pub nodes: usize,
    /// Least and most peers that a node connects to or is connected from, about.
    pub degree: (usize, usize),
    /// Rate of each link, in bits a second.
    pub rate: u64,
    /// Least and largest one-way delay of a link.
    pub delays: (Duration, Duration),
    /// Endorser blocks.
    pub blocks: u32,
    /// Mean time between them.
    pub every: Duration,
    /// Transactions of each.
    pub txs: u32,
    /// Bytes of each.
    pub tx_size: u32,
    /// Hundredths of a block's transactions that a node's mempool lacks.
    pub missing_percent: u64,
    /// Votes for each block.
    pub votes: u16,
    /// How long a node takes to check a block before it votes or relays it.
    pub check: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            nodes: 50,
            degree: (20, 30),
            rate: 10_000_000,
            delays: (Duration::from_millis(5), Duration::from_millis(120)),
            blocks: 3,
            every: Duration::from_secs(20),
            txs: 6_400,
            tx_size: 1_500,
            missing_percent: 5,
            votes: 172,
            check: Duration::ZERO,
        }
    }
}
