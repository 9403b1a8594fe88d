//! A network of many nodes under virtual time, from one seed.
//!
//! A connection has two directions, each with a rate, a one-way delay, jitter, a bounded backlog
//! of unsent bytes as a socket has it, and a window of bytes that are under way or unread. Bytes
//! are cut into pieces at any byte. What it models is flow control; there is no congestion
//! control, no packet loss and no cost of computing.

mod flow;
mod way;

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use self::way::Way;
use crate::sim::node::{End, Event, LinkSpec, Node, Wire};
use crate::sim::{Rng, TraceHash};
use crate::time::Time;

/// What a run of a [`Net`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetReport {
    /// The virtual time.
    pub now: Time,
    /// Events so far.
    pub events: u64,
    /// The running hash over time, order, node and kind of each event: equal in equal runs.
    pub hash: u64,
    /// True if nothing is left to happen.
    pub idle: bool,
}

/// Nodes, the connections between them, and the queue of what happens next.
///
/// Ties in time go by order of cause, so a run depends on the seed and the nodes alone.
///
/// ```
/// use bytes::Bytes;
/// use nodewire::Time;
/// use nodewire::sim::{End, Event, LinkSpec, Net, Node, Wire};
///
/// /// Says hello, counts what it hears.
/// struct Talker(usize);
/// impl Node for Talker {
///     fn event(&mut self, _: Time, end: End, event: Event, wire: &mut Wire) {
///         match event {
///             Event::Opened => wire.send(end, Bytes::from_static(&[7; 2_000])),
///             Event::Received(_, bytes) => self.0 += bytes.len(),
///             _ => {}
///         }
///     }
///     fn timeout(&mut self, _: Time, _: &mut Wire) {}
///     fn deadline(&self) -> Option<Time> { None }
/// }
///
/// let mut net = Net::new(1);
/// let (a, b) = (net.add(Talker(0)), net.add(Talker(0)));
/// net.connect(Time::ZERO, a, b, [LinkSpec::default(), LinkSpec::default()]);
/// let report = net.run(Time::from_micros(1_000_000), u64::MAX);
/// assert!(report.idle);
/// assert_eq!(net.node(b).unwrap().0, 2_000);
/// // 2,000 bytes at 1.25 MB/s and 25 ms.
/// assert_eq!(report.now, Time::from_micros(26_600));
/// ```
#[derive(Debug)]
pub struct Net<N> {
    nodes: Vec<N>,
    armed: Vec<Option<Time>>,
    /// By node: the ends across from which something is unread because the node doesn't read.
    held: Vec<Vec<End>>,
    /// By the number of the sending end.
    ways: Vec<Way>,
    queue: BinaryHeap<Reverse<(Time, u64, What)>>,
    now: Time,
    seq: u64,
    events: u64,
    hash: TraceHash,
    cuts: Rng,
    delays: Rng,
    breaks: Rng,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Open(End),
    /// A piece of this end's has left.
    Left(End),
    /// The oldest piece of a lane of this end's arrives across.
    Arrives(End, u16),
    /// What is unread of this end's is offered across once more.
    Delivers(End),
    /// The connection is lost.
    Lost(End),
    Timeout(u32),
}

