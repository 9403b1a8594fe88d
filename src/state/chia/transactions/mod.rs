//! The exchange of transactions among full nodes, and what wallets hand in (`chia.md` 12, R-17,
//! W-5).

mod fetches;
mod input;
mod peers;
mod recent;

pub use input::{
    TransactionHash, TransactionIds, TransactionResult, TransactionsCommand, TransactionsLimits,
    TransactionsQuery,
};

use alloc::boxed::Box;
use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::chia::messages::{self, NewTransaction, RequestTransaction, SendTransaction};
use crate::codec::chia::{Message, NodeType, Transaction, TransactionId};
use crate::fault::{Refusal, Refused, Rule};
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer};
use crate::state::chia::rules;
use crate::time::Time;

use fetches::{Fetches, Progress};
use peers::Peers;

/// The part of a full node that transactions go through (P-29 to P-33, W-5).
///
/// What a peer announces and the mempool does not know is asked for: of the first that announced
/// it, and if that one does not answer in time, of the next. What comes, asked for or not, the
/// mempool is offered; what it takes is announced to every full node that is not known to have it.
/// The mempool is whoever answers the questions, and `I` says what a transaction is known by.
///
/// Everything is bounded by [`TransactionsLimits`]. If as many ids as may be are being fetched, a
/// peer that is a source of fewer of them pushes out those of the peer that is a source of most:
/// nobody's flood keeps the announcements of others out. A peer with as many open questions
/// as it may have [is busy](Self::is_busy_with); what it sends all the same is passed over.
///
/// A transaction that was never asked for, from a peer that owes an answer, is taken for a wrong
/// answer (P-32). Late answers are none: of whom an id was asked is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transactions<I: TransactionIds = TransactionHash> {
    limits: TransactionsLimits,
    syncing: bool,
    peers: Peers,
    fetches: Fetches,
    asks: Asks<Asked>,
    ids: PhantomData<I>,
}

/// What a question is about, and on whose behalf it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asked {
    from: ConnectionId,
    id: TransactionId,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    IsKnown,
    Get,
    Offer,
}

const _: () = assert!(size_of::<ActionOf<Transactions>>() <= 128);
const _: () = crate::machine::kept::<Transactions>();

impl<I: TransactionIds> Transactions<I> {
    /// Before anything was heard; not syncing.
    #[must_use]
    pub const fn new(limits: TransactionsLimits) -> Self {
        Self {
            syncing: false,
            peers: Peers::new(),
            fetches: Fetches::new(),
            asks: Asks::new(limits.max_open_asks),
            ids: PhantomData,
            limits,
        }
    }

    /// True while nothing more about transactions should come of this peer.
    #[must_use]
    pub fn is_busy_with(&self, from: ConnectionId) -> bool {
        self.asks.is_full() || self.peers.get(from).is_some_and(|peer| self.has_asked_enough(peer))
    }

    /// How many transactions are being fetched.
    #[must_use]
    pub fn fetching(&self) -> usize {
        self.fetches.under_way()
    }

    const fn has_asked_enough(&self, peer: &peers::Peer) -> bool {
        peer.open_asks >= self.limits.max_open_asks_per_peer
    }

    fn receive(&mut self, now: Time, from: ConnectionId, message: Message, out: &mut Out<Self>) {
        let kept = match message {
            Message::TransactionId(it) => {
                self.announced(now, from, it.transaction_id, out);
                Ok(())
            }
            Message::RequestTransaction(it) => {
                self.requested(from, it.transaction_id, out);
                Ok(())
            }
            Message::NewTransaction(NewTransaction { transaction })
            | Message::SendTransaction(SendTransaction { transaction }) => {
                self.arrived(from, transaction, out)
            }
            // The rest is for other parts of the node.
            _ => Ok(()),
        };
        if let Err(rule) = kept {
            out.send(Delivery::Penalise(from, rule));
        }
    }

    /// Somebody has a transaction (P-29).
    fn announced(&mut self, now: Time, from: ConnectionId, id: TransactionId, out: &mut Out<Self>) {
        let Some(peer) = self.peers.get_mut(from).filter(|peer| peer.gossips) else { return };
        peer.known.insert(id, self.limits.max_known);
        if self.syncing {
            return;
        }
        if self.fetches.progress(id).is_none() {
            let is_free = !self.is_busy_with(from) && self.has_share_left(from);
            if !is_free || !self.make_room(now, from, out) {
                return;
            }
            let Some(ask) = self.ask(from, id, What::IsKnown) else { return };
            self.fetches.follow(id);
            self.fetches.advance(id, Progress::Looking(ask), &mut self.peers);
            out.ask(ask, TransactionsQuery::IsKnown(id));
        }
        self.add_source(id, from);
    }

    /// Somebody wants a transaction (P-30).
    fn requested(&mut self, from: ConnectionId, id: TransactionId, out: &mut Out<Self>) {
        let is_there = self.peers.get(from).is_some();
        if self.syncing || !is_there || self.is_busy_with(from) {
            return;
        }
        if let Some(ask) = self.ask(from, id, What::Get) {
            out.ask(ask, TransactionsQuery::Get(id));
        }
    }

