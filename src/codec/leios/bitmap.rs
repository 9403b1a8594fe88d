//! Windows of 64 transactions and their bitmaps: offset 0 is the most significant bit
//! (`leios.md` 8.3).

use alloc::vec::Vec;
use core::num::NonZeroU64;

use super::Read;
use crate::codec::cbor::{Reader, Sink};
use crate::codec::{Malformed, MalformedKind};

/// A window number: window `w` covers the transactions `64 w ..= 64 w + 63`.
pub type Index16 = u16;

/// The bit of offset 0.
const FIRST: u64 = 1 << 63;

/// Which of 64 transactions; never none. Offset 0 is the most significant bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bitmap64(NonZeroU64);

impl Bitmap64 {
    /// The bitmap with these bits, unless there are none.
    #[must_use]
    pub const fn new(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// The bits, as on the wire.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0.get()
    }

    /// The bit that stands for a transaction in its window.
    pub(crate) const fn bit(index: u32) -> u64 {
        // The shift is taken modulo 64.
        FIRST.wrapping_shr(index)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let at = reader.at();
        Self::new(reader.u64()?).ok_or(Malformed::new(MalformedKind::ZeroBitmap, at))
    }

    /// How many transactions it names: 1 to 64.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0.get().count_ones()
    }

    /// True if every transaction it names is named by `other` too.
    #[must_use]
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.bits() & !other.bits() == 0
    }

    /// The offsets it names, ascending, 0 to 63.
    pub fn offsets(self) -> impl Iterator<Item = u32> {
        let mut left = self.bits();
        core::iter::from_fn(move || {
            let offset = left.leading_zeros();
            left &= !FIRST.checked_shr(offset)?;
            Some(offset)
        })
    }
}

/// Transactions of one block, by windows: at least one, window numbers strictly ascending (L-6,
/// L-7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct TxBitmaps(Vec<(Index16, Bitmap64)>);

impl TxBitmaps {
    /// These windows, if there is one and they ascend strictly.
    #[must_use]
    pub fn from_windows(windows: Vec<(Index16, Bitmap64)>) -> Option<Self> {
        let ascending = windows.windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0));
        (ascending && !windows.is_empty()).then_some(Self(windows))
    }

    /// These transactions, if there is one, they ascend strictly and stay below 2^22.
    #[must_use]
    pub fn from_indices(indices: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut windows: Vec<(Index16, Bitmap64)> = Vec::new();
        let mut last = None;
        for index in indices {
            if last.is_some_and(|last| last >= index) {
                return None;
            }
            last = Some(index);
            let window = Index16::try_from(index / 64).ok()?;
            let bit = Bitmap64::bit(index);
            match windows.last_mut() {
                Some((at, bits)) if *at == window => *bits = Bitmap64::new(bits.bits() | bit)?,
                _ => windows.push((window, Bitmap64::new(bit)?)),
            }
        }
        Self::from_windows(windows)
    }

    /// All `count` transactions of a block; `None` if there are none or more than 2^22.
    #[must_use]
    pub fn all(count: u32) -> Option<Self> {
        Self::from_indices(0..count)
    }

    /// The windows, ascending.
    #[must_use]
    pub fn windows(&self) -> &[(Index16, Bitmap64)] {
        &self.0
    }

    /// The bitmap of a window.
    #[must_use]
    pub fn window(&self, window: Index16) -> Option<Bitmap64> {
        let at = self.0.binary_search_by_key(&window, |(window, _)| *window).ok()?;
        self.0.get(at).map(|(_, bitmap)| *bitmap)
    }

    /// How many transactions are named.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.iter().fold(0, |sum, (_, bitmap)| sum.saturating_add(bitmap.count()))
    }

    /// The transactions named, ascending.
    pub fn indices(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|&(window, bitmap)| {
            bitmap.offsets().map(move |offset| u32::from(window) << 6 | offset)
        })
    }

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.0.capacity().saturating_mul(size_of::<(Index16, Bitmap64)>())
    }
}

impl TxBitmaps {
    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let at = reader.at();
        let mut count = reader.map()?;
        let mut windows = Vec::new();
        let mut last = None;
        while reader.another(&mut count)? {
            let window = read_window(reader, &mut last)?;
            windows.push((window, Bitmap64::read(reader)?));
        }
        if windows.is_empty() {
            return Err(Malformed::new(MalformedKind::EmptyBitmapMap, at));
        }
        Ok(Self(windows))
    }

    pub(super) fn write(&self, out: &mut impl Sink) {
        out.map(self.0.len());
        for (window, bitmap) in &self.0 {
            out.uint(u64::from(*window));
            out.uint(bitmap.bits());
        }
    }
}

/// A window number greater than the last one (L-7).
pub(super) fn read_window(reader: &mut Reader<'_>, last: &mut Option<Index16>) -> Read<Index16> {
    let at = reader.at();
    let window = reader.u16()?;
    if last.is_some_and(|last| last >= window) {
        return Err(Malformed::new(MalformedKind::WindowsNotAscending, at));
    }
    *last = Some(window);
    Ok(window)
}

#[cfg(feature = "serde")]
impl serde::Serialize for Bitmap64 {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        crate::codec::text::bits::serialize(self.bits(), to)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Bitmap64 {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bits = crate::codec::text::bits::deserialize(from)?;
        Self::new(bits).ok_or_else(|| serde::de::Error::custom("a bitmap without a bit"))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for TxBitmaps {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let windows = Vec::deserialize(from)?;
        Self::from_windows(windows)
            .ok_or_else(|| serde::de::Error::custom("windows must ascend, and there must be one"))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Bitmap64 {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self(u.arbitrary()?))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for TxBitmaps {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut windows = Vec::<(Index16, Bitmap64)>::arbitrary(u)?;
        windows.push(u.arbitrary()?);
        windows.sort_by_key(|(window, _)| *window);
        windows.dedup_by_key(|(window, _)| *window);
        Self::from_windows(windows).ok_or(arbitrary::Error::EmptyChoose)
    }
}
