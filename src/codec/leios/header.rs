//! Ranking-block headers and the announcement in them (`leios.md` 9.1).

use alloc::vec::Vec;

use bytes::Bytes;

use super::{Hash32, LeiosBlockHash, RAW_DEPTH, Read, SlotNo};
use crate::codec::cbor::{ARRAY, BYTES, Put, Reader, Sink};
use crate::codec::{Malformed, MalformedKind, Source};

/// A ranking-block header as received: one CBOR item `[era, 24(bytes)]`, never re-encoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RankingBlockHeader {
    raw: Bytes,
}

/// The endorser block a header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Announced {
    /// Its hash.
    pub hash: LeiosBlockHash,
    /// Its size in bytes.
    pub size: u32,
}

/// What a header says that Leios needs: made by [`RankingBlockHeader::view`].
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
    #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_array"))]
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

impl RankingBlockHeader {
    /// The header that these bytes are, all of them. Only the wrapper is read.
    ///
    /// # Errors
    ///
    /// What is wrong with the wrapper.
    pub fn from_raw(raw: Bytes) -> Result<Self, Malformed> {
        Reader::whole(&raw, wrapper)?;
        Ok(Self { raw })
    }

    /// The raw item.
    #[must_use]
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The header bytes inside the wrapper: what the header hash covers. Two wrappers around the
    /// same bytes are the same header.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        Reader::whole(&self.raw, wrapper).map_or(&self.raw, |(_, header)| header)
    }

    /// Reads the fields that Leios needs, whichever way the header writes its Leios extension.
    ///
    /// # Errors
    ///
    /// `InvalidHeader` where a field is of another type than the header format says, where the
    /// extension fits no dialect, or where there are fewer than 10 or more than 13 fields.
    pub fn view(&self) -> Result<HeaderView<'_>, Malformed> {
        let (era, header) = Reader::whole(&self.raw, wrapper)?;
        let start = self.raw.len().saturating_sub(header.len());
        view(era, header).map_err(|malformed| {
            Malformed::new(MalformedKind::InvalidHeader, malformed.offset).within(start)
        })
    }

    /// The same header with another slot and another Leios extension, in the form of the
    /// reference prototype. For tests and demonstrations: the signature of the result is that of
    /// the old header and doesn't verify.
    ///
    /// # Errors
    ///
    /// Those of [`view`](Self::view).
    pub fn reassemble(
        &self,
        slot: SlotNo,
        announces: Option<Announced>,
        certifies: bool,
    ) -> Result<Self, Malformed> {
        let view = self.view()?;
        let mut reader = Reader::new(view.header);
        reader.array()?;
        let arity = reader.array()?;
        let number = reader.skip(RAW_DEPTH)?;
        reader.skip(RAW_DEPTH)?;
        let middle = reader.at();
        for _ in 2..FIELDS {
            reader.skip(RAW_DEPTH)?;
        }
        let middle = reader.since(middle);
        for _ in FIELDS..arity {
            reader.skip(RAW_DEPTH)?;
        }
        let signature = reader.skip(RAW_DEPTH)?;

        let mut header = Vec::with_capacity(view.header.len().saturating_add(50));
        header.array(2);
        header.array(12);
        header.put(number);
        header.uint(slot.0);
        header.put(middle);
        header.bool(certifies);
        match announces {
            Some(announced) => {
                header.array(2);
                header.bytes(&announced.hash.0);
                header.uint(u64::from(announced.size));
            }
            None => header.null(),
        }
        header.put(signature);
        Ok(Self::wrap(view.era, &header))
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub const fn heap(&self) -> usize {
        Source::heap(&self.raw)
    }

    fn wrap(era: u64, header: &[u8]) -> Self {
        let mut raw = Vec::with_capacity(header.len().saturating_add(16));
        raw.array(2);
        raw.uint(era);
        raw.put(&[0xd8, 24]);
        raw.bytes(header);
        Self { raw: Bytes::from(raw) }
    }

    pub(super) fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let from = reader.at();
        wrapper(reader)?;
        Ok(Self { raw: source.bytes(reader.since(from)) })
    }
}

/// Fields of a header body before the Leios extension.
const FIELDS: u64 = 10;

/// Most items of a Leios extension: a flat pair and a flag.
const EXTENSION: u64 = 3;

/// The wrapper: the era and the header bytes.
#[inline]
fn wrapper<'a>(reader: &mut Reader<'a>) -> Read<(u64, &'a [u8])> {
    reader.array_exact(2)?;
    let era = reader.u64()?;
    reader.tag(24)?;
    Ok((era, reader.bytes()?))
}

