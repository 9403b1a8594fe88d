//! What goes into a connection and what comes out of it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::ask::AskId;
use crate::codec::chia::{Message, NodeId, NodeType};
use crate::codec::{Malformed, Source, Wire};
use crate::state::chia::limits::Limits;

/// Who we are, and what we expect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct ConnectionConfig {
    /// Which network we belong to.
    pub network_id: String,
    /// Which protocol we speak.
    pub version: String,
    /// What we call ourselves: at random for each start of the process.
    pub node_id: NodeId,
    /// Where we listen; 0: nowhere.
    pub server_port: u16,
    /// What we are.
    pub node_type: NodeType,
    /// What nonces of pings are made from: at random for each connection.
    pub seed: u64,
    /// Every limit and time.
    pub limits: Limits,
}

impl ConnectionConfig {
    /// The protocol version of the seed.
    pub const VERSION: &'static str = "0.0.4";

    /// A node of this type on the testnet, listening nowhere.
    #[must_use]
    pub fn new(node_type: NodeType, node_id: NodeId) -> Self {
        Self {
            network_id: String::from("testnet"),
            version: String::from(Self::VERSION),
            node_id,
            server_port: 0,
            node_type,
            seed: 0,
            limits: Limits::default(),
        }
    }
}

/// Who dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Direction {
    /// We did.
    Outbound,
    /// The peer did.
    Inbound,
}

/// What a peer said of itself. Nothing of it is proven (`chia.md` 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what a handshake has of a node")]
pub struct Peer {
    /// What it calls itself.
    pub node_id: NodeId,
    /// What it is.
    pub node_type: NodeType,
    /// Where it listens; 0: nowhere.
    pub server_port: u16,
}

/// What the application wants of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ConnectionCommand {
    /// The stream is open: say who we are (C-1). The handshake has to be over soon (C-11).
    Open,
    /// The answer to [`ConnectionQuery::Register`].
    Admitted(AskId, Admission),
    /// Send this, once the connection is established (C-6).
    Send(Message),
    /// So many more of the messages that were told are taken: there is room again
    /// ([`max_untaken`](Limits::max_untaken)).
    Taken(u32),
    /// End it, blaming nobody.
    Close,
}

/// Whether a peer's node id was free (C-3, C-4, C-9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[expect(clippy::exhaustive_enums, reason = "it was or it was not")]
pub enum Admission {
    /// It was, and is now this connection's.
    Registered,
    /// Another connection has it.
    Duplicate,
}

/// What a connection asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum ConnectionQuery {
    /// A peer said who it is, and all that can be seen here is good: is its node id free (C-3)?
    Register(Peer),
}

/// What a connection tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ConnectionNotice {
    /// It is established (C-5): messages may be sent.
    Connected(Peer),
    /// The peer sent a message that its type may send to ours.
    Received(Message),
    /// The peer answered a ping, so many microseconds after it was sent.
    RoundTrip(u64),
}

/// What a connection hears: a message, and how many bytes its frame had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a message and its size")]
pub struct ConnectionRemote {
    /// The message.
    pub message: Message,
    /// Bytes of the body it came in: a peer's encoder need not be ours.
    pub size: u32,
}

impl From<Message> for ConnectionRemote {
    fn from(message: Message) -> Self {
        let size = u32::try_from(message.wire_len()).unwrap_or(u32::MAX);
        Self { message, size }
    }
}

impl Wire for ConnectionRemote {
    fn decode(frame: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        let message = Message::decode(frame, source)?;
        Ok(Self { message, size: u32::try_from(frame.len()).unwrap_or(u32::MAX) })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.message.encode(out);
    }
}
