//! What a durable Supervisor hears, says and asks.

use crate::ask::AskId;
use crate::state::supervisor::journal::{Store, StoreAnswer};
use crate::state::supervisor::{SupervisorCommand, SupervisorNotice, SupervisorQuery};

/// What the local side wants of a [`Durable`](super::Durable).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the machine and its disk")]
pub enum DurableCommand {
    /// Something of the Supervisor. Answers have the id that was asked with.
    Supervisor(SupervisorCommand),
    /// What became of a question to the disk.
    Stored(AskId, StoreAnswer),
}

/// What a [`Durable`](super::Durable) asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a question that is ignored stalls the cluster")]
pub enum DurableQuery {
    /// A question of the Supervisor.
    Supervisor(SupervisorQuery),
    /// To the disk.
    Store(Store),
}

/// What operators are told by a [`Durable`](super::Durable).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DurableNotice {
    /// By the Supervisor.
    Supervisor(SupervisorNotice),
    /// The disk failed: nothing is acknowledged any more, until a restart.
    NotReady,
    /// A snapshot of this generation is durable, so many bytes.
    SnapshotTaken {
        /// Its generation.
        generation: u64,
        /// Its bytes.
        bytes: u64,
    },
}
