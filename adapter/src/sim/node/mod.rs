//! A Leios node in a simulated network: real sessions below, the decision logic above, and in
//! between what an application does: answer, relay, remember when what came.

mod account;
mod policy;

pub use account::{Counted, Seen};

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::leios::{DeliverableId, LeiosPoint, SlotNo, TxHash, VoteIssuer};
use nodewire::leios::{Session, SessionCommand, SessionConfig, on_connection};
use nodewire::link::{MuxLocal, StagedOf};
use nodewire::sim::{End, Orders};
use nodewire::state::leios::{
    ClientCommand, ClientNotice, ConnectionCommand, FetchCommand, FetchNotice, FetchQuery,
    ServerCommand, VoteNeed,
};
use nodewire::{Action, Channel, Machine, Outbox, Time};

use super::world::{World, lacks};

/// A decision logic: [`Fetch`](nodewire::state::leios::Fetch), or a machine of the user's own
/// with the same inputs and outputs.
pub trait Decide:
    Machine<
        Local = FetchCommand<End>,
        Remote = (End, ClientNotice),
        Send = (End, ClientCommand),
        Notice = FetchNotice<End>,
        Query = FetchQuery,
    >
{
}

impl<M> Decide for M where
    M: Machine<
            Local = FetchCommand<End>,
            Remote = (End, ClientNotice),
            Send = (End, ClientCommand),
            Notice = FetchNotice<End>,
            Query = FetchQuery,
        >
{
}

/// What all nodes of a simulation have in common.
#[derive(Debug)]
pub struct Shared {
    /// What there is.
    pub world: World,
    /// How sessions are set up.
    pub session: SessionConfig,
    /// True if nodes pass on what they get.
    pub relay: bool,
    /// Hundredths of a block's transactions that a mempool lacks.
    pub missing_percent: u64,
    /// Votes that make a quorum.
    pub quorum: usize,
    /// How long a node takes to check a block before it passes it on.
    pub check: Duration,
    /// The first source to answer falls silent after so many bytes.
    pub mute_after: Option<u64>,
    /// True if blocks are fetched oldest first.
    pub oldest_first: bool,
    /// The seats of nodes that vote for each block once they have its closure.
    pub seats: BTreeMap<u64, Vec<VoteIssuer>>,
    /// The first node to answer a request.
    pub first: Cell<Option<u64>>,
}

impl Shared {
    /// Nodes that know this world, relay nothing and have empty mempools.
    #[must_use]
    pub fn new(world: World, session: SessionConfig) -> Self {
        Self {
            world,
            session,
            relay: false,
            missing_percent: 100,
            quorum: usize::MAX,
            check: Duration::ZERO,
            mute_after: None,
            oldest_first: false,
            seats: BTreeMap::new(),
            first: Cell::new(None),
        }
    }
}

/// Something a node does by itself at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// It makes a header known.
    Announce(LeiosPoint),
    /// It has the block, and offers it.
    OfferBlock(LeiosPoint),
    /// It has all transactions of the block, and offers them.
    OfferTxs(LeiosPoint),
    /// It has the vote of this seat, and offers it.
    Vote(SlotNo, VoteIssuer),
    /// It sends bytes on a foreign channel of all connections.
    Foreign(Channel, Bytes),
}

/// A node: put it into a [`Host`](nodewire::sim::Host).
#[derive(Debug)]
pub struct LeiosNode<D> {
    number: u64,
    shared: Rc<Shared>,
    /// None in a node that only serves.
    decide: Option<D>,
    /// What is to be done when, in order.
    plan: VecDeque<(Time, Act)>,
    /// Connections whose handshake is over; true once their server is open.
    peers: BTreeMap<End, bool>,
    /// From whom an announcement came.
    sources: BTreeMap<LeiosPoint, Option<End>>,
    blocks: BTreeSet<LeiosPoint>,
    closures: BTreeSet<LeiosPoint>,
    /// Transactions that came: they are in its mempool now.
    txs: BTreeSet<TxHash>,
    votes: BTreeMap<SlotNo, BTreeSet<VoteIssuer>>,
    /// Slots for which half of a quorum is there.
    deciding: BTreeSet<SlotNo>,
    served: u64,
    seen: BTreeMap<LeiosPoint, Seen>,
    counted: Counted,
}

