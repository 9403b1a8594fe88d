//! Nodes of a role that does what it is told, joined in memory.

use std::collections::BTreeSet;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::chia::{NodeId, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::state::chia::{
    ConnectionConfig, ConnectionId, Delivery, FromPeer, Opened, Parting, Peer, Reaction, Role,
};
use nodewire::{Action, ActionOf, Ending, Machine, Never, Out, Outbox, Refusal, Time};

use crate::net::Party;

pub use crate::net::host;

/// A role that notes what it hears and says what it is told to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Toy {
    pub node_type: NodeType,
    pub heard: Vec<FromPeer>,
    /// Peers that it has no room for.
    pub busy: BTreeSet<ConnectionId>,
    /// How many messages it has room for; `None`: any number.
    pub room: Option<usize>,
    /// Does to whoever sends something what stands here.
    pub reflex: Option<Delivery>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tell {
    Say(Delivery),
    Busy(u64, bool),
    Room(usize),
}

impl Role for Toy {
    fn node_type(&self) -> NodeType {
        self.node_type
    }

    fn is_busy_with(&self, from: ConnectionId) -> bool {
        self.busy.contains(&from) || self.room == Some(0)
    }
}

impl Machine for Toy {
    type Local = Tell;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = Never;
    type Query = Never;

    fn handle_local(
        &mut self,
        _: Time,
        tell: Tell,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Tell>> {
        match tell {
            Tell::Say(delivery) => out.send(delivery),
            Tell::Busy(peer, true) => drop(self.busy.insert(ConnectionId(peer))),
            Tell::Busy(peer, false) => drop(self.busy.remove(&ConnectionId(peer))),
            Tell::Room(messages) => self.room = Some(messages),
        }
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, news: FromPeer, out: &mut Out<Self>) {
        if let (FromPeer::Received(..), Some(delivery)) = (&news, &self.reflex) {
            out.send(delivery.clone());
        }
        if let FromPeer::Received(..) = &news {
            self.room = self.room.map(|room| room - 1);
        }
        self.heard.push(news);
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }
}

pub fn id(byte: u8) -> NodeId {
    NodeId([byte; 32])
}

pub fn at(host: &str, port: u16) -> PeerInfo {
    PeerInfo { host: host.to_string(), port }
}

pub fn seconds(seconds: u64) -> Time {
    Time::ZERO.after(Duration::from_secs(seconds))
}

pub fn config(byte: u8) -> NodeConfig {
    let mut connection = ConnectionConfig::new(NodeType::FullNode, id(byte));
    connection.server_port = 8_444;
    NodeConfig::new(connection)
}

/// A node with all that it did and was not looked at yet.
pub struct Played {
    pub node: Node<Toy>,
    pub now: Time,
    did: Vec<ActionOf<Node<Toy>>>,
}

impl Played {
    pub fn new(byte: u8) -> Self {
        Self::with(config(byte), NodeType::FullNode)
    }

    pub fn with(config: NodeConfig, node_type: NodeType) -> Self {
        let toy =
            Toy { node_type, heard: Vec::new(), busy: BTreeSet::new(), room: None, reflex: None };
        Self::of(config, toy)
    }

    pub fn of(config: NodeConfig, toy: Toy) -> Self {
        Self { node: Node::new(config, toy), now: Time::ZERO, did: Vec::new() }
    }

    pub fn command(&mut self, command: NodeCommand<Tell>) {
        let mut out = Outbox::new();
        self.node.handle_local(self.now, command, &mut out).unwrap();
        self.did.extend(out.drain());
    }

    pub fn tell(&mut self, tell: Tell) {
        self.command(NodeCommand::Role(tell));
    }

    pub fn say(&mut self, delivery: Delivery) {
        self.tell(Tell::Say(delivery));
    }

    pub fn open(&mut self, opened: Opened) {
        let connection = opened.connection;
        self.command(NodeCommand::Opened(opened));
        self.transport(connection.0, Transport::Writable(Transport::UNCOUNTED));
    }

    pub fn transport(&mut self, connection: u64, transport: Transport) {
        let mut out = Outbox::new();
        let remote = NodeRemote { connection: ConnectionId(connection), transport };
        self.node.handle_remote(self.now, remote, &mut out);
        self.did.extend(out.drain());
    }

    pub fn hear(&mut self, connection: u64, bytes: impl Into<Bytes>) {
        self.transport(connection, Transport::Received(bytes.into()));
    }

    /// Time passes up to `to`, deadline by deadline.
    pub fn pass(&mut self, to: Time) {
        while let Some(due) = self.node.deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            let mut out = Outbox::new();
            self.node.handle_timeout(self.now, &mut out);
            self.did.extend(out.drain());
        }
        self.now = self.now.max(to);
    }

    /// What it did to the network since the last look; notices stay.
    pub fn sent(&mut self) -> Vec<NodeSend> {
        let mut sent = Vec::new();
        for action in std::mem::take(&mut self.did) {
            match action {
                Action::Send(it) => sent.push(it),
                other => self.did.push(other),
            }
        }
        sent
    }

    pub fn notices(&mut self) -> Vec<NodeNotice<Never>> {
        let mut told = Vec::new();
        for action in std::mem::take(&mut self.did) {
            match action {
                Action::Notify(it) => told.push(it),
                other => self.did.push(other),
            }
        }
        told
    }

    /// How connections ended: number, rule or limit, reaction, end of the ban.
    pub fn endings(&mut self) -> Vec<(u64, &'static str, Reaction, Option<Time>)> {
        let ended = |notice| match notice {
            NodeNotice::Closed { connection, ending, reaction, banned_until, .. } => {
                Some((connection.0, name(&ending), reaction, banned_until))
            }
            _ => None,
        };
        self.notices().into_iter().filter_map(ended).collect()
    }

    pub fn heard(&self) -> &[FromPeer] {
        &self.node.role().heard
    }

    pub fn connected(&self) -> Vec<u64> {
        let connected = self.node.registry().established(NodeType::FullNode);
        connected.map(|connection| connection.0).collect()
    }

    /// A peer that is played by hand, established.
    pub fn establish(&mut self, opened: Opened, peer: Peer) {
        let connection = opened.connection.0;
        self.open(opened);
        self.hear(connection, hello(peer));
        self.hear(connection, ack());
        assert!(self.node.registry().is_established(ConnectionId(connection)));
    }
}

pub fn name(ending: &Ending) -> &'static str {
    match ending {
        Ending::Done => "done",
        Ending::Fault(fault) => match fault {
            nodewire::Fault::Overrun { limit, .. } | nodewire::Fault::Congested { limit, .. } => {
                limit
            }
            nodewire::Fault::Truncated { .. } => "truncated",
            fault => fault.rule().unwrap().reason(),
        },
    }
}

