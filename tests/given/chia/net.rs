//! Nodes joined in memory: every stream, and what is on its way through it.

use std::collections::{BTreeMap, VecDeque};

use nodewire::Time;
use nodewire::bytes::Bytes;
use nodewire::chia::NodeSend;
use nodewire::codec::chia::PeerInfo;
use nodewire::link::Transport;
use nodewire::state::chia::{ConnectionId, Opened};

/// A node that can be joined with others.
pub trait Party {
    /// A stream is open, and takes any number of bytes.
    fn open(&mut self, opened: Opened);

    /// Something comes of a stream.
    fn transport(&mut self, connection: u64, transport: Transport);

    /// Time passes up to `to`, deadline by deadline.
    fn pass(&mut self, to: Time);

    /// What it did to the network since the last look.
    fn sent(&mut self) -> Vec<NodeSend>;

    /// True while it wants nothing more of this stream.
    fn holds_back(&self, connection: ConnectionId) -> bool;
}

/// A stream between two nodes: bytes on their way each way, and that it was closed.
#[derive(Clone, Debug, Default)]
struct Pipe {
    ends: [Option<(usize, u64)>; 2],
    /// Towards either end.
    bytes: [VecDeque<u8>; 2],
    closed: [bool; 2],
    /// It broke: nothing gets through, and either end is to learn so.
    cut: bool,
}

/// Nodes, and streams between them. Time stands still unless it is passed.
pub struct Net<P> {
    pub nodes: Vec<P>,
    pipes: Vec<Pipe>,
    next: u64,
    /// Which pipe and which end of it a node's connection is.
    by_end: BTreeMap<(usize, u64), (usize, usize)>,
    /// Whom nodes want to dial, and did not yet.
    pub wanted: VecDeque<(usize, PeerInfo)>,
}

impl<P: Party> Net<P> {
    pub fn new(nodes: Vec<P>) -> Self {
        let (pipes, by_end, wanted) = (Vec::new(), BTreeMap::new(), VecDeque::new());
        Self { nodes, pipes, next: 0, by_end, wanted }
    }

    /// `from` dials `to`. Hosts are numbers of nodes, so that each is somewhere else.
    pub fn dial(&mut self, from: usize, to: usize) -> usize {
        let there = place(&host(to), 8_444);
        self.join(from, to, |connection| Opened::outbound(connection, Some(there)))
    }

    /// `from` reaches `to`, which it wanted.
    pub fn reach(&mut self, from: usize, to: usize, wanted: PeerInfo) -> usize {
        let there = Some(wanted.clone());
        self.join(from, to, |connection| Opened::outbound(connection, there).of_dial(wanted))
    }

    fn join(
        &mut self,
        from: usize,
        to: usize,
        opened: impl FnOnce(ConnectionId) -> Opened,
    ) -> usize {
        let (ours, theirs) = (self.next, self.next + 1);
        self.next += 2;
        let pipe = self.pipes.len();
        let ends = [Some((from, ours)), Some((to, theirs))];
        self.pipes.push(Pipe { ends, ..Pipe::default() });
        self.by_end.insert((from, ours), (pipe, 0));
        self.by_end.insert((to, theirs), (pipe, 1));
        self.nodes[from].open(opened(ConnectionId(ours)));
        self.collect(from);
        let here = place(&host(from), 50_000);
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
                    let pipe = &mut self.pipes[pipe];
                    assert!(!pipe.closed[1 - end], "bytes after the end");
                    if !pipe.cut {
                        pipe.bytes[1 - end].extend(bytes);
                    }
                }
                NodeSend::Close(connection) => {
                    let (pipe, end) = self.by_end[&(node, connection.0)];
                    self.pipes[pipe].closed[1 - end] = true;
                }
                NodeSend::Dial(there) => self.wanted.push_back((node, there)),
            }
        }
    }

    /// Who is at the other end of a connection.
    pub fn across(&self, connection: ConnectionId) -> Option<usize> {
        // The other end has the number beside it.
        self.by_end.keys().find(|(_, it)| *it == connection.0 ^ 1).map(|(node, _)| *node)
    }

    /// True if something is on its way through this pipe to this end.
    pub fn has(&self, pipe: usize, end: usize) -> bool {
        let pipe = &self.pipes[pipe];
        let Some((node, connection)) = pipe.ends[end] else { return false };
        let held = self.nodes[node].holds_back(ConnectionId(connection));
        let is_over = pipe.closed[end] || pipe.cut;
        !held && (!pipe.bytes[end].is_empty() || is_over)
    }

    pub fn pipes(&self) -> usize {
        self.pipes.len()
    }

    /// True once both ends know that it has ended.
    pub fn is_over(&self, pipe: usize) -> bool {
        self.pipes[pipe].ends == [None, None]
    }

    /// True if one of its ends is this node's.
    pub fn is_of(&self, pipe: usize, node: usize) -> bool {
        self.pipes[pipe].ends.iter().flatten().any(|(of, _)| *of == node)
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
            self.nodes[node].transport(connection, Transport::Received(bytes));
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

    /// What is on its way through a pipe is lost, and either end is to learn so.
    pub fn cut(&mut self, pipe: usize) {
        let pipe = &mut self.pipes[pipe];
        pipe.bytes.iter_mut().for_each(VecDeque::clear);
        pipe.cut = true;
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

fn place(host: &str, port: u16) -> PeerInfo {
    PeerInfo { host: host.to_string(), port }
}

/// Where a node is.
pub fn host(node: usize) -> String {
    format!("10.0.0.{}", node + 1)
}
