//! A connection on its mini-protocol channels: each goes to its part.

use alloc::vec::Vec;

use super::{Connection, ConnectionMessage, ConnectionRemote, after_done};
use crate::channel::{Channel, ChannelSpec, OverChannels};
use crate::codec::{Malformed, Source};
use crate::fault::Fault;
use crate::state::leios::client::Client;
use crate::state::leios::keep_alive::{KeepAliveClient, KeepAliveServer};
use crate::state::leios::mini_protocols::KEEP_ALIVE_NUMBER;
use crate::state::leios::rules;
use crate::state::leios::server::Server;
use crate::table::Role;
use crate::until_closed::UntilClosed;

/// Which part a channel belongs to. All numbers but KeepAlive's are the pair's.
enum Owner {
    KeepAliveClient,
    KeepAliveServer,
    Client,
    Server,
}

const fn owner(channel: Channel) -> Owner {
    match (channel.number, channel.role) {
        (KEEP_ALIVE_NUMBER, Role::Initiator) => Owner::KeepAliveClient,
        (KEEP_ALIVE_NUMBER, Role::Responder) => Owner::KeepAliveServer,
        (_, Role::Initiator) => Owner::Client,
        (_, Role::Responder) => Owner::Server,
    }
}

impl Connection {
    /// Looks at the part a channel belongs to. No part, or a closed one, is the other side's
    /// fault (`leios.md` 5.4).
    fn at<T>(&self, channel: Channel, look: impl FnOnce(&dyn Over) -> T) -> Result<T, Fault> {
        match owner(channel) {
            Owner::KeepAliveClient => running(&self.keep_alive_client).map(|part| look(part)),
            Owner::KeepAliveServer => running(&self.keep_alive_server).map(|part| look(part)),
            Owner::Client => running(&self.client).map(|part| look(part)),
            Owner::Server => running(&self.server).map(|part| look(part)),
        }
    }
}

fn running<M>(part: &Option<UntilClosed<M>>) -> Result<&M, Fault> {
    match part {
        Some(UntilClosed::Open(part)) => Ok(part),
        Some(UntilClosed::Closed) => Err(after_done()),
        None => Err(Fault::violation(&rules::UNEXPECTED_MESSAGE, "no part")),
    }
}

/// What all parts have in common on channels.
trait Over {
    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault>;
    fn too_large(&self, channel: Channel) -> Fault;
    fn malformed(&self, channel: Channel, malformed: Malformed) -> Fault;
    fn holds(&self, channel: Channel) -> bool;
}

impl<M: OverChannels> Over for M {
    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault> {
        OverChannels::item_limit(self, channel, head)
    }

    fn too_large(&self, channel: Channel) -> Fault {
        OverChannels::too_large(self, channel)
    }

    fn malformed(&self, channel: Channel, malformed: Malformed) -> Fault {
        OverChannels::malformed(self, channel, malformed)
    }

    fn holds(&self, channel: Channel) -> bool {
        OverChannels::holds(self, channel)
    }
}

/// The channels of a part.
fn specs<M: OverChannels>(part: &Option<UntilClosed<M>>) -> Vec<ChannelSpec> {
    part.as_ref().and_then(UntilClosed::get).map(M::channels).unwrap_or_default()
}

impl OverChannels for Connection {
    /// KeepAlive, then LeiosRequest and LeiosReply of the client, then of the server.
    fn channels(&self) -> Vec<ChannelSpec> {
        let mut all = specs(&self.keep_alive_client);
        all.extend(specs(&self.keep_alive_server));
        all.extend(specs(&self.client));
        all.extend(specs(&self.server));
        all
    }

    fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault> {
        self.at(channel, |part| part.item_limit(channel, head))?
    }

    fn too_large(&self, channel: Channel) -> Fault {
        self.at(channel, |part| part.too_large(channel)).unwrap_or_else(|fault| fault)
    }

    fn malformed(&self, channel: Channel, malformed: Malformed) -> Fault {
        self.at(channel, |part| part.malformed(channel, malformed)).unwrap_or_else(|fault| fault)
    }

    fn decode(
        &self,
        channel: Channel,
        item: &[u8],
        source: Source<'_>,
    ) -> Result<ConnectionRemote, Fault> {
        match owner(channel) {
            Owner::KeepAliveClient => running(&self.keep_alive_client)?
                .decode(channel, item, source)
                .map(ConnectionRemote::KeepAliveClient),
            Owner::KeepAliveServer => running(&self.keep_alive_server)?
                .decode(channel, item, source)
                .map(ConnectionRemote::KeepAliveServer),
            Owner::Client => {
                running(&self.client)?.decode(channel, item, source).map(ConnectionRemote::Client)
            }
            Owner::Server => {
                running(&self.server)?.decode(channel, item, source).map(ConnectionRemote::Server)
            }
        }
    }

    fn encode(message: &ConnectionMessage, out: &mut Vec<u8>) -> Channel {
        match message {
            ConnectionMessage::KeepAliveClient(message) => KeepAliveClient::encode(message, out),
            ConnectionMessage::KeepAliveServer(message) => KeepAliveServer::encode(message, out),
            ConnectionMessage::Client(message) => <Client>::encode(message, out),
            ConnectionMessage::Server(message) => Server::encode(message, out),
        }
    }

    fn drained(&self, channel: Channel, bytes: usize) -> Option<ConnectionRemote> {
        match owner(channel) {
            Owner::KeepAliveClient | Owner::KeepAliveServer => None,
            Owner::Client => self.client()?.drained(channel, bytes).map(ConnectionRemote::Client),
            Owner::Server => self.server()?.drained(channel, bytes).map(ConnectionRemote::Server),
        }
    }

    /// Only what the part itself holds: a server full of questions doesn't hold KeepAlive.
    fn holds(&self, channel: Channel) -> bool {
        self.at(channel, |part| part.holds(channel)).unwrap_or(false)
    }
}
