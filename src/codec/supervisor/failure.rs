//! Why a call is refused.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::{self, Write as _};

use super::Code;

/// An error of a call: its code, and a detail for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Failure {
    /// What went wrong.
    pub code: Code,
    /// More about it, at most [`Failure::DETAIL`] bytes.
    detail: Option<Box<str>>,
}

impl Failure {
    /// Most bytes of a detail: what a client sends is not sent back to it at length.
    pub const DETAIL: usize = 256;

    /// `code` with a detail, which is cut at [`DETAIL`](Self::DETAIL) bytes.
    #[must_use]
    pub fn new(code: Code, detail: impl fmt::Display) -> Self {
        let mut text = Cut(String::new());
        // The writer stops taking more when it is full.
        let _ = write!(text, "{detail}");
        let detail = (!text.0.is_empty()).then(|| text.0.into_boxed_str());
        Self { code, detail }
    }

    /// More about it than the code says.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, detail: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.message())?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

struct Cut(String);

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = Failure::DETAIL.saturating_sub(self.0.len());
        self.0.push_str(cut(text, room));
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

/// The first `most` bytes of a text, or a little less where that ends inside a character.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}