/// What became of the address of a peer, as the role heard it.
pub fn parting(heard: &[FromPeer], connection: u64) -> Option<Parting> {
    heard.iter().find_map(|news| match news {
        FromPeer::Disconnected(of, parting) if of.0 == connection => Some(*parting),
        _ => None,
    })
}

pub fn peer(byte: u8, node_type: NodeType) -> Peer {
    Peer { node_id: id(byte), node_type, server_port: 8_444 }
}

/// A frame of a message.
pub fn frame(message: impl Into<nodewire::codec::chia::Message>) -> Vec<u8> {
    let mut body = Vec::new();
    message.into().encode(&mut body);
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    frame.extend(body);
    frame
}

pub fn hello(peer: Peer) -> Vec<u8> {
    let Peer { node_id, node_type, server_port } = peer;
    frame(nodewire::codec::chia::messages::Handshake {
        network_id: "testnet".to_string(),
        version: "0.0.4".to_string(),
        node_id,
        server_port,
        node_type,
    })
}

pub fn ack() -> Vec<u8> {
    frame(nodewire::codec::chia::messages::HandshakeAck {})
}

impl Party for Played {
    fn open(&mut self, opened: Opened) {
        Self::open(self, opened);
    }

    fn transport(&mut self, connection: u64, transport: Transport) {
        Self::transport(self, connection, transport);
    }

    fn pass(&mut self, to: Time) {
        Self::pass(self, to);
    }

    fn sent(&mut self) -> Vec<NodeSend> {
        Self::sent(self)
    }

    fn holds_back(&self, connection: ConnectionId) -> bool {
        self.node.holds_back(connection)
    }
}

/// Such nodes, and streams between them.
pub type Net = crate::net::Net<Played>;
