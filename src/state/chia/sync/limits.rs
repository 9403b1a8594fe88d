//! How long a sync waits, and how much it keeps.

use core::time::Duration;

/// Times and bounds of a sync (`chia.md` 14.3, 14.4). Start from `default()`, which is the
/// reference's, and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct SyncLimits {
    /// How long tips are waited for before the heaviest is picked (P-36).
    pub tip_wait: Duration,
    /// What does not come in this time is asked of somebody else (P-37, P-39).
    pub retry: Duration,
    /// A sync fails if the hashes or the first batch take longer (P-37, P-39).
    pub timeout: Duration,
    /// A tip gives way to the next one that was told, if there is one, when its hashes take longer,
    /// or when its headers or blocks fall so far behind their pace. With each turn that a tip
    /// has again it may fall behind twice as far.
    pub stalled: Duration,
    /// The pace of headers: each of them makes up for so much time of waiting.
    pub time_per_header: Duration,
    /// The pace of blocks.
    pub time_per_block: Duration,
    /// A tip whose sync failed is not tried again for so long (P-45), and nothing that its peer
    /// tells: for twice as long with each failure more, until a sync to a tip of it is done.
    pub barred: Duration,
    /// Most tips whose failure is remembered: the newest.
    pub max_barred: usize,
    /// Most tips that are candidates, one for each peer (P-35): the heaviest.
    pub max_tips: usize,
    /// Most header hashes of a chain; what claims more is no candidate.
    pub max_header_hashes: usize,
    /// Batches that are asked for at a time, the first incomplete one and those after it (P-39).
    pub window: usize,
    /// Headers of a batch: no more than the others answer (P-43).
    pub headers_per_batch: u32,
    /// Blocks of a batch: no more than the others answer (P-43).
    pub blocks_per_batch: u32,
    /// Most requests that a peer has not answered, that are told apart; older ones are counted.
    pub max_unanswered: usize,
}

impl Default for SyncLimits {
    fn default() -> Self {
        Self {
            tip_wait: Duration::from_secs(5),
            retry: Duration::from_secs(10),
            timeout: Duration::from_secs(200),
            stalled: Duration::from_secs(30),
            time_per_header: Duration::from_millis(20),
            time_per_block: Duration::from_millis(100),
            barred: Duration::from_secs(600),
            max_barred: 64,
            max_tips: 64,
            max_header_hashes: 1_500_000,
            window: 10,
            headers_per_batch: 25,
            blocks_per_batch: 5,
            max_unanswered: 32,
        }
    }
}
