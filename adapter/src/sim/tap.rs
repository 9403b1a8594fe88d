//! Reads along with what a node receives.

use std::collections::BTreeMap;

use nodewire::Time;
use nodewire::sim::{End, Event, Node, Wire};

use crate::leios::Tally;

/// A node, with a count of the messages and bytes that reach it.
#[derive(Debug)]
pub struct Tapped<N> {
    node: N,
    received: BTreeMap<End, Tally>,
}

impl<N> Tapped<N> {
    /// Reads along with what reaches this node.
    pub const fn new(node: N) -> Self {
        Self { node, received: BTreeMap::new() }
    }

    /// The node.
    pub const fn node(&self) -> &N {
        &self.node
    }

    /// Messages that have reached it.
    pub fn messages(&self) -> u64 {
        self.received.values().flat_map(Tally::counts).map(|(_, _, count)| count.messages).sum()
    }

    /// Bytes that have reached it, headers of segments included.
    pub fn bytes(&self) -> u64 {
        self.received.values().map(Tally::bytes).sum()
    }
}

impl<N: Node> Node for Tapped<N> {
    fn event(&mut self, now: Time, end: End, event: Event, wire: &mut Wire) {
        if let Event::Received(_, bytes) = &event {
            self.received.entry(end).or_default().read(bytes);
        }
        self.node.event(now, end, event, wire);
    }

    fn timeout(&mut self, now: Time, wire: &mut Wire) {
        self.node.timeout(now, wire);
    }

    fn deadline(&self) -> Option<Time> {
        self.node.deadline()
    }

    fn reads(&self, end: End) -> bool {
        self.node.reads(end)
    }
}

/// A node of either kind.
#[derive(Debug)]
pub enum Either<A, B> {
    /// The first.
    A(A),
    /// The second.
    B(B),
}

impl<A: Node, B: Node> Node for Either<A, B> {
    fn event(&mut self, now: Time, end: End, event: Event, wire: &mut Wire) {
        match self {
            Self::A(node) => node.event(now, end, event, wire),
            Self::B(node) => node.event(now, end, event, wire),
        }
    }

    fn timeout(&mut self, now: Time, wire: &mut Wire) {
        match self {
            Self::A(node) => node.timeout(now, wire),
            Self::B(node) => node.timeout(now, wire),
        }
    }

    fn deadline(&self) -> Option<Time> {
        match self {
            Self::A(node) => node.deadline(),
            Self::B(node) => node.deadline(),
        }
    }

    fn reads(&self, end: End) -> bool {
        match self {
            Self::A(node) => node.reads(end),
            Self::B(node) => node.reads(end),
        }
    }
}
