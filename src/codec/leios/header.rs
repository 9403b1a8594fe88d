//! Ranking-block headers and the announcement in them (`leios.md` 9.1).

use bytes::Bytes;

use super::{Hash32, LeiosBlockHash, SlotNo};

/// A ranking-block header as received: one CBOR item `[era, 24(bytes)]`, never re-encoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RankingBlockHeader {
    raw: Bytes,
}

impl RankingBlockHeader {
    /// The raw item.
    #[must_use]
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }
}

/// The endorser block a header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Announced {
    /// Its hash.
    pub hash: LeiosBlockHash,
    /// Its size in bytes.
    pub size: u32,
}

/// What a header says that Leios needs. Read with `RankingBlockHeader::view`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HeaderView<'a> {
    /// The era index of the wrapper: 6 Conway, 7 Dijkstra.
    pub era: u64,
    /// The block number.
    pub block_number: u64,
    /// The slot.
    pub slot: SlotNo,
    /// The hash of the previous header, if there is one.
    pub prev_hash: Option<Hash32>,
    /// The issuer's cold verification key; `PoolId` is its Blake2b-224.
    pub issuer: [u8; 32],
    /// The issue number of the operational certificate.
    pub opcert_issue_number: u64,
    /// Whether it certifies the endorser block its predecessor announced.
    pub certifies: bool,
    /// The endorser block it announces.
    pub announces: Option<Announced>,
    /// The header bytes inside the wrapper: the header hash is Blake2b-256 of them.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub header: &'a [u8],
}
