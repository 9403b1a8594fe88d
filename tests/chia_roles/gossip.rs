//! Transactions among full nodes: honest ones blame nobody and reach everybody, floods are bounded
//! and keep nobody out (P-29 to P-33, A-11).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use nodewire::codec::chia::messages::{self, NewTransaction, RequestTransaction, SendTransaction};
use nodewire::codec::chia::{Blob, Message, NodeId, NodeType, Transaction, TransactionId};
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, FromPeer, Parting, Peer, TransactionHash, TransactionIds,
    TransactionResult, Transactions, TransactionsCommand, TransactionsLimits, TransactionsQuery,
    Whereabouts,
};
use nodewire::{Action, AskId, Machine, Outbox, Time};
use proptest::prelude::*;

use crate::given::{Played, to};

fn transaction(number: u64) -> Transaction {
    Transaction(Blob(number.to_be_bytes().to_vec().into()))
}

fn id(transaction: &Transaction) -> TransactionId {
    <TransactionHash>::transaction_id(transaction)
}

fn announcement(number: u64) -> messages::TransactionId {
    messages::TransactionId { transaction_id: id(&transaction(number)) }
}

/// A full node: the exchange of transactions and a mempool.
struct Node {
    machine: Transactions,
    mempool: BTreeMap<TransactionId, Transaction>,
    /// Takes what is even, if false.
    takes_all: bool,
    questions: VecDeque<(AskId, TransactionsQuery)>,
}

/// A connection of two nodes, and what is on its way to either.
struct Link {
    ends: [usize; 2],
    coming: [VecDeque<Message>; 2],
}

struct Net {
    nodes: Vec<Node>,
    links: BTreeMap<u64, Link>,
    next: u64,
    now: Time,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The next message of a connection arrives at one of its ends.
    Deliver(usize, bool),
    /// A mempool answers its newest question, or its oldest.
    Answer(usize, bool),
    /// A wallet hands a transaction in.
    Submit(usize, u64),
    Pass(u64),
    Join(usize, usize),
    Cut(usize),
    Sync(usize, bool),
    Forget(usize, usize),
}

impl Net {
    fn new(count: usize, takes_all: bool) -> Self {
        let mut limits = TransactionsLimits::default();
        limits.max_open_asks_per_peer = 2;
        let node = |_| Node {
            machine: Transactions::new(limits.clone()),
            mempool: BTreeMap::new(),
            takes_all,
            questions: VecDeque::new(),
        };
        let nodes = (0..count).map(node).collect();
        Self { nodes, links: BTreeMap::new(), next: 1_000, now: Time::ZERO }
    }

    fn join(&mut self, one: usize, other: usize) {
        let is_there = |link: &Link| link.ends == [one, other] || link.ends == [other, one];
        if one == other || self.links.values().any(is_there) {
            return;
        }
        self.next += 1;
        let coming = [VecDeque::new(), VecDeque::new()];
        self.links.insert(self.next, Link { ends: [one, other], coming });
        for node in [one, other] {
            self.connect(node, self.next, NodeType::FullNode);
        }
    }

    fn connect(&mut self, node: usize, link: u64, node_type: NodeType) {
        let peer = Peer { node_id: NodeId([1; 32]), node_type, server_port: 0 };
        let at = Whereabouts { direction: Direction::Inbound, listens: None };
        self.tell(node, FromPeer::Connected(ConnectionId(link), peer, at));
    }

    fn tell(&mut self, node: usize, input: FromPeer) {
        let mut out = Outbox::new();
        self.nodes[node].machine.handle_remote(self.now, input, &mut out);
        self.follow(node, out.drain().collect());
    }

    fn follow(&mut self, node: usize, actions: Vec<nodewire::ActionOf<Transactions>>) {
        for action in actions {
            match action {
                Action::Send(Delivery::To(ConnectionId(link), message)) => {
                    if let Some(link) = self.links.get_mut(&link) {
                        let other = usize::from(link.ends[0] == node);
                        link.coming[other].push_back(message);
                    }
                }
                Action::Ask(id, query) => self.nodes[node].questions.push_back((id, query)),
                other => panic!("nobody is to be blamed: {other:?}"),
            }
        }
    }

    fn answer(&mut self, node: usize, newest: bool) {
        let of = &mut self.nodes[node];
        let next = if newest { of.questions.pop_back() } else { of.questions.pop_front() };
        let Some((ask, query)) = next else { return };
        let command = match query {
            TransactionsQuery::IsKnown(id) => {
                TransactionsCommand::Known(ask, of.mempool.contains_key(&id))
            }
            TransactionsQuery::Get(id) => {
                TransactionsCommand::Found(ask, of.mempool.get(&id).cloned().map(Box::new))
            }
            TransactionsQuery::Offer(id, transaction) => {
                let is_wanted = of.takes_all || transaction.0.0.last().unwrap() % 2 == 0;
                let result = match of.mempool.entry(id) {
                    Entry::Occupied(_) => TransactionResult::Known,
                    Entry::Vacant(free) if is_wanted => {
                        free.insert(*transaction);
                        TransactionResult::Accepted
                    }
                    Entry::Vacant(_) => TransactionResult::Refused,
                };
                TransactionsCommand::Offered(ask, result)
            }
        };
        self.command(node, command);
    }

