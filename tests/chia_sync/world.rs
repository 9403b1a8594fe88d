//! One node that syncs, others around it, and the wires between under virtual time.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use nodewire::codec::chia::messages::Block;
use nodewire::codec::chia::{FullBlock, HeaderHash, Message, NodeId, NodeType};
use nodewire::sim::Rng;
use nodewire::sim::chia::Ledger;
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, FromPeer, Parting, Peer, Serving, ServingLimits, Sync,
    SyncCommand, SyncLimits, SyncNotice, SyncOutcome, SyncStart, Whereabouts,
};
use nodewire::{Action, Machine, Outbox, Time};

use crate::chains::{Keeper, look_up, tip};

/// What an adversary makes of a request and of the honest answer to it, if there is one.
pub type Twist = Box<dyn FnMut(&Message, Option<Message>) -> Vec<Message>>;

/// How long an answer takes.
pub type Lag = fn(&Message) -> Duration;

/// Somebody to sync from.
struct Node {
    serving: Serving,
    ledger: Rc<Ledger>,
    twist: Option<Twist>,
    /// Nothing on this wire arrives before this.
    wire: [Time; 2],
    /// How long each answer takes, one after the other.
    lag: Option<Lag>,
}

/// What is on its way, by time of arrival.
enum Event {
    ToSync(FromPeer),
    ToPeer(u64, Message),
}

pub struct World {
    pub sync: Sync,
    pub keeper: Keeper,
    pub now: Time,
    nodes: BTreeMap<u64, Node>,
    coming: BTreeMap<(Time, u64), Event>,
    events: u64,
    rng: Rng,
    /// Messages take from one to so many milliseconds.
    pub delay: u64,
    pub penalties: Vec<(u64, &'static str, &'static str)>,
    pub notices: Vec<SyncNotice>,
    pub sent: Vec<(u64, Message)>,
}

impl World {
    pub fn new(ledger: Ledger, seed: u64) -> Self {
        Self::limited(ledger, seed, SyncLimits::default())
    }

