//! Votes (`leios.md` 9.4).

use bytes::Bytes;

use super::{LeiosBlockHash, SlotNo, VoteIssuer};

/// A vote as received: `[slot, eb hash, issuer, signature]`, at most 97 bytes. The signature is
/// carried, not checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinearLeiosVote {
    raw: Bytes,
    slot: SlotNo,
    issuer: VoteIssuer,
    block: LeiosBlockHash,
}

impl LinearLeiosVote {
    /// The raw item.
    #[must_use]
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The slot of the announcing ranking block.
    #[must_use]
    pub const fn slot(&self) -> SlotNo {
        self.slot
    }

    /// The endorser block voted for.
    #[must_use]
    pub const fn block(&self) -> LeiosBlockHash {
        self.block
    }

    /// The seat that voted.
    #[must_use]
    pub const fn issuer(&self) -> VoteIssuer {
        self.issuer
    }
}