impl<D: Decide> LeiosNode<D> {
    /// A node with this decision logic; with none it only serves.
    pub const fn new(number: u64, shared: Rc<Shared>, decide: Option<D>) -> Self {
        Self {
            number,
            shared,
            decide,
            plan: VecDeque::new(),
            peers: BTreeMap::new(),
            sources: BTreeMap::new(),
            blocks: BTreeSet::new(),
            closures: BTreeSet::new(),
            txs: BTreeSet::new(),
            votes: BTreeMap::new(),
            deciding: BTreeSet::new(),
            served: 0,
            seen: BTreeMap::new(),
            counted: Counted::NONE,
        }
    }

    /// Plans something; at one time, in the order of planning.
    #[must_use]
    pub fn does(mut self, at: Time, act: Act) -> Self {
        let place = self.plan.partition_point(|(other, _)| *other <= at);
        self.plan.insert(place, (at, act));
        self
    }

    /// When what of a block came.
    #[must_use]
    pub fn seen(&self, point: &LeiosPoint) -> Seen {
        self.seen.get(point).copied().unwrap_or_default()
    }

    /// What it counted.
    pub const fn counted(&self) -> &Counted {
        &self.counted
    }

    /// Its decision logic.
    pub const fn decide(&self) -> Option<&D> {
        self.decide.as_ref()
    }

    fn local(&mut self, now: Time, command: FetchCommand<End>, orders: &mut Orders<Session>) {
        let Some(decide) = &mut self.decide else { return };
        let mut out = Outbox::new();
        if decide.handle_local(now, command, &mut out).is_err() {
            self.counted.refused += 1;
        }
        self.carry(now, out, orders);
    }

