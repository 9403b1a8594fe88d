//! What the open questions of a full node are about.

use alloc::boxed::Box;

use super::input::CandidateRequest;
use crate::codec::Source;
use crate::codec::chia::messages::RequestHeaderHash;
use crate::codec::chia::{Blob, Bytes32, FullBlock, HeaderHash, ProofOfTime};
use crate::fault::Rule;
use crate::state::chia::chain::Tip;
use crate::state::chia::role::ConnectionId;

/// An open question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// Whose message caused it; nobody's: our own side did.
    pub charged: Option<ConnectionId>,
    pub about: About,
}

/// What it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum About {
    /// The blocks that a new full node is told (7.5).
    Tips { to: ConnectionId, most: usize },
    /// A block that is being added.
    Block(Box<Offered>),
    /// An unfinished block that is being validated, by its number among those that wait.
    Unfinished(u64),
    /// A proof of time whose block is not here.
    ProofOfTime(Box<Timed>),
    /// A block that a farmer wants: its proof of space is being verified,
    ProofOfSpace(Box<RequestHeaderHash>),
    /// then the signature of the pool,
    Coinbase(Box<CandidateRequest>),
    /// then it is being built,
    Candidate(Box<CandidateRequest>),
    /// and in the end its signature is being verified.
    Signature(Box<FullBlock>),
}

/// A block that is being added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Offered {
    pub block: FullBlock,
    pub whole: Bytes32,
    pub header_hash: HeaderHash,
    pub origin: Origin,
}

/// Where a finished block comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// A peer sent it.
    Peer(ConnectionId),
    /// It was made of an unfinished block and of this peer's proof of time, which breaks the rule
    /// if the block is invalid: the rest was validated.
    Proof(ConnectionId, Bytes32, &'static Rule),
    /// The same, verified before and kept until syncing was over (P-45).
    Kept,
}

/// A proof of time that is being verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Timed {
    pub proof: ProofOfTime,
    pub hash: Bytes32,
    pub from: ConnectionId,
    /// The rule that it breaks if it is invalid.
    pub rule: &'static Rule,
}

impl Origin {
    /// Who caused it; nobody: our own side did.
    pub const fn peer(self) -> Option<ConnectionId> {
        match self {
            Self::Peer(from) | Self::Proof(from, ..) => Some(from),
            Self::Kept => None,
        }
    }

    /// Who sent the block.
    pub const fn sender(self) -> Option<ConnectionId> {
        match self {
            Self::Peer(from) => Some(from),
            Self::Proof(..) | Self::Kept => None,
        }
    }
}

impl Asked {
    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        match &self.about {
            About::Tips { .. } | About::Unfinished(_) => 0,
            About::Block(offered) => size_of::<Offered>().saturating_add(offered.block.heap()),
            About::ProofOfTime(timed) => {
                size_of::<Timed>().saturating_add(blob(&timed.proof.witness))
            }
            About::ProofOfSpace(request) => request_heap(request),
            About::Coinbase(wanted) | About::Candidate(wanted) => {
                size_of::<Tip>().saturating_add(request_heap(&wanted.request))
            }
            About::Signature(block) => size_of::<FullBlock>().saturating_add(block.heap()),
        }
    }
}

fn request_heap(request: &RequestHeaderHash) -> usize {
    size_of::<RequestHeaderHash>().saturating_add(blob(&request.proof_of_space.proof))
}

fn blob(blob: &Blob) -> usize {
    Source::heap(&blob.0)
}
