//! Made-up Leios content of the real form: blocks of transactions, headers, votes.
//!
//! Everything parses and every hash fits; no ledger would accept any of it. For tests, scenarios
//! and simulations, of users too.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::codec::cbor::{Put, Sink};
use crate::codec::leios::{
    Announced, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, RankingBlockHeader, SlotNo, TxHash,
    TxReference, VoteIssuer,
};
use crate::state::leios::{Blake2b, RustCryptoBlake2b};

/// A made-up transaction: one CBOR byte string of `size` bytes, its head included, filled with
/// `seed`, big-endian, again and again. Equal seeds and sizes are equal transactions.
#[must_use]
pub fn tx(seed: u64, size: usize) -> Bytes {
    let fill =
        |length: usize| seed.to_be_bytes().into_iter().cycle().take(length).collect::<Vec<_>>();
    let mut tx = Vec::with_capacity(size);
    match size {
        0 => {}
        1..=24 => tx.bytes(&fill(size - 1)),
        // A head wider than needed, so that every size can be had.
        25 => {
            tx.put(&[0x58, 23]);
            tx.put(&fill(23));
        }
        26..=257 => tx.bytes(&fill(size - 2)),
        258 => {
            tx.put(&[0x59, 0, 255]);
            tx.put(&fill(255));
        }
        259..=65_538 => tx.bytes(&fill(size - 3)),
        _ => {
            let length = u32::try_from(size - 5).unwrap_or(u32::MAX);
            tx.put(&[0x5a]);
            tx.put(&length.to_be_bytes());
            tx.put(&fill(size - 5));
        }
    }
    Bytes::from(tx)
}

/// An endorser block with its transactions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MadeBlock {
    /// The slot of the header that announces it, and its hash.
    pub point: LeiosPoint,
    /// The block.
    pub block: LinearLeiosBlock,
    /// Its transactions, in order.
    pub txs: Vec<(TxHash, Bytes)>,
}

impl MadeBlock {
    /// The block of these transactions, announced at `slot`; `None` if there are none, or one
    /// twice.
    #[must_use]
    pub fn new(slot: SlotNo, txs: impl IntoIterator<Item = Bytes>) -> Option<Self> {
        let hashed = |tx: Bytes| (RustCryptoBlake2b::hash32(&tx), tx);
        let txs: Vec<_> = txs.into_iter().map(hashed).collect();
        let size = |tx: &Bytes| u32::try_from(tx.len()).unwrap_or(u32::MAX);
        let refer = |(hash, tx): &(TxHash, Bytes)| TxReference { hash: *hash, size: size(tx) };
        let references: Vec<_> = txs.iter().map(refer).collect();
        let block = LinearLeiosBlock::new(&references)?;
        let hash = RustCryptoBlake2b::hash32(block.raw());
        Some(Self { point: LeiosPoint { slot, hash }, block, txs })
    }

    /// What a header says of it.
    #[must_use]
    pub fn announced(&self) -> Announced {
        let size = u32::try_from(self.block.raw().len()).unwrap_or(u32::MAX);
        Announced { hash: self.point.hash, size }
    }
}

/// A made-up ranking-block header. Start from [`new`](Self::new) and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct MadeHeader {
    /// Its slot.
    pub slot: SlotNo,
    /// The issuer's cold key is this byte, 32 times.
    pub pool: u8,
    /// What it announces.
    pub announces: Option<Announced>,
    /// Makes one header differ from another: the bytes of the body's hash.
    pub salt: u8,
    /// Length of the signature in bytes: 448 in a real one. Makes a header as long as is needed.
    pub signature: usize,
    /// So many fields besides the real twelve, each a null: a header that is none.
    pub excess: u8,
}

impl MadeHeader {
    /// The header of `pool` at `slot` that announces `announces`.
    #[must_use]
    pub const fn new(slot: SlotNo, pool: u8, announces: Option<Announced>) -> Self {
        Self { slot, pool, announces, salt: 0, signature: 448, excess: 0 }
    }

    /// Its bytes, in the node-to-node form: `[7, 24(bytes)]`.
    #[must_use]
    pub fn raw(&self) -> Bytes {
        let filler = |length: usize, salt: u8| -> Vec<u8> {
            let seed = self.slot.0.to_le_bytes();
            let counted = (0..=u8::MAX).cycle().zip(seed.into_iter().cycle());
            counted.take(length).map(|(at, byte)| at.wrapping_mul(31) ^ salt ^ byte).collect()
        };
        let mut header = Vec::new();
        header.array(2);
        header.array(12 + usize::from(self.excess));
        header.uint(self.slot.0 / 20);
        header.uint(self.slot.0);
        header.bytes(&filler(32, 1));
        header.bytes(&[self.pool; 32]);
        header.bytes(&filler(32, 2));
        header.array(2);
        header.bytes(&filler(64, 3));
        header.bytes(&filler(80, 4));
        header.uint(90_112);
        header.bytes(&[self.salt; 32]);
        header.array(4);
        header.bytes(&filler(32, 6));
        header.uint(1);
        header.uint(400);
        header.bytes(&filler(64, 7));
        header.array(2);
        header.uint(11);
        header.uint(0);
        header.bool(false);
        match self.announces {
            Some(Announced { hash, size }) => {
                header.array(2);
                header.bytes(&hash.0);
                header.uint(u64::from(size));
            }
            None => header.null(),
        }
        (0..self.excess).for_each(|_| header.null());
        header.bytes(&filler(self.signature, 8));
        let mut raw = Vec::with_capacity(header.len().saturating_add(16));
        raw.array(2);
        raw.uint(7);
        raw.put(&[0xd8, 24]);
        raw.bytes(&header);
        Bytes::from(raw)
    }

    /// The header as the codec takes it.
    ///
    /// # Panics
    /// Never: the wrapper is well-formed whatever the fields are.
    #[must_use]
    pub fn header(&self) -> RankingBlockHeader {
        match RankingBlockHeader::from_raw(self.raw()) {
            Ok(header) => header,
            Err(error) => unreachable!("a made header: {error}"),
        }
    }
}

/// A made-up vote: the signature is the seat's number, big-endian, again and again.
#[must_use]
pub fn vote(point: LeiosPoint, seat: VoteIssuer) -> LinearLeiosVote {
    let mut signature = [0; LinearLeiosVote::SIGNATURE];
    for (byte, with) in signature.iter_mut().zip(seat.0.to_be_bytes().into_iter().cycle()) {
        *byte = with;
    }
    LinearLeiosVote::new(point.slot, point.hash, seat, signature)
}
