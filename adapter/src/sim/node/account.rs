//! What a node remembers of what came to it.

use nodewire::Time;
use nodewire::state::leios::ClientNotice;

/// When a node first had something of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its announcement.
    pub announced: Option<Time>,
    /// The block.
    pub block: Option<Time>,
    /// All its transactions.
    pub closure: Option<Time>,
    /// Enough votes.
    pub quorum: Option<Time>,
}

/// What a node counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Requests its servers answered.
    pub answered: u64,
    /// Bytes of those answers.
    pub answered_bytes: u64,
    /// Transactions that came, the first time or not.
    pub txs: u64,
    /// Their bytes.
    pub tx_bytes: u64,
    /// Blocks that came.
    pub blocks: u64,
    /// Votes that came.
    pub votes: u64,
    /// What links refused.
    pub refused: u64,
    /// How connections ended by a fault.
    pub faults: Vec<String>,
    /// When bytes of foreign channels came, and how many.
    pub foreign: Vec<(Time, usize)>,
}

impl Counted {
    /// Nothing so far.
    pub(super) const NONE: Self = Self {
        answered: 0,
        answered_bytes: 0,
        txs: 0,
        tx_bytes: 0,
        blocks: 0,
        votes: 0,
        refused: 0,
        faults: Vec::new(),
        foreign: Vec::new(),
    };

    /// Counts what a client was delivered.
    pub(super) fn delivered(&mut self, notice: &ClientNotice) {
        match notice {
            ClientNotice::Txs { txs, .. } => {
                self.txs += txs.len() as u64;
                self.tx_bytes += txs.iter().map(|(_, _, tx)| tx.len() as u64).sum::<u64>();
            }
            ClientNotice::Block { .. } => self.blocks += 1,
            ClientNotice::Vote(_) => self.votes += 1,
            _ => {}
        }
    }
}
