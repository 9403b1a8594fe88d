//! The phases of a connection, as a table (`chia.md` 7.3).

use crate::codec::chia::Function;
use crate::table::Role::Initiator;
use crate::table::{Table, edge};

/// Where a connection is. What counts is what the peer has said: we say the same to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a peer says who it is, then that we are good")]
pub enum ConnectionPhase {
    /// Before the peer's handshake.
    AwaitHandshake,
    /// Before its ack.
    AwaitAck,
    /// After both.
    Established,
}

impl ConnectionPhase {
    /// The name, as in the reference.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwaitHandshake => "AwaitHandshake",
            Self::AwaitAck => "AwaitAck",
            Self::Established => "Established",
        }
    }
}

/// What is said, as far as the table minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the handshake's two, the ping's two, all others")]
pub enum ConnectionLabel {
    /// `handshake`.
    Handshake,
    /// `handshake_ack`.
    HandshakeAck,
    /// `ping`.
    Ping,
    /// `pong`.
    Pong,
    /// Any message of the sub-protocols.
    Application,
}

impl From<Function> for ConnectionLabel {
    fn from(function: Function) -> Self {
        match function {
            Function::Handshake => Self::Handshake,
            Function::HandshakeAck => Self::HandshakeAck,
            Function::Ping => Self::Ping,
            Function::Pong => Self::Pong,
            _ => Self::Application,
        }
    }
}

/// What one end says, by what it has said before. Both ends do so at the same time, each in a
/// table of its own: the initiator is whose table it is.
pub static CONNECTION: Table<ConnectionPhase, ConnectionLabel> = {
    use ConnectionLabel::{Application, Handshake, HandshakeAck, Ping, Pong};
    use ConnectionPhase::{AwaitAck, AwaitHandshake, Established};
    Table::new(
        "Connection",
        AwaitHandshake,
        &[
            edge(AwaitHandshake, Initiator, Handshake, AwaitAck),
            edge(AwaitAck, Initiator, HandshakeAck, Established),
            edge(Established, Initiator, Ping, Established),
            edge(Established, Initiator, Pong, Established),
            edge(Established, Initiator, Application, Established),
        ],
    )
};
