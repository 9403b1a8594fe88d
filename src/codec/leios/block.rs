//! Endorser blocks (`leios.md` 9.2).

use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::{Hash32, Read, TxHash};
use crate::codec::cbor::{Reader, Sink};
use crate::codec::{Malformed, MalformedKind, Source};

/// An endorser block as received, byte for byte: its hash is over these bytes.
///
/// A value of this type is a definite map of transaction hashes to sizes, with at least one
/// entry and no hash twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinearLeiosBlock {
    raw: Bytes,
    count: u32,
}

/// One entry of an endorser block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TxReference {
    /// Blake2b-256 of the whole transaction.
    pub hash: TxHash,
    /// Its size in bytes.
    pub size: u32,
}

impl LinearLeiosBlock {
    /// A block of these references in this order; `None` if there are none, one twice, or more
    /// than 16 MiB of them.
    #[must_use]
    pub fn new(references: &[TxReference]) -> Option<Self> {
        let mut raw = Vec::with_capacity(references.len().saturating_mul(39).saturating_add(9));
        raw.map(references.len());
        for reference in references {
            raw.bytes(&reference.hash.0);
            raw.uint(u64::from(reference.size));
        }
        Self::from_raw(Bytes::from(raw)).ok()
    }

    /// The block that these bytes are, all of them.
    ///
    /// # Errors
    ///
    /// What is wrong with them; `EmptyList` if there is no entry, `DuplicateTxReference` at an
    /// entry whose hash another one has too.
    pub fn from_raw(raw: Bytes) -> Result<Self, Malformed> {
        let count = Reader::whole(&raw, entries)?;
        Ok(Self { raw, count })
    }

    /// The raw bytes.
    #[must_use]
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// How many transactions it refers to.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The references, in their order.
    pub fn references(&self) -> impl Iterator<Item = TxReference> + '_ {
        let mut reader = Reader::new(&self.raw);
        let mut left = reader.definite_map().unwrap_or(0);
        core::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            entry(&mut reader).ok()
        })
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub const fn heap(&self) -> usize {
        Source::heap(&self.raw)
    }

    pub(super) fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let from = reader.at();
        let count = entries(reader)?;
        Ok(Self { raw: source.bytes(reader.since(from)), count })
    }
}

#[inline]
fn entry(reader: &mut Reader<'_>) -> Read<TxReference> {
    if let Some(entry) = reader.chunk(usual) {
        return Ok(entry);
    }
    let hash = Hash32::read(reader)?;
    Ok(TxReference { hash, size: reader.u32()? })
}

/// The form of nearly every entry, at one glance: canonical, with a size of 16 bits.
#[inline]
fn usual(bytes: &[u8; 37]) -> Option<TxReference> {
    match bytes {
        [0x58, 0x20, hash @ .., 0x19, a, b] => {
            Some(TxReference { hash: Hash32(*hash), size: u32::from(u16::from_be_bytes([*a, *b])) })
        }
        _ => None,
    }
}

/// Reads a whole map and checks that no hash is in it twice: how many entries it has.
#[expect(clippy::arithmetic_side_effects, reason = "a reader only goes on from where it was")]
fn entries(reader: &mut Reader<'_>) -> Read<u32> {
    let from = reader.at();
    let pairs = reader.definite_map()?;
    if pairs == 0 {
        return Err(Malformed::new(MalformedKind::EmptyList, from));
    }
    // Bytes at hand bound what is reserved, whatever is claimed.
    let most = reader.left() / LEAST_ENTRY;
    let mut keys = Vec::with_capacity(usize::try_from(pairs).map_or(most, |pairs| pairs.min(most)));
    for _ in 0..pairs {
        let at = reader.at();
        let hash = entry(reader)?.hash;
        let offset = at - from;
        if offset as u64 > OFFSET {
            return Err(Malformed::new(MalformedKind::TooLarge, at));
        }
        keys.push(key(&hash, offset));
    }
    let count = u32::try_from(keys.len()).unwrap_or(u32::MAX);
    match duplicate(keys, reader.since(from)) {
        Some(at) => Err(Malformed::new(MalformedKind::DuplicateTxReference, at).within(from)),
        None => Ok(count),
    }
}

