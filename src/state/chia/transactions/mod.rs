//! The exchange of transactions among full nodes, and what wallets hand in (`chia.md` 12, R-17,
//! W-5).

mod fetches;
mod fetching;
mod input;
mod offering;
mod peers;

pub use input::{
    TransactionHash, TransactionIds, TransactionResult, TransactionsCommand, TransactionsLimits,
    TransactionsQuery,
};

use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::chia::messages::{NewTransaction, SendTransaction};
use crate::codec::chia::{Message, NodeType, TransactionId};
use crate::fault::{Refusal, Refused};
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer};
use crate::time::Time;

use fetches::Fetches;
use peers::Peers;

/// The part of a full node that transactions go through (P-29 to P-33, W-5).
///
/// What a peer announces and the mempool does not know is asked for: of the first that announced
/// it, and if that one does not answer in time, of the next. Whoever left requests unanswered comes
/// after those who did not, and each has less time than the one before. What comes, asked for or
/// not, the mempool is offered; what it takes is announced to every full node that is not known to
/// have it. The mempool is whoever answers the questions, and `I` says what a transaction is known
/// by.
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

impl Transactions {
    /// Before anything was heard; not syncing.
    #[must_use]
    pub const fn new(limits: TransactionsLimits) -> Self {
        Self::with_ids(limits)
    }
}

impl<I: TransactionIds> Transactions<I> {
    /// As [`Transactions::new`], with the ids of its type.
    #[must_use]
    pub const fn with_ids(limits: TransactionsLimits) -> Self {
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
            FromPeer::DialFailed(_) | FromPeer::DialPutOff(..) => {}
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        self.end_waits(now, out);
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
