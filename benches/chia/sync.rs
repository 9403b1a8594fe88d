//! A full node that syncs from another: twice the chain, twice the work.

#![allow(clippy::disallowed_types)] // Steps a second are told too.

use std::hint::black_box;
use std::time::Instant;

use nodewire::chia::{NodeCommand, NodeRemote, NodeSend};
use nodewire::codec::chia::{HeaderHash, PeerInfo};
use nodewire::link::Transport;
use nodewire::sim::chia::{Ledger, Maker};
use nodewire::state::chia::{ConnectionId, Opened};
use nodewire::{Action, Input, InputOf, Machine, Outbox, Time};

use crate::common::{Case, Run};
use crate::node::{FullNodeAlone, full_node, ledger};

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, make| Case { name, ops: 1, bytes: 0, make };
    vec![
        case("linear_sync/1", || sync(500)),
        case("linear_sync/2", || sync(1_000)),
        case("long_sync/1", || sync(50_000)),
        case("long_sync/2", || sync(100_000)),
    ]
}

/// Inputs that both nodes take a second while one syncs 50,000 blocks from the other.
pub fn steps_a_second() -> f64 {
    let (long, _) = ledger(50_000);
    let mut pair = Pair::of(&long);
    let began = Instant::now();
    pair.run();
    let took = began.elapsed();
    assert_eq!(pair.reached(), long.chain().tips[0].header_hash, "it has not synced");
    pair.steps as f64 / took.as_secs_f64()
}

/// One that has so many blocks, and one that has the first of them.
fn sync(blocks: u32) -> Run {
    let (long, _) = ledger(blocks);
    Run::Anew(Box::new(move || {
        let mut pair = Pair::of(&long);
        let tip = long.chain().tips[0].header_hash;
        Box::new(move || {
            pair.run();
            assert_eq!(black_box(pair.reached()), tip, "it has not synced");
        })
    }))
}

/// Two nodes on one stream, and the time.
struct Pair {
    nodes: [FullNodeAlone; 2],
    now: Time,
    /// What was not carried out yet, and for whom.
    coming: Vec<(usize, InputOf<FullNodeAlone>)>,
    /// Inputs that they have taken.
    steps: u64,
}

/// What both call the stream.
const STREAM: ConnectionId = ConnectionId(1);

impl Pair {
    /// One that has all of this, and one that has the first of it.
    fn of(long: &Ledger) -> Self {
        let consensus = long.consensus().clone();
        let genesis = Maker::genesis(&consensus);
        let short = Ledger::new(consensus, genesis);
        Self::new(full_node(long.clone(), 1, 4), full_node(short, 2, 4))
    }

    fn new(first: FullNodeAlone, second: FullNodeAlone) -> Self {
        let at = PeerInfo { host: "10.0.0.1".into(), port: 8_444 };
        let opened = [
            Opened::inbound(STREAM, Some(at.clone())),
            Opened::outbound(STREAM, Some(at.clone())).of_dial(at),
        ];
        let mut coming = Vec::new();
        for (node, opened) in opened.into_iter().enumerate() {
            coming.push((node, Input::Local(NodeCommand::Opened(opened))));
            let transport = Transport::Writable(Transport::UNCOUNTED);
            coming.push((node, Input::Remote(NodeRemote { connection: STREAM, transport })));
        }
        Self { nodes: [first, second], now: Time::ZERO, coming, steps: 0 }
    }

    /// The tip of the one that syncs.
    fn reached(&self) -> HeaderHash {
        self.nodes[1].oracle().ledger().chain().tips[0].header_hash
    }

    /// Carries everything out until nobody waits for anything for a minute.
    fn run(&mut self) {
        let mut quiet = Time::ZERO;
        loop {
            for (node, input) in core::mem::take(&mut self.coming) {
                self.give(node, input);
                quiet = self.now;
            }
            if !self.coming.is_empty() {
                continue;
            }
            let due = self.nodes.iter().filter_map(Machine::deadline).min();
            let Some(due) = due.filter(|due| due.since(quiet).as_secs() < 60) else { return };
            self.now = self.now.max(due);
            for node in 0..2 {
                if self.nodes[node].deadline().is_some_and(|due| due <= self.now) {
                    self.give(node, Input::Timeout);
                }
            }
        }
    }

    fn give(&mut self, node: usize, input: InputOf<FullNodeAlone>) {
        self.steps += 1;
        let mut out = Outbox::new();
        assert!(self.nodes[node].handle(self.now, input, &mut out).is_ok());
        for action in out.drain() {
            match action {
                Action::Send(NodeSend::Bytes(connection, bytes)) => {
                    let transport = Transport::Received(bytes);
                    let remote = NodeRemote { connection, transport };
                    self.coming.push((1 - node, Input::Remote(remote)));
                }
                Action::Send(NodeSend::Close(_)) => panic!("somebody closed"),
                Action::Send(_) | Action::Notify(_) | Action::Close(_) => {}
                Action::Ask(_, never) => match never {},
            }
        }
    }
}
