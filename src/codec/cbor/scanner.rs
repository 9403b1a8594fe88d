//! Where an item ends, found while its bytes trickle in.

use alloc::vec::Vec;

use super::head::{ARRAY, Argument, BYTES, MAP, SIMPLE, TAG, TEXT, argument, major, width};
use super::short::end_of_short;
use crate::codec::{Malformed, MalformedKind};
#[cfg(feature = "leios")]
use crate::heap;

/// Finds the end of one item after the other in a stream of bytes.
///
/// It looks at each byte once, however the stream is cut, and not at all into strings. It checks
/// that items are well-formed (RFC 8949, appendix C), not too deep and not too large; it doesn't
/// check what they mean. It owns no heap until an item nests deeper than a few levels.
///
/// ```
/// use nodewire::codec::cbor::Scanner;
///
/// let mut scanner = Scanner::new(8);
/// assert_eq!(scanner.feed(&[0x82, 0x01], 100), Ok(None));
/// assert_eq!(scanner.feed(&[0x42, 0xaa], 100), Ok(None));
/// assert_eq!(scanner.feed(&[0xbb, 0x03], 100), Ok(Some(1)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scanner {
    /// Most open levels.
    depth: u32,
    /// How many levels are open: the first of them in `shallow`, the others in `deep`.
    open: u32,
    /// Bytes of the item seen so far.
    seen: usize,
    /// Bytes still to come of the string whose head was the last one.
    string: u64,
    /// A head cut off by the end of a piece: its bytes, and how many there are.
    head: [u8; 9],
    head_len: u8,
    shallow: [Level; SHALLOW],
    deep: Vec<Level>,
}

/// Levels held inline: as many as a delivery of transactions has.
const SHALLOW: usize = 7;

/// What is still to come on an open level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Level {
    /// So many items of a definite array, map or tag; none on a level that isn't open.
    Items(u64),
    /// Items up to a break.
    Array,
    /// Pairs up to a break; true inside a pair.
    Map(bool),
    /// Definite strings of this major type up to a break.
    Chunks(u8),
}

/// The byte that ends what has no definite length.
const BREAK: u8 = 0xff;

const CLOSED: Level = Level::Items(0);

impl Scanner {
    /// A scanner before its first item, which may nest `depth` levels deep. A tag is a level.
    #[must_use]
    pub const fn new(depth: u32) -> Self {
        Self {
            depth,
            open: 0,
            seen: 0,
            string: 0,
            head: [0; 9],
            head_len: 0,
            shallow: [CLOSED; SHALLOW],
            deep: Vec::new(),
        }
    }

