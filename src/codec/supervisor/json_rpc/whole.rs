//! Whole texts of JSON, within limits and not looked into: one value, or those of a batch.

use serde_json::value::RawValue;

use super::TextLimits;
use super::nesting::deeper_than;
use super::raw::Elements;
use crate::codec::supervisor::{Code, Failure};

/// What a text is.
pub(super) enum Whole<'a> {
    /// Any value but an array.
    One(&'a RawValue),
    /// The elements of an array, up to the limit of a batch.
    Many(Elements<'a>),
}

impl<'a> Whole<'a> {
    /// Takes a text apart.
    ///
    /// # Errors
    /// [`Code::LimitExceeded`] for one that is too long; [`Code::ParseError`] for what is not
    /// UTF-8, not JSON or nested too deeply.
    pub(super) fn read(text: &'a [u8], limits: &TextLimits) -> Result<Self, Failure> {
        if text.len() > limits.max_text {
            return Err(Failure::new(Code::LimitExceeded, "too long a text"));
        }
        let text =
            core::str::from_utf8(text).map_err(|error| Failure::new(Code::ParseError, error))?;
        if deeper_than(text, limits.max_depth) {
            return Err(Failure::new(Code::ParseError, "nested too deeply"));
        }
        let read = if text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('[') {
            Elements::read(text, limits.max_batch).map(Self::Many)
        } else {
            serde_json::from_str(text).map(Self::One)
        };
        read.map_err(|error| Failure::new(Code::ParseError, error))
    }
}
