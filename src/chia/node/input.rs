//! What goes into a node and what comes out of it.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::codec::chia::{Function, PeerInfo};
use crate::fault::{Ending, Refused};
use crate::link::Transport;
use crate::state::chia::{
    ConnectionConfig, ConnectionId, Opened, Peer, Reaction, RegistryLimits, TurnedAway, Whereabouts,
};
use crate::time::Time;

/// Who a node is, and how much it takes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct NodeConfig {
    /// What all its connections say and expect; each makes its nonces from a seed of its own.
    pub connection: ConnectionConfig,
    /// How many connections, and how long bans are.
    pub registry: RegistryLimits,
    /// Where it listens, as others would dial it (C-10).
    pub own_addresses: Vec<PeerInfo>,
    /// Most messages of one peer that wait for the role, beyond which the peer is held back; at
    /// least one.
    pub max_waiting: u32,
    /// Most addresses that are being dialled at a time.
    pub max_dials: usize,
}

impl NodeConfig {
    /// A node that dials whoever its role wants, with the reference's limits.
    #[must_use]
    pub fn new(connection: ConnectionConfig) -> Self {
        Self {
            connection,
            registry: RegistryLimits::default(),
            own_addresses: Vec::new(),
            max_waiting: 4,
            max_dials: 64,
        }
    }

    /// Heap bytes.
    pub(super) fn heap(&self) -> usize {
        let names = self.connection.network_id.capacity();
        let names = names.saturating_add(self.connection.version.capacity());
        let places = self.own_addresses.capacity().saturating_mul(size_of::<PeerInfo>());
        let hosts: usize = self.own_addresses.iter().map(|it| it.host.capacity()).sum();
        names.saturating_add(places).saturating_add(hosts)
    }
}

/// What the application wants of a node: `L` is what its role takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NodeCommand<L> {
    /// A stream is open. Say next how much it takes ([`Transport::Writable`]), then hand in what is
    /// read of it. Refused if its number is not above all before it.
    Opened(Opened),
    /// Nobody was reached where [`NodeSend::Dial`] wanted somebody.
    DialFailed(PeerInfo),
    /// End a connection, blaming nobody. Nothing happens if there is none of this number.
    Close(ConnectionId),
    /// For the role: a command, or an answer to a question of its own.
    Role(L),
}

/// What reaches a node from one of its streams.
///
/// What is said of a stream that was not opened ([`NodeCommand::Opened`]), or that the node has
/// closed, is passed over without a word: a driver may still have had it on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "which stream, and what")]
pub struct NodeRemote {
    /// Which stream.
    pub connection: ConnectionId,
    /// What comes of it.
    pub transport: Transport,
}

/// What a node does to the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "what is passed over leaves a stream or a dial open")]
pub enum NodeSend {
    /// These bytes go out on this stream, in order.
    Bytes(
        ConnectionId,
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))] Bytes,
    ),
    /// This stream is over: close it when all before has left. Nothing of it is heard any more.
    Close(ConnectionId),
    /// Connect to whoever listens there: what comes of it is [`NodeCommand::Opened`] with
    /// [`Opened::of_dial`], or [`NodeCommand::DialFailed`].
    Dial(PeerInfo),
}

/// What a node tells: `N` is what its role does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NodeNotice<N> {
    /// A connection was established.
    Connected(ConnectionId, Peer, Whereabouts),
    /// A stream was closed for want of room, or of its host's good name.
    TurnedAway(ConnectionId, TurnedAway),
    /// A connection has ended.
    #[non_exhaustive]
    Closed {
        /// Which.
        connection: ConnectionId,
        /// How: the rule that was broken, where one was.
        ending: Ending,
        /// What that brought upon its address.
        reaction: Reaction,
        /// Until when its host is kept out.
        banned_until: Option<Time>,
    },
    /// A peer answered a ping, so many microseconds after it was sent.
    RoundTrip(ConnectionId, u64),
    /// The role wanted to say what a node of its type does not, or too much of it.
    #[non_exhaustive]
    Unsaid {
        /// To whom.
        connection: ConnectionId,
        /// What.
        function: Function,
        /// Why not.
        why: Refused,
    },
    /// What the role tells.
    Role(N),
}
