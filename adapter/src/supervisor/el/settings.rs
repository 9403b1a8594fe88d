//! The times and sizes that an execution layer is polled by.

use std::time::Duration;

/// Where the indexing of a chain starts that only an execution layer serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnchorAt {
    /// The block that the server calls finalized.
    #[default]
    Finalized,
    /// The block that the server calls safe.
    Safe,
    /// The block of this number, which is not the first of the chain: that one names no layer-one
    /// block.
    Number(u64),
}

/// Every time and size. Start from `default()` and set fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// From one look at the tags to the next.
    pub interval: Duration,
    /// How long to leave the server alone after a failure: doubles from the first to the second.
    pub backoff: (Duration, Duration),
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take. Less than the limit `call_deadline` of the machine, which
    /// gives a question up then.
    pub answer_timeout: Duration,
    /// Most questions of the machine that are being answered; others wait.
    pub max_questions: usize,
    /// Largest answer about a block, in bytes.
    pub max_block: usize,
    /// Largest answer with the receipts of a block, in bytes. Empty logs are cheap: a block may
    /// hold 100,000 of them, each of 700 bytes in JSON.
    pub max_receipts: usize,
    /// Most bytes of answers that are held at once.
    pub max_held: usize,
    /// How many blocks after the indexed ones the next that is told may be. A server that lies
    /// about its height has the machine look for so many blocks.
    pub max_ahead: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            backoff: (Duration::from_millis(500), Duration::from_secs(60)),
            connect_timeout: Duration::from_secs(3),
            answer_timeout: Duration::from_secs(8),
            max_questions: 8,
            max_block: 4 << 20,
            max_receipts: 128 << 20,
            max_held: 256 << 20,
            max_ahead: 1_024,
        }
    }
}
