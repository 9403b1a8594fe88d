//! What every role hears and says: peers by connection, messages, and who gets them
//! (`chia.md` 14.1).

use crate::codec::chia::{Message, NodeType, PeerInfo};
use crate::fault::Rule;
use crate::machine::Machine;
use crate::state::chia::connection::{Direction, Peer};

/// A machine that is what a node is there for: what joins it with connections is the same for all.
/// It does not end as long as its node is there.
///
/// [`Node`](crate::chia::Node) puts a role on its connections. Without one, or in a test, it is
/// given what peers say and gives what is to be said:
///
/// ```
/// use nodewire::bytes::Bytes;
/// use nodewire::codec::chia::messages::{HarvesterHandshake, NewChallenge};
/// use nodewire::codec::chia::{Blob, Bytes32, Message, NodeId, NodeType, PublicKey};
/// use nodewire::state::chia::{
///     ConnectionId, Delivery, Direction, FromPeer, Harvester, HarvesterCommand, HarvesterLimits,
///     HarvesterQuery, Peer, Plot, PlotId, Whereabouts,
/// };
/// use nodewire::{Action, Machine, Outbox, Time};
///
/// let (now, pool, farmer) = (Time::ZERO, PublicKey([1; 48]), ConnectionId(1));
/// let (mut harvester, mut out) = (Harvester::new(HarvesterLimits::default()), Outbox::new());
/// let plot = Plot { id: PlotId(7), pool_pubkey: pool, plot_pubkey: PublicKey([2; 48]), size: 32 };
/// harvester.handle_local(now, HarvesterCommand::Plots(vec![plot]), &mut out).unwrap();
///
/// let who = Peer { node_id: NodeId([3; 32]), node_type: NodeType::Farmer, server_port: 0 };
/// let there = Whereabouts { direction: Direction::Outbound, listens: None };
/// harvester.handle_remote(now, FromPeer::Connected(farmer, who, there), &mut out);
/// let handshake = HarvesterHandshake { pool_pubkeys: vec![pool] };
/// let challenge = NewChallenge { challenge_hash: Bytes32([4; 32]) };
/// for message in [handshake.into(), challenge.into()] {
///     harvester.handle_remote(now, FromPeer::Received(farmer, message), &mut out);
/// }
///
/// let Some(Action::Ask(id, HarvesterQuery::LookupQualities { plot, .. })) = out.pop() else {
///     panic!("what is in the plot it cannot know")
/// };
/// assert_eq!(plot, PlotId(7));
/// let strings = vec![Blob(Bytes::from_static(&[5; 32]))];
/// harvester.handle_local(now, HarvesterCommand::Qualities(id, Some(strings)), &mut out).unwrap();
/// let said = out.pop();
/// let Some(Action::Send(Delivery::To(to, Message::ChallengeResponse(_)))) = said else { panic!() };
/// assert_eq!(to, farmer);
/// ```
pub trait Role: Machine<Remote = FromPeer, Send = Delivery> {
    /// The type of node that it makes.
    fn node_type(&self) -> NodeType;

    /// True while nothing more of this peer should come: its connection, and no other, is held
    /// back.
    fn is_busy_with(&self, from: ConnectionId) -> bool {
        let _ = from;
        self.saturated()
    }
}

/// Names a connection among those of a node: whoever opens its stream picks a number above all
/// before it ([`Opened`](crate::state::chia::Opened)), so that none is used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct ConnectionId(pub u64);

/// What a role hears of the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a connection fails, begins, speaks and ends")]
pub enum FromPeer {
    /// A connection was established (C-5).
    Connected(ConnectionId, Peer, Whereabouts),
    /// A message that the peer's type may send to ours (R-9).
    Received(ConnectionId, Message),
    /// The connection is no more.
    Disconnected(ConnectionId, Parting),
    /// Nobody was reached where [`Delivery::Dial`] wanted somebody, or nobody is to be.
    DialFailed(PeerInfo),
    /// It is not to be dialled now, or was and is not taken. The address is as good as it was (P-28).
    DialPutOff(PeerInfo, PutOff),
}

/// Why nobody is dialled now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "whoever asked to dial goes by it")]
pub enum PutOff {
    /// Its host is kept out for a while; others may be dialled.
    Banned,
    /// As many are dialled, or there, as may be.
    Full,
}

/// Where a peer is, which is not what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "all that is known of a place")]
pub struct Whereabouts {
    /// Who dialled.
    pub direction: Direction,
    /// Where it can be dialled: its address as the stream has it, its port as it declared (C-15).
    pub listens: Option<PeerInfo>,
}

/// What becomes of the address of a peer that is gone (C-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "an address is kept or it is not")]
pub enum Parting {
    /// It may be dialled again: the stream ended, nothing came in time, or there was one already.
    AddressKept,
    /// The peer broke a rule, or is of no use.
    AddressDropped,
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
    /// Connect to whoever listens there.
    Dial(PeerInfo),
}
