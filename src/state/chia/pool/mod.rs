//! Farmer and pool, which the seed names only (`chia.md` 13, PO-1 to PO-5).
//!
//! Neither is a node: there is no handshake and no ping, and both run over any stream of frames
//! (PO-1).

mod client;
mod server;

pub use client::{
    PoolClient, PoolClientCommand, PoolClientConfig, PoolClientNotice, PoolClientQuery,
};
pub use server::{Credit, Pool, PoolCommand, PoolConfig, PoolNotice, PoolQuery, PoolRate};

use core::time::Duration;

use crate::codec::chia::Message;
use crate::codec::{Malformed, MalformedKind};
use crate::fault::{Ending, Fault};
use crate::state::chia::limits::Limits;
use crate::state::chia::{rules, sizes};

/// How much one end takes of the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct PoolLimits {
    /// Largest messages and members; of its frames a session takes those of at most
    /// [`max_frame`](Limits::max_frame).
    pub wire: Limits,
    /// Most partials that wait for their acknowledgement (PO-4).
    pub max_unacknowledged: usize,
    /// A partial that takes up to so many times as long as it may, by the pool's own estimate, is
    /// acknowledged and not credited; one that takes longer is invalid (PO-5). The farmer goes by
    /// estimates and by a threshold that it was told at another time. Below 2: none is let by.
    pub tolerance: u32,
    /// Most coinbases that are kept, and most heights that one is wanted for (PO-3).
    pub max_coinbases: usize,
    /// Most requests for data that wait for their answer; then nothing more is taken.
    pub max_requests: usize,
    /// A farmer that says nothing for so long from the start is left (PO-2): our own addition.
    pub first_timeout: Duration,
    /// A farmer that says nothing for so long later is left, unless it waits for us: our own
    /// addition. By default a day, in which a small farmer finds something that counts.
    pub idle_timeout: Duration,
    /// A pool that owes data, or the next acknowledgement, for so long is left (PO-3, PO-4): our
    /// own addition.
    pub answer_timeout: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        // Room for as many coinbases as are kept.
        let wire = Limits { max_frame: 1_048_576, ..Limits::default() };
        Self {
            wire,
            max_unacknowledged: 64,
            tolerance: 4,
            max_coinbases: 4_096,
            max_requests: 4,
            first_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(86_400),
            answer_timeout: Duration::from_secs(120),
        }
    }
}

impl PoolLimits {
    /// A message that is too large ends the conversation (`chia.md` 14.4).
    fn admit(&self, message: &Message) -> Result<(), Ending> {
        sizes::overrun(message, message.wire_len(), &self.wire)
            .map_or(Ok(()), |limit| Err(Ending::Fault(Fault::overrun(limit))))
    }
}

/// The fault of a frame that is no message, or says that it is too long.
const fn malformed(malformed: Malformed) -> Fault {
    if matches!(malformed.kind, MalformedKind::FrameTooLarge) {
        return Fault::violation(&rules::FRAME_TOO_LARGE, PHASE);
    }
    rules::malformed(malformed)
}

/// What every session is in from its first byte on.
const PHASE: &str = "a session with a pool";
