//! A quality that is followed, and how far it is.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::codec::chia::{Bytes32, HeaderDataHash, PrependSignature, ProofOfSpace};
use crate::state::chia::role::ConnectionId;
use crate::state::chia::tellers::Teller;
use crate::time::Time;

/// Whether it was asked for, and when it was found.
pub(super) type Place = (bool, u64, Bytes32);

/// A quality that is good enough.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Quality {
    pub challenge_hash: Bytes32,
    pub plot_size: u8,
    /// Who found it.
    pub harvester: ConnectionId,
    /// SHA-256 of its proof, once a block was asked for.
    pub pos_hash: Option<Bytes32>,
    pub progress: Progress,
    /// Its number, in the order in which they are followed.
    pub number: u64,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Progress {
    /// Others are better; its proof is asked for if none of those is shown (F-4).
    Waiting,
    /// The proof was asked for, and is to be here by then; `None`: it is overdue, and counts all the
    /// same when it comes.
    ProofRequested(Option<Time>),
    /// The proof is here, and is being verified.
    Verifying,
    /// The proof is good.
    ProofHeld(Box<Held>),
}

/// What follows from a proof.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held {
    pub proof: ProofOfSpace,
    /// True while the harvester owes the signature of the target.
    pub partial_requested: bool,
    /// Of those that were asked for a block with all others, the one that came last.
    pub asked: Teller,
    /// The block that is to be signed: the first that a full node made.
    pub header: Option<Header>,
    /// What the harvester owes signatures of, be it that nobody needs them any more. It may sign
    /// them in any order, and some of them not at all.
    pub signing: Vec<Header>,
    /// What other full nodes made, one block of each: if the first goes, the next may be signed
    /// (F-10).
    pub others: Vec<Header>,
    /// The signed header that was handed to a full node: while that is there no other of this proof
    /// is signed.
    pub submitted: Option<Box<Submitted>>,
}

/// A signed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Submitted {
    /// The block, and the full node that has it.
    pub header: Header,
    pub signature: PrependSignature,
    /// The full node that came last of those that were there: who made the same block was given it.
    pub newest: Teller,
    /// Until then no other block of the proof is signed.
    pub rests_until: Time,
}

/// A block that a full node made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Header {
    pub node: ConnectionId,
    pub header_hash: HeaderDataHash,
}

impl Quality {
    /// One that a harvester found, and that waits.
    pub const fn new(challenge_hash: Bytes32, plot_size: u8, harvester: ConnectionId) -> Self {
        let progress = Progress::Waiting;
        Self { challenge_hash, plot_size, harvester, pos_hash: None, progress, number: 0 }
    }

    /// Its place among those of its harvester.
    pub const fn place(&self, hash: Bytes32) -> Place {
        (!matches!(self.progress, Progress::Waiting), self.number, hash)
    }

    /// A block with its proof was signed and handed on.
    pub fn is_submitted(&self) -> bool {
        matches!(&self.progress, Progress::ProofHeld(held) if held.submitted.is_some())
    }

    /// How many signatures of blocks its harvester owes.
    pub fn owed(&self) -> usize {
        match &self.progress {
            Progress::ProofHeld(held) => held.signing.len(),
            Progress::Waiting | Progress::ProofRequested(_) | Progress::Verifying => 0,
        }
    }

    /// Its proof is here.
    pub const fn is_shown(&self) -> bool {
        matches!(self.progress, Progress::Verifying | Progress::ProofHeld(_))
    }

    /// When its proof is to be here.
    pub const fn due(&self) -> Option<Time> {
        match self.progress {
            Progress::ProofRequested(due) => due,
            Progress::Waiting | Progress::Verifying | Progress::ProofHeld(_) => None,
        }
    }
}
