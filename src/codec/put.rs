//! Where encoded bytes go.

use alloc::vec;
use alloc::vec::Vec;

/// Where a form is written to.
///
/// One of your own only has to say where bytes go; a hash of what is written, for example:
///
/// ```
/// # #[cfg(feature = "chia")] {
/// use nodewire::codec::chia::HeaderHash;
/// use nodewire::codec::streamable::{Put, Streamable};
///
/// struct Fnv(u32);
///
/// impl Put for Fnv {
///     fn put(&mut self, bytes: &[u8]) {
///         for byte in bytes {
///             self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
///         }
///     }
/// }
///
/// let hashes = vec![HeaderHash([1; 32]), HeaderHash([2; 32])];
/// let (mut written, mut whole) = (Fnv(0x811c_9dc5), Fnv(0x811c_9dc5));
/// hashes.write(&mut written);
/// whole.put(&hashes.to_bytes());
/// assert_eq!(written.0, whole.0);
/// # }
/// ```
pub trait Put {
    /// Appends bytes.
    fn put(&mut self, bytes: &[u8]);

    /// Appends so many bytes, which `fill` sets; they are zero before it.
    fn put_with(&mut self, count: usize, fill: impl FnOnce(&mut [u8])) {
        let mut bytes = vec![0; count];
        fill(&mut bytes);
        self.put(&bytes);
    }

    /// So many bytes are put next, at least.
    #[inline]
    fn make_room(&mut self, count: usize) {
        let _ = count;
    }
}

impl Put for Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn put_with(&mut self, count: usize, fill: impl FnOnce(&mut [u8])) {
        let from = self.len();
        self.resize(from.saturating_add(count), 0);
        fill(self.get_mut(from..).unwrap_or_default());
    }

    #[inline]
    fn make_room(&mut self, count: usize) {
        self.reserve(count);
    }
}

/// Counts the bytes instead of keeping them.
pub(crate) struct Counter(usize);

impl Counter {
    /// How many bytes `write` puts out.
    #[inline]
    pub(crate) fn of(write: impl FnOnce(&mut Self)) -> usize {
        let mut counter = Self(0);
        write(&mut counter);
        counter.0
    }
}

impl Put for Counter {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.0 = self.0.saturating_add(bytes.len());
    }

    #[inline]
    fn put_with(&mut self, count: usize, _: impl FnOnce(&mut [u8])) {
        self.0 = self.0.saturating_add(count);
    }
}
