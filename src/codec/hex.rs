//! Bytes as lower-case hex digits, and back.

use core::fmt;

/// Bytes that display as hex.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The bytes behind hex digits, of either case; `None` for anything else.
#[cfg(any(feature = "chia", feature = "serde"))]
pub(crate) fn unhex(text: &str) -> Option<alloc::vec::Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut octets = alloc::vec::Vec::with_capacity(text.len() / 2);
    let mut pairs = text.as_bytes().chunks_exact(2);
    for pair in &mut pairs {
        let [high, low] = pair else { return None };
        octets.push(digit(*high)? << 4 | digit(*low)?);
    }
    pairs.remainder().is_empty().then_some(octets)
}
