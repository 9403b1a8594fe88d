//! Messages that know their own bytes, one frame each.

use alloc::vec::Vec;

use super::{Malformed, Source};

/// A message with one form on the wire.
pub trait Wire: Sized {
    /// Makes a message of one whole frame; `source` is where its payload fields come from.
    ///
    /// # Errors
    /// What is wrong with the frame, and where.
    fn decode(frame: &[u8], source: Source<'_>) -> Result<Self, Malformed>;

    /// Appends the message's bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// How many bytes [`encode`](Self::encode) appends, where that is known without encoding.
    fn encoded_len(&self) -> Option<usize> {
        None
    }
}
