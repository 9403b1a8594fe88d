//! Reads Streamable forms, whose lengths are claims until the bytes are there.

use bytes::Bytes;

use super::Streamable;
use crate::codec::{Malformed, MalformedKind, Source};

/// Reads values one after the other. An error leaves it where it is; it isn't used after one.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    source: Source<'a>,
}

impl<'a> Reader<'a> {
    /// A reader before the first byte; `source` is where [`shared`](Self::shared) bytes come from.
    #[must_use]
    pub const fn new(bytes: &'a [u8], source: Source<'a>) -> Self {
        Self { bytes, at: 0, source }
    }

    /// The offset of the next byte.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// Nothing may be left (S-1).
    ///
    /// # Errors
    /// `TrailingBytes`, at the first of them.
    pub const fn finish(&self) -> Result<(), Malformed> {
        if self.left() > 0 {
            return Err(Malformed::new(MalformedKind::TrailingBytes, self.at));
        }
        Ok(())
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// `UnexpectedEnd` if there are fewer.
    #[inline]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length);
        let Some(bytes) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            return Err(self.end());
        };
        self.advance(length);
        Ok(bytes)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// `UnexpectedEnd` if there are fewer.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        let rest = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk);
        let Some(array) = rest else { return Err(self.end()) };
        self.advance(N);
        Ok(array)
    }

    /// The next `length` bytes as a value of its own, shared with what is read if that is worth
    /// it.
    ///
    /// # Errors
    /// `UnexpectedEnd` if there are fewer.
    pub fn shared(&mut self, length: usize) -> Result<Bytes, Malformed> {
        let bytes = self.take(length)?;
        Ok(self.source.bytes(bytes))
    }

    /// The same in the place of another value.
    #[inline]
    pub(crate) fn shared_over(&mut self, length: usize, over: &mut Bytes) -> Result<(), Malformed> {
        let bytes = self.take(length)?;
        *over = self.source.bytes(bytes);
        Ok(())
    }

    /// The count before a list of values of at least `least` bytes each.
    ///
    /// # Errors
    /// `UnexpectedEnd` if so many cannot be there, or the count itself is not (S-2).
    #[inline]
    pub fn count(&mut self, least: usize) -> Result<usize, Malformed> {
        let count = u32::read(self)? as usize;
        // Values that take nothing would be as many as claimed: there are none of them.
        if count > self.left().checked_div(least).unwrap_or(0) {
            return Err(self.end());
        }
        Ok(count)
    }

    /// The fault of a value that starts at `at`.
    #[must_use]
    pub const fn wrong(kind: MalformedKind, at: usize) -> Malformed {
        Malformed::new(kind, at)
    }

    /// Goes over bytes that were found to be there.
    #[inline]
    #[expect(clippy::arithmetic_side_effects, reason = "within the bytes, so below their number")]
    const fn advance(&mut self, by: usize) {
        self.at += by;
    }

    #[cold]
    const fn end(&self) -> Malformed {
        Malformed::new(MalformedKind::UnexpectedEnd, self.bytes.len())
    }
}