    pub fn limited(ledger: Ledger, seed: u64, limits: SyncLimits) -> Self {
        Self {
            sync: Sync::new(limits, seed),
            keeper: Keeper::new(ledger),
            now: Time::ZERO,
            nodes: BTreeMap::new(),
            coming: BTreeMap::new(),
            events: 0,
            rng: Rng::new(seed),
            delay: 50,
            penalties: Vec::new(),
            notices: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Connects a node that answers out of this ledger.
    pub fn honest(&mut self, number: u64, ledger: &Rc<Ledger>) {
        self.join(number, ledger, None);
    }

    /// Connects one that makes something else of its answers.
    pub fn twisted(
        &mut self,
        number: u64,
        ledger: &Rc<Ledger>,
        twist: impl FnMut(&Message, Option<Message>) -> Vec<Message> + 'static,
    ) {
        self.join(number, ledger, Some(Box::new(twist)));
    }

    fn join(&mut self, number: u64, ledger: &Rc<Ledger>, twist: Option<Twist>) {
        let serving = Serving::new(ServingLimits::default());
        let wire = [self.now; 2];
        self.nodes
            .insert(number, Node { serving, ledger: Rc::clone(ledger), twist, wire, lag: None });
        let node_type = NodeType::FullNode;
        let peer = Peer { node_id: NodeId([7; 32]), node_type, server_port: 8_444 };
        let at = Whereabouts { direction: Direction::Outbound, listens: None };
        self.remote(FromPeer::Connected(ConnectionId(number), peer, at));
    }

    /// Each answer of this node takes so long, one after the other.
    pub fn lags(&mut self, number: u64, lag: Lag) {
        self.nodes.get_mut(&number).unwrap().lag = Some(lag);
    }

    pub fn leave(&mut self, number: u64) {
        if self.nodes.remove(&number).is_some() {
            self.remote(FromPeer::Disconnected(ConnectionId(number), Parting::AddressKept));
        }
    }

    pub fn is_here(&self, number: u64) -> bool {
        self.nodes.contains_key(&number)
    }

    /// Begins with the tip of this node's ledger.
    pub fn start(&mut self, from: u64) {
        let tip = tip(&self.nodes[&from].ledger);
        self.start_with(from, tip);
    }

    pub fn start_with(&mut self, from: u64, tip: FullBlock) {
        let chain = self.keeper.ledger.chain();
        let start = SyncStart { chain, tip, from: ConnectionId(from) };
        self.local(SyncCommand::Start(Box::new(start)));
    }

    /// A node tells a block.
    pub fn tell(&mut self, from: u64, block: FullBlock) {
        self.hear(from, Block { block });
    }

    /// A node says something, and it arrives at once.
    pub fn hear(&mut self, from: u64, message: impl Into<Message>) {
        self.remote(FromPeer::Received(ConnectionId(from), message.into()));
    }

    pub fn local(&mut self, command: SyncCommand) {
        let mut out = Outbox::new();
        if let Err(refusal) = self.sync.handle_local(self.now, command, &mut out) {
            panic!("{}", refusal.why);
        }
        self.follow(out);
    }

    pub fn remote(&mut self, input: FromPeer) {
        let mut out = Outbox::new();
        self.sync.handle_remote(self.now, input, &mut out);
        self.follow(out);
    }

    /// The next thing happens; false if nothing is to come.
    pub fn step(&mut self) -> bool {
        let arrival = self.coming.first_key_value().map(|(key, _)| *key);
        let due = self.sync.deadline();
        match (arrival, due) {
            (Some(key), due) if due.is_none_or(|due| key.0 <= due) => {
                self.now = self.now.max(key.0);
                let event = self.coming.remove(&key).unwrap();
                self.happen(event);
            }
            (_, Some(due)) => {
                self.now = self.now.max(due);
                let mut out = Outbox::new();
                self.sync.handle_timeout(self.now, &mut out);
                self.follow(out);
                assert!(self.sync.deadline().is_none_or(|next| next > self.now), "nothing came");
            }
            _ => return false,
        }
        true
    }

    /// Goes on until the sync is over.
    pub fn run(&mut self) -> SyncOutcome {
        while self.outcome().is_none() {
            assert!(self.step(), "it is stuck in {:?}", self.sync.phase());
        }
        self.outcome().unwrap()
    }

    /// Everything on its way arrives.
    pub fn settle(&mut self) {
        while !self.coming.is_empty() {
            self.step();
        }
    }

    /// Time passes up to `to`, and what is to happen until then happens.
    pub fn pass(&mut self, to: Time) {
        loop {
            let arrival = self.coming.first_key_value().map(|(key, _)| key.0);
            let next = [arrival, self.sync.deadline()].into_iter().flatten().min();
            if next.is_none_or(|next| next > to) {
                break;
            }
            self.step();
        }
        self.now = self.now.max(to);
    }

    pub fn outcome(&self) -> Option<SyncOutcome> {
        self.notices.iter().rev().find_map(|notice| match notice {
            SyncNotice::Ended(outcome) => Some(*outcome),
            _ => None,
        })
    }

    /// The tip whose hashes this node was asked for first.
    pub fn sent_tip(&self, number: u64) -> HeaderHash {
        let mut asked = self.sent.iter().filter(|(to, _)| *to == number);
        let tip = asked.find_map(|(_, message)| match message {
            Message::RequestAllHeaderHashes(it) => Some(it.tip_header_hash),
            _ => None,
        });
        tip.unwrap()
    }

    /// Those that were blamed, each by which rule.
    pub fn blamed(&self) -> Vec<(u64, &'static str)> {
        self.penalties.iter().map(|(peer, rule, _)| (*peer, *rule)).collect()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::ToSync(input) => {
                let from = match &input {
                    FromPeer::Received(from, _) | FromPeer::Disconnected(from, _) => from.0,
                    _ => return,
                };
                if self.nodes.contains_key(&from) {
                    self.remote(input);
                }
            }
            Event::ToPeer(number, message) => self.serve(number, message),
        }
    }

    fn serve(&mut self, number: u64, request: Message) {
        let Some(node) = self.nodes.get_mut(&number) else { return };
        let mut out = Outbox::new();
        let input = FromPeer::Received(ConnectionId(0), request.clone());
        node.serving.handle_remote(self.now, input, &mut out);
        let mut answer = None;
        while let Some(action) = out.pop() {
            match action {
                Action::Ask(id, query) => {
                    let found = look_up(&node.ledger, id, query);
                    node.serving.handle_local(self.now, found, &mut out).unwrap();
                }
                Action::Send(Delivery::To(_, message)) => answer = Some(message),
                other => panic!("an honest request is answered: {other:?}"),
            }
        }
        let answers = match &mut node.twist {
            Some(twist) => twist(&request, answer),
            None => answer.into_iter().collect(),
        };
        for message in answers {
            self.answer(number, message);
        }
    }

    /// Puts a message of a node on its wire to the one that syncs.
    pub fn answer(&mut self, number: u64, message: Message) {
        let (now, lag) = (self.now, self.nodes.get(&number).and_then(|node| node.lag));
        if let (Some(node), Some(lag)) = (self.nodes.get_mut(&number), lag) {
            node.wire[0] = node.wire[0].max(now).after(lag(&message));
        }
        let input = FromPeer::Received(ConnectionId(number), message);
        let at = self.arrival(number, 0);
        self.put(at, Event::ToSync(input));
    }

    fn arrival(&mut self, number: u64, way: usize) -> Time {
        let delay = Duration::from_millis(self.rng.between(1, self.delay.max(1)));
        let at = self.now.after(delay);
        let Some(node) = self.nodes.get_mut(&number) else { return at };
        node.wire[way] = node.wire[way].max(at);
        node.wire[way]
    }

    fn put(&mut self, at: Time, event: Event) {
        self.events += 1;
        self.coming.insert((at, self.events), event);
    }

    fn follow(&mut self, mut out: Outbox<Delivery, SyncNotice, nodewire::state::chia::SyncQuery>) {
        assert!(self.sync.footprint() > 0);
        while let Some(action) = out.pop() {
            match action {
                Action::Send(Delivery::To(to, message)) => {
                    self.sent.push((to.0, message.clone()));
                    let at = self.arrival(to.0, 1);
                    self.put(at, Event::ToPeer(to.0, message));
                }
                Action::Send(Delivery::Penalise(peer, rule)) => {
                    self.penalties.push((peer.0, rule.id(), rule.reason()));
                    if self.nodes.remove(&peer.0).is_some() {
                        let gone = FromPeer::Disconnected(peer, Parting::AddressDropped);
                        let mut more = Outbox::new();
                        self.sync.handle_remote(self.now, gone, &mut more);
                        out.extend(more.drain());
                    }
                }
                Action::Notify(notice) => self.notices.push(notice),
                Action::Ask(id, query) => {
                    let answer = self.keeper.answer(id, query);
                    if self.sync.awaits(id) {
                        let mut more = Outbox::new();
                        self.sync.handle_local(self.now, answer, &mut more).unwrap();
                        out.extend(more.drain());
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