    fn command(&mut self, node: usize, command: TransactionsCommand) {
        let mut out = Outbox::new();
        self.nodes[node].machine.handle_local(self.now, command, &mut out).unwrap();
        self.follow(node, out.drain().collect());
    }

    fn link(&self, at: usize) -> Option<u64> {
        self.links.keys().nth(at.checked_rem(self.links.len())?).copied()
    }

    fn step(&mut self, step: Step) {
        let count = self.nodes.len();
        match step {
            Step::Deliver(at, end) => {
                let Some(number) = self.link(at) else { return };
                let from = ConnectionId(number);
                let link = self.links.get_mut(&number).unwrap();
                let node = link.ends[usize::from(end)];
                // A busy node's connection is held back.
                if !self.nodes[node].machine.is_busy_with(from) {
                    if let Some(message) = link.coming[usize::from(end)].pop_front() {
                        self.tell(node, FromPeer::Received(from, message));
                    }
                }
            }
            Step::Answer(node, newest) => self.answer(node % count, newest),
            Step::Submit(node, number) => {
                self.next += 1;
                let (node, wallet) = (node % count, self.next);
                self.connect(node, wallet, NodeType::Wallet);
                let message = SendTransaction { transaction: transaction(number) };
                let from = ConnectionId(wallet);
                self.tell(node, FromPeer::Received(from, message.into()));
                self.tell(node, FromPeer::Disconnected(from, Parting::AddressKept));
            }
            Step::Pass(millis) => {
                self.now = self.now.after(Duration::from_millis(millis));
                for node in 0..count {
                    let mut out = Outbox::new();
                    self.nodes[node].machine.handle_timeout(self.now, &mut out);
                    self.follow(node, out.drain().collect());
                }
            }
            Step::Join(one, other) => self.join(one % count, other % count),
            Step::Cut(at) => {
                let Some(number) = self.link(at) else { return };
                let link = self.links.remove(&number).unwrap();
                for node in link.ends {
                    let gone = ConnectionId(number);
                    self.tell(node, FromPeer::Disconnected(gone, Parting::AddressKept));
                }
            }
            Step::Sync(node, syncing) => {
                self.command(node % count, TransactionsCommand::Syncing(syncing));
            }
            Step::Forget(node, at) => {
                let mempool = &mut self.nodes[node % count].mempool;
                let len = mempool.len();
                if let Some(id) = at.checked_rem(len).and_then(|at| mempool.keys().nth(at)) {
                    let id = *id;
                    mempool.remove(&id);
                }
            }
        }
    }

    /// All that is on its way arrives, and every question is answered.
    fn settle(&mut self) {
        loop {
            let is_quiet =
                self.links.values().all(|link| link.coming.iter().all(VecDeque::is_empty))
                    && self.nodes.iter().all(|node| node.questions.is_empty());
            if is_quiet {
                return;
            }
            for node in 0..self.nodes.len() {
                while !self.nodes[node].questions.is_empty() {
                    self.answer(node, false);
                }
            }
            for at in 0..self.links.len() {
                for end in [false, true] {
                    self.step(Step::Deliver(at, end));
                }
            }
        }
    }
}

fn calm() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..32, any::<bool>()).prop_map(|(at, end)| Step::Deliver(at, end)),
        6 => (0_usize..8, any::<bool>()).prop_map(|(node, newest)| Step::Answer(node, newest)),
        2 => (0_usize..8, 0_u64..24).prop_map(|(node, number)| Step::Submit(node, number)),
        2 => (0_u64..12_000).prop_map(Step::Pass),
    ]
}

fn rough() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => calm(),
        1 => (0_usize..8, 0_usize..8).prop_map(|(one, other)| Step::Join(one, other)),
        1 => (0_usize..32).prop_map(Step::Cut),
        1 => (0_usize..8, any::<bool>()).prop_map(|(node, syncing)| Step::Sync(node, syncing)),
        1 => (0_usize..8, 0_usize..32).prop_map(|(node, at)| Step::Forget(node, at)),
    ]
}