/// The fields of the header `[header body, signature]`. Its errors tell where; that it is an
/// invalid header is for the caller to say.
fn view(era: u64, header: &[u8]) -> Read<HeaderView<'_>> {
    let wrong = MalformedKind::InvalidHeader;
    let mut reader = Reader::new(header);
    reader.array_exact(2)?;
    let arity = reader.array()?;
    if !(FIELDS..=FIELDS + EXTENSION).contains(&arity) {
        return Err(Malformed::new(wrong, 1));
    }
    let block_number = reader.u64()?;
    let slot = SlotNo(reader.u64()?);
    let prev_hash = if reader.null() { None } else { Some(Hash32::read(&mut reader)?) };
    let issuer = reader.array_of(wrong)?;
    // VRF key and result, body size and hash.
    for _ in 4..8 {
        reader.skip(RAW_DEPTH)?;
    }
    reader.array_exact(4)?;
    reader.bytes()?;
    let opcert_issue_number = reader.u64()?;
    reader.u64()?;
    reader.bytes()?;
    // Protocol version.
    reader.skip(RAW_DEPTH)?;
    let (certifies, announces) = extension(&mut reader, arity.saturating_sub(FIELDS))?;
    // The signature.
    reader.bytes()?;
    reader.finish()?;
    Ok(HeaderView {
        era,
        block_number,
        slot,
        prev_hash,
        issuer,
        opcert_issue_number,
        certifies,
        announces,
        header,
    })
}

/// The Leios extension, of which three encodings exist: its items from left to right, each of
/// the two facts at most once.
fn extension(reader: &mut Reader<'_>, mut items: u64) -> Read<(bool, Option<Announced>)> {
    let mut certifies = None;
    let mut announces = None;
    while items > 0 {
        let at = reader.at();
        let wrong = Malformed::new(MalformedKind::InvalidHeader, at);
        let major = reader.major()?;
        let (slot, used) = if major == BYTES {
            (Some(announced(reader)?), 2)
        } else if major == ARRAY {
            reader.array_exact(2)?;
            (Some(announced(reader)?), 1)
        } else if reader.null() {
            (None, 1)
        } else if certifies.is_none() {
            certifies = Some(reader.bool()?);
            items = items.saturating_sub(1);
            continue;
        } else {
            return Err(wrong);
        };
        if announces.replace(slot).is_some() {
            return Err(wrong);
        }
        items = items.checked_sub(used).ok_or(wrong)?;
    }
    Ok((certifies.unwrap_or(false), announces.flatten()))
}

fn announced(reader: &mut Reader<'_>) -> Read<Announced> {
    let hash = Hash32::read(reader)?;
    Ok(Announced { hash, size: reader.u32()? })
}

#[cfg(feature = "serde")]
impl serde::Serialize for RankingBlockHeader {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        crate::codec::text::hex_bytes::serialize(&self.raw, to)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for RankingBlockHeader {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = crate::codec::text::hex_bytes::deserialize(from)?;
        Self::from_raw(raw).map_err(serde::de::Error::custom)
    }
}

/// Mostly headers that can be read: short ones, with a choice of extensions.
#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for RankingBlockHeader {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut header = Vec::new();
        if u.ratio(1, 16)? {
            header.extend_from_slice(u.arbitrary()?);
        } else {
            let announces: Option<Announced> = u.arbitrary()?;
            let (tail, flag): (u8, bool) = (u.int_in_range(0..=3)?, u.arbitrary()?);
            let arity = match (tail, announces) {
                (0, _) => 10,
                (1, Some(_)) => 13,
                (2, _) => 11,
                _ => 12,
            };
            header.array(2);
            header.array(arity);
            header.uint(u.arbitrary()?);
            header.uint(u.arbitrary()?);
            header.null();
            header.bytes(&u.arbitrary::<[u8; 32]>()?);
            (4..8).for_each(|_| header.null());
            header.array(4);
            header.bytes(&[]);
            header.uint(u.arbitrary()?);
            header.uint(0);
            header.bytes(&[]);
            header.null();
            if arity == 12 {
                header.bool(flag);
            }
            match (arity, announces) {
                (11 | 12, Some(announced)) => {
                    header.array(2);
                    header.bytes(&announced.hash.0);
                    header.uint(u64::from(announced.size));
                }
                (11 | 12, None) => header.null(),
                (13, Some(announced)) => {
                    header.bytes(&announced.hash.0);
                    header.uint(u64::from(announced.size));
                    header.bool(flag);
                }
                _ => {}
            }
            header.bytes(&[]);
        }
        Ok(Self::wrap(u.int_in_range(6..=7)?, &header))
    }
}
