//! Connections, and what they say.

use std::time::Duration;

use nodewire::codec::chia::messages::{Handshake, HandshakeAck};
use nodewire::codec::chia::{Message, NodeId, NodeType};
use nodewire::state::chia::{
    Admission, Connection, ConnectionCommand, ConnectionConfig, ConnectionNotice, ConnectionQuery,
    Direction,
};
use nodewire::{Action, ActionOf, Ending, Fault, Machine, Outbox, Time};

pub const US: NodeId = NodeId([1; 32]);
pub const PEER: NodeId = NodeId([2; 32]);

pub fn seconds(seconds: u64) -> Time {
    Time::ZERO.after(Duration::from_secs(seconds))
}

pub fn config(node_type: NodeType, node_id: NodeId) -> ConnectionConfig {
    let mut config = ConnectionConfig::new(node_type, node_id);
    config.server_port = 8_444;
    config
}

/// A connection that is played by hand.
pub struct Played {
    pub machine: Connection,
    pub now: Time,
    told: Vec<ActionOf<Connection>>,
}

impl Played {
    pub fn new(config: ConnectionConfig) -> Self {
        let machine = Connection::new(config, Direction::Inbound);
        let mut played = Self { machine, now: Time::ZERO, told: Vec::new() };
        played.command(ConnectionCommand::Open);
        assert!(matches!(played.sent()[..], [Message::Handshake(_)]));
        played
    }

    /// One of these types that is connected to a peer of that type.
    pub fn established(us: NodeType, peer: NodeType) -> Self {
        Self::established_with(config(us, US), peer)
    }

    pub fn established_with(config: ConnectionConfig, peer: NodeType) -> Self {
        let mut played = Self::new(config);
        played.hear(handshake(peer));
        played.admit(Admission::Registered);
        assert!(matches!(played.sent()[..], [Message::HandshakeAck(_)]));
        played.hear(HandshakeAck {});
        let told = played.notices();
        assert!(matches!(told[..], [ConnectionNotice::Connected(_)]), "{told:?}");
        played
    }

    pub fn hear(&mut self, message: impl Into<Message>) {
        let mut out = Outbox::new();
        self.machine.handle_remote(self.now, message.into().into(), &mut out);
        self.told.extend(out.drain());
    }

    pub fn command(&mut self, command: ConnectionCommand) {
        let mut out = Outbox::new();
        self.machine.handle_local(self.now, command, &mut out).unwrap();
        self.told.extend(out.drain());
    }

    /// Answers the question whether the peer's node id is free.
    pub fn admit(&mut self, admission: Admission) {
        let asks = self.told.iter().position(|action| matches!(action, Action::Ask(..)));
        let Action::Ask(id, ConnectionQuery::Register(_)) = self.told.remove(asks.unwrap()) else {
            unreachable!()
        };
        assert!(self.machine.awaits(id));
        self.command(ConnectionCommand::Admitted(id, admission));
    }

    /// Time passes up to `to`, deadline by deadline.
    pub fn pass(&mut self, to: Time) {
        while self.machine.deadline().is_some_and(|due| due <= to) && self.ending().is_none() {
            self.now = self.now.max(self.machine.deadline().unwrap());
            let mut out = Outbox::new();
            self.machine.handle_timeout(self.now, &mut out);
            self.told.extend(out.drain());
        }
        self.now = self.now.max(to);
    }

    pub fn sent(&mut self) -> Vec<Message> {
        self.taken(|action| if let Action::Send(it) = action { Ok(it) } else { Err(action) })
    }

    pub fn notices(&mut self) -> Vec<ConnectionNotice> {
        self.taken(|action| if let Action::Notify(it) = action { Ok(it) } else { Err(action) })
    }

    /// Takes what `pick` wants out of what was told.
    fn taken<T>(
        &mut self,
        pick: impl Fn(ActionOf<Connection>) -> Result<T, ActionOf<Connection>>,
    ) -> Vec<T> {
        let mut taken = Vec::new();
        for action in std::mem::take(&mut self.told) {
            match pick(action) {
                Ok(it) => taken.push(it),
                Err(action) => self.told.push(action),
            }
        }
        taken
    }

    pub fn ending(&self) -> Option<Ending> {
        self.told.iter().find_map(|action| {
            if let Action::Close(ending) = action { Some(*ending) } else { None }
        })
    }

    /// Id and name of the rule that the peer broke.
    pub fn broken(&self) -> Option<(&'static str, &'static str)> {
        match self.ending()? {
            Ending::Fault(fault) => fault.rule().map(|rule| (rule.id(), rule.reason())),
            Ending::Done => None,
        }
    }

    pub fn overrun(&self) -> Option<&'static str> {
        match self.ending()? {
            Ending::Fault(Fault::Overrun { limit, .. }) => Some(limit),
            _ => None,
        }
    }
}

/// What a peer of this type says first.
pub fn handshake(node_type: NodeType) -> Handshake {
    Handshake {
        network_id: "testnet".to_string(),
        version: "0.0.4".to_string(),
        node_id: PEER,
        server_port: 8_444,
        node_type,
    }
}