    /// Takes the next bytes of the stream. `Some(n)`: the item ends after `n` of them, and the
    /// bytes after those have not been looked at. `None`: it goes on after them.
    ///
    /// `limit` is the most bytes the whole item may have; it may differ from call to call.
    ///
    /// # Errors
    ///
    /// `NotWellFormed`, `TooDeep`, or `TooLarge`: the item is longer than `limit` or claims what
    /// doesn't fit. The offset counts from the start of the item. After an error the scanner is
    /// of no more use.
    #[inline]
    pub fn feed(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, Malformed> {
        if self.is_between_items() {
            // An item within the limit has no claims beyond it.
            let short = end_of_short(bytes, self.depth).filter(|end| *end <= limit);
            if short.is_some() {
                return Ok(short);
            }
        }
        self.feed_long(bytes, limit)
    }

    /// The same for any item.
    fn feed_long(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, Malformed> {
        // What lies beyond the limit is not looked at, so that cuts make no difference.
        let room = limit.saturating_sub(self.seen);
        let end = self.scan(bytes.get(..room).unwrap_or(bytes), limit)?;
        if end.is_none() && self.seen >= limit && !(self.is_between_items() && bytes.is_empty()) {
            return self.fail(MalformedKind::TooLarge);
        }
        Ok(end)
    }

    /// True between two items.
    #[must_use]
    pub const fn is_between_items(&self) -> bool {
        self.seen == 0
    }

    /// Bytes of the unfinished item seen so far.
    #[must_use]
    pub const fn seen(&self) -> usize {
        self.seen
    }

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.deep.capacity().saturating_mul(size_of::<Level>())
    }

    /// The most that [`heap`](Self::heap) can be at this depth.
    #[cfg(feature = "leios")]
    pub(crate) const fn most_heap(depth: u32) -> usize {
        let deep = (depth as usize).saturating_sub(SHALLOW);
        heap::list(deep).saturating_mul(size_of::<Level>())
    }

    /// As [`feed`](Self::feed), for bytes within the limit.
    #[expect(clippy::arithmetic_side_effects, reason = "`at` and `seen` count bytes at hand")]
    fn scan(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, Malformed> {
        let mut at = 0;
        loop {
            if self.string > 0 {
                let left = bytes.len() - at;
                let take = usize::try_from(self.string).map_or(left, |string| string.min(left));
                at += take;
                self.seen += take;
                self.string -= take as u64;
                if self.string > 0 {
                    return Ok(None);
                }
                if self.close_item() {
                    return Ok(Some(self.end(at)));
                }
                continue;
            }
            let Some((initial, value, used)) = self.next_head(bytes.get(at..).unwrap_or(&[]))?
            else {
                return Ok(None);
            };
            at += used;
            if self.open_item(initial, value, limit)? {
                return Ok(Some(self.end(at)));
            }
        }
    }

    /// The next head, its argument, and how many of these bytes it took; `None` if it goes on
    /// after them.
    #[inline]
    #[expect(clippy::arithmetic_side_effects, reason = "`seen` counts bytes at hand")]
    fn next_head(&mut self, bytes: &[u8]) -> Result<Option<(u8, Argument, usize)>, Malformed> {
        match bytes.first() {
            Some(&initial) if self.head_len == 0 && initial & 31 < 24 && !self.is_in_string() => {
                self.seen += 1;
                Ok(Some((initial, Argument::Value(u64::from(initial & 31)), 1)))
            }
            _ => self.long_head(bytes),
        }
    }

    /// The same for heads of more than a byte, cut ones, and those inside strings of chunks.
    #[inline]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "a head has 9 bytes at most, some of which are in `head`"
    )]
    fn long_head(&mut self, bytes: &[u8]) -> Result<Option<(u8, Argument, usize)>, Malformed> {
        let here = self.seen - usize::from(self.head_len);
        let malformed = |kind| Malformed::new(kind, here);
        let initial = match (self.head_len, bytes.first()) {
            (0, Some(first)) => *first,
            (0, None) => return Ok(None),
            (_, _) => self.head[0],
        };
        let width = width(initial).map_err(malformed)?;
        if let Level::Chunks(of) = self.top() {
            let is_chunk = major(initial) == of && initial & 31 != 31;
            if !is_chunk && initial != BREAK {
                return Err(malformed(MalformedKind::NotWellFormed));
            }
        }
        let have = usize::from(self.head_len);
        let used = (width - have).min(bytes.len());
        let new = bytes.get(..used).unwrap_or(&[]);
        self.seen += used;
        if have == 0 && used == width {
            let argument = argument(initial, new.get(1..).unwrap_or(&[])).map_err(malformed)?;
            return Ok(Some((initial, argument, used)));
        }
        if let Some(room) = self.head.get_mut(have..have + used) {
            room.copy_from_slice(new);
        }
        self.head_len = (have + used) as u8;
        if have + used < width {
            return Ok(None);
        }
        let rest = self.head.get(1..width).unwrap_or(&[]);
        let argument = argument(initial, rest).map_err(malformed)?;
        self.head = [0; 9];
        self.head_len = 0;
        Ok(Some((initial, argument, used)))
    }

