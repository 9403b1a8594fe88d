//! The ids of requests, which go back as they came.

use alloc::boxed::Box;
use core::fmt;

/// The id of a request: the same JSON token that came, whatever it is: `1`, `1.0`, `"a"`, `null`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Box<str>);

impl Id {
    /// The id of answers to what has none.
    #[must_use]
    pub fn null() -> Self {
        Self("null".into())
    }

    /// A number as an id.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self(alloc::format!("{number}").into())
    }

    /// A JSON token that may be an id: a string, a number or null.
    pub(in crate::codec::supervisor) fn of_token(token: &str) -> Option<Self> {
        // Well-formed JSON that starts so is nothing else.
        let usable = matches!(token.as_bytes().first(), Some(b'"' | b'-' | b'n' | b'0'..=b'9'));
        usable.then(|| Self(token.into()))
    }

    /// The JSON token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