impl<N: Node> Net<N> {
    /// An empty network.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let rng = Rng::new(seed);
        Self {
            nodes: Vec::new(),
            armed: Vec::new(),
            held: Vec::new(),
            ways: Vec::new(),
            queue: BinaryHeap::new(),
            now: Time::ZERO,
            seq: 0,
            events: 0,
            hash: TraceHash::new(),
            cuts: rng.stream("cuts"),
            delays: rng.stream("delays"),
            breaks: rng.stream("breaks"),
        }
    }

    /// Adds a node and returns its index.
    pub fn add(&mut self, node: N) -> usize {
        self.nodes.push(node);
        self.armed.push(None);
        self.held.push(Vec::new());
        let index = self.nodes.len() - 1;
        self.arm(index);
        index
    }

    /// Connects two nodes at a time: the way out of each, in order. Returns their ends.
    ///
    /// The first end has an even number: it is the side that connects.
    pub fn connect(&mut self, at: Time, a: usize, b: usize, specs: [LinkSpec; 2]) -> (End, End) {
        let end = End(number(self.ways.len()));
        for (node, spec) in [a, b].into_iter().zip(specs) {
            self.ways.push(Way::new(number(node), spec));
        }
        self.push(at, What::Open(end));
        self.push(at, What::Open(end.across()));
        (end, end.across())
    }

    /// Breaks a connection at a time: both sides see it closed, what is on its way is lost.
    pub fn break_at(&mut self, at: Time, end: End) {
        self.push(at, What::Lost(end));
    }

    /// A node.
    #[must_use]
    pub fn node(&self, index: usize) -> Option<&N> {
        self.nodes.get(index)
    }

    /// All nodes.
    #[must_use]
    pub fn nodes(&self) -> &[N] {
        &self.nodes
    }

    /// Bytes that have left this end so far, whether or not they have arrived.
    #[must_use]
    pub fn sent(&self, end: End) -> u64 {
        self.ways.get(end.0 as usize).map_or(0, |way| way.sent)
    }

    /// Does something to a node now, as if it were an event.
    pub fn with(&mut self, index: usize, act: impl FnOnce(&mut N, Time, &mut Wire)) {
        let mut wire = Wire::default();
        if let Some(node) = self.nodes.get_mut(index) {
            act(node, self.now, &mut wire);
        }
        self.carry(wire);
        self.arm(index);
        self.wake(index);
    }

    /// Goes on until `until`, until `most` events more, or until nothing is left to happen.
    pub fn run(&mut self, until: Time, most: u64) -> NetReport {
        let mut left = most;
        while left > 0 {
            match self.queue.peek() {
                Some(Reverse((at, _, _))) if *at <= until => {}
                _ => break,
            }
            let Some(Reverse((at, seq, what))) = self.queue.pop() else { break };
            left -= 1;
            self.now = self.now.max(at);
            self.step(at, seq, what);
        }
        self.report()
    }

    /// Where it stands.
    #[must_use]
    pub fn report(&self) -> NetReport {
        let Self { now, events, .. } = *self;
        NetReport { now, events, hash: self.hash.get(), idle: self.queue.is_empty() }
    }

    fn step(&mut self, at: Time, seq: u64, what: What) {
        if let What::Timeout(node) = what {
            // An entry counts only if it is the one armed last.
            if self.armed.get(node as usize) != Some(&Some(at)) {
                return;
            }
        }
        self.events += 1;
        let (kind, subject) = match what {
            What::Open(end) => (0, end.0),
            What::Left(end) => (1, end.0),
            What::Arrives(end, _) => (2, end.0),
            What::Lost(end) => (3, end.0),
            What::Timeout(node) => (4, node),
            What::Delivers(end) => (5, end.0),
        };
        self.hash.number(at.as_micros());
        self.hash.number(seq);
        self.hash.number(u64::from(subject) << 8 | kind);
        match what {
            What::Open(end) => self.open(end),
            What::Left(end) => self.left(end),
            What::Arrives(end, lane) => self.arrives(end, lane),
            What::Lost(end) => self.lost(end),
            What::Delivers(end) => self.deliver(end),
            What::Timeout(node) => {
                if let Some(armed) = self.armed.get_mut(node as usize) {
                    *armed = None;
                }
                self.with(node as usize, |node, now, wire| {
                    // The deadline may have moved on since.
                    if node.deadline().is_some_and(|due| due <= now) {
                        node.timeout(now, wire);
                    }
                });
            }
        }
    }

    fn tell(&mut self, end: End, event: Event) {
        let Some(way) = self.ways.get(end.0 as usize) else { return };
        let node = way.node as usize;
        self.with(node, |node, now, wire| node.event(now, end, event, wire));
    }

    /// Whatever a node was told, it may have begun to read again what was held back.
    fn wake(&mut self, index: usize) {
        let Some(held) = self.held.get_mut(index) else { return };
        for end in core::mem::take(held) {
            if let Some(way) = self.ways.get_mut(end.0 as usize) {
                way.held = false;
            }
            if self.reads(end.across()) {
                self.push(self.now, What::Delivers(end));
            } else {
                self.hold(end);
            }
        }
    }

    /// Remembers that what arrived from `end` is not read now.
    fn hold(&mut self, end: End) {
        let node = self.ways.get(end.across().0 as usize).map(|way| way.node as usize);
        let held = node.and_then(|node| self.held.get_mut(node));
        if let (Some(way), Some(held)) = (self.ways.get_mut(end.0 as usize), held) {
            if !core::mem::replace(&mut way.held, true) {
                held.push(end);
            }
        }
    }

    fn reads(&self, end: End) -> bool {
        let node = self.ways.get(end.0 as usize).and_then(|way| self.nodes.get(way.node as usize));
        node.is_some_and(|node| node.reads(end))
    }

    /// Sees to an entry for the node's deadline.
    fn arm(&mut self, index: usize) {
        let Some(due) = self.nodes.get(index).and_then(N::deadline) else { return };
        let due = due.max(self.now);
        let Some(armed) = self.armed.get_mut(index) else { return };
        if armed.is_none_or(|armed| due < armed) {
            *armed = Some(due);
            self.push(due, What::Timeout(number(index)));
        }
    }

    fn push(&mut self, at: Time, what: What) {
        self.queue.push(Reverse((at, self.seq, what)));
        self.seq += 1;
    }
}

/// Nodes and connections have numbers of 32 bits: so many do not fit into memory.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
