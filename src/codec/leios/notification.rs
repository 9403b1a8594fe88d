//! Notifications: what a server has to offer.

use super::{LeiosPoint, RankingBlockHeader, SlotNo, VoteIssuer};

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
