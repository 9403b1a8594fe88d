//! What a connection hears and is told: alone, and on a stream.

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::chia::{Session, session};
use nodewire::codec::chia::{Bytes32, Function, Message, NodeId, NodeType, messages};
use nodewire::link::Transport;
use nodewire::state::chia::{
    Admission, Connection, ConnectionCommand, ConnectionConfig, ConnectionQuery, ConnectionRemote,
    Direction, RateLimits, WhenTooFast, is_useful,
};
use nodewire::{AskId, Input, InputOf};

use super::values::{message, message_between};
use crate::given::{Given, Script, odd, take};

/// Most bytes of the body of a frame, here.
const MOST: usize = 6_000;

fn config(flags: u8) -> ConnectionConfig {
    let node_type = NodeType::ALL[usize::from(flags) % 6];
    let mut config = ConnectionConfig::new(node_type, NodeId([0; 32]));
    let limits = &mut config.limits;
    (limits.max_frame, limits.max_handshake_frame) = (MOST, 400);
    limits.max_unsolicited = 2;
    let mut rate = RateLimits::default();
    (rate.messages, rate.transactions, rate.bytes) = (6, 4, 20_000);
    if flags & 64 != 0 {
        rate.when_too_fast = WhenTooFast::Close;
    }
    limits.rate = (flags & 128 == 0).then_some(rate);
    config
}

fn direction(flags: u8) -> Direction {
    if flags & 32 == 0 { Direction::Inbound } else { Direction::Outbound }
}

/// A connection of a node of one type with one of another.
pub struct ForChiaConnection {
    flags: u8,
    theirs: NodeType,
    asked: Vec<AskId>,
    nonces: Vec<Bytes32>,
}

impl ForChiaConnection {
    pub fn new(flags: u8) -> Self {
        let ours = config(flags).node_type;
        let useful: Vec<_> =
            NodeType::ALL.into_iter().filter(|other| is_useful(ours, *other)).collect();
        let theirs = useful[usize::from(flags) / 8 % useful.len()];
        Self { flags, theirs, asked: Vec::new(), nonces: Vec::new() }
    }

    /// What the peer says next.
    fn heard(&self, script: &mut Script<'_>, step: u64) -> Result<Message> {
        let ours = config(self.flags).node_type;
        Ok(match (step, script.int_in_range(0..=63_u8)?) {
            (_, 0) => {
                let function = *script.choose(Function::ALL)?;
                message(script, function)?
            }
            (0..=2, 1..=60) => messages::Handshake {
                network_id: "testnet".into(),
                version: "0.0.4".into(),
                node_id: NodeId([1; 32]),
                server_port: 8_444,
                node_type: self.theirs,
            }
            .into(),
            (3..=4, 1..=56) => messages::HandshakeAck {}.into(),
            (_, 1..=6) if !self.nonces.is_empty() => {
                messages::Pong { nonce: *script.choose(&self.nonces)? }.into()
            }
            _ => message_between(script, self.theirs, ours)?,
        })
    }

    fn command(&mut self, script: &mut Script<'_>) -> Result<ConnectionCommand> {
        if let Some(id) = take(script, &mut self.asked)? {
            let free = !script.ratio(1, 16)?;
            let admission = if free { Admission::Registered } else { Admission::Duplicate };
            return Ok(ConnectionCommand::Admitted(id, admission));
        }
        let ours = config(self.flags).node_type;
        Ok(match script.int_in_range(0..=31_u8)? {
            0 => ConnectionCommand::Close,
            1 => ConnectionCommand::Open,
            2..=4 => ConnectionCommand::Taken(script.arbitrary()?),
            _ => ConnectionCommand::Send(message_between(script, ours, self.theirs)?),
        })
    }

    fn next(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Connection>> {
        Ok(match script.int_in_range(0..=19_u8)? {
            0 => odd(script)?,
            1 => Input::Timeout,
            _ if step == 0 => Input::Local(ConnectionCommand::Open),
            2..=18 if step == 2 => Input::Local(self.command(script)?),
            2..=18 if step == 1 || step == 3 => {
                Input::Remote(ConnectionRemote::from(self.heard(script, step)?))
            }
            2..=8 => Input::Local(self.command(script)?),
            _ => {
                let mut heard = ConnectionRemote::from(self.heard(script, step)?);
                if script.ratio(1, 16)? {
                    heard.size = script.arbitrary()?;
                }
                Input::Remote(heard)
            }
        })
    }

    fn said(&mut self, message: &Message) {
        if let Message::Ping(ping) = message {
            self.nonces.push(ping.nonce);
        }
    }
}

impl Given for ForChiaConnection {
    type Machine = Connection;

    fn machine(&self) -> Connection {
        Connection::new(config(self.flags), direction(self.flags))
    }

    fn most(&self) -> usize {
        4_096
    }

    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Connection>> {
        self.next(script, step)
    }

    fn sent(&mut self, message: &Message) {
        self.said(message);
    }

    fn asked(&mut self, id: AskId, _: &ConnectionQuery) {
        self.asked.push(id);
    }
}

/// The same on a stream.
pub struct ForChiaSession {
    inside: ForChiaConnection,
    /// Of a frame that came in pieces.
    rest: Vec<u8>,
}

impl ForChiaSession {
    pub fn new(flags: u8) -> Self {
        Self { inside: ForChiaConnection::new(flags), rest: Vec::new() }
    }
}

impl Given for ForChiaSession {
    type Machine = Session;

    const LASTING: bool = true;

    fn machine(&self) -> Session {
        session(config(self.inside.flags), direction(self.inside.flags))
    }

    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Session>> {
        if !self.rest.is_empty() && !script.ratio(1, 8)? {
            let most = script.int_in_range(1..=self.rest.len())?;
            let piece: Vec<u8> = self.rest.drain(..most).collect();
            return Ok(Input::Remote(Transport::Received(Bytes::from(piece))));
        }
        if step == 0 {
            return Ok(Input::Remote(Transport::Writable(Transport::UNCOUNTED)));
        }
        Ok(match self.inside.next(script, step - 1)? {
            Input::Local(command) => Input::Local(command),
            Input::Timeout => match script.int_in_range(0..=5_u8)? {
                0 => Input::Remote(Transport::Closed),
                1 => Input::Remote(Transport::Writable(script.int_in_range(0..=3_000)?)),
                2 => {
                    Input::Remote(Transport::Received(Bytes::from(script.arbitrary::<Vec<u8>>()?)))
                }
                _ => Input::Timeout,
            },
            Input::Remote(heard) => {
                let mut body = Vec::new();
                heard.message.encode(&mut body);
                let length = if script.ratio(1, 32)? { heard.size } else { body.len() as u32 };
                let mut frame = length.to_be_bytes().to_vec();
                frame.extend(body);
                if script.ratio(1, 16)? {
                    let at = script.choose_index(frame.len())?;
                    frame[at] ^= script.int_in_range(1..=255)?;
                }
                if script.ratio(1, 4)? {
                    self.rest = frame;
                    return self.pick(script, step);
                }
                Input::Remote(Transport::Received(Bytes::from(frame)))
            }
        })
    }

    fn asked(&mut self, id: AskId, _: &ConnectionQuery) {
        self.inside.asked.push(id);
    }
}