    /// Carries out what the decision logic wants, and answers what it asks.
    fn carry(
        &mut self,
        now: Time,
        mut out: Outbox<(End, ClientCommand), FetchNotice<End>, FetchQuery>,
        orders: &mut Orders<Session>,
    ) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send((end, command)) => {
                    orders.give(end, on_connection(ConnectionCommand::Client(command)));
                }
                Action::Notify(notice) => self.told(now, notice, orders),
                Action::Ask(id, query) => {
                    let FetchQuery::WhichAreMissing { references, .. } = &query;
                    let percent = self.shared.missing_percent;
                    let missing = (0..).zip(references).filter(|(_, tx)| {
                        !self.txs.contains(&tx.hash) && lacks(self.number, &tx.hash, percent)
                    });
                    let answer = query.missing(id, missing.map(|(at, _)| at).collect());
                    let Some(decide) = &mut self.decide else { return };
                    if decide.handle_local(now, answer, &mut out).is_err() {
                        self.counted.refused += 1;
                    }
                }
                Action::Close(ending) => self.counted.faults.push(format!("{ending:?}")),
            }
        }
    }

    /// News of the decision logic.
    fn told(&mut self, now: Time, notice: FetchNotice<End>, orders: &mut Orders<Session>) {
        match notice {
            FetchNotice::Announced(from, news) => {
                // Its own announcement may come back to it.
                let new = !self.sources.contains_key(&news.point);
                self.sources.entry(news.point).or_insert(Some(from));
                self.seen.entry(news.point).or_default().announced.get_or_insert(now);
                if new && self.shared.relay {
                    self.later(now, Duration::ZERO, Act::Announce(news.point), orders);
                }
            }
            FetchNotice::Block { point, .. } => {
                self.seen.entry(point).or_default().block.get_or_insert(now);
                if self.shared.relay && !self.blocks.contains(&point) {
                    let check = self.shared.check;
                    self.later(now, check, Act::OfferBlock(point), orders);
                }
            }
            FetchNotice::Txs { txs, .. } => {
                self.txs.extend(txs.iter().map(|(_, hash, _)| *hash));
            }
            FetchNotice::ClosureComplete(point) => {
                self.seen.entry(point).or_default().closure.get_or_insert(now);
                if self.shared.relay && !self.closures.contains(&point) {
                    let check = self.shared.check;
                    self.later(now, check, Act::OfferTxs(point), orders);
                }
            }
            FetchNotice::Vote(vote) => {
                let (slot, issuer) = (vote.slot(), vote.issuer());
                if self.shared.relay {
                    self.act(Act::Vote(slot, issuer), orders);
                }
                self.votes.entry(slot).or_default().insert(issuer);
                let count = self.votes.get(&slot).map_or(0, BTreeSet::len);
                let quorum = self.shared.quorum;
                if count >= quorum {
                    let point = LeiosPoint::new(slot, vote.block());
                    self.seen.entry(point).or_default().quorum.get_or_insert(now);
                }
                if count >= quorum.div_ceil(2) && self.deciding.insert(slot) {
                    let command = FetchCommand::Votes { slot, need: VoteNeed::Few };
                    self.local(now, command, orders);
                }
            }
            _ => {}
        }
    }

    fn later(&mut self, now: Time, after: Duration, act: Act, orders: &mut Orders<Session>) {
        if after.is_zero() {
            self.act(act, orders);
        } else {
            let at = now.after(after);
            let place = self.plan.partition_point(|(other, _)| *other <= at);
            self.plan.insert(place, (at, act));
        }
    }

    /// Does something itself: to every connection that did not bring it.
    fn act(&mut self, act: Act, orders: &mut Orders<Session>) {
        let source = match act {
            Act::Announce(point) => *self.sources.entry(point).or_insert(None),
            Act::OfferBlock(point) => {
                self.blocks.insert(point);
                None
            }
            Act::OfferTxs(point) => {
                self.closures.insert(point);
                None
            }
            Act::Vote(slot, issuer) => {
                if !self.votes.entry(slot).or_default().insert(issuer) {
                    return;
                }
                None
            }
            Act::Foreign(..) => None,
        };
        self.tell(&act, source, orders);
        if let Act::OfferTxs(point) = act {
            let seats = self.shared.seats.get(&self.number).cloned().unwrap_or_default();
            for seat in seats {
                self.act(Act::Vote(point.slot, seat), orders);
            }
        }
    }

    fn tell(&self, act: &Act, source: Option<End>, orders: &mut Orders<Session>) {
        for (end, open) in &self.peers {
            if *open && source != Some(*end) {
                if let Some(command) = self.command(act) {
                    orders.give(*end, command);
                }
            }
        }
    }

    fn command(&self, act: &Act) -> Option<SessionCommand> {
        let command = match act {
            Act::Announce(point) => {
                ServerCommand::Announce(self.shared.world.article(point)?.header.clone())
            }
            Act::OfferBlock(point) => ServerCommand::OfferBlock(*point),
            Act::OfferTxs(point) => ServerCommand::OfferTxs(*point),
            Act::Vote(slot, issuer) => ServerCommand::OfferVote(*slot, *issuer),
            Act::Foreign(channel, bytes) => {
                let (channel, bytes) = (*channel, bytes.clone());
                return Some(StagedOf::Second(MuxLocal::Foreign { channel, bytes }));
            }
        };
        Some(on_connection(ConnectionCommand::Server(command)))
    }

    /// Tells a server that has just opened what this node has.
    fn greet(&mut self, end: End, orders: &mut Orders<Session>) {
        self.peers.insert(end, true);
        let announced = self.sources.keys().map(|point| Act::Announce(*point));
        let blocks = self.blocks.iter().map(|point| Act::OfferBlock(*point));
        let closures = self.closures.iter().map(|point| Act::OfferTxs(*point));
        for act in announced.chain(blocks).chain(closures) {
            if let Some(command) = self.command(&act) {
                orders.give(end, command);
            }
        }
    }

    fn holds(&self, id: &DeliverableId) -> bool {
        match id {
            DeliverableId::LinearLeiosBlockId(point) => self.blocks.contains(point),
            DeliverableId::LeiosBlockTxsId(point, _) => self.closures.contains(point),
            DeliverableId::LinearLeiosVoteId(slot, issuer) => {
                self.votes.get(slot).is_some_and(|votes| votes.contains(issuer))
            }
        }
    }

    fn heard(&mut self, now: Time, end: End, notice: ClientNotice, orders: &mut Orders<Session>) {
        self.counted.delivered(&notice);
        let Some(decide) = &mut self.decide else { return };
        let mut out = Outbox::new();
        decide.handle_remote(now, (end, notice), &mut out);
        self.carry(now, out, orders);
    }
}
