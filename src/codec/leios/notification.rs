//! Notifications: what a server has to offer.

use super::primitive::write_vote_id;
use super::{LeiosPoint, RankingBlockHeader, Read, SlotNo, VoteIssuer};
use crate::codec::Source;
use crate::codec::cbor::{Counter, Reader, Sink};

/// One piece of news (`LeiosNotification` of the seed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Notification {
    /// The server has seen this header, which announces an endorser block.
    LinearLeiosAnnouncement(RankingBlockHeader),
    /// The server can deliver this block now.
    LinearLeiosBlockOffer(LeiosPoint),
    /// The server can deliver every transaction of this block now.
    LeiosBlockTxsOffer(LeiosPoint),
    /// The server can deliver this vote now.
    LinearLeiosVoteOffer(SlotNo, VoteIssuer),
}

/// A notification with the bytes it takes on the wire, which is what notification requests are
/// measured in (`leios.md` 8.1). A peer's encoder need not be canonical, so the size is part of
/// what was received.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CountedNotification {
    notification: Notification,
    size: u32,
}

impl Notification {
    /// Bytes of the canonical encoding: what it takes of the credit when we send it.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub const fn heap(&self) -> usize {
        match self {
            Self::LinearLeiosAnnouncement(header) => header.heap(),
            Self::LinearLeiosBlockOffer(_)
            | Self::LeiosBlockTxsOffer(_)
            | Self::LinearLeiosVoteOffer(..) => 0,
        }
    }

    #[inline]
    pub(super) fn write(&self, out: &mut impl Sink) {
        match self {
            Self::LinearLeiosAnnouncement(header) => {
                out.put(&[0x82, 0]);
                out.put(header.raw());
            }
            Self::LinearLeiosBlockOffer(point) => {
                out.put(&[0x82, 1]);
                point.write(out);
            }
            Self::LeiosBlockTxsOffer(point) => {
                out.put(&[0x82, 2]);
                point.write(out);
            }
            Self::LinearLeiosVoteOffer(slot, issuer) => write_vote_id(3, *slot, *issuer, out),
        }
    }

    #[inline]
    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0..=2 => Some(2),
            3 => Some(3),
            _ => None,
        })?;
        Ok(match tag {
            0 => Self::LinearLeiosAnnouncement(RankingBlockHeader::read(reader, source)?),
            1 => Self::LinearLeiosBlockOffer(LeiosPoint::read(reader)?),
            2 => Self::LeiosBlockTxsOffer(LeiosPoint::read(reader)?),
            _ => Self::LinearLeiosVoteOffer(SlotNo(reader.u64()?), VoteIssuer(reader.u16()?)),
        })
    }
}

impl CountedNotification {
    /// A notification as we encode it.
    #[must_use]
    pub fn new(notification: Notification) -> Self {
        let size = u32::try_from(notification.wire_len()).unwrap_or(u32::MAX);
        Self { notification, size }
    }

    /// A notification that took `size` bytes on the wire.
    #[must_use]
    pub const fn with_size(notification: Notification, size: u32) -> Self {
        Self { notification, size }
    }

    /// The notification.
    #[must_use]
    pub const fn notification(&self) -> &Notification {
        &self.notification
    }

    /// The bytes it took on the wire.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// The notification without its size.
    #[must_use]
    pub fn into_notification(self) -> Notification {
        self.notification
    }

    #[inline]
    pub(super) fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let from = reader.at();
        let notification = Notification::read(reader, source)?;
        let size = u32::try_from(reader.at().saturating_sub(from)).unwrap_or(u32::MAX);
        Ok(Self { notification, size })
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for CountedNotification {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Notification::arbitrary(u).map(Self::new)
    }
}
