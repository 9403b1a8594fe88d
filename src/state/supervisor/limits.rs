//! The limits and times (`supervisor.md` sections 3 and 10), each a field to set.

use core::time::Duration;

/// Every limit, size and time that the Supervisor's machines go by. Start from `default()` and
/// set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Limits {
    /// Longest request text, in bytes.
    pub max_text: usize,
    /// Deepest nesting of a request text.
    pub max_depth: usize,
    /// Most requests in a batch.
    pub max_batch: usize,
    /// Most access-list entries in a call.
    pub max_access_entries: usize,
    /// Most calls parked until nodes answered.
    pub max_parked_calls: usize,
    /// How long a call may be parked.
    pub parked_deadline: Duration,
    /// Most calls of a client that wait for their responses.
    pub max_open_calls: usize,
    /// Longest reply text that a client reads, in bytes. A server answers no more calls of a batch
    /// once their answers are longer.
    pub max_reply: usize,
    /// How long a client waits for an answer.
    pub call_deadline: Duration,
    /// Most chains in a dependency set: what the dispute game can step through.
    pub max_chains: usize,
    /// Most blocks of a chain above its cross-safe head.
    pub max_blocks_above_safe: usize,
    /// Most logs in a block.
    pub max_logs: usize,
    /// Most executing messages in a block.
    pub max_executing: usize,
    /// Most entries of a chain's local-safe index above its cross-safe head.
    pub max_local_safe_above_safe: usize,
    /// Most questions open for a chain.
    pub max_fetches: usize,
    /// How often blocks that a node told are asked for in vain before they are given up.
    pub max_attempts: u32,
    /// Most events kept for a chain until its anchor comes.
    pub max_parked_events: usize,
    /// Most nodes of a chain.
    pub max_nodes: usize,
    /// How many layer-one blocks have to follow one before a node is given it.
    pub l1_confirmations: u64,
    /// How long final blocks are kept that are older than two expiry windows; `None`: for ever.
    pub prune_margin: Option<Duration>,
    /// Most blocks dropped in one step because they are that old; the rest follows in the next.
    pub max_pruned: usize,
    /// Most verdicts of promotion in one step; the rest follows in the next.
    pub promotion_budget: usize,
    /// How long to wait after a failed reset, or a question that nobody could answer: doubles from
    /// the first to the second.
    pub reset_backoff: (Duration, Duration),
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_text: 5 * 1_048_576,
            max_depth: 32,
            max_batch: 1_000,
            max_access_entries: 32_768,
            max_parked_calls: 1_024,
            parked_deadline: Duration::from_secs(10),
            max_open_calls: 1_024,
            max_reply: 5 * 1_048_576,
            call_deadline: Duration::from_secs(10),
            max_chains: 127,
            max_blocks_above_safe: 65_536,
            max_logs: 1_000_000,
            max_executing: 100_000,
            max_local_safe_above_safe: 65_536,
            max_fetches: 16,
            max_attempts: 5,
            max_parked_events: 64,
            max_nodes: 8,
            l1_confirmations: 0,
            prune_margin: Some(Duration::from_secs(3_600)),
            max_pruned: 512,
            promotion_budget: 10_000,
            reset_backoff: (Duration::from_secs(1), Duration::from_secs(60)),
        }
    }
}
