//! Goes over items that nobody wants to read, without recursion.

use super::{Reader, Result};
use crate::codec::cbor::scanner::Scanner;
#[cfg(feature = "chia")]
use {
    super::mismatch,
    crate::codec::cbor::head::{ARRAY, Argument, BYTES, MAP, NEGATIVE, SIMPLE, TEXT, UNSIGNED},
    crate::codec::{Malformed, MalformedKind},
};

impl<'a> Reader<'a> {
    /// Any item, nesting at most `depth` levels: its bytes.
    pub(crate) fn skip(&mut self, depth: u32) -> Result<&'a [u8]> {
        let from = self.at;
        let rest = self.bytes.get(from..).unwrap_or(&[]);
        match Scanner::new(depth).feed(rest, usize::MAX) {
            Ok(Some(length)) => {
                self.advance(length);
                Ok(self.since(from))
            }
            Ok(None) => Err(self.end()),
            // A claim beyond all limits: whatever comes, it will not be enough.
            Err(malformed) => Err(malformed.within(from)),
        }
    }

    /// Goes over any item without tags, floats and indefinite lengths, nesting at most `DEPTH`
    /// levels (`chia.md` D-3, D-8).
    #[cfg(feature = "chia")]
    pub(crate) fn skip_definite<const DEPTH: usize>(&mut self) -> Result<()> {
        // What is still to come on each open level.
        let mut levels = [0_u64; DEPTH];
        let mut open = 0_usize;
        loop {
            let from = self.at;
            let inside = match self.head()? {
                (BYTES | TEXT, Argument::Value(length)) => self.take(length).map(|_| 0)?,
                (ARRAY, Argument::Value(count)) => count,
                (MAP, Argument::Value(pairs)) => pairs.saturating_mul(2),
                (UNSIGNED | NEGATIVE, _) => 0,
                // In the head itself: the same numbers after it would be a float's bits.
                (SIMPLE, Argument::Value(20..=22)) if self.at == from.saturating_add(1) => 0,
                other => return Err(mismatch(other, from)),
            };
            if inside > self.left() as u64 {
                return Err(Malformed::new(MalformedKind::TooLarge, from));
            }
            if inside > 0 {
                let Some(level) = levels.get_mut(open) else {
                    return Err(Malformed::new(MalformedKind::TooDeep, from));
                };
                *level = inside;
                open = open.saturating_add(1);
                continue;
            }
            // The item is complete, and with it what it was the last of.
            loop {
                let Some(level) = open.checked_sub(1).and_then(|top| levels.get_mut(top)) else {
                    return Ok(());
                };
                *level = level.saturating_sub(1);
                if *level > 0 {
                    break;
                }
                open = open.saturating_sub(1);
            }
        }
    }
}
