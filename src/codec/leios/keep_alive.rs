//! KeepAlive (mini-protocol 8, `leios.md` 11.2).

use alloc::vec::Vec;

use super::Read;
use crate::codec::cbor::{Counter, Reader, Sink};
use crate::codec::{Malformed, Source};

/// A message of KeepAlive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum KeepAliveMessage {
    /// The client's ping with its cookie.
    MsgKeepAlive(u16),
    /// The server's answer with the same cookie.
    MsgKeepAliveResponse(u16),
    /// The client ends the protocol.
    MsgDone,
}

impl KeepAliveMessage {
    /// Reads one message that all of `item` must make up.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    pub fn decode(item: &[u8], _source: Source<'_>) -> Result<Self, Malformed> {
        Reader::whole(item, Self::read)
    }

    /// Appends the canonical encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    /// Bytes of the canonical encoding.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }

    /// Heap bytes held: none.
    #[must_use]
    pub const fn heap(&self) -> usize {
        0
    }

    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0 | 1 => Some(2),
            2 => Some(1),
            _ => None,
        })?;
        Ok(match tag {
            0 => Self::MsgKeepAlive(reader.u16()?),
            1 => Self::MsgKeepAliveResponse(reader.u16()?),
            _ => Self::MsgDone,
        })
    }

    fn write(&self, out: &mut impl Sink) {
        let (tag, cookie) = match self {
            Self::MsgKeepAlive(cookie) => (0, cookie),
            Self::MsgKeepAliveResponse(cookie) => (1, cookie),
            Self::MsgDone => return out.put(&[0x81, 2]),
        };
        out.array(2);
        out.uint(tag);
        out.uint(u64::from(*cookie));
    }
}
