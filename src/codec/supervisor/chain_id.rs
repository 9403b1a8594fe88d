//! Chain ids: numbers of 256 bits, as hex or decimal text.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex;

/// Names a chain: a number of up to 256 bits, big-endian (S-7). Ordered by value.
///
/// Its text is `0x` and 1 to 64 hex digits, or a decimal number without leading zeros (D-1);
/// it is written in hex.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ChainId(pub [u8; 32]);

impl ChainId {
    /// The id that `text` is; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::quantity(text).or_else(|| decimal(text)).map(Self)
    }

    /// The id as a number, if it fits 64 bits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        let (high, low) = self.0.split_last_chunk::<8>()?;
        high.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(*low))
    }

    /// The id in decimal, as deployed services write it (D-3).
    #[must_use]
    pub const fn decimal(self) -> impl fmt::Display {
        Decimal(self)
    }
}

impl From<u64> for ChainId {
    fn from(number: u64) -> Self {
        let mut bytes = [0; 32];
        if let Some(low) = bytes.last_chunk_mut() {
            *low = number.to_be_bytes();
        }
        Self(bytes)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0.iter().skip_while(|byte| **byte == 0);
        write!(f, "{:#x}", bytes.next().unwrap_or(&0))?;
        bytes.try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ChainId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChainId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        hex::text(from, "a chain id of up to 256 bits, in hex or decimal", Self::parse)
    }
}

/// 2^256 has 78 decimal digits.
const MOST_DIGITS: usize = 78;

fn decimal(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let leading_zero = digits.len() > 1 && digits.starts_with(b"0");
    if digits.is_empty() || digits.len() > MOST_DIGITS || leading_zero {
        return None;
    }
    let mut bytes = [0_u8; 32];
    for digit in digits {
        let mut carry = u16::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        for byte in bytes.iter_mut().rev() {
            let [high, low] = (u16::from(*byte).wrapping_mul(10).wrapping_add(carry)).to_be_bytes();
            (*byte, carry) = (low, u16::from(high));
        }
        if carry != 0 {
            return None;
        }
    }
    Some(bytes)
}

struct Decimal(ChainId);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(number) = self.0.as_u64() {
            return write!(f, "{number}");
        }
        let mut rest = self.0.0;
        let mut digits = [b'0'; MOST_DIGITS];
        for place in digits.iter_mut().rev() {
            let mut remainder = 0_u16;
            for byte in &mut rest {
                let value = remainder << 8 | u16::from(*byte);
                *byte = u8::try_from(value / 10).unwrap_or_default();
                remainder = value % 10;
            }
            *place |= u8::try_from(remainder).unwrap_or_default();
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let digits = digits.get(zeros..).unwrap_or_default();
        f.write_str(core::str::from_utf8(digits).unwrap_or_default())
    }
}
