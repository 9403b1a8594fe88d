//! Where a short item ends, at one glance: nearly every message is one.

use super::head::{ARRAY, BYTES, MAP, TAG, TEXT, leading};

/// More heads than this make an item that is left to the scanner.
const HEADS: usize = 32;

/// Where the item ends that the bytes begin with, if it is all there, of few heads, none of them
/// indefinite, and nests at most `depth` levels. The scanner says the same of it; of whatever else
/// it may be, nothing is said here.
#[inline]
#[expect(clippy::arithmetic_side_effects, reason = "32 heads, each of an item that is to come")]
pub(super) fn end_of_short(bytes: &[u8], depth: u32) -> Option<usize> {
    // No stack: with definite lengths it is enough how many items are to come on all levels.
    let mut to_come = 1_u64;
    let mut levels = 0;
    let mut rest = bytes;
    for _ in 0..HEADS {
        let (major, value, after) = leading(rest)?;
        rest = after;
        let inside = match major {
            BYTES | TEXT => {
                rest = rest.get(usize::try_from(value).ok()?..)?;
                0
            }
            ARRAY => value,
            MAP => value.checked_mul(2)?,
            TAG => 1,
            _ => 0,
        };
        // As many containers as this could be inside each other.
        levels += u32::from(inside > 0);
        if levels > depth {
            return None;
        }
        to_come = (to_come - 1).checked_add(inside)?;
        if to_come == 0 {
            return Some(bytes.len() - rest.len());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::end_of_short;
    use crate::codec::cbor::Scanner;

    /// What the scanner makes of it byte by byte, which leaves no item to a glance.
    fn by_byte(bytes: &[u8], depth: u32) -> Option<usize> {
        let mut scanner = Scanner::new(depth);
        for (at, byte) in bytes.iter().enumerate() {
            match scanner.feed(core::slice::from_ref(byte), usize::MAX) {
                Ok(Some(_)) => return Some(at + 1),
                Ok(None) => {}
                Err(_) => return None,
            }
        }
        None
    }

    #[test]
    fn the_scanner_agrees() {
        let mut seen = 0;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..200_000 {
            let mut bytes = Vec::new();
            for at in 0..12 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Heads of small arguments, mostly.
                let byte = (state >> 32 & 0xff) as u8;
                bytes.push(if (at + round) % 3 > 0 { byte & 0b1110_0011 } else { byte });
            }
            for depth in [0, 1, 2, 64] {
                if let Some(end) = end_of_short(&bytes, depth) {
                    assert_eq!(by_byte(&bytes, depth), Some(end), "{bytes:x?}, {depth}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 10_000, "{seen}");
    }

    #[test]
    fn a_short_item_is_seen_and_others_are_left() {
        let offer = [0x84, 1, 0x18, 200, 0xf4, 0x81, 0x82, 1, 0x82, 0x1a, 0, 1, 2, 3, 0x41, 9, 7];
        assert_eq!(end_of_short(&offer, 64), Some(offer.len() - 1));
        assert_eq!(end_of_short(&offer, 3), None);
        assert_eq!(end_of_short(&[0x9f, 0xff], 64), None);
        assert_eq!(end_of_short(&[0x82, 1], 64), None);
        assert_eq!(end_of_short(&[0xf8, 24], 64), None);
        assert_eq!(end_of_short(&[0x1c], 64), None);
    }
}
