//! Two nodes that dial each other: one connection survives, and it is the same at both (C-9, R-7).

use std::collections::{BTreeSet, VecDeque};

use nodewire::bytes::Bytes;
use nodewire::chia::{Node, NodeCommand, NodeConfig, NodeNotice, NodeRemote, NodeSend};
use nodewire::codec::Source;
use nodewire::codec::chia::messages::HandshakeAck;
use nodewire::codec::chia::{Message, NodeId, NodeType, PeerInfo};
use nodewire::link::Transport;
use nodewire::sim::World;
use nodewire::state::chia::{
    ConnectionConfig, ConnectionId, Delivery, FromPeer, Opened, Reaction, Role,
};
use nodewire::{Action, Ending, Machine, Never, Out, Outbox, Refusal, Time};

use crate::links::Wire;
use crate::report::{Report, finds};

/// A role that counts who is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Counter {
    there: BTreeSet<u64>,
}

impl Role for Counter {
    fn node_type(&self) -> NodeType {
        NodeType::FullNode
    }
}

impl Machine for Counter {
    type Local = Never;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = Never;
    type Query = Never;

    fn handle_local(
        &mut self,
        _: Time,
        never: Never,
        _: &mut Out<Self>,
    ) -> Result<(), Refusal<Never>> {
        match never {}
    }

    fn handle_remote(&mut self, _: Time, news: FromPeer, _: &mut Out<Self>) {
        match news {
            FromPeer::Connected(connection, ..) => {
                assert!(self.there.insert(connection.0), "told twice");
            }
            FromPeer::Disconnected(connection, _) => {
                assert!(self.there.remove(&connection.0), "it was not there");
            }
            FromPeer::Received(..) | FromPeer::DialFailed(_) | FromPeer::DialPutOff(..) => {}
        }
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }
}

/// A stream: end 0 dials.
#[derive(Clone, Debug, Default, Hash)]
struct Pipe {
    /// The nodes at both ends.
    nodes: [usize; 2],
    /// What the nodes call it, from when they know of it until it is closed.
    names: [Option<u64>; 2],
    /// Frames on their way to either end, and whether the end of the stream follows.
    coming: [VecDeque<Bytes>; 2],
    closed: [bool; 2],
    /// Neither, the dialler, or both know of it.
    opened: u8,
}

#[derive(Clone, Debug)]
enum Move {
    /// The next stream is opened by its dialler.
    Dial(usize),
    /// The other end accepts it.
    Accept(usize),
    /// The next frame arrives at an end, or the end of the stream.
    Arrive(usize, usize),
}

/// Nodes 0 and 1, where 0 has the smaller node id, and their streams.
#[derive(Clone, Hash)]
struct Pair {
    nodes: [Vec<Node<Counter>>; 2],
    next: u64,
    pipes: Vec<Pipe>,
    wrong: Option<String>,
    /// A fault planted on purpose.
    flaw: Option<Flaw>,
}

/// What can be wrong with two nodes.
#[derive(Clone, Copy, Hash)]
enum Flaw {
    /// Each has a register for every stream instead of one.
    Apart,
    /// That a stream has ended reaches nobody.
    Endless,
    /// This becomes of what a node sends.
    Wire(Wire),
}

impl Pair {
    fn new(dials: &[[usize; 2]]) -> Self {
        let node = |byte| {
            let mut connection = ConnectionConfig::new(NodeType::FullNode, NodeId([byte; 32]));
            connection.server_port = 8_444;
            vec![Node::new(NodeConfig::new(connection), Counter::default())]
        };
        let pipes = dials.iter().map(|nodes| Pipe { nodes: *nodes, ..Pipe::default() });
        Self { nodes: [node(1), node(2)], next: 0, pipes: pipes.collect(), wrong: None, flaw: None }
    }

    /// With this planted.
    fn flawed(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        if let Flaw::Apart = flaw {
            let streams = self.pipes.len();
            self.nodes = self.nodes.map(|it| vec![it[0].clone(); streams]);
        }
        self
    }

