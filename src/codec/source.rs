//! Who may keep a slice of what was read.

use bytes::Bytes;

/// Where a decoder takes payload fields from: it shares large ones and copies small ones, since
/// a small slice would keep its whole read alive.
///
/// ```
/// use nodewire::bytes::Bytes;
/// use nodewire::codec::Source;
///
/// let read = Bytes::from(vec![7; 100]);
/// let shared = Source::of(&read).bytes(&read[10..90]);
/// assert_eq!(shared.as_ptr(), read[10..].as_ptr());
/// let copied = Source::of(&read).bytes(&read[10..20]);
/// assert_ne!(copied.as_ptr(), read[10..].as_ptr());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    read: Option<&'a Bytes>,
    /// Bytes of the buffer that the read is a part of.
    whole: usize,
}

impl<'a> Source<'a> {
    /// A field smaller than the read by more than this factor is copied.
    pub const SHARE: usize = 4;

    /// Copies every field.
    pub const COPY: Self = Self { read: None, whole: 0 };

    /// Bytes that a buffer with several owners takes beside its own.
    pub(crate) const CONTROL: usize = 4 * size_of::<usize>();

    /// Shares the fields of `read` that are at least a quarter of it.
    #[must_use]
    pub const fn of(read: &'a Bytes) -> Self {
        Self { read: Some(read), whole: read.len() }
    }

    /// Shares the fields of `read` that are at least a quarter of the buffer of `whole` bytes that
    /// it is what is left of: that is what they keep alive.
    pub(crate) const fn within(read: &'a Bytes, whole: usize) -> Self {
        Self { read: Some(read), whole }
    }

    /// Heap bytes that a field made by [`bytes`](Self::bytes) may keep alive: its own if it was
    /// copied, up to [`SHARE`](Self::SHARE) times as many if it was shared. The larger is told.
    #[must_use]
    pub const fn heap(field: &Bytes) -> usize {
        Self::most_heap(field.len())
    }

    /// The same of a field of so many bytes.
    pub(crate) const fn most_heap(len: usize) -> usize {
        len.saturating_mul(Self::SHARE).saturating_add(Self::CONTROL)
    }

    /// The field as a value of its own. `field` is a slice of the read, or of anything else, in
    /// which case it is copied.
    #[must_use]
    pub fn bytes(&self, field: &[u8]) -> Bytes {
        match self.read {
            Some(read)
                if !field.is_empty() && field.len().saturating_mul(Self::SHARE) >= self.whole =>
            {
                let start = (field.as_ptr() as usize).wrapping_sub(read.as_ptr() as usize);
                match start.checked_add(field.len()) {
                    Some(end) if end <= read.len() => read.slice(start..end),
                    _ => Bytes::copy_from_slice(field),
                }
            }
            _ => Bytes::copy_from_slice(field),
        }
    }
}
