//! Which answers are owed, so that nobody can send what was not asked for.

use crate::codec::chia::Function;

/// How many answers of each kind the peer still owes us. They never lapse: an answer that comes
/// late was asked for all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Expected {
    owed: [u32; PAIRS.len()],
}

/// What an incoming message is in this respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// An answer that is owed: it is no longer.
    Asked,
    /// One that is not, of a kind that nobody sends unasked.
    Unasked,
    /// Anything else.
    Free,
}

/// Requests, their answers, and whether the answer is ever sent unasked.
const PAIRS: [(Function, Function, bool); 13] = {
    use Function::{
        AllHeaderHashes, Ancestors, Block, Header, HeaderBlocks, HeaderHash, NewTransaction, Peers,
        RequestAllHeaderHashes, RequestAncestors, RequestBlock, RequestBody, RequestHeader,
        RequestHeaderBlocks, RequestHeaderHash, RequestHeaderSignature, RequestPartialProof,
        RequestPeers, RequestProofOfSpace, RequestSyncBlocks, RequestTransaction, RespondBody,
        RespondHeaderSignature, RespondPartialProof, RespondProofOfSpace, SyncBlocks,
    };
    [
        (RequestProofOfSpace, RespondProofOfSpace, false),
        (RequestHeaderSignature, RespondHeaderSignature, false),
        (RequestPartialProof, RespondPartialProof, false),
        (RequestHeaderHash, HeaderHash, false),
        (RequestBlock, Block, true),
        (RequestPeers, Peers, false),
        (RequestAllHeaderHashes, AllHeaderHashes, false),
        (RequestHeaderBlocks, HeaderBlocks, false),
        (RequestSyncBlocks, SyncBlocks, false),
        (RequestTransaction, NewTransaction, true),
        (RequestHeader, Header, false),
        (RequestAncestors, Ancestors, false),
        (RequestBody, RespondBody, false),
    ]
};

impl Expected {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { owed: [0; PAIRS.len()] }
    }

    /// We send this.
    pub fn sent(&mut self, function: Function) {
        let place = PAIRS.iter().position(|(request, _, _)| *request == function);
        if let Some(owed) = place.and_then(|place| self.owed.get_mut(place)) {
            *owed = owed.saturating_add(1);
        }
    }

    /// The peer sends this.
    pub fn received(&mut self, function: Function) -> Standing {
        let pairs = PAIRS.iter().zip(&mut self.owed);
        let mut of_it = pairs.filter(|((_, answer, _), _)| *answer == function);
        match of_it.next() {
            Some((_, owed)) if *owed > 0 => {
                *owed = owed.saturating_sub(1);
                Standing::Asked
            }
            Some(((_, _, false), _)) => Standing::Unasked,
            _ => Standing::Free,
        }
    }
}
