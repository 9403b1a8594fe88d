//! What every role hears and says: peers by connection, messages, and who gets them
//! (`chia.md` 14.1).

use crate::codec::chia::{Message, NodeType};
use crate::fault::Rule;
use crate::state::chia::connection::Peer;

/// Names a connection among those of a node. Numbers are never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct ConnectionId(pub u64);

/// What a role hears of the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a connection begins, speaks and ends")]
pub enum FromPeer {
    /// A connection was established (C-5).
    Connected(ConnectionId, Peer),
    /// A message that the peer's type may send to ours.
    Received(ConnectionId, Message),
    /// The connection is no more.
    Disconnected(ConnectionId),
}

/// What a role wants of the network. What is for nobody vanishes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Delivery {
    /// To one peer, if it is still there.
    To(ConnectionId, Message),
    /// To every peer of a type.
    Broadcast(NodeType, Message),
    /// To every peer of a type but the one it came from.
    BroadcastToOthers(NodeType, ConnectionId, Message),
    /// End the connection, blaming nobody.
    Close(ConnectionId),
    /// End it: the peer broke this rule.
    Penalise(ConnectionId, &'static Rule),
}
