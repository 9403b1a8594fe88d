//! What is here: given to those who want it, shown to the mempool, and announced (P-30 to P-32,
//! W-5).

use alloc::boxed::Box;

use super::fetches::Progress;
use super::{Asked, TransactionIds, TransactionResult, Transactions, TransactionsQuery, What};
use crate::codec::chia::messages;
use crate::codec::chia::{Transaction, TransactionId};
use crate::fault::Rule;
use crate::machine::Out;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::time::Time;

impl<I: TransactionIds> Transactions<I> {
    /// Somebody wants a transaction (P-30).
    pub(super) fn requested(&mut self, from: ConnectionId, id: TransactionId, out: &mut Out<Self>) {
        let is_there = self.peers.get(from).is_some();
        if self.syncing || !is_there || self.is_busy_with(from) {
            return;
        }
        if let Some(ask) = self.ask(from, id, What::Get) {
            out.ask(ask, TransactionsQuery::Get(id));
        }
    }

    /// A transaction, asked for or not (P-31, P-32, W-5).
    pub(super) fn arrived(
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
    pub(super) fn offered(
        &mut self,
        now: Time,
        asked: Asked,
        result: TransactionResult,
        out: &mut Out<Self>,
    ) {
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
}
