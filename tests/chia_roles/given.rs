//! A role and what it says.

use std::time::Duration;

use nodewire::codec::chia::{Bytes32, Message, NodeId, NodeType, PrependSignature, PublicKey};
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, FromPeer, Parting, Peer, Whereabouts,
};
use nodewire::{Action, ActionOf, AskId, Machine, Outbox, Time};

/// A machine with all that it said and was not looked at yet.
pub struct Played<M: Machine> {
    pub machine: M,
    pub now: Time,
    told: Vec<ActionOf<M>>,
}

impl<M> Played<M>
where
    M: Machine<Remote = FromPeer, Send = Delivery, Local: std::fmt::Debug>,
{
    pub fn new(machine: M) -> Self {
        Self { machine, now: Time::ZERO, told: Vec::new() }
    }

    pub fn connect(&mut self, from: u64, node_type: NodeType) {
        self.connect_by(Direction::Inbound, from, node_type);
    }

    /// A peer that dialled us, or that we dialled.
    pub fn connect_by(&mut self, direction: Direction, from: u64, node_type: NodeType) {
        let peer = Peer { node_id: NodeId([9; 32]), node_type, server_port: 0 };
        let at = Whereabouts { direction, listens: None };
        self.remote(FromPeer::Connected(ConnectionId(from), peer, at));
    }

    pub fn hear(&mut self, from: u64, message: impl Into<Message>) {
        self.remote(FromPeer::Received(ConnectionId(from), message.into()));
    }

    pub fn disconnect(&mut self, from: u64) {
        self.remote(FromPeer::Disconnected(ConnectionId(from), Parting::AddressKept));
    }

    pub fn local(&mut self, command: M::Local) {
        let mut out = Outbox::new();
        self.machine.handle_local(self.now, command, &mut out).unwrap();
        self.told.extend(out.drain());
    }

    /// Lets time pass.
    pub fn pass(&mut self, span: Duration) {
        self.now = self.now.after(span);
        let mut out = Outbox::new();
        self.machine.handle_timeout(self.now, &mut out);
        self.told.extend(out.drain());
    }

    fn remote(&mut self, input: FromPeer) {
        let mut out = Outbox::new();
        self.machine.handle_remote(self.now, input, &mut out);
        self.told.extend(out.drain());
    }

    /// What it said since the last look; questions and notices stay.
    pub fn sent(&mut self) -> Vec<Delivery> {
        let mut sent = Vec::new();
        for action in std::mem::take(&mut self.told) {
            match action {
                Action::Send(delivery) => sent.push(delivery),
                other => self.told.push(other),
            }
        }
        sent
    }

    /// What it asked since the last look.
    pub fn asked(&mut self) -> Vec<(AskId, M::Query)> {
        let mut asked = Vec::new();
        for action in std::mem::take(&mut self.told) {
            match action {
                Action::Ask(id, query) => asked.push((id, query)),
                other => self.told.push(other),
            }
        }
        asked
    }

    /// The one question that it asked.
    pub fn question(&mut self) -> (AskId, M::Query) {
        let mut asked = self.asked();
        assert_eq!(asked.len(), 1);
        asked.remove(0)
    }

    pub fn notices(&mut self) -> Vec<M::Notice> {
        let told = std::mem::take(&mut self.told);
        let notices = told.into_iter();
        notices.filter_map(|it| if let Action::Notify(it) = it { Some(it) } else { None }).collect()
    }
}

pub fn to(connection: u64, message: impl Into<Message>) -> Delivery {
    Delivery::To(ConnectionId(connection), message.into())
}

/// The rule that a connection is closed by.
pub fn penalty(sent: &[Delivery]) -> Option<(u64, &'static str)> {
    match sent {
        [Delivery::Penalise(ConnectionId(connection), rule)] => Some((*connection, rule.id())),
        _ => None,
    }
}

pub fn bytes32(byte: u8) -> Bytes32 {
    Bytes32([byte; 32])
}

pub fn key(byte: u8) -> PublicKey {
    PublicKey([byte; 48])
}

pub fn signature(byte: u8) -> PrependSignature {
    let mut bytes = [byte; 96];
    bytes[0] |= 0x40;
    PrependSignature(bytes)
}