    fn open(&mut self, pipe: usize, end: usize) {
        let node = self.pipes[pipe].nodes[end];
        let connection = ConnectionId(self.next);
        self.next += 1;
        self.pipes[pipe].names[end] = Some(connection.0);
        self.pipes[pipe].opened += 1;
        let there = Some(PeerInfo { host: format!("10.0.0.{}", 2 - node), port: 8_444 });
        let opened = match end {
            0 => Opened::outbound(connection, there),
            _ => Opened::inbound(connection, there),
        };
        self.step(node, pipe, |node, out| {
            node.handle_local(Time::ZERO, NodeCommand::Opened(opened), out).unwrap();
            let transport = Transport::Writable(Transport::UNCOUNTED);
            node.handle_remote(Time::ZERO, NodeRemote { connection, transport }, out);
        });
    }

    fn arrive(&mut self, pipe: usize, end: usize) {
        let of = &mut self.pipes[pipe];
        let node = of.nodes[end];
        let frame = of.coming[end].pop_front();
        let name = if frame.is_some() { of.names[end] } else { of.names[end].take() };
        // Whoever has closed hears nothing more.
        let Some(name) = name else { return };
        let transport = frame.map_or(Transport::Closed, Transport::Received);
        let remote = NodeRemote { connection: ConnectionId(name), transport };
        self.step(node, pipe, |node, out| node.handle_remote(Time::ZERO, remote, out));
    }

    fn step(
        &mut self,
        node: usize,
        pipe: usize,
        act: impl FnOnce(&mut Node<Counter>, &mut Out<Node<Counter>>),
    ) {
        let mut out = Outbox::new();
        let part = pipe.min(self.nodes[node].len() - 1);
        act(&mut self.nodes[node][part], &mut out);
        for action in out.drain() {
            match action {
                Action::Send(NodeSend::Bytes(connection, bytes)) => {
                    let Some((pipe, end)) = self.find(node, connection) else {
                        self.wrong = Some("bytes on a stream that is closed".into());
                        continue;
                    };
                    let frames = frames(bytes);
                    let frames = frames.into_iter().flat_map(|frame| self.carried(node, frame));
                    let frames: Vec<_> = frames.collect();
                    self.pipes[pipe].coming[1 - end].extend(frames);
                }
                Action::Send(NodeSend::Close(connection)) => {
                    let Some((pipe, end)) = self.find(node, connection) else { continue };
                    self.pipes[pipe].names[end] = None;
                    let is_lost = matches!(self.flaw, Some(Flaw::Endless));
                    self.pipes[pipe].closed[1 - end] = !is_lost;
                }
                Action::Notify(NodeNotice::Closed { ending, reaction, banned_until, .. }) => {
                    let is_duplicate = match &ending {
                        Ending::Done => true,
                        Ending::Fault(fault) => {
                            fault.rule().is_some_and(|rule| rule.reason() == "Duplicate")
                        }
                    };
                    if !is_duplicate || reaction != Reaction::Keep || banned_until.is_some() {
                        self.wrong = Some(format!("node {node} ended by {ending}: {reaction:?}"));
                    }
                }
                Action::Notify(_) => {}
                other => self.wrong = Some(format!("node {node}: {other:?}")),
            }
        }
    }

    /// What becomes of a frame on its way.
    fn carried(&self, node: usize, frame: Bytes) -> Vec<Bytes> {
        let Some(Flaw::Wire(wire)) = self.flaw else { return vec![frame] };
        let body = frame.slice(4..);
        let message = Message::decode(&body, Source::of(&body)).expect("a message");
        let carried = wire(node, message).into_iter().map(|message| {
            let mut body = Vec::new();
            message.encode(&mut body);
            [&u32::try_from(body.len()).unwrap().to_be_bytes(), &body[..]].concat().into()
        });
        carried.collect()
    }

    fn find(&self, node: usize, connection: ConnectionId) -> Option<(usize, usize)> {
        let ends = (0..self.pipes.len()).flat_map(|pipe| [(pipe, 0), (pipe, 1)]);
        let mut ends = ends.filter(|(pipe, end)| {
            let of = &self.pipes[*pipe];
            of.nodes[*end] == node && of.names[*end] == Some(connection.0)
        });
        ends.next()
    }

    /// The streams that are established at a node.
    fn established(&self, node: usize) -> Vec<usize> {
        let there = self.nodes[node].iter().flat_map(|it| &it.role().there);
        there.filter_map(|name| Some(self.find(node, ConnectionId(*name))?.0)).collect()
    }
}

/// Every frame of what was sent at once.
fn frames(mut bytes: Bytes) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let Some(length) = bytes.first_chunk() {
        let length = u32::from_be_bytes(*length) as usize + 4;
        frames.push(bytes.split_to(length));
    }
    assert!(bytes.is_empty(), "part of a frame");
    frames
}

