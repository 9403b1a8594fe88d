//! What can be wrong with an answer of an execution layer.

use std::fmt;

/// Why a question has no answer. Each kind is counted on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection, or one that broke.
    Unreachable,
    /// No whole answer in time.
    TimedOut,
    /// Another HTTP status than 200.
    Status(u16),
    /// More bytes than are read.
    TooLarge,
    /// Not JSON-RPC, or not of the form that was asked for; where and why.
    Garbage(String),
    /// The server answered with an error.
    Refused {
        /// Its code.
        code: i64,
    },
    /// Well-formed, and of another block or in contradiction with itself.
    Wrong(&'static str),
}

impl Fault {
    /// The kinds, by the names that metrics use.
    pub const LABELS: [&'static str; 7] =
        ["unreachable", "timed_out", "status", "too_large", "garbage", "refused", "wrong"];

    /// The name of its kind, one of [`LABELS`](Self::LABELS).
    #[must_use]
    pub const fn label(&self) -> &'static str {
        Self::LABELS[self.place()]
    }

    /// The place of its kind in [`LABELS`](Self::LABELS).
    #[must_use]
    pub const fn place(&self) -> usize {
        match self {
            Self::Unreachable => 0,
            Self::TimedOut => 1,
            Self::Status(_) => 2,
            Self::TooLarge => 3,
            Self::Garbage(_) => 4,
            Self::Refused { .. } => 5,
            Self::Wrong(_) => 6,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("no connection"),
            Self::TimedOut => f.write_str("no whole answer in time"),
            Self::Status(status) => write!(f, "HTTP status {status}"),
            Self::TooLarge => f.write_str("a larger answer than is read"),
            Self::Garbage(why) => write!(f, "not understood: {why}"),
            Self::Refused { code } => write!(f, "answered with error {code}"),
            Self::Wrong(why) => write!(f, "contradicts itself: {why}"),
        }
    }
}

impl std::error::Error for Fault {}
