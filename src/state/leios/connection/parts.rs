//! The parts of a connection: which there are, what they go by, and how their words are wrapped.

use super::{ConnectionMessage, ConnectionNotice, ConnectionQuery};
use crate::ask::AskId;
use crate::fault::{Refusal, Refused};
use crate::machine::Machine;
use crate::state::leios::client::{Client, ClientCommand};
use crate::state::leios::handshake::Agreement;
use crate::state::leios::keep_alive::{KeepAliveClient, KeepAliveConfig, KeepAliveServer};
use crate::state::leios::limits::Limits;
use crate::state::leios::server::{Order, Server, ServerCommand, ServerRemote};
use crate::state::leios::slot::SlotClock;
use crate::table::Role;

/// What the parts of a connection go by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConnectionConfig {
    /// The limits of the pair.
    pub limits: Limits,
    /// Which slot begins when.
    pub clock: SlotClock,
    /// In which order the server answers.
    pub order: Order,
    /// The times of KeepAlive.
    pub keep_alive: KeepAliveConfig,
}

/// Which parts a connection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::struct_excessive_bools, reason = "four parts, each there or not")]
pub struct Parts {
    /// It pings.
    pub keep_alive_client: bool,
    /// It answers pings.
    pub keep_alive_server: bool,
    /// It asks for Leios data.
    pub client: bool,
    /// It serves Leios data.
    pub server: bool,
}

impl Parts {
    /// Those of the side that opened the connection: it pings and asks.
    pub const INITIATOR: Self =
        Self { keep_alive_client: true, keep_alive_server: false, client: true, server: false };

    /// Those of the side that was called: it answers.
    pub const RESPONDER: Self =
        Self { keep_alive_client: false, keep_alive_server: true, client: false, server: true };

    /// One instance in each direction.
    pub const DUPLEX: Self =
        Self { keep_alive_client: true, keep_alive_server: true, client: true, server: true };

    /// What a handshake allows: both directions, unless either side is initiator-only. The two
    /// sides of a simultaneous open are both initiators.
    #[must_use]
    pub const fn agreed(role: Role, agreement: &Agreement) -> Self {
        match role {
            _ if !agreement.data.initiator_only => Self::DUPLEX,
            Role::Initiator => Self::INITIATOR,
            Role::Responder => Self::RESPONDER,
        }
    }
}

/// How a part's words become the connection's.
pub(super) trait Part: Machine {
    /// What it sends.
    fn message(message: Self::Send) -> ConnectionMessage;

    /// What it tells.
    fn notice(notice: Self::Notice) -> ConnectionNotice;

    /// What it asks.
    fn query(query: Self::Query) -> ConnectionQuery;

    /// True for what the other side sent, false for what the link below says.
    fn is_message(input: &Self::Remote) -> bool {
        let _ = input;
        true
    }

    /// The connection's name of a question of this part.
    fn outer(id: AskId) -> AskId {
        id
    }

    /// The part's name of a question of the connection; `None` if it is not one of this part.
    fn inner(id: AskId) -> Option<AskId> {
        let _ = id;
        None
    }
}

impl Part for KeepAliveClient {
    fn message(message: Self::Send) -> ConnectionMessage {
        ConnectionMessage::KeepAliveClient(message)
    }

    fn notice(notice: Self::Notice) -> ConnectionNotice {
        ConnectionNotice::KeepAlive(notice)
    }

    fn query(query: Self::Query) -> ConnectionQuery {
        match query {}
    }
}

impl Part for KeepAliveServer {
    fn message(message: Self::Send) -> ConnectionMessage {
        ConnectionMessage::KeepAliveServer(message)
    }

    fn notice(notice: Self::Notice) -> ConnectionNotice {
        match notice {}
    }

    fn query(query: Self::Query) -> ConnectionQuery {
        match query {}
    }
}

impl Part for Client {
    fn message(message: Self::Send) -> ConnectionMessage {
        ConnectionMessage::Client(message)
    }

    fn notice(notice: Self::Notice) -> ConnectionNotice {
        ConnectionNotice::Client(notice)
    }

    fn query(query: Self::Query) -> ConnectionQuery {
        ConnectionQuery::Client(query)
    }

    fn outer(id: AskId) -> AskId {
        interleave(id, 0)
    }

    fn inner(id: AskId) -> Option<AskId> {
        (id.as_u64() % 2 == 0).then(|| AskId::from_u64(id.as_u64() / 2))
    }
}

impl Part for Server {
    fn message(message: Self::Send) -> ConnectionMessage {
        ConnectionMessage::Server(message)
    }

    fn notice(notice: Self::Notice) -> ConnectionNotice {
        ConnectionNotice::Server(notice)
    }

    fn query(query: Self::Query) -> ConnectionQuery {
        ConnectionQuery::Server(query)
    }

    fn is_message(input: &Self::Remote) -> bool {
        !matches!(input, ServerRemote::Drained(_))
    }

    fn outer(id: AskId) -> AskId {
        interleave(id, 1)
    }

    fn inner(id: AskId) -> Option<AskId> {
        (id.as_u64() % 2 == 1).then(|| AskId::from_u64(id.as_u64() / 2))
    }
}

/// Twice the number, plus `side`. Ids count from zero: none comes near the end of the numbers.
const fn interleave(id: AskId, side: u64) -> AskId {
    AskId::from_u64(id.as_u64().wrapping_mul(2).wrapping_add(side))
}

/// A command with the client's own names of questions.
pub(super) fn to_client(command: ClientCommand) -> Result<ClientCommand, Refusal<ClientCommand>> {
    match command {
        ClientCommand::Judged { id, verdict } => match <Client>::inner(id) {
            Some(id) => Ok(ClientCommand::Judged { id, verdict }),
            None => Err(Refusal::new(Refused::UnknownAsk, command)),
        },
        command => Ok(command),
    }
}

/// The way back of [`to_client`].
pub(super) fn from_client(command: ClientCommand) -> ClientCommand {
    match command {
        ClientCommand::Judged { id, verdict } => {
            ClientCommand::Judged { id: <Client>::outer(id), verdict }
        }
        command => command,
    }
}

/// A command with the server's own names of questions.
pub(super) fn to_server(command: ServerCommand) -> Result<ServerCommand, Refusal<ServerCommand>> {
    match command {
        ServerCommand::Fetched { id, content } => match Server::inner(id) {
            Some(id) => Ok(ServerCommand::Fetched { id, content }),
            None => {
                let command = ServerCommand::Fetched { id, content };
                Err(Refusal::new(Refused::UnknownAsk, command))
            }
        },
        command => Ok(command),
    }
}

/// The way back of [`to_server`].
pub(super) fn from_server(command: ServerCommand) -> ServerCommand {
    match command {
        ServerCommand::Fetched { id, content } => {
            ServerCommand::Fetched { id: Server::outer(id), content }
        }
        command => command,
    }
}
