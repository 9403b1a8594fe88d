//! The laws of every machine, whatever a sync and whoever serves it are told; and what they hold
//! is never more than they say.

use std::sync::OnceLock;
use std::time::Duration;

use nodewire::codec::chia::messages::Block;
use nodewire::codec::chia::{HeaderHash, Message, NodeId, NodeType};
use nodewire::sim::Laws;
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::{
    Added, ConnectionId, Delivery, Direction, FromPeer, Parting, Peer, Serving, ServingLimits,
    Sync, SyncCommand, SyncLimits, SyncQuery, SyncStart, Weighed, Whereabouts,
};
use nodewire::{Action, AskId, Input, InputOf, Machine, Outbox, Time};
use proptest::prelude::*;

use crate::chains::{chain, empty, look_up, tip};
use crate::heap;

#[derive(Clone, Copy, Debug)]
enum Op {
    Connect(u64),
    Disconnect(u64),
    Start(u64),
    /// A request is answered, so or so, by whoever was asked or by somebody else.
    Answer {
        which: usize,
        damage: u8,
        other: Option<u64>,
    },
    /// A question is answered, so or so.
    Reply {
        which: usize,
        how: u8,
    },
    Tell(u64, u8),
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (0..4_u64).prop_map(Op::Connect),
        1 => (0..4_u64).prop_map(Op::Disconnect),
        2 => (0..4_u64).prop_map(Op::Start),
        12 => (any::<usize>(), 0..24_u8, proptest::option::weighted(0.1, 0..4_u64))
            .prop_map(|(which, damage, other)| Op::Answer { which, damage, other }),
        10 => (any::<usize>(), 0..24_u8).prop_map(|(which, how)| Op::Reply { which, how }),
        1 => (0..4_u64, 0..6_u8).prop_map(|(peer, damage)| Op::Tell(peer, damage)),
        3 => (0..12_000_u64).prop_map(Op::Pass),
    ]
}

fn theirs() -> &'static Ledger {
    static THEIRS: OnceLock<Ledger> = OnceLock::new();
    THEIRS.get_or_init(|| chain(130))
}

/// The answer to a request, or something like it.
fn answered(request: &Message, damage: u8) -> Option<Message> {
    let mut serving = Serving::new(ServingLimits::default());
    let mut out = Outbox::new();
    let input = FromPeer::Received(ConnectionId(1), request.clone());
    serving.handle_remote(Time::ZERO, input, &mut out);
    let Some(Action::Ask(id, query)) = out.pop() else { return None };
    serving.handle_local(Time::ZERO, look_up(theirs(), id, query), &mut out).unwrap();
    let Some(Action::Send(Delivery::To(_, mut message))) = out.pop() else { return None };
    match (&mut message, damage) {
        (Message::AllHeaderHashes(it), 0) => it.header_hashes[60] = HeaderHash([9; 32]),
        (Message::AllHeaderHashes(it), 1) => it.header_hashes.truncate(30),
        (Message::HeaderBlocks(it), 0) => it.header_blocks.truncate(3),
        (Message::HeaderBlocks(it), 1) => it.header_blocks[0].challenge = None,
        (Message::HeaderBlocks(it), 2) => {
            it.header_blocks.iter_mut().for_each(|it| it.header.data.timestamp += 1);
        }
        (Message::HeaderBlocks(it), 3) => it.tip_header_hash = HeaderHash([9; 32]),
        (Message::SyncBlocks(it), 0) => it.blocks.truncate(3),
        (Message::SyncBlocks(it), 1) => it.blocks[0].body.cost += 1,
        _ => {}
    }
    Some(message)
}

fn replied(id: AskId, query: &SyncQuery, how: u8) -> SyncCommand {
    match (query, how) {
        (_, 0) => SyncCommand::Weight(id, false),
        (_, 1) => SyncCommand::Added(id, Added::Invalid),
        (_, 2) => SyncCommand::HashAt(AskId::from_u64(1 << 40), None),
        (SyncQuery::WeighHeaders(_), 3) => SyncCommand::Weighed(id, Weighed::Bad),
        (SyncQuery::WeighHeaders(_), 4) => SyncCommand::Weighed(id, Weighed::Damaged),
        (SyncQuery::WeighHeaders(_), _) => SyncCommand::Weighed(id, Weighed::Good),
        (SyncQuery::HashAt { height }, _) => {
            SyncCommand::HashAt(id, theirs().header_hash_at(*height))
        }
        (SyncQuery::VerifyWeight(_), _) => SyncCommand::Weight(id, true),
        (_, 3) => SyncCommand::Added(id, Added::Disconnected),
        _ => SyncCommand::Added(id, Added::Orphan),
    }
}

