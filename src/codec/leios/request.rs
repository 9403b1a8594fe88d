//! LeiosRequest: what the client sends.

use alloc::vec::Vec;

use super::{DeliverableId, NonEmpty, NotificationBytes, Read, RequestNo};
use crate::codec::cbor::{Counter, Reader, Sink};
use crate::codec::{Malformed, Source};

/// A message of LeiosRequest (mini-protocol 24, `leios.md` 5.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RequestMessage {
    /// Asks for something.
    MsgLeiosRequest(MsgRequestPayload),
    /// Ends LeiosRequest.
    MsgLeiosDoneRequest,
}

/// What a request asks for (`MsgRequestPayload` of the seed). On the wire the tag of the message
/// picks it: one message, several payloads (S-1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MsgRequestPayload {
    /// So many bytes of notifications.
    LeiosNotificationBytes(RequestNo, NotificationBytes),
    /// These things, in one reply.
    LeiosDeliverableIds(RequestNo, NonEmpty<DeliverableId>),
}

impl RequestMessage {
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

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        match self {
            Self::MsgLeiosRequest(payload) => payload.heap(),
            Self::MsgLeiosDoneRequest => 0,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0 | 1 => Some(3),
            2 => Some(1),
            _ => None,
        })?;
        if tag == 2 {
            return Ok(Self::MsgLeiosDoneRequest);
        }
        let no = RequestNo(reader.u64()?);
        Ok(Self::MsgLeiosRequest(match tag {
            0 => MsgRequestPayload::LeiosNotificationBytes(no, reader.u16()?),
            _ => {
                let ids = NonEmpty::read(reader, DeliverableId::read)?;
                MsgRequestPayload::LeiosDeliverableIds(no, ids)
            }
        }))
    }

    fn write(&self, out: &mut impl Sink) {
        match self {
            Self::MsgLeiosRequest(MsgRequestPayload::LeiosNotificationBytes(no, bytes)) => {
                out.put(&[0x83, 0]);
                out.uint(no.0);
                out.uint(u64::from(*bytes));
            }
            Self::MsgLeiosRequest(MsgRequestPayload::LeiosDeliverableIds(no, ids)) => {
                out.put(&[0x83, 1]);
                out.uint(no.0);
                out.array(ids.len());
                ids.iter().for_each(|id| id.write(out));
            }
            Self::MsgLeiosDoneRequest => out.put(&[0x81, 2]),
        }
    }
}

impl MsgRequestPayload {
    /// The number of the request.
    #[must_use]
    pub const fn no(&self) -> RequestNo {
        match self {
            Self::LeiosNotificationBytes(no, _) | Self::LeiosDeliverableIds(no, _) => *no,
        }
    }

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        match self {
            Self::LeiosNotificationBytes(..) => 0,
            Self::LeiosDeliverableIds(_, ids) => {
                ids.iter().fold(ids.heap(), |sum, id| sum.saturating_add(id.heap()))
            }
        }
    }
}
