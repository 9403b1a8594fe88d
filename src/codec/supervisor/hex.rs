//! Numbers and bytes as hex text (`supervisor.md` 2.1): any case in, lower case out.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use bytes::Bytes;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An unsigned number of up to 64 bits: `0x` and 1 to 16 hex digits (S-5). Leading zeros are
/// accepted within the width (D-2) and never written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct HexUint64(pub u64);

impl HexUint64 {
    /// The number that `text` is; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        quantity(text).map(|bytes| Self(u64::from_be_bytes(bytes)))
    }
}

impl fmt::Display for HexUint64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Serialize for HexUint64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HexUint64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "`0x` and 1 to 16 hex digits", Self::parse)
    }
}

/// Bytes of any length: `0x` and an even number of hex digits, possibly none (S-9).
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HexBytes(pub Bytes);

impl HexBytes {
    /// The bytes that `text` is; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x")?.as_bytes();
        let pairs = digits.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return None;
        }
        let bytes = pairs.map(pair).collect::<Option<Vec<u8>>>()?;
        Some(Self(Bytes::from(bytes)))
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bytes(&self.0, f)
    }
}

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bytes(&self.0, f)
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(self.0.len().saturating_mul(2).saturating_add(2));
        text.push_str("0x");
        for byte in &self.0 {
            let [high, low] = digits_of(*byte);
            text.push(char::from(high));
            text.push(char::from(low));
        }
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "`0x` and an even number of hex digits", Self::parse)
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for HexBytes {
    fn arbitrary(from: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self(Vec::<u8>::arbitrary(from)?.into()))
    }
}

/// `0x` and exactly `D` hex digits, which are twice as many as the `N` bytes.
pub(super) fn fixed<const D: usize, const N: usize>(text: &str) -> Option<[u8; N]> {
    decode::<D, N>(text.strip_prefix("0x")?.as_bytes().try_into().ok()?)
}

/// `D` hex digits as `N` bytes, half as many. Without a branch, so that many digits are read at a
/// time.
pub(super) fn decode<const D: usize, const N: usize>(digits: &[u8; D]) -> Option<[u8; N]> {
    const { assert!(D == 2 * N) }
    let (mut nibbles, mut all_hex) = ([0; D], true);
    for (nibble, digit) in nibbles.iter_mut().zip(digits) {
        let decimal = digit.wrapping_sub(b'0');
        let letter = (digit | 0x20).wrapping_sub(b'a');
        let (is_decimal, is_letter) = (decimal < 10, letter < 6);
        *nibble = if is_decimal { decimal } else { letter.wrapping_add(10) };
        all_hex &= is_decimal | is_letter;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(nibbles.chunks_exact(2)) {
        // The first digit is the high half.
        let [low, high] = u16::from_be_bytes(pair.try_into().unwrap_or_default()).to_le_bytes();
        *byte = (high << 4) | (low & 0x0f);
    }
    all_hex.then_some(bytes)
}

/// `0x` and 1 to `2 N` hex digits, as a big-endian number of `N` bytes.
pub(super) fn quantity<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    if digits.is_empty() || digits.len() > N.checked_mul(2)? {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().rev().zip(digits.rchunks(2)) {
        *byte = match digits {
            [low] => nibble(*low)?,
            both => pair(both)?,
        };
    }
    Some(bytes)
}

/// Writes `0x` and the digits of `bytes`.
pub(super) fn write_bytes(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Serializes up to 32 bytes as `0x` and their digits, without allocating.
pub(super) fn serialize_fixed<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    let mut text = *b"0x0000000000000000000000000000000000000000000000000000000000000000";
    for (place, byte) in text.chunks_exact_mut(2).skip(1).zip(bytes) {
        place.copy_from_slice(&digits_of(*byte));
    }
    let length = bytes.len().saturating_mul(2).saturating_add(2);
    let text = text.get(..length).unwrap_or_default();
    to.serialize_str(core::str::from_utf8(text).unwrap_or_default())
}

/// A value from text, and from nothing else.
pub(super) fn text<'de, D: Deserializer<'de>, T>(
    from: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    from.deserialize_str(Text { expected, parse, value: PhantomData })
}

struct Text<F, T> {
    expected: &'static str,
    parse: F,
    value: PhantomData<T>,
}

impl<F: FnOnce(&str) -> Option<T>, T> Visitor<'_> for Text<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        // The text is not repeated: it may be long, and it is not ours.
        (self.parse)(text).ok_or_else(|| E::custom(format_args!("not {}", self.expected)))
    }
}

const WRONG: u8 = 0x80;

/// The value of each hex digit, and [`WRONG`] for every other byte.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
static NIBBLES: [u8; 256] = {
    let mut table = [WRONG; 256];
    let mut value = 0_u8;
    while value < 16 {
        let [lower, upper] = [b"0123456789abcdef", b"0123456789ABCDEF"];
        table[lower[value as usize] as usize] = value;
        table[upper[value as usize] as usize] = value;
        value += 1;
    }
    table
};

#[expect(clippy::indexing_slicing, reason = "the table has a place for every byte")]
fn value(digit: u8) -> u8 {
    NIBBLES[usize::from(digit)]
}

fn nibble(digit: u8) -> Option<u8> {
    let value = value(digit);
    (value & WRONG == 0).then_some(value)
}

fn pair(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    Some(nibble(*high)? << 4 | nibble(*low)?)
}

#[expect(clippy::indexing_slicing, reason = "half a byte is below 16")]
fn digits_of(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0x0f)]]
}
