//! What a connection hears and is told: that of its parts.

use arbitrary::Result;
use nodewire::codec::leios::KeepAliveMessage;
use nodewire::state::leios::{
    Connection, ConnectionCommand, ConnectionConfig, ConnectionMessage, ConnectionQuery,
    ConnectionRemote, Parts,
};
use nodewire::{AskId, Input, InputOf, Time};

use super::{ForClient, ForServer, Given, Script, clock, small};

pub struct ForConnection {
    parts: Parts,
    client: ForClient,
    server: ForServer,
    /// Steps of each.
    steps: [u64; 2],
}

impl Default for ForConnection {
    fn default() -> Self {
        Self::new(Parts::DUPLEX)
    }
}

impl ForConnection {
    pub fn new(parts: Parts) -> Self {
        Self { parts, client: ForClient::default(), server: ForServer::default(), steps: [0; 2] }
    }
}

impl Given for ForConnection {
    type Machine = Connection;

    fn machine(&self) -> Connection {
        let mut config = ConnectionConfig::default();
        config.limits = small();
        config.clock = clock();
        Connection::new(config, self.parts, Time::ZERO)
    }

    fn most(&self) -> usize {
        Connection::most_footprint(&small())
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Connection>> {
        Ok(match script.int_in_range(0..=11_u8)? {
            0 => Input::Remote(match script.int_in_range(0..=3_u8)? {
                0 => ConnectionRemote::KeepAliveServer(KeepAliveMessage::MsgKeepAlive(7)),
                // The first cookie is zero.
                1 => {
                    let pong = KeepAliveMessage::MsgKeepAliveResponse(script.int_in_range(0..=2)?);
                    ConnectionRemote::KeepAliveClient(pong)
                }
                2 => ConnectionRemote::KeepAliveServer(KeepAliveMessage::MsgDone),
                _ => ConnectionRemote::KeepAliveClient(script.arbitrary()?),
            }),
            1 if script.ratio(1, 4)? => {
                Input::Local(ConnectionCommand::KeepAlive(script.arbitrary()?))
            }
            1 => script.arbitrary()?,
            2..=6 => {
                self.steps[0] += 1;
                match self.client.pick(script, self.steps[0] - 1)? {
                    Input::Local(command) => Input::Local(ConnectionCommand::Client(command)),
                    Input::Remote(message) => Input::Remote(ConnectionRemote::Client(message)),
                    Input::Timeout => Input::Timeout,
                }
            }
            _ => {
                self.steps[1] += 1;
                match self.server.pick(script, self.steps[1] - 1)? {
                    Input::Local(command) => Input::Local(ConnectionCommand::Server(command)),
                    Input::Remote(message) => Input::Remote(ConnectionRemote::Server(message)),
                    Input::Timeout => Input::Timeout,
                }
            }
        })
    }

    fn sent(&mut self, message: &ConnectionMessage) {
        if let ConnectionMessage::Client(message) = message {
            self.client.sent(message);
        }
    }

    fn asked(&mut self, id: AskId, query: &ConnectionQuery) {
        match query {
            ConnectionQuery::Client(query) => self.client.asked(id, query),
            ConnectionQuery::Server(query) => self.server.asked(id, query),
        }
    }
}
