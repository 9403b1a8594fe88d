//! The small types that everything else is made of (`leios.md` section 3).

use core::fmt;

use crate::codec::MalformedKind;
use crate::codec::cbor::{Reader, Sink};
use crate::codec::hex::Hex;

use super::Read;

/// Numbers requests of both kinds: the first is 0, each later one is one greater (L-1, L-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct RequestNo(
    #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))] pub u64,
);

/// How many bytes of notifications a request asks for: MaxNotificationSize to 65,535 (L-5).
pub type NotificationBytes = u16;

/// A slot number; a slot lasts one second on mainnet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct SlotNo(
    #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::number"))] pub u64,
);

/// A seat in the epoch's voting committee (S-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct VoteIssuer(pub u16);

/// 32 bytes of Blake2b-256. Printed as hex.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Hash32(
    #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_array"))] pub [u8; 32],
);

/// Blake2b-256 of the raw bytes of an endorser block.
pub type LeiosBlockHash = Hash32;

/// Blake2b-256 of a whole transaction (`leios.md` 9.3); not its transaction id.
pub type TxHash = Hash32;

/// Blake2b-224 of a pool's cold verification key. Printed as hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct PoolId(
    #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_array"))] pub [u8; 28],
);

/// Names an endorser block: the slot of the ranking block that announces it, and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeiosPoint {
    /// The slot of the announcing ranking block.
    pub slot: SlotNo,
    /// The hash of the endorser block.
    pub hash: LeiosBlockHash,
}

impl LeiosPoint {
    /// The point at `slot` with `hash`.
    #[must_use]
    pub const fn new(slot: SlotNo, hash: LeiosBlockHash) -> Self {
        Self { slot, hash }
    }
}

impl LeiosPoint {
    #[inline]
    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        if let Some(point) = reader.chunk(Self::usual) {
            return Ok(point);
        }
        reader.array_exact(2)?;
        let slot = SlotNo(reader.u64()?);
        let hash = Hash32::read(reader)?;
        Ok(Self { slot, hash })
    }

    /// The point that these bytes are in its usual form, all of them.
    #[inline]
    pub(super) fn alone(bytes: &[u8]) -> Option<Self> {
        Self::usual(bytes.try_into().ok()?)
    }

    /// The form of nearly every point, at one glance: canonical, with a slot of 32 bits.
    #[inline]
    fn usual(bytes: &[u8; 40]) -> Option<Self> {
        match bytes {
            [0x82, 0x1a, a, b, c, d, 0x58, 0x20, hash @ ..] => {
                let slot = SlotNo(u64::from(u32::from_be_bytes([*a, *b, *c, *d])));
                Some(Self { slot, hash: Hash32(*hash) })
            }
            _ => None,
        }
    }

    pub(super) fn write(&self, out: &mut impl Sink) {
        out.array(2);
        out.uint(self.slot.0);
        out.bytes(&self.hash.0);
    }
}

/// Writes a list of a tag, a slot and a seat: what names a vote is always one.
#[inline]
pub(super) fn write_vote_id(tag: u8, slot: SlotNo, issuer: VoteIssuer, out: &mut impl Sink) {
    out.put(&[0x83, tag]);
    out.uint(slot.0);
    out.uint(u64::from(issuer.0));
}

impl Hash32 {
    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        reader.array_of(MalformedKind::BadHashLength).map(Self)
    }
}

impl fmt::Display for SlotNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RequestNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Hash32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl fmt::Debug for Hash32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl fmt::Display for PoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl fmt::Debug for PoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}
