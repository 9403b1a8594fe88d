//! The strictness of `leios.md` section 4 (S-2) in one place: any head width, definite arrays of
//! exact arity, lists and maps of either form, definite strings, no tags but the one demanded. Chia
//! reads by the same, and by what demands definite lengths (`definite_map`, `array`,
//! `skip_definite`).

mod skip;

use super::head::{
    ARRAY, Argument, BYTES, MAP, SIMPLE, TAG, TEXT, UNSIGNED, argument, major, width,
};
use crate::codec::{Malformed, MalformedKind};

/// Reads items one after the other. An error leaves it where it is; it isn't used after one.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// How many items or pairs a list or map has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// So many.
    Definite(u64),
    /// All up to the break.
    UntilBreak,
}

type Result<T> = core::result::Result<T, Malformed>;

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads one value that all of `bytes` must make up.
    #[inline]
    pub(crate) fn whole<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let mut reader = Self::new(bytes);
        let value = read(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    /// The offset of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The bytes read since offset `from`.
    pub(crate) fn since(&self, from: usize) -> &'a [u8] {
        self.bytes.get(from..self.at).unwrap_or(&[])
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// Nothing may be left.
    pub(crate) const fn finish(&self) -> Result<()> {
        if self.at < self.bytes.len() {
            return Err(Malformed::new(MalformedKind::TrailingBytes, self.at));
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn u64(&mut self) -> Result<u64> {
        let from = self.at;
        match self.head()? {
            (UNSIGNED, Argument::Value(value)) => Ok(value),
            other => Err(mismatch(other, from)),
        }
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        let from = self.at;
        u32::try_from(self.u64()?).map_err(|_| out_of_range(from))
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16> {
        let from = self.at;
        u16::try_from(self.u64()?).map_err(|_| out_of_range(from))
    }

    pub(crate) fn bool(&mut self) -> Result<bool> {
        let from = self.at;
        match self.head()? {
            (SIMPLE, Argument::Value(20)) if self.at == from.saturating_add(1) => Ok(false),
            (SIMPLE, Argument::Value(21)) if self.at == from.saturating_add(1) => Ok(true),
            other => Err(mismatch(other, from)),
        }
    }

    /// A definite byte string.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let from = self.at;
        match self.head()? {
            (BYTES, Argument::Value(length)) => self.take(length),
            other => Err(mismatch(other, from)),
        }
    }

    /// A definite byte string of `N` bytes; any other length is `wrong`, found at its head.
    #[inline]
    pub(crate) fn array_of<const N: usize>(&mut self, wrong: MalformedKind) -> Result<[u8; N]> {
        let from = self.at;
        match self.head()? {
            (BYTES, Argument::Value(length)) if length == N as u64 => {
                let bytes = self.take(length)?;
                <[u8; N]>::try_from(bytes).map_err(|_| Malformed::new(wrong, from))
            }
            (BYTES, Argument::Value(_)) => Err(Malformed::new(wrong, from)),
            other => Err(mismatch(other, from)),
        }
    }

    /// A definite text.
    pub(crate) fn text(&mut self) -> Result<&'a str> {
        self.text_or(MalformedKind::NotWellFormed)
    }

    /// A definite text; `wrong` if it is no UTF-8.
    pub(crate) fn text_or(&mut self, wrong: MalformedKind) -> Result<&'a str> {
        let from = self.at;
        let text = core::str::from_utf8(self.text_bytes()?);
        text.map_err(|_| Malformed::new(wrong, from))
    }

    /// The bytes of a definite text, which may be none.
    #[inline]
    pub(crate) fn text_bytes(&mut self) -> Result<&'a [u8]> {
        let from = self.at;
        match self.head()? {
            (TEXT, Argument::Value(length)) => self.take(length),
            other => Err(mismatch(other, from)),
        }
    }

    /// The head of a definite array: its arity.
    #[inline]
    pub(crate) fn array(&mut self) -> Result<u64> {
        let from = self.at;
        match self.head()? {
            (ARRAY, Argument::Value(count)) => Ok(count),
            (ARRAY, Argument::Indefinite) => Err(Malformed::new(MalformedKind::BadArity, from)),
            other => Err(mismatch(other, from)),
        }
    }

    /// The head of a definite array of exactly `arity` items.
    #[inline]
    pub(crate) fn array_exact(&mut self, arity: u64) -> Result<()> {
        let from = self.at;
        if self.array()? == arity {
            return Ok(());
        }
        Err(Malformed::new(MalformedKind::BadArity, from))
    }

    /// The head of a definite array and its leading integer, which tells one summand from the
    /// others. `arity` gives the number of items of each known one.
    #[inline]
    pub(crate) fn variant(&mut self, arity: impl FnOnce(u64) -> Option<u64>) -> Result<u64> {
        let from = self.at;
        let items = self.array()?;
        if items == 0 {
            return Err(Malformed::new(MalformedKind::BadArity, from));
        }
        let tag_at = self.at;
        let tag = self.u64()?;
        match arity(tag) {
            Some(arity) if arity == items => Ok(tag),
            Some(_) => Err(Malformed::new(MalformedKind::BadArity, from)),
            None => Err(Malformed::new(MalformedKind::UnknownMessage, tag_at)),
        }
    }

    /// The head of a list.
    #[inline]
    pub(crate) fn list(&mut self) -> Result<Count> {
        self.open(ARRAY)
    }

    /// The head of a map.
    pub(crate) fn map(&mut self) -> Result<Count> {
        self.open(MAP)
    }

    /// The head of a definite map: its pairs.
    pub(crate) fn definite_map(&mut self) -> Result<u64> {
        let from = self.at;
        match self.map()? {
            Count::Definite(pairs) => Ok(pairs),
            Count::UntilBreak => Err(Malformed::new(MalformedKind::BadArity, from)),
        }
    }

    /// Whether another item or pair comes; counts it, or takes the break.
    #[inline]
    #[expect(clippy::arithmetic_side_effects, reason = "none left is the case before")]
    pub(crate) fn another(&mut self, count: &mut Count) -> Result<bool> {
        match count {
            Count::Definite(0) => Ok(false),
            Count::Definite(left) => {
                *left -= 1;
                Ok(true)
            }
            Count::UntilBreak => match self.peek() {
                Some(0xff) => {
                    self.advance(1);
                    Ok(false)
                }
                Some(_) => Ok(true),
                None => Err(self.end()),
            },
        }
    }

    /// The head of a tag.
    pub(crate) fn tag(&mut self, number: u64) -> Result<()> {
        let from = self.at;
        match self.head()? {
            (TAG, Argument::Value(found)) if found == number => Ok(()),
            other => Err(mismatch(other, from)),
        }
    }

    /// Takes a null if the next item is one.
    pub(crate) fn null(&mut self) -> bool {
        let is_null = self.peek() == Some(0xf6);
        self.advance(usize::from(is_null));
        is_null
    }

    /// The major type of the next item.
    pub(crate) fn major(&self) -> Result<u8> {
        self.peek().map(major).ok_or_else(|| self.end())
    }

    /// The next `N` bytes, if `take` makes a value of them: then they are read.
    #[inline]
    pub(crate) fn chunk<const N: usize, T>(
        &mut self,
        take: impl FnOnce(&'a [u8; N]) -> Option<T>,
    ) -> Option<T> {
        let value = take(self.bytes.get(self.at..)?.first_chunk()?)?;
        self.advance(N);
        Some(value)
    }

    /// The next so many bytes, if they are there and as wanted: then they are read.
    #[cfg(feature = "chia")]
    pub(crate) fn take_if(
        &mut self,
        length: usize,
        wanted: impl FnOnce(&[u8]) -> bool,
    ) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(self.at..)?.get(..length)?;
        if !wanted(bytes) {
            return None;
        }
        self.advance(length);
        Some(bytes)
    }

    fn open(&mut self, wanted: u8) -> Result<Count> {
        let from = self.at;
        match self.head()? {
            (found, Argument::Value(count)) if found == wanted => Ok(Count::Definite(count)),
            (found, Argument::Indefinite) if found == wanted => Ok(Count::UntilBreak),
            other => Err(mismatch(other, from)),
        }
    }

    #[inline]
    #[expect(clippy::arithmetic_side_effects, reason = "`from` is below the length of a slice")]
    fn head(&mut self) -> Result<(u8, Argument)> {
        let from = self.at;
        let Some(initial) = self.peek() else { return Err(self.end()) };
        if initial & 31 < 24 {
            self.advance(1);
            return Ok((major(initial), Argument::Value(u64::from(initial & 31))));
        }
        let malformed = |kind| Malformed::new(kind, from);
        let width = width(initial).map_err(malformed)?;
        let Some(rest) = self.bytes.get(from + 1..from + width) else { return Err(self.end()) };
        let argument = argument(initial, rest).map_err(malformed)?;
        self.advance(width);
        Ok((major(initial), argument))
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let from = self.at;
        let end = usize::try_from(length).ok().and_then(|length| from.checked_add(length));
        let Some(bytes) = end.and_then(|end| self.bytes.get(from..end)) else {
            return Err(self.end());
        };
        self.advance(bytes.len());
        Ok(bytes)
    }

    /// Goes over bytes that were found to be there.
    #[inline]
    #[expect(clippy::arithmetic_side_effects, reason = "within the bytes, so below their number")]
    const fn advance(&mut self, by: usize) {
        self.at += by;
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    const fn end(&self) -> Malformed {
        Malformed::new(MalformedKind::UnexpectedEnd, self.bytes.len())
    }
}

/// An item of another type than demanded, or a break where an item must be.
#[cold]
const fn mismatch((major, argument): (u8, Argument), at: usize) -> Malformed {
    let kind = match (major, argument) {
        (SIMPLE, Argument::Indefinite) => MalformedKind::NotWellFormed,
        _ => MalformedKind::TypeMismatch,
    };
    Malformed::new(kind, at)
}

#[cold]
const fn out_of_range(at: usize) -> Malformed {
    Malformed::new(MalformedKind::IntegerOutOfRange, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_read_if_it_is_there_and_taken() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5]);
        assert_eq!(reader.chunk(|bytes: &[u8; 2]| Some(*bytes)), Some([1, 2]));
        assert_eq!((reader.at(), reader.left()), (2, 3));
        assert_eq!(reader.chunk(|_: &[u8; 2]| None::<u8>), None, "not taken");
        assert_eq!(reader.chunk(|bytes: &[u8; 4]| Some(*bytes)), None, "not there");
        assert_eq!((reader.at(), reader.left()), (2, 3));
        assert_eq!(reader.chunk(|bytes: &[u8; 3]| Some(*bytes)), Some([3, 4, 5]));
        assert_eq!((reader.at(), reader.left()), (5, 0));
    }
}