impl World for Pair {
    type Move = Move;

    fn moves(&self, moves: &mut Vec<Move>) {
        for (at, pipe) in self.pipes.iter().enumerate() {
            match pipe.opened {
                0 => moves.push(Move::Dial(at)),
                1 => moves.push(Move::Accept(at)),
                _ => {}
            }
            for end in 0..2 {
                // Nothing reaches who has not accepted; an end that has closed hears nothing.
                let hears = pipe.names[end].is_some();
                if hears && (!pipe.coming[end].is_empty() || pipe.closed[end]) {
                    moves.push(Move::Arrive(at, end));
                }
            }
        }
    }

    fn after(&self, step: &Move) -> Option<Self> {
        let mut next = self.clone();
        match *step {
            Move::Dial(pipe) => next.open(pipe, 0),
            Move::Accept(pipe) => next.open(pipe, 1),
            Move::Arrive(pipe, end) => next.arrive(pipe, end),
        }
        Some(next)
    }

    fn fault(&self) -> Option<String> {
        let most = (0..2).map(|node| self.established(node).len()).max();
        let twice = most > Some(1);
        self.wrong.clone().or_else(|| twice.then(|| "two connections of one node id".into()))
    }

    fn stuck(&self) -> Option<String> {
        let both = [self.established(0), self.established(1)];
        let is_one = both[0].len() == 1 && both[0] == both[1];
        let is_all = self.nodes.iter().flatten().all(|node| node.registry().len() == 1);
        (!is_one || !is_all).then(|| format!("streams established: {both:?}"))
    }
}

const OUT: [usize; 2] = [0, 1];
const BACK: [usize; 2] = [1, 0];

pub fn some(report: &mut Report) {
    explore(report, "one dials", &[OUT]);
    explore(report, "both dial", &[OUT, BACK]);
    explore(report, "the smaller id dials twice", &[OUT, OUT]);
    explore(report, "the larger id dials twice", &[BACK, BACK]);
}

pub fn large(report: &mut Report) {
    explore(report, "both dial, the smaller id twice", &[OUT, BACK, OUT]);
    explore(report, "both dial, the larger id twice", &[OUT, BACK, BACK]);
}

fn explore(report: &mut Report, name: &str, dials: &[[usize; 2]]) {
    let mut survivors = BTreeSet::new();
    report.explore(name, Pair::new(dials), |pair| {
        let mut moves = Vec::new();
        pair.moves(&mut moves);
        if moves.is_empty() {
            survivors.extend(pair.established(0));
        }
    });
    // Any of them can be the one that stays.
    assert_eq!(survivors.len(), dials.len(), "{name}");
}

/// Faults planted on purpose, each found.
pub fn planted() {
    let both = |flaw| Pair::new(&[OUT, BACK]).flawed(flaw);
    finds("nobody knows what is there already", both(Flaw::Apart), "two connections");
    finds("the end of a stream is lost", both(Flaw::Endless), "streams established");
    let wires: [(&str, &str, Wire); 5] = [
        ("both take themselves for the smaller one", "streams established", |node, it| match it {
            Message::Handshake(mut it) if node == 0 => {
                it.node_id = NodeId([9; 32]);
                vec![(*it).into()]
            }
            it => vec![it],
        }),
        ("both take themselves for the larger one", "streams established", |node, it| match it {
            Message::Handshake(mut it) if node == 1 => {
                it.node_id = NodeId([0; 32]);
                vec![(*it).into()]
            }
            it => vec![it],
        }),
        ("one answers no handshake", "streams established", |node, it| match it {
            Message::HandshakeAck(_) if node == 0 => Vec::new(),
            it => vec![it],
        }),
        ("one answers before it says who it is", "broke chia/C-2 InvalidHandshake", |node, it| {
            match it {
                Message::Handshake(_) if node == 0 => vec![HandshakeAck {}.into(), it],
                it => vec![it],
            }
        }),
        ("one is of another network", "broke chia/C-3", |node, it| match it {
            Message::Handshake(mut it) if node == 1 => {
                it.network_id = "another".into();
                vec![(*it).into()]
            }
            it => vec![it],
        }),
    ];
    for (name, fault, wire) in wires {
        finds(name, both(Flaw::Wire(wire)), fault);
    }
}
