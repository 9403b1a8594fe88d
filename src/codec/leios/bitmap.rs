//! Windows of 64 transactions and their bitmaps: offset 0 is the most significant bit
//! (`leios.md` 8.3).

use alloc::vec::Vec;
use core::num::NonZeroU64;

/// A window number: window `w` covers the transactions `64 w ..= 64 w + 63`.
pub type Index16 = u16;

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
            left &= !(1_u64 << 63).checked_shr(offset)?;
            Some(offset)
        })
    }
}

/// Transactions of one block, by windows: at least one, window numbers strictly ascending (L-6,
/// L-7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
            let bit = 1_u64 << (63 - index % 64);
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
            bitmap.offsets().map(move |offset| u32::from(window) * 64 + offset)
        })
    }

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.0.capacity().saturating_mul(size_of::<(Index16, Bitmap64)>())
    }
}