/// Nodes in a ring, with some more connections.
fn ring(count: usize, chords: &[(usize, usize)], takes_all: bool) -> Net {
    let mut net = Net::new(count, takes_all);
    for node in 0..count {
        net.join(node, (node + 1) % count);
    }
    for (one, other) in chords {
        net.join(one % count, other % count);
    }
    net
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_one_takes_reaches_all_and_nobody_is_blamed(
        count in 2_usize..7,
        chords in proptest::collection::vec((0_usize..8, 0_usize..8), 0..6),
        steps in proptest::collection::vec(calm(), 0..300),
    ) {
        let mut net = ring(count, &chords, true);
        for step in steps {
            net.step(step);
        }
        net.settle();
        for node in &net.nodes {
            prop_assert_eq!(&node.mempool, &net.nodes[0].mempool);
        }
        net.step(Step::Pass(60_000));
        net.settle();
        prop_assert!(net.nodes.iter().all(|node| node.machine.fetching() == 0));
        prop_assert!(net.nodes.iter().all(|node| node.machine.deadline().is_none()));
    }

    #[test]
    fn churn_syncs_and_full_mempools_bring_blame_on_nobody(
        count in 2_usize..7,
        chords in proptest::collection::vec((0_usize..8, 0_usize..8), 0..6),
        steps in proptest::collection::vec(rough(), 0..300),
    ) {
        let mut net = ring(count, &chords, false);
        for step in steps {
            net.step(step);
        }
        net.settle();
        // Every source has its time, and then nothing is left.
        for _ in 0..10 {
            net.step(Step::Pass(10_000));
            net.settle();
        }
        prop_assert!(net.nodes.iter().all(|node| node.machine.fetching() == 0));
    }
}

/// What comes as the first, second, third message.
type Flood = fn(u64) -> Message;

/// One that floods and answers nothing, an honest one beside it, and a mempool that knows nothing.
fn flooded(message: Flood, count: u64) -> usize {
    const HOSTILE: u64 = 1;
    const HONEST: u64 = 2;
    let mut played = Played::new(<Transactions>::new(TransactionsLimits::default()));
    played.connect(HOSTILE, NodeType::FullNode);
    played.connect(HONEST, NodeType::FullNode);
    let mut most = 0;
    for number in 0..count {
        played.hear(HOSTILE, message(number));
        for (ask, query) in played.asked() {
            played.local(match query {
                TransactionsQuery::IsKnown(_) => TransactionsCommand::Known(ask, false),
                TransactionsQuery::Get(_) => TransactionsCommand::Found(ask, None),
                TransactionsQuery::Offer(..) => {
                    TransactionsCommand::Offered(ask, TransactionResult::Refused)
                }
            });
        }
        played.sent();
        if number % 64 == 0 {
            played.pass(Duration::from_secs(1));
            most = most.max(played.machine.footprint());
        }
    }
    // The honest one is served as if nobody else were there.
    let honest = u64::MAX;
    played.hear(HONEST, announcement(honest));
    let (ask, _) = played.question();
    played.sent();
    played.local(TransactionsCommand::Known(ask, false));
    let transaction_id = id(&transaction(honest));
    assert_eq!(played.sent(), [to(HONEST, RequestTransaction { transaction_id })]);
    played.hear(HONEST, NewTransaction { transaction: transaction(honest) });
    assert_eq!(played.asked().len(), 1);
    played.disconnect(HOSTILE);
    played.pass(Duration::from_secs(10));
    let left = played.machine.footprint();
    assert!(left < 8 << 10, "nothing of it is left, but {left} bytes are");
    most
}

#[test]
fn floods_of_every_kind_are_bounded() {
    let kinds: [(&str, Flood); 3] = [
        ("ids", |number| announcement(number).into()),
        ("requests", |number| {
            RequestTransaction { transaction_id: id(&transaction(number)) }.into()
        }),
        ("transactions", |number| NewTransaction { transaction: transaction(number) }.into()),
    ];
    for (name, message) in kinds {
        let some = flooded(message, 10_000);
        let more = flooded(message, 20_000);
        assert!(some <= 3 << 20, "{name}: {some} bytes");
        // Twice as many take no more, but for the slack of trees.
        assert!(more <= some + some / 50, "{name}: {some}, then {more} bytes");
    }
}

#[test]
fn what_many_announce_and_nobody_sends_is_given_up() {
    let mut played = Played::new(<Transactions>::new(TransactionsLimits::default()));
    for node in 0..64 {
        played.connect(node, NodeType::FullNode);
        played.hear(node, announcement(7));
        for (ask, _) in played.asked() {
            played.local(TransactionsCommand::Known(ask, false));
        }
    }
    let mut asked = played.sent().len();
    for _ in 0..100 {
        played.pass(Duration::from_secs(10));
        asked += played.sent().len();
    }
    assert_eq!((asked, played.machine.fetching()), (8, 0), "so many sources, each once (P-33)");
}
