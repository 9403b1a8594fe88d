//! What goes into a connection and what comes out of it: that of its parts, with their names.

#![expect(
    clippy::exhaustive_enums,
    reason = "what comes, goes or is asked for is to be seen to in every case"
)]

use crate::ask::AskId;
use crate::codec::leios::{KeepAliveMessage, ReplyMessage};
use crate::state::leios::client::{
    ClientCommand, ClientNotice, ClientQuery, ClientRemote, PairMessage, Verdict,
};
use crate::state::leios::keep_alive::{KeepAliveCommand, KeepAliveNotice};
use crate::state::leios::server::{
    Content, ServerCommand, ServerNotice, ServerQuery, ServerRemote,
};

/// What the application wants of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ConnectionCommand {
    /// For the KeepAlive client.
    KeepAlive(KeepAliveCommand),
    /// For the Leios client.
    Client(ClientCommand),
    /// For the Leios server.
    Server(ServerCommand),
}

/// What reaches a connection from the other side and from the link below, by part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConnectionRemote {
    /// For the KeepAlive client.
    KeepAliveClient(KeepAliveMessage),
    /// For the KeepAlive server.
    KeepAliveServer(KeepAliveMessage),
    /// For the Leios client.
    Client(ClientRemote),
    /// For the Leios server.
    Server(ServerRemote),
}

/// What a connection sends, by part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConnectionMessage {
    /// From the KeepAlive client.
    KeepAliveClient(KeepAliveMessage),
    /// From the KeepAlive server.
    KeepAliveServer(KeepAliveMessage),
    /// From the Leios client.
    Client(PairMessage),
    /// From the Leios server.
    Server(ReplyMessage),
}

/// What a connection tells the application, by part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ConnectionNotice {
    /// From the KeepAlive client.
    KeepAlive(KeepAliveNotice),
    /// From the Leios client.
    Client(ClientNotice),
    /// From the Leios server.
    Server(ServerNotice),
}

/// What a connection asks, by part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConnectionQuery {
    /// The Leios client asks.
    Client(ClientQuery),
    /// The Leios server asks.
    Server(ServerQuery),
}

impl ClientQuery {
    /// Turns the answer to this question of a connection into its local input.
    #[must_use]
    pub const fn judged_on(&self, id: AskId, verdict: Verdict) -> ConnectionCommand {
        ConnectionCommand::Client(self.judged(id, verdict))
    }
}

impl ServerQuery {
    /// Turns the answer to this question of a connection into its local input.
    #[must_use]
    pub fn fetched_on(
        &self,
        id: AskId,
        content: Option<alloc::vec::Vec<Content>>,
    ) -> ConnectionCommand {
        ConnectionCommand::Server(self.fetched(id, content))
    }
}
