//! LeiosReply: what the server sends, and the client's opening message.

use alloc::vec::Vec;

use super::{CountedNotification, Deliverable, NonEmpty, Read, RequestNo};
use crate::codec::cbor::{Counter, Reader, Sink};
use crate::codec::{Malformed, Source};

/// Whether a notification message completes its request, in the server's opinion.
pub type CompletionFlag = bool;

/// A message of LeiosReply (mini-protocol 25, `leios.md` 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ReplyMessage {
    /// The client's opening message.
    MsgLeiosInit,
    /// Answers one request, in full or in part.
    MsgLeiosReply(MsgReplyPayload),
    /// Ends LeiosReply.
    MsgLeiosDone,
}

/// What a reply carries (`MsgReplyPayload` of the seed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MsgReplyPayload {
    /// News.
    LeiosNotifications(RequestNo, CompletionFlag, NonEmpty<CountedNotification>),
    /// The whole answer to a request for deliverables; empty when all of it was in the answer to
    /// an overlapping request.
    LeiosDeliveries(RequestNo, Vec<Deliverable>),
}

impl ReplyMessage {
    /// Reads one message that all of `item` must make up. Payloads are taken from `source`.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    pub fn decode(item: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        Reader::whole(item, |reader| Self::read(reader, source))
    }

    /// Appends the canonical encoding; raw items go out as they came.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    /// Bytes of the canonical encoding.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        let mut counter = Counter::default();
        self.write(&mut counter);
        counter.0
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub fn heap(&self) -> usize {
        match self {
            Self::MsgLeiosReply(payload) => payload.heap(),
            Self::MsgLeiosInit | Self::MsgLeiosDone => 0,
        }
    }

    #[inline]
    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0 | 3 => Some(1),
            1 => Some(4),
            2 => Some(3),
            _ => None,
        })?;
        match tag {
            0 => return Ok(Self::MsgLeiosInit),
            3 => return Ok(Self::MsgLeiosDone),
            _ => {}
        }
        let no = RequestNo(reader.u64()?);
        if tag == 1 {
            let complete = reader.bool()?;
            let news = NonEmpty::read(reader, |reader| CountedNotification::read(reader, source))?;
            return Ok(Self::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(
                no, complete, news,
            )));
        }
        let mut count = reader.list()?;
        let mut deliveries = Vec::new();
        while reader.another(&mut count)? {
            deliveries.push(Deliverable::read(reader, source)?);
        }
        Ok(Self::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(no, deliveries)))
    }

    fn write(&self, out: &mut impl Sink) {
        match self {
            Self::MsgLeiosInit => out.put(&[0x81, 0]),
            Self::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(no, complete, news)) => {
                out.put(&[0x84, 1]);
                out.uint(no.0);
                out.bool(*complete);
                out.array(news.len());
                news.iter().for_each(|counted| counted.notification().write(out));
            }
            Self::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(no, deliveries)) => {
                out.put(&[0x83, 2]);
                out.uint(no.0);
                out.array(deliveries.len());
                deliveries.iter().for_each(|deliverable| deliverable.write(out));
            }
            Self::MsgLeiosDone => out.put(&[0x81, 3]),
        }
    }
}

impl MsgReplyPayload {
    /// The number of the request it answers.
    #[must_use]
    pub const fn no(&self) -> RequestNo {
        match self {
            Self::LeiosNotifications(no, ..) | Self::LeiosDeliveries(no, _) => *no,
        }
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub fn heap(&self) -> usize {
        match self {
            Self::LeiosNotifications(_, _, news) => news
                .iter()
                .fold(news.heap(), |sum, item| sum.saturating_add(item.notification().heap())),
            Self::LeiosDeliveries(_, deliveries) => {
                let list = deliveries.capacity().saturating_mul(size_of::<Deliverable>());
                deliveries.iter().fold(list, |sum, item| sum.saturating_add(item.heap()))
            }
        }
    }
}