    /// A transaction, asked for or not (P-31, P-32, W-5).
    fn arrived(
        &mut self,
        from: ConnectionId,
        transaction: Transaction,
        out: &mut Out<Self>,
    ) -> Result<(), &'static Rule> {
        let id = I::transaction_id(&transaction);
        let Some(peer) = self.peers.get_mut(from) else { return Ok(()) };
        peer.known.insert(id, self.limits.max_known);
        if !peer.answer(id) {
            return Err(&rules::WRONG_TRANSACTION);
        }
        if self.syncing || self.is_busy_with(from) {
            return Ok(());
        }
        match self.fetches.progress(id) {
            // Another with this id is being looked at; should that one not do, this peer has one.
            Some(Progress::Offered(_)) => {
                self.add_source(id, from);
                return Ok(());
            }
            Some(Progress::Looking(ask)) => drop(self.close(ask)),
            Some(Progress::Requested(_) | Progress::Waiting) => {}
            None => self.fetches.follow(id),
        }
        let Some(ask) = self.ask(from, id, What::Offer) else {
            self.fetches.forget(id, &mut self.peers);
            return Ok(());
        };
        self.fetches.advance(id, Progress::Offered(ask), &mut self.peers);
        self.fetches.remove_source(id, from, &mut self.peers);
        out.ask(ask, TransactionsQuery::Offer(id, Box::new(transaction)));
        Ok(())
    }

    /// What the mempool made of a transaction (P-31).
    fn offered(&mut self, now: Time, asked: Asked, result: TransactionResult, out: &mut Out<Self>) {
        let Asked { from, id, .. } = asked;
        match result {
            TransactionResult::Invalid => {
                out.send(Delivery::Penalise(from, &rules::INVALID_TRANSACTION));
                // What an id does not cover may be bad in one and good in another (as in A-1).
                self.look_elsewhere(now, id, out);
            }
            TransactionResult::Accepted => {
                self.fetches.forget(id, &mut self.peers);
                let others = self.peers.gossiping().filter(|(to, _)| *to != from);
                for (to, _) in others.filter(|(_, peer)| !peer.known.contains(id)) {
                    let announcement = messages::TransactionId { transaction_id: id };
                    out.send(Delivery::To(to, announcement.into()));
                }
            }
            TransactionResult::Known | TransactionResult::Refused => {
                self.fetches.forget(id, &mut self.peers);
            }
        }
    }

    /// Asks the first source of a transaction that nobody is being asked for, or gives it up.
    fn ask_next(&mut self, now: Time, id: TransactionId, out: &mut Out<Self>) {
        let Some(source) = self.fetches.first_source(id) else {
            self.fetches.forget(id, &mut self.peers);
            return;
        };
        let until = now.after(self.limits.fetch_timeout);
        self.fetches.advance(id, Progress::Requested(until), &mut self.peers);
        if let Some(peer) = self.peers.get_mut(source) {
            peer.request(id, self.limits.max_known);
        }
        out.send(Delivery::To(source, RequestTransaction { transaction_id: id }.into()));
    }

    fn add_source(&mut self, id: TransactionId, from: ConnectionId) {
        let gossips = self.peers.get(from).is_some_and(|peer| peer.gossips);
        if gossips && self.has_share_left(from) {
            self.fetches.add_source(id, from, self.limits.max_sources, &mut self.peers);
        }
    }

    /// A source is none any more: the next one is asked, if there is one.
    fn drop_source(
        &mut self,
        now: Time,
        id: TransactionId,
        from: ConnectionId,
        out: &mut Out<Self>,
    ) {
        self.fetches.remove_source(id, from, &mut self.peers);
        match self.fetches.progress(id) {
            Some(Progress::Waiting) => self.ask_next(now, id, out),
            Some(Progress::Looking(ask)) if self.fetches.first_source(id).is_none() => {
                self.close(ask);
                self.fetches.forget(id, &mut self.peers);
            }
            _ => {}
        }
    }

    /// Makes room for one more to fetch, if the greediest source has more than its share. Not more
    /// is done for one message than an id can have sources.
    fn make_room(&mut self, now: Time, from: ConnectionId, out: &mut Out<Self>) -> bool {
        for _ in 0..self.limits.max_sources.max(1) {
            if self.fetches.under_way() < self.limits.max_fetches {
                break;
            }
            let Some((share, greediest, id)) = self.peers.greediest() else { break };
            if share <= self.peers.share(from).saturating_add(1) {
                break;
            }
            self.drop_source(now, id, greediest, out);
        }
        self.fetches.under_way() < self.limits.max_fetches
    }

    fn has_share_left(&self, from: ConnectionId) -> bool {
        self.peers.share(from) < self.limits.max_fetches_per_peer
    }

    /// Opens a question on behalf of a peer.
    fn ask(&mut self, from: ConnectionId, id: TransactionId, what: What) -> Option<AskId> {
        let ask = self.asks.open(Asked { from, id, what }).ok()?;
        if let Some(peer) = self.peers.get_mut(from) {
            peer.open_asks = peer.open_asks.saturating_add(1);
        }
        Some(ask)
    }

    fn close(&mut self, ask: AskId) -> Option<Asked> {
        let asked = self.asks.close(ask).ok().flatten()?;
        self.closed(asked);
        Some(asked)
    }

    fn closed(&mut self, asked: Asked) {
        if let Some(peer) = self.peers.get_mut(asked.from) {
            peer.open_asks = peer.open_asks.saturating_sub(1);
        }
    }

    fn disconnected(&mut self, now: Time, from: ConnectionId, out: &mut Out<Self>) {
        for id in self.peers.disconnect(from) {
            self.drop_source(now, id, from, out);
        }
        // What it wanted nobody wants. What it sent is looked at all the same, but not without end:
        // peers that come and go could fill all there is.
        self.asks.cancel(|asked| asked.from == from && asked.what == What::Get);
        let (peers, mut room) = (&self.peers, self.limits.max_open_asks_of_gone);
        let given_up = self.asks.cancel(|asked| {
            let is_gone = asked.what == What::Offer && peers.get(asked.from).is_none();
            let has_room = room > 0;
            room = room.saturating_sub(usize::from(is_gone));
            is_gone && !has_room
        });
        for Asked { id, .. } in given_up {
            self.look_elsewhere(now, id, out);
        }
    }

    /// What was being looked at came to nothing: its next source is asked, if there is one.
    fn look_elsewhere(&mut self, now: Time, id: TransactionId, out: &mut Out<Self>) {
        self.fetches.advance(id, Progress::Waiting, &mut self.peers);
        if self.syncing || self.fetches.under_way() > self.limits.max_fetches {
            self.fetches.forget(id, &mut self.peers);
        } else {
            self.ask_next(now, id, out);
        }
    }

    /// While syncing nothing is fetched or given; what is being looked at still is (P-34).
    fn set_syncing(&mut self, syncing: bool) {
        self.syncing = syncing;
        if syncing {
            for id in self.fetches.unfinished() {
                self.fetches.forget(id, &mut self.peers);
            }
            for asked in self.asks.cancel(|asked| asked.what != What::Offer) {
                self.closed(asked);
            }
        }
    }

    fn admits(&self, command: &TransactionsCommand) -> Result<(), Refused> {
        let (ask, what) = match command {
            TransactionsCommand::Syncing(_) => return Ok(()),
            TransactionsCommand::Known(ask, _) => (*ask, What::IsKnown),
            TransactionsCommand::Found(ask, _) => (*ask, What::Get),
            TransactionsCommand::Offered(ask, _) => (*ask, What::Offer),
        };
        let Some(asked) = self.asks.context(ask)? else { return Ok(()) };
        if asked.what != what {
            return Err(Refused::invalid("the question was another"));
        }
        match command {
            TransactionsCommand::Found(_, Some(found)) if I::transaction_id(found) != asked.id => {
                Err(Refused::invalid("the transaction has another id"))
            }
            _ => Ok(()),
        }
    }

    fn command(&mut self, now: Time, command: TransactionsCommand, out: &mut Out<Self>) {
        match command {
            TransactionsCommand::Syncing(syncing) => self.set_syncing(syncing),
            TransactionsCommand::Known(ask, is_known) => match self.close(ask) {
                Some(Asked { id, .. }) if is_known => self.fetches.forget(id, &mut self.peers),
                Some(Asked { id, .. }) => self.ask_next(now, id, out),
                None => {}
            },
            TransactionsCommand::Found(ask, found) => {
                if let (Some(Asked { from, id, .. }), Some(found)) = (self.close(ask), found) {
                    if let Some(peer) = self.peers.get_mut(from) {
                        peer.known.insert(id, self.limits.max_known);
                    }
                    out.send(Delivery::To(from, NewTransaction { transaction: *found }.into()));
                }
            }
            TransactionsCommand::Offered(ask, result) => {
                if let Some(asked) = self.close(ask) {
                    self.offered(now, asked, result, out);
                }
            }
        }
    }
}

impl<I: TransactionIds> Machine for Transactions<I> {
    type Local = TransactionsCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = Never;
    type Query = TransactionsQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: TransactionsCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<TransactionsCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.command(now, input, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Connected(from, peer, _) => {
                if matches!(peer.node_type, NodeType::FullNode | NodeType::Wallet) {
                    self.peers.connect(from, peer.node_type == NodeType::FullNode);
                }
            }
            FromPeer::Received(from, message) => self.receive(now, from, message, out),
            FromPeer::Disconnected(from, _) => self.disconnected(now, from, out),
            FromPeer::DialFailed(_) => {}
        }
    }

    /// Sources that had their time make way for the next ones (P-29).
    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        while let Some((due, id)) = self.fetches.first_due() {
            if due > now {
                break;
            }
            let Some(source) = self.fetches.first_source(id) else { break };
            self.drop_source(now, id, source, out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.fetches.first_due().map(|(due, _)| due)
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        size_of::<Self>()
            .saturating_add(self.peers.heap())
            .saturating_add(self.fetches.heap())
            .saturating_add(self.asks.heap())
    }
}
