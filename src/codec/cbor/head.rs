//! The head of an item: major type and argument.

use crate::codec::MalformedKind;

/// Major type 0.
pub(crate) const UNSIGNED: u8 = 0;
/// Major type 1.
#[cfg(feature = "chia")]
pub(crate) const NEGATIVE: u8 = 1;
/// Major type 2.
pub(crate) const BYTES: u8 = 2;
/// Major type 3.
pub(crate) const TEXT: u8 = 3;
/// Major type 4.
pub(crate) const ARRAY: u8 = 4;
/// Major type 5.
pub(crate) const MAP: u8 = 5;
/// Major type 6.
pub(crate) const TAG: u8 = 6;
/// Major type 7: simple values, floats and the break.
pub(crate) const SIMPLE: u8 = 7;

/// The argument of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A number: the value, length, count or tag.
    Value(u64),
    /// Indefinite length; in major type 7 the break.
    Indefinite,
}

/// The major type that a first byte names.
pub(crate) const fn major(initial: u8) -> u8 {
    initial >> 5
}

/// How many bytes a head takes, by its first byte.
pub(crate) const fn width(initial: u8) -> Result<usize, MalformedKind> {
    match initial & 31 {
        0..=23 => Ok(1),
        24 => Ok(2),
        25 => Ok(3),
        26 => Ok(5),
        27 => Ok(9),
        31 if matches!(major(initial), BYTES | TEXT | ARRAY | MAP | SIMPLE) => Ok(1),
        _ => Err(MalformedKind::NotWellFormed),
    }
}

/// The argument of a head of which every byte is there.
pub(crate) fn argument(initial: u8, rest: &[u8]) -> Result<Argument, MalformedKind> {
    let info = initial & 31;
    if info < 24 {
        return Ok(Argument::Value(u64::from(info)));
    }
    if info == 31 {
        return Ok(Argument::Indefinite);
    }
    let value = rest.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    // RFC 8949, 3.3: a simple value below 32 has no two-byte form.
    if major(initial) == SIMPLE && info == 24 && value < 32 {
        return Err(MalformedKind::NotWellFormed);
    }
    Ok(Argument::Value(value))
}

/// The head that the bytes begin with, if it is there as a whole and has a number for argument:
/// major type, argument, and the bytes after it.
#[inline]
pub(crate) fn leading(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (initial, rest) = bytes.split_first()?;
    let (value, rest) = match (initial & 31, rest) {
        (value @ 0..=23, rest) => (u64::from(value), rest),
        (24, [a, rest @ ..]) if major(*initial) != SIMPLE => (u64::from(*a), rest),
        (25, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest),
        (26, [a, b, c, d, rest @ ..]) => (u64::from(u32::from_be_bytes([*a, *b, *c, *d])), rest),
        (27, rest) => {
            let (value, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*value), rest)
        }
        _ => return None,
    };
    Some((major(*initial), value, rest))
}

/// The unsigned integer that the bytes begin with, and the bytes after it.
#[inline]
pub(crate) fn leading_uint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match leading(bytes)? {
        (UNSIGNED, value, rest) => Some((value, rest)),
        _ => None,
    }
}