/// Bytes of an entry at least: two for the head of the hash, one for the size.
const LEAST_ENTRY: usize = 35;

/// The bits of a key that hold the offset of its entry: blocks stay below 16 MiB.
const OFFSET: u64 = (1 << 24) - 1;

/// The first 40 bits of a hash, then where its entry is: numbers that sort quickly.
fn key(hash: &TxHash, offset: usize) -> u64 {
    let [a, b, c, d, e, ..] = hash.0;
    u64::from_be_bytes([a, b, c, d, e, 0, 0, 0]) | offset as u64
}

/// The offset of the first entry whose hash is in an earlier one too.
///
/// Sorting bounds the time whatever the hashes: nobody gains by making their beginnings equal.
/// Few hashes are left to sort where they are spread as hashes are.
fn duplicate(mut keys: Vec<u64>, block: &[u8]) -> Option<usize> {
    retain_doubtful(&mut keys);
    keys.sort_unstable();
    let mut first = None;
    for run in keys.chunk_by(|a, b| a & !OFFSET == b & !OFFSET) {
        if run.len() > 1 {
            let found = duplicate_in_run(run, block);
            first = [first, found].into_iter().flatten().min();
        }
    }
    first
}

/// Drops the keys that share the cell of a table with no other: two bits a cell, for none, one or
/// more, and 32 cells or more a key.
#[expect(clippy::arithmetic_side_effects, reason = "bits of a cell are below 64")]
fn retain_doubtful(keys: &mut Vec<u64>) {
    let words = keys.len().next_power_of_two();
    let mut table = vec![0_u64; words];
    let bits = words.trailing_zeros().saturating_add(CELLS.trailing_zeros());
    let shift = u64::BITS.saturating_sub(bits);
    let place = |key: u64| {
        let cell = key >> shift;
        ((cell / CELLS) as usize, 2 * (cell % CELLS))
    };
    for key in keys.iter() {
        let (word, bit) = place(*key);
        if let Some(word) = table.get_mut(word) {
            *word |= (1 << bit) | ((*word >> bit & 1) << (bit + 1));
        }
    }
    keys.retain(|key| {
        let (word, bit) = place(*key);
        table.get(word).is_none_or(|word| word >> bit & 2 != 0)
    });
}

/// Cells of a word of the table.
const CELLS: u64 = 32;

/// The same among entries whose hashes begin alike.
#[cold]
fn duplicate_in_run(run: &[u64], block: &[u8]) -> Option<usize> {
    let mut hashes = Vec::with_capacity(run.len());
    for key in run {
        let offset = (key & OFFSET) as usize;
        let mut reader = Reader::new(block.get(offset..)?);
        hashes.push((Hash32::read(&mut reader).ok()?, offset));
    }
    hashes.sort_unstable();
    hashes
        .windows(2)
        .filter_map(|pair| match pair {
            [(a, _), (b, later)] if a == b => Some(*later),
            _ => None,
        })
        .min()
}

#[cfg(feature = "serde")]
impl serde::Serialize for LinearLeiosBlock {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        crate::codec::text::hex_bytes::serialize(&self.raw, to)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for LinearLeiosBlock {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = crate::codec::text::hex_bytes::deserialize(from)?;
        Self::from_raw(raw).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for LinearLeiosBlock {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut references = Vec::<TxReference>::arbitrary(u)?;
        references.push(u.arbitrary()?);
        references.sort();
        references.dedup_by_key(|reference| reference.hash);
        // Any order is legal; keep something other than the ascending one.
        let third = references.len() / 3;
        references.rotate_left(third);
        Self::new(&references).ok_or(arbitrary::Error::EmptyChoose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_share_a_cell_are_in_doubt() {
        // 64 keys, 32 cells each: those of every 32nd cell are alone.
        let spread = |count: u64| (0..count).map(|at| at << (64 - 6)).collect::<Vec<u64>>();
        let mut keys = spread(64);
        retain_doubtful(&mut keys);
        assert!(keys.is_empty(), "{keys:?}");
        // One more cell beside it, one twice.
        let mut keys = spread(62);
        let (beside, twice) = (1 << (64 - 11), keys[40]);
        keys.extend([beside, twice]);
        retain_doubtful(&mut keys);
        assert_eq!(keys, [twice, twice]);
    }
}
