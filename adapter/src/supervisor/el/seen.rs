//! What was seen of a server, for metrics and for the tasks that ask it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nodewire::codec::supervisor::{BlockId, ChainId};

use super::fault::Fault;
use super::follow::Standing;

/// What was seen of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// What its word is worth.
    pub standing: Standing,
    /// Its newest block.
    pub latest: Option<BlockId>,
    /// What it calls safe.
    pub safe: Option<BlockId>,
    /// What it calls finalized.
    pub finalized: Option<BlockId>,
    /// The newest block known to be final: a branch without it is not followed.
    pub floor: Option<BlockId>,
    /// How many faults there were of each kind, in the order of [`Fault::LABELS`].
    pub faults: [u64; Fault::LABELS.len()],
    /// Questions of the machine that were answered with what it asked for.
    pub answered: u64,
}

/// A look at what is seen of a server, at any time.
#[derive(Clone, Debug)]
pub struct View {
    chain_id: ChainId,
    seen: Arc<Mutex<Seen>>,
}

impl View {
    pub(super) fn new(chain_id: ChainId) -> Self {
        Self { chain_id, seen: Arc::default() }
    }

    /// The server's chain.
    #[must_use]
    pub const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// What was seen up to now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self, fault: &Fault) {
        if let Some(count) = self.lock().faults.get_mut(fault.place()) {
            *count += 1;
        }
    }
}
