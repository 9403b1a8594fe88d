//! What is wrong with bytes that are no message.

use core::fmt;

/// Bytes that are no message: what is wrong with them, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct Malformed {
    /// What is wrong.
    pub kind: MalformedKind,
    /// The offset of the first wrong byte, counted from the start of the input.
    pub offset: usize,
}

impl Malformed {
    /// `kind` at byte `offset`.
    #[must_use]
    pub const fn new(kind: MalformedKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// The same, inside something that starts at byte `start`.
    #[must_use]
    pub const fn within(self, start: usize) -> Self {
        Self { kind: self.kind, offset: self.offset.saturating_add(start) }
    }
}

/// The ways in which bytes can be wrong. The names are those of the shared test vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MalformedKind {
    /// The input ends inside the message.
    UnexpectedEnd,
    /// Bytes follow the message where it must be alone.
    TrailingBytes,
    /// Not well-formed in the underlying encoding at all.
    NotWellFormed,
    /// Nested deeper than allowed.
    TooDeep,
    /// Longer than allowed, or claims to be.
    TooLarge,
    /// A frame longer than allowed, by the length before it.
    FrameTooLarge,
    /// An unknown leading integer, or an unknown function name.
    UnknownMessage,
    /// An array of the wrong length, or of indefinite length where it must be definite.
    BadArity,
    /// Another type than the one demanded.
    TypeMismatch,
    /// An integer outside its range.
    IntegerOutOfRange,
    /// A list that must not be empty is.
    EmptyList,
    /// A map of bitmaps that must not be empty is.
    EmptyBitmapMap,
    /// A bitmap without a bit.
    ZeroBitmap,
    /// Window numbers that don't ascend strictly.
    WindowsNotAscending,
    /// A hash of the wrong length.
    BadHashLength,
    /// A signature of the wrong length.
    BadSignatureLength,
    /// As many transactions as the bitmap has bits are demanded.
    BitmapCountMismatch,
    /// An endorser block that names a transaction twice.
    DuplicateTxReference,
    /// A ranking-block header whose fields or extension fit no dialect.
    InvalidHeader,
    /// Map keys that don't ascend strictly.
    KeysNotAscending,
    /// A segment without payload.
    ZeroLengthSegment,
    /// A member that the message does not have.
    UnknownMember,
    /// A member that the message must have is not there.
    MissingMember,
    /// A member, or a key of the envelope, that is there twice.
    DuplicateMember,
    /// Bytes of another length than demanded.
    WrongLength,
    /// A signature of the other kind than demanded, by its flag.
    BadSignatureFlag,
    /// A byte before an optional value that is neither 0 nor 1.
    BadOptionalTag,
    /// A text that is not UTF-8.
    BadUtf8,
}

impl MalformedKind {
    /// The name, as in the shared test vectors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnexpectedEnd => "UnexpectedEnd",
            Self::TrailingBytes => "TrailingBytes",
            Self::NotWellFormed => "NotWellFormed",
            Self::TooDeep => "TooDeep",
            Self::TooLarge => "TooLarge",
            Self::FrameTooLarge => "FrameTooLarge",
            Self::UnknownMessage => "UnknownMessage",
            Self::BadArity => "BadArity",
            Self::TypeMismatch => "TypeMismatch",
            Self::IntegerOutOfRange => "IntegerOutOfRange",
            Self::EmptyList => "EmptyList",
            Self::EmptyBitmapMap => "EmptyBitmapMap",
            Self::ZeroBitmap => "ZeroBitmap",
            Self::WindowsNotAscending => "WindowsNotAscending",
            Self::BadHashLength => "BadHashLength",
            Self::BadSignatureLength => "BadSignatureLength",
            Self::BitmapCountMismatch => "BitmapCountMismatch",
            Self::DuplicateTxReference => "DuplicateTxReference",
            Self::InvalidHeader => "InvalidHeader",
            Self::KeysNotAscending => "KeysNotAscending",
            Self::ZeroLengthSegment => "ZeroLengthSegment",
            Self::UnknownMember => "UnknownMember",
            Self::MissingMember => "MissingMember",
            Self::DuplicateMember => "DuplicateMember",
            Self::WrongLength => "WrongLength",
            Self::BadSignatureFlag => "BadSignatureFlag",
            Self::BadOptionalTag => "BadOptionalTag",
            Self::BadUtf8 => "BadUtf8",
        }
    }
}

impl fmt::Display for MalformedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with the first bytes of an item, if anything is but that they end: a message that
/// can't become good is not to be waited for. Looks at a few bytes, however many there are.
#[cfg(feature = "leios")]
pub(crate) fn wrong_head<T>(
    head: &[u8],
    decode: impl FnOnce(&[u8]) -> Result<T, Malformed>,
) -> Result<(), Malformed> {
    match decode(head.get(..16).unwrap_or(head)) {
        Err(wrong) if wrong.kind != MalformedKind::UnexpectedEnd => Err(wrong),
        Ok(_) | Err(_) => Ok(()),
    }
}
