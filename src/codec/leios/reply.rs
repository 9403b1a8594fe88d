//! LeiosReply: what the server sends, and the client's opening message.

use alloc::vec::Vec;

use super::{
    CountedNotification, Deliverable, LeiosPoint, NonEmpty, Notification, Read, RequestNo, SlotNo,
    VoteIssuer,
};
use crate::codec::cbor::{Counter, Reader, Sink, leading_uint};
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

/// What a reply carries (`MsgReplyPayload` of the seed). On the wire the tag of the message picks
/// it (S-1).
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
    #[inline]
    pub fn decode(item: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        if let Some(message) = Self::usual(item) {
            return Ok(message);
        }
        Self::general(item, source)
    }

    fn general(item: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        Reader::whole(item, |reader| Self::read(reader, source))
    }

    /// Appends the canonical encoding; raw items go out as they came.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    /// Bytes of the canonical encoding.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub fn heap(&self) -> usize {
        match self {
            Self::MsgLeiosReply(payload) => payload.heap(),
            Self::MsgLeiosInit | Self::MsgLeiosDone => 0,
        }
    }

    /// The form of nearly every message, at one glance: a single offer in definite lists. Whatever
    /// else it may be, the general way finds out.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "an offer of these takes 44 bytes at most")]
    fn usual(item: &[u8]) -> Option<Self> {
        let [0x84, 1, rest @ ..] = item else { return None };
        let (no, rest) = leading_uint(rest)?;
        let [flag @ (0xf4 | 0xf5), 0x81, offer @ ..] = rest else { return None };
        let notification = match offer {
            [0x82, 1, point @ ..] => Notification::LinearLeiosBlockOffer(LeiosPoint::alone(point)?),
            [0x82, 2, point @ ..] => Notification::LeiosBlockTxsOffer(LeiosPoint::alone(point)?),
            [0x83, 3, vote @ ..] => {
                let (slot, issuer) = leading_uint(vote)?;
                let (issuer, []) = leading_uint(issuer)? else { return None };
                let issuer = VoteIssuer(u16::try_from(issuer).ok()?);
                Notification::LinearLeiosVoteOffer(SlotNo(slot), issuer)
            }
            _ => return None,
        };
        let news = NonEmpty::one(CountedNotification::with_size(notification, offer.len() as u32));
        let payload = MsgReplyPayload::LeiosNotifications(RequestNo(no), *flag == 0xf5, news);
        Some(Self::MsgLeiosReply(payload))
    }

    /// How many items the message with this tag has.
    pub(crate) const fn arity(tag: u64) -> Option<u64> {
        match tag {
            0 | 3 => Some(1),
            1 => Some(4),
            2 => Some(3),
            _ => None,
        }
    }

    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        #[expect(clippy::redundant_closure, reason = "with a type of its own it is inlined here")]
        let tag = reader.variant(|tag| Self::arity(tag))?;
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::ReplyMessage;
    use crate::codec::Source;
    use crate::codec::cbor::{Put, Sink};

    const NUMBERS: [u64; 10] =
        [0, 23, 24, 255, 256, 65_535, 65_536, u32::MAX as u64, 1 << 32, u64::MAX];

    /// Offers of every kind, with every width of head.
    fn offers() -> Vec<Vec<u8>> {
        let mut offers = Vec::new();
        for no in NUMBERS {
            for slot in NUMBERS {
                for kind in 1..=3 {
                    let mut item = Vec::from([0x84, 1]);
                    item.uint(no);
                    item.extend([0xf4 + kind % 2, 0x81, if kind == 3 { 0x83 } else { 0x82 }, kind]);
                    if kind < 3 {
                        item.put(&[0x82]);
                    }
                    item.uint(slot);
                    if kind < 3 {
                        item.bytes(&[7; 32]);
                    } else {
                        item.uint(no);
                    }
                    offers.push(item);
                }
            }
        }
        offers
    }

    /// A way of its own for the usual form must not have a mind of its own.
    #[test]
    fn the_usual_form_means_what_the_general_way_makes_of_it() {
        let mut usual = 0;
        let mut compare = |item: &[u8]| {
            if let Some(message) = ReplyMessage::usual(item) {
                assert_eq!(ReplyMessage::general(item, Source::COPY), Ok(message), "{item:x?}");
                usual += 1;
            }
        };
        for item in offers() {
            compare(&item);
            (0..item.len()).for_each(|end| compare(item.get(..end).unwrap_or(&[])));
            let mut longer = item.clone();
            longer.push(0);
            compare(&longer);
            for at in 0..item.len().min(16) {
                let mut other = item.clone();
                for byte in 0..=255 {
                    if let Some(place) = other.get_mut(at) {
                        *place = byte;
                    }
                    compare(&other);
                }
            }
        }
        assert!(usual > 10_000, "{usual}");
    }
}
