//! What others have and we want: who is asked for it, in which order and for how long (P-29, P-33).

use super::fetches::Progress;
use super::{TransactionIds, Transactions, TransactionsQuery, What};
use crate::codec::chia::TransactionId;
use crate::codec::chia::messages::RequestTransaction;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::time::Time;

impl<I: TransactionIds> Transactions<I> {
    /// Somebody has a transaction (P-29).
    pub(super) fn announced(
        &mut self,
        now: Time,
        from: ConnectionId,
        id: TransactionId,
        out: &mut Out<Self>,
    ) {
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

    /// Asks the best source of a transaction that nobody is being asked for, or gives it up.
    ///
    /// The best is whoever left fewest requests unanswered of late, then whoever announced it
    /// first. Each has less time than the one before while others are to be asked, so that many
    /// that stay silent keep a transaction from us for little longer than one.
    pub(super) fn ask_next(&mut self, now: Time, id: TransactionId, out: &mut Out<Self>) {
        let Some((source, patience)) = self.fetches.best_source(id, &self.peers) else {
            self.fetches.forget(id, &mut self.peers);
            return;
        };
        let until = now.after(self.limits.fetch_timeout / patience);
        self.fetches.advance(id, Progress::Requested(until), &mut self.peers);
        if let Some(peer) = self.peers.get_mut(source) {
            peer.request(id, self.limits.max_known);
        }
        out.send(Delivery::To(source, RequestTransaction { transaction_id: id }.into()));
    }

    /// Sources that had their time make way for the next ones (P-29).
    pub(super) fn end_waits(&mut self, now: Time, out: &mut Out<Self>) {
        while let Some((due, id)) = self.fetches.first_due() {
            if due > now {
                break;
            }
            let Some(source) = self.fetches.first_source(id) else { break };
            if let Some(peer) = self.peers.get_mut(source) {
                peer.silent = peer.silent.saturating_add(1);
            }
            self.fetches.lapse(id, &mut self.peers);
            self.ask_next(now, id, out);
        }
    }

    pub(super) fn add_source(&mut self, id: TransactionId, from: ConnectionId) {
        let gossips = self.peers.get(from).is_some_and(|peer| peer.gossips);
        if gossips && self.has_share_left(from) {
            self.fetches.add_source(id, from, self.limits.max_sources, &mut self.peers);
        }
    }

    /// A source is none any more: the next one is asked, if there is one.
    pub(super) fn drop_source(
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
    pub(super) fn make_room(&mut self, now: Time, from: ConnectionId, out: &mut Out<Self>) -> bool {
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

    /// What was being looked at came to nothing: its next source is asked, if there is one.
    pub(super) fn look_elsewhere(&mut self, now: Time, id: TransactionId, out: &mut Out<Self>) {
        self.fetches.advance(id, Progress::Waiting, &mut self.peers);
        if self.syncing || self.fetches.under_way() > self.limits.max_fetches {
            self.fetches.forget(id, &mut self.peers);
        } else {
            self.ask_next(now, id, out);
        }
    }

    pub(super) fn has_share_left(&self, from: ConnectionId) -> bool {
        self.peers.share(from) < self.limits.max_fetches_per_peer
    }
}