fn peer() -> (Peer, Whereabouts) {
    let node_type = NodeType::FullNode;
    let peer = Peer { node_id: NodeId([1; 32]), node_type, server_port: 1 };
    (peer, Whereabouts { direction: Direction::Inbound, listens: None })
}

struct Watched {
    laws: Laws<Sync>,
    weighed: Sync,
    base: usize,
    now: Time,
    asked: Vec<(AskId, SyncQuery)>,
    requests: Vec<(u64, Message)>,
}

impl Watched {
    fn new() -> Self {
        let base = heap::live();
        let make = || Sync::new(SyncLimits::default(), 7);
        let weighed = heap::held(make);
        let laws = Laws::new(make());
        let (asked, requests) = (Vec::new(), Vec::new());
        Self { laws, weighed, base, now: Time::ZERO, asked, requests }
    }

    fn give(&mut self, input: &dyn Fn() -> InputOf<Sync>) {
        let now = self.now;
        let stepped = self.laws.step(now, input()).unwrap_or_else(|broken| panic!("{broken}"));
        heap::held(|| {
            let mut out = Outbox::new();
            let _ = self.weighed.handle(now, input(), &mut out);
        });
        let told = self.weighed.footprint() - size_of::<Sync>();
        let live = heap::live() - self.base;
        assert!(live <= told, "{live} bytes live, {told} told");
        let mut actions = stepped.actions;
        while let Some(action) = actions.pop() {
            match action {
                Action::Send(Delivery::To(to, message)) => self.requests.push((to.0, message)),
                Action::Ask(id, query) => self.asked.push((id, query)),
                _ => {}
            }
        }
    }

    fn act(&mut self, op: Op) {
        match op {
            Op::Connect(number) => self.give(&|| {
                let (peer, at) = peer();
                Input::Remote(FromPeer::Connected(ConnectionId(number), peer, at))
            }),
            Op::Disconnect(number) => self.give(&|| {
                let from = ConnectionId(number);
                Input::Remote(FromPeer::Disconnected(from, Parting::AddressKept))
            }),
            Op::Start(number) => self.give(&|| {
                let (tip, chain) = (tip(theirs()), empty().chain());
                let start = SyncStart { chain, tip, from: ConnectionId(number) };
                Input::Local(SyncCommand::Start(Box::new(start)))
            }),
            Op::Answer { which, damage, other } if !self.requests.is_empty() => {
                let which = which % self.requests.len();
                let (to, request) = self.requests.remove(which);
                let from = ConnectionId(other.unwrap_or(to));
                if answered(&request, damage).is_some() {
                    self.give(&|| {
                        let answer = answered(&request, damage).unwrap();
                        Input::Remote(FromPeer::Received(from, answer))
                    });
                }
            }
            Op::Reply { which, how } if !self.asked.is_empty() => {
                let which = which % self.asked.len();
                let (id, query) = self.asked.remove(which);
                self.give(&|| Input::Local(replied(id, &query, how)));
                if self.laws.machine().awaits(id) {
                    self.asked.push((id, query));
                }
            }
            Op::Tell(number, damage) => self.give(&|| {
                let mut block = tip(theirs());
                if damage == 0 {
                    block.header_block.challenge = None;
                }
                let message = Block { block }.into();
                Input::Remote(FromPeer::Received(ConnectionId(number), message))
            }),
            Op::Pass(millis) => {
                self.now = self.now.after(Duration::from_millis(millis));
                self.give(&|| Input::Timeout);
            }
            Op::Answer { .. } | Op::Reply { .. } => {}
        }
    }
}

/// A whole sync: hashes, headers and blocks.
#[test]
fn from_beginning_to_end_the_laws_are_kept() {
    let mut watched = Watched::new();
    watched.act(Op::Connect(0));
    watched.act(Op::Start(0));
    watched.act(Op::Pass(5_000));
    let mut heaviest = 0;
    while watched.laws.machine().is_running() {
        assert!(!watched.requests.is_empty() || !watched.asked.is_empty(), "it is stuck");
        watched.act(Op::Answer { which: 0, damage: 23, other: None });
        watched.act(Op::Reply { which: 0, how: 23 });
        heaviest = heaviest.max(watched.weighed.footprint());
    }
    // It held something, and gave it back.
    assert!(heaviest > 100_000, "{heaviest}");
    assert!(watched.weighed.footprint() < 4_096);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_sync_keeps_the_laws_and_holds_no_more_than_it_says(
        ops in proptest::collection::vec(op(), 0..160),
    ) {
        let mut watched = Watched::new();
        watched.act(Op::Connect(0));
        watched.act(Op::Connect(1));
        watched.act(Op::Start(0));
        watched.act(Op::Pass(5_000));
        for op in ops {
            watched.act(op);
        }
    }
}
