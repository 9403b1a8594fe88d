//! Votes (`leios.md` 9.4).

use alloc::vec::Vec;

use bytes::Bytes;

use super::{Hash32, LeiosBlockHash, Read, SlotNo, VoteIssuer};
use crate::codec::cbor::{Reader, Sink};
use crate::codec::{Malformed, MalformedKind, Source};

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
    /// Most bytes of a vote.
    pub const MAX_BYTES: usize = 97;

    /// Bytes of a signature.
    pub const SIGNATURE: usize = 48;

    /// A vote in its canonical form.
    #[must_use]
    pub fn new(
        slot: SlotNo,
        block: LeiosBlockHash,
        issuer: VoteIssuer,
        signature: [u8; Self::SIGNATURE],
    ) -> Self {
        let mut raw = Vec::with_capacity(Self::MAX_BYTES);
        raw.array(4);
        raw.uint(slot.0);
        raw.bytes(&block.0);
        raw.uint(u64::from(issuer.0));
        raw.bytes(&signature);
        Self { raw: Bytes::from(raw), slot, issuer, block }
    }

    /// The vote that these bytes are, all of them.
    ///
    /// # Errors
    ///
    /// What is wrong with them; `TooLarge` beyond [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn from_raw(raw: Bytes) -> Result<Self, Malformed> {
        let (slot, block, issuer) = Reader::whole(&raw, fields)?;
        Ok(Self { raw, slot, issuer, block })
    }

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

    /// The signature: the last 48 bytes of the item.
    #[must_use]
    pub fn signature(&self) -> [u8; Self::SIGNATURE] {
        self.raw.last_chunk().copied().unwrap_or([0; Self::SIGNATURE])
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub const fn heap(&self) -> usize {
        Source::heap(&self.raw)
    }

    pub(super) fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let from = reader.at();
        let (slot, block, issuer) = fields(reader)?;
        Ok(Self { raw: source.bytes(reader.since(from)), slot, issuer, block })
    }
}

fn fields(reader: &mut Reader<'_>) -> Read<(SlotNo, LeiosBlockHash, VoteIssuer)> {
    let from = reader.at();
    reader.array_exact(4)?;
    let slot = SlotNo(reader.u64()?);
    let block = Hash32::read(reader)?;
    let issuer = VoteIssuer(reader.u16()?);
    let _: [u8; LinearLeiosVote::SIGNATURE] = reader.array_of(MalformedKind::BadSignatureLength)?;
    if reader.since(from).len() > LinearLeiosVote::MAX_BYTES {
        return Err(Malformed::new(MalformedKind::TooLarge, from));
    }
    Ok((slot, block, issuer))
}

#[cfg(feature = "serde")]
impl serde::Serialize for LinearLeiosVote {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        crate::codec::text::hex_bytes::serialize(&self.raw, to)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for LinearLeiosVote {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = crate::codec::text::hex_bytes::deserialize(from)?;
        Self::from_raw(raw).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for LinearLeiosVote {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let slot = u.arbitrary()?;
        Ok(Self::new(slot, u.arbitrary()?, u.arbitrary()?, u.arbitrary()?))
    }
}
