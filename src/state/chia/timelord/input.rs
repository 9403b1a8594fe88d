//! What goes into a timelord and what comes out of it.

use alloc::boxed::Box;
use core::time::Duration;

use crate::ask::AskId;
use crate::codec::chia::{Bytes32, ProofOfTime};

/// What becomes of a timelord's questions.
///
/// A VDF is named by the question that started it, which stays open until the VDF is over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TimelordCommand {
    /// The VDF that this [`StartVdf`](TimelordQuery::StartVdf) wants runs now.
    VdfStarted(AskId),
    /// The proof that this [`FeedIterations`](TimelordQuery::FeedIterations) wants.
    VdfProof(AskId, Box<ProofOfTime>),
    /// The VDF that this [`StopVdf`](TimelordQuery::StopVdf) wants stopped has stopped: its worker
    /// is free.
    VdfStopped(AskId),
    /// The VDF that this [`StartVdf`](TimelordQuery::StartVdf) wanted has failed, or could not be
    /// started: its worker is free.
    VdfFailed(AskId),
    /// The answer to [`TimelordQuery::VerifyProof`].
    Verdict(AskId, bool),
}

/// What a timelord asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum TimelordQuery {
    /// Begin to work on this challenge, on this worker, which has nothing else to do (T-3).
    StartVdf {
        /// The worker, counted from zero.
        worker: u32,
        /// The challenge.
        challenge_hash: Bytes32,
    },
    /// Make a proof once a running VDF has done so many iterations (T-5).
    FeedIterations {
        /// The question that started it.
        vdf: AskId,
        /// After how many iterations the proof is wanted.
        iterations: u64,
    },
    /// Stop a VDF, whether it runs already or not; no proofs are wanted of it (T-3, T-6).
    StopVdf {
        /// The question that started it.
        vdf: AskId,
    },
    /// Is this proof of our own good (T-6)?
    VerifyProof(Box<ProofOfTime>),
}

/// What a timelord tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TimelordNotice {
    /// A proof was sent to the full nodes.
    Finished {
        /// The challenge.
        challenge_hash: Bytes32,
        /// How many iterations it proves.
        iterations: u64,
    },
    /// A worker made a bad proof, which was not sent (T-6).
    BadProof {
        /// The worker.
        worker: u32,
        /// The challenge.
        challenge_hash: Bytes32,
        /// How many iterations it was to prove.
        iterations: u64,
    },
    /// A challenge is done: nothing more is proved of it (T-7).
    Done {
        /// The challenge.
        challenge_hash: Bytes32,
    },
}

/// What a timelord has to work with. Start from `default()` and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct TimelordConfig {
    /// How many VDFs can run at a time.
    pub workers: u32,
    /// Iterations a second of a worker that has proved nothing yet.
    pub initial_ips: u64,
    /// How often the queue is looked at if nothing happens (T-3). Zero: only when something does.
    pub schedule_tick: Duration,
    /// Most challenges of which anything is known: the heaviest are kept (T-8).
    pub max_challenges: usize,
    /// Most iteration counts of a challenge that wait for their proof: the smallest (T-8).
    pub max_pending: usize,
}

impl Default for TimelordConfig {
    fn default() -> Self {
        Self {
            workers: 3,
            initial_ips: 10_000,
            schedule_tick: Duration::from_millis(500),
            max_challenges: 1_024,
            max_pending: 64,
        }
    }
}
