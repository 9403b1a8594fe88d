//! Where a message ends in a stream, when something in front of it says so.

use alloc::vec::Vec;

use crate::codec::{Malformed, MalformedKind};

/// Finds frames in a stream and puts them there.
///
/// A framing keeps nothing between calls: what is needed to find the end of a frame stands at its
/// beginning, so looking again after more bytes costs nothing.
pub trait Framing {
    /// Looks for a frame at the front of `bytes`, which is never empty. `ended`: no bytes follow.
    ///
    /// # Errors
    /// What is wrong with the beginning of the frame. It is the same however few bytes after it
    /// are there.
    fn split(&self, bytes: &[u8], ended: bool) -> Result<Option<Split>, Malformed>;

    /// How long the first message says it is, once enough of `bytes` is there to tell; `None`
    /// also where nothing says so. It says no more than [`split`](Self::split), but earlier.
    fn claim(&self, bytes: &[u8]) -> Option<usize> {
        let _ = bytes;
        None
    }

    /// Appends the frame of the message that `encode` appends.
    ///
    /// # Errors
    /// `TooLarge`, if no frame holds it; `out` is then of no more use.
    fn wrap(
        &self,
        out: &mut Vec<u8>,
        encode: &mut dyn FnMut(&mut Vec<u8>),
    ) -> Result<(), Malformed>;
}

/// Where a frame is: the message from `start` to `end`, the next frame from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Split {
    /// The first byte of the message.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// A big-endian length of 1, 2 or 4 bytes before each message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LengthPrefixed {
    width: usize,
    max: usize,
}

/// A length in groups of 7 bits before each message, the highest first, all but the last with
/// their top bit set; never with a leading group of zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vlq {
    max: usize,
}

/// One message is all there is until the stream ends: a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Whole {
    max: usize,
}

impl LengthPrefixed {
    /// A length of one byte; messages of at most `max` bytes.
    #[must_use]
    pub const fn one(max: usize) -> Self {
        Self::of(1, max, u8::MAX as usize)
    }

    /// A length of two bytes; messages of at most `max` bytes.
    #[must_use]
    pub const fn two(max: usize) -> Self {
        Self::of(2, max, u16::MAX as usize)
    }

    /// A length of four bytes; messages of at most `max` bytes.
    #[must_use]
    pub const fn four(max: usize) -> Self {
        Self::of(4, max, u32::MAX as usize)
    }

    const fn of(width: usize, max: usize, most: usize) -> Self {
        Self { width, max: if max < most { max } else { most } }
    }
}

impl Framing for LengthPrefixed {
    fn split(&self, bytes: &[u8], _: bool) -> Result<Option<Split>, Malformed> {
        let Some(length) = self.claim(bytes) else { return Ok(None) };
        found(self.width, length as u64, self.max, bytes)
    }

    fn claim(&self, bytes: &[u8]) -> Option<usize> {
        let prefix = bytes.get(..self.width)?;
        let length = prefix.iter().fold(0_u32, |length, byte| (length << 8) | u32::from(*byte));
        Some(length as usize)
    }

    fn wrap(
        &self,
        out: &mut Vec<u8>,
        encode: &mut dyn FnMut(&mut Vec<u8>),
    ) -> Result<(), Malformed> {
        let at = out.len();
        out.resize(at.saturating_add(self.width), 0);
        let start = out.len();
        encode(out);
        let length = fits(out.len().saturating_sub(start), self.max)?;
        // The length is below 2 to the power of 8 times the width, which is at most 4.
        let prefix = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        let prefix = prefix.get(prefix.len().saturating_sub(self.width)..).unwrap_or(&[]);
        if let Some(room) = out.get_mut(at..start) {
            room.copy_from_slice(prefix);
        }
        Ok(())
    }
}

impl Vlq {
    /// Messages of at most `max` bytes.
    #[must_use]
    pub const fn new(max: usize) -> Self {
        Self { max }
    }

    /// Groups of 7 bits that a 64-bit length takes at most.
    const GROUPS: usize = 10;
}

impl Framing for Vlq {
    fn split(&self, bytes: &[u8], _: bool) -> Result<Option<Split>, Malformed> {
        let mut length: u64 = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if (at == 0 && *byte == 0x80) || at >= Self::GROUPS {
                return Err(Malformed::new(MalformedKind::NotWellFormed, at));
            }
            length = match length.checked_mul(128) {
                Some(length) => length | u64::from(byte & 0x7f),
                None => return Err(Malformed::new(MalformedKind::TooLarge, at)),
            };
            if length > self.max as u64 {
                return Err(Malformed::new(MalformedKind::TooLarge, 0));
            }
            if byte & 0x80 == 0 {
                return found(at.saturating_add(1), length, self.max, bytes);
            }
        }
        Ok(None)
    }

    fn wrap(
        &self,
        out: &mut Vec<u8>,
        encode: &mut dyn FnMut(&mut Vec<u8>),
    ) -> Result<(), Malformed> {
        // The length of the prefix depends on the message, so that goes first.
        let mut message = Vec::new();
        encode(&mut message);
        let length = fits(message.len(), self.max)? as u64;
        let last = length.checked_ilog2().unwrap_or(0) / 7;
        for group in (0..=last).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            let bits = length.checked_shr(group.saturating_mul(7)).unwrap_or(0);
            out.push((bits & 0x7f) as u8 | more);
        }
        out.extend_from_slice(&message);
        Ok(())
    }
}

impl Whole {
    /// Documents of at most `max` bytes.
    #[must_use]
    pub const fn new(max: usize) -> Self {
        Self { max }
    }
}

impl Framing for Whole {
    fn split(&self, bytes: &[u8], ended: bool) -> Result<Option<Split>, Malformed> {
        fits(bytes.len(), self.max)?;
        Ok(ended.then_some(Split { start: 0, end: bytes.len() }))
    }

    fn wrap(
        &self,
        out: &mut Vec<u8>,
        encode: &mut dyn FnMut(&mut Vec<u8>),
    ) -> Result<(), Malformed> {
        let start = out.len();
        encode(out);
        fits(out.len().saturating_sub(start), self.max).map(drop)
    }
}

/// A frame whose message of `length` bytes begins at `start`, if it is there.
fn found(start: usize, length: u64, max: usize, bytes: &[u8]) -> Result<Option<Split>, Malformed> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let end = start.saturating_add(fits(length, max)?);
    Ok((bytes.len() >= end).then_some(Split { start, end }))
}

fn fits(length: usize, max: usize) -> Result<usize, Malformed> {
    if length > max {
        return Err(Malformed::new(MalformedKind::TooLarge, 0));
    }
    Ok(length)
}
