//! Nodes of a role that does what it is told, joined in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::chia::{NodeId, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::state::chia::{
    ConnectionConfig, ConnectionId, Delivery, FromPeer, Opened, Parting, Peer, Reaction, Role,
};
use nodewire::{Action, ActionOf, Ending, Machine, Never, Out, Outbox, Refusal, Time};

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

/// A stream between two nodes: bytes on their way each way, and that it was closed.
#[derive(Clone, Debug, Default)]
struct Pipe {
    ends: [Option<(usize, u64)>; 2],
    /// Towards either end.
    bytes: [VecDeque<u8>; 2],
    closed: [bool; 2],
}

/// Nodes, and streams between them. Time stands still unless it is passed.
pub struct Net {
    pub nodes: Vec<Played>,
    pipes: Vec<Pipe>,
    next: u64,
    /// Which pipe and which end of it a node's connection is.
    by_end: BTreeMap<(usize, u64), (usize, usize)>,
}

impl Net {
    pub fn new(nodes: Vec<Played>) -> Self {
        Self { nodes, pipes: Vec::new(), next: 0, by_end: BTreeMap::new() }
    }

    /// `from` dials `to`. Hosts are numbers of nodes, so that each is somewhere else.
    pub fn dial(&mut self, from: usize, to: usize) -> usize {
        let (ours, theirs) = (self.next, self.next + 1);
        self.next += 2;
        let pipe = self.pipes.len();
        let ends = [Some((from, ours)), Some((to, theirs))];
        self.pipes.push(Pipe { ends, ..Pipe::default() });
        self.by_end.insert((from, ours), (pipe, 0));
        self.by_end.insert((to, theirs), (pipe, 1));
        let there = at(&host(to), 8_444);
        self.nodes[from].open(Opened::outbound(ConnectionId(ours), Some(there)));
        self.collect(from);
        let here = at(&host(from), 50_000);
        self.nodes[to].open(Opened::inbound(ConnectionId(theirs), Some(here)));
        self.collect(to);
        pipe
    }

    /// Puts what a node did where it goes.
    pub fn collect(&mut self, node: usize) {
        for sent in self.nodes[node].sent() {
            match sent {
                NodeSend::Bytes(connection, bytes) => {
                    let (pipe, end) = self.by_end[&(node, connection.0)];
                    assert!(!self.pipes[pipe].closed[1 - end], "bytes after the end");
                    self.pipes[pipe].bytes[1 - end].extend(bytes);
                }
                NodeSend::Close(connection) => {
                    let (pipe, end) = self.by_end[&(node, connection.0)];
                    self.pipes[pipe].closed[1 - end] = true;
                }
                NodeSend::Dial(_) => {}
            }
        }
    }

    /// True if something is on its way through this pipe to this end.
    pub fn has(&self, pipe: usize, end: usize) -> bool {
        let pipe = &self.pipes[pipe];
        let Some((node, connection)) = pipe.ends[end] else { return false };
        let held = self.nodes[node].node.holds_back(ConnectionId(connection));
        !held && (!pipe.bytes[end].is_empty() || pipe.closed[end])
    }

    pub fn pipes(&self) -> usize {
        self.pipes.len()
    }

    /// Up to so many bytes arrive, or the end if there are none.
    pub fn arrive(&mut self, pipe: usize, end: usize, most: usize) {
        if !self.has(pipe, end) {
            return;
        }
        let (node, connection) = self.pipes[pipe].ends[end].unwrap();
        let size = most.min(self.pipes[pipe].bytes[end].len());
        if size > 0 {
            let bytes: Bytes = self.pipes[pipe].bytes[end].drain(..size).collect();
            self.nodes[node].hear(connection, bytes);
        } else if self.pipes[pipe].bytes[end].is_empty() {
            self.pipes[pipe].ends[end] = None;
            self.nodes[node].transport(connection, Transport::Closed);
        }
        self.collect(node);
    }

    /// The next frame arrives, or the end if there is none.
    pub fn arrive_frame(&mut self, pipe: usize, end: usize) {
        let bytes = &self.pipes[pipe].bytes[end];
        let length: Vec<u8> = bytes.iter().take(4).copied().collect();
        let length = length.try_into().map_or(0, |length| u32::from_be_bytes(length) as usize + 4);
        self.arrive(pipe, end, length);
    }

    /// All arrives that is on its way, and what comes of it.
    pub fn settle(&mut self) {
        loop {
            let Some((pipe, end)) = self.moving().next() else { return };
            self.arrive(pipe, end, usize::MAX);
        }
    }

    pub fn moving(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.pipes()).flat_map(|pipe| [(pipe, 0), (pipe, 1)]).filter(|(p, e)| self.has(*p, *e))
    }

    pub fn pass(&mut self, to: Time) {
        for node in 0..self.nodes.len() {
            self.nodes[node].pass(to);
            self.collect(node);
        }
    }
}

pub fn host(node: usize) -> String {
    format!("10.0.0.{}", node + 1)
}