    /// Takes a head. True if it ends the outermost item.
    #[inline]
    fn open_item(
        &mut self,
        initial: u8,
        argument: Argument,
        limit: usize,
    ) -> Result<bool, Malformed> {
        let major = major(initial);
        match (major, argument) {
            (BYTES | TEXT, Argument::Value(length)) => {
                self.fits(length, limit)?;
                self.string = length;
                Ok(length == 0 && self.close_item())
            }
            (BYTES | TEXT, Argument::Indefinite) => self.open_level(Level::Chunks(major), limit),
            (ARRAY, Argument::Value(count)) => {
                self.fits(count, limit)?;
                self.open_level(Level::Items(count), limit)
            }
            (ARRAY, Argument::Indefinite) => self.open_level(Level::Array, limit),
            (MAP, Argument::Value(pairs)) => {
                let Some(count) = pairs.checked_mul(2) else {
                    return self.fail(MalformedKind::TooLarge);
                };
                self.fits(count, limit)?;
                self.open_level(Level::Items(count), limit)
            }
            (MAP, Argument::Indefinite) => self.open_level(Level::Map(false), limit),
            (TAG, _) => self.open_level(Level::Items(1), limit),
            (SIMPLE, Argument::Indefinite) => match self.top() {
                Level::Array | Level::Map(false) | Level::Chunks(_) => {
                    self.pop();
                    Ok(self.close_item())
                }
                Level::Items(_) | Level::Map(true) => self.fail(MalformedKind::NotWellFormed),
            },
            _ => Ok(self.close_item()),
        }
    }

    /// Opens a level, or closes the item at once if it is to hold nothing.
    #[inline]
    #[expect(clippy::arithmetic_side_effects, reason = "`open` is below `depth` there")]
    fn open_level(&mut self, level: Level, limit: usize) -> Result<bool, Malformed> {
        if level == CLOSED {
            return Ok(self.close_item());
        }
        if self.open >= self.depth {
            return self.fail(MalformedKind::TooDeep);
        }
        self.fits(1, limit)?;
        match self.shallow.get_mut(self.open as usize) {
            Some(slot) => *slot = level,
            None => self.deep.push(level),
        }
        self.open += 1;
        Ok(false)
    }

    /// An item is complete: closes every level that it completes. True if none is left.
    #[inline]
    fn close_item(&mut self) -> bool {
        loop {
            let Some(top) = self.top_mut() else { return true };
            match top {
                Level::Items(left) => {
                    *left = left.saturating_sub(1);
                    if *left > 0 {
                        return false;
                    }
                }
                Level::Map(inside) => {
                    *inside = !*inside;
                    return false;
                }
                Level::Array | Level::Chunks(_) => return false,
            }
            self.pop();
        }
    }

    /// True inside a string of chunks.
    #[inline]
    fn is_in_string(&self) -> bool {
        matches!(self.top(), Level::Chunks(_))
    }

    #[inline]
    fn top(&self) -> Level {
        let Some(index) = (self.open as usize).checked_sub(1) else { return CLOSED };
        self.shallow.get(index).or(self.deep.last()).copied().unwrap_or(CLOSED)
    }

    #[inline]
    fn top_mut(&mut self) -> Option<&mut Level> {
        let index = (self.open as usize).checked_sub(1)?;
        self.shallow.get_mut(index).or(self.deep.last_mut())
    }

    #[inline]
    fn pop(&mut self) {
        self.open = self.open.saturating_sub(1);
        // Closed slots are wiped, so that equal states are equal values.
        match self.shallow.get_mut(self.open as usize) {
            Some(slot) => *slot = CLOSED,
            None => self.deep.truncate(self.deep.len().saturating_sub(1)),
        }
    }

    /// Whether so many more bytes fit, an item being a byte at least.
    #[inline]
    fn fits(&self, more: u64, limit: usize) -> Result<(), Malformed> {
        let room = limit.saturating_sub(self.seen) as u64;
        if more > room { self.fail(MalformedKind::TooLarge) } else { Ok(()) }
    }

    /// The item ends after `at` bytes of this piece.
    const fn end(&mut self, at: usize) -> usize {
        self.seen = 0;
        at
    }

    const fn fail<T>(&self, kind: MalformedKind) -> Result<T, Malformed> {
        Err(Malformed::new(kind, self.seen))
    }
}
