//! What the application wants, and its answers.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::peer::Peer;
use super::point::{Closure, Point, Stage, Tx};
use super::todo::Todo;
use super::{Fetch, FetchCommand, PeerNo};
use crate::ask::AskId;
use crate::codec::leios::{LeiosPoint, SlotNo};
use crate::fault::Refused;
use crate::machine::Out;
use crate::state::leios::client::{ClientCommand, Unit};
use crate::time::Time;

impl<K: Ord + Clone> Fetch<K> {
    pub(super) fn admits(&self, input: &FetchCommand<K>) -> Result<(), Refused> {
        match input {
            FetchCommand::Joined(key) => {
                if self.names.contains_key(key) {
                    return Err(Refused::invalid("this peer has joined already"));
                }
                if self.peers.len() >= self.limits.max_peers || self.next_peer == PeerNo::MAX {
                    return Err(Refused::busy("max_peers"));
                }
                Ok(())
            }
            FetchCommand::Left(key)
            | FetchCommand::Implied { peer: key, .. }
            | FetchCommand::Refused(key, _) => {
                let known = self.names.contains_key(key);
                known.then_some(()).ok_or(Refused::invalid("there is no such peer"))
            }
            FetchCommand::Missing { id, indices } => {
                let Some(at) = self.asks.context(*id)? else { return Ok(()) };
                let count = self.points.get(at).map_or(0, Point::references);
                let ascending = indices.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
                let below = indices.last().is_none_or(|last| (*last as usize) < count);
                (ascending && below)
                    .then_some(())
                    .ok_or(Refused::invalid("indices must ascend and name entries of the block"))
            }
            FetchCommand::Urgent { .. }
            | FetchCommand::Votes { .. }
            | FetchCommand::BadVote { .. }
            | FetchCommand::OldestFirst(_)
            | FetchCommand::Have(_)
            | FetchCommand::Forget(_)
            | FetchCommand::ForgetBelow(_) => Ok(()),
        }
    }

    pub(super) fn command(&mut self, now: Time, input: FetchCommand<K>, out: &mut Out<Self>) {
        match input {
            FetchCommand::Joined(key) => self.joined(key, out),
            FetchCommand::Left(key) => self.left(&key),
            FetchCommand::Implied { peer, point, size } => {
                if self.want(point, size, false, out) {
                    if let Some(no) = self.names.get(&peer).copied() {
                        self.implied(no, point, size, out);
                    }
                }
            }
            FetchCommand::Urgent { point, size } => {
                self.want(point, size, true, out);
            }
            FetchCommand::Votes { slot, need } => self.vote_need(slot, need),
            FetchCommand::BadVote { slot, issuer } => self.bad_vote(slot, issuer),
            FetchCommand::OldestFirst(on) => self.oldest_first(on, out),
            FetchCommand::Have(hashes) => {
                let mut touched = BTreeSet::new();
                for hash in hashes {
                    self.arrive(&hash, &mut touched, out);
                }
                touched.into_iter().for_each(|at| self.enter_tail(at));
            }
            FetchCommand::Forget(point) => self.forget(point),
            FetchCommand::ForgetBelow(slot) => self.forget_below(slot),
            FetchCommand::Refused(key, command) => self.refused(now, &key, command),
            FetchCommand::Missing { id, indices } => self.missing(id, &indices, out),
        }
    }

    fn joined(&mut self, key: K, out: &mut Out<Self>) {
        let no = self.next_peer;
        self.next_peer = no.saturating_add(1);
        self.names.insert(key.clone(), no);
        self.peers.insert(no, Peer::new(key.clone()));
        if self.oldest_first {
            out.send((key, ClientCommand::OldestFirst(true)));
        }
    }

    fn left(&mut self, key: &K) {
        let Some(no) = self.names.remove(key) else { return };
        let Some(peer) = self.peers.get_mut(&no) else { return };
        self.paused.shift(&no, Some(peer.paused), None);
        for at in core::mem::take(&mut peer.points) {
            if let Some(point) = self.points.get_mut(&at) {
                point.retract(no);
            }
        }
        let votes = core::mem::take(&mut peer.vote_offers);
        let pieces: Vec<_> = peer.pieces.iter().map(|(piece, _)| piece).collect();
        self.retract_votes_of(no, votes);
        for piece in pieces {
            self.fail(no, piece, |_| true);
        }
        self.peers.remove(&no);
    }

    /// A block is wanted whatever was announced. False if limits forbid it.
    fn want(&mut self, at: LeiosPoint, size: u32, urgent: bool, out: &mut Out<Self>) -> bool {
        if !self.track(at, true, urgent, out) {
            return false;
        }
        if let Some(point) = self.points.get_mut(&at) {
            // What the chain says is certain; an announcement may have said otherwise.
            point.size = Some(size.min(self.limits.max_eb_bytes));
            point.urgent |= urgent;
            (point.wanted, point.lasting) = (true, true);
        }
        self.make_ready(at);
        true
    }

    /// A peer's chain says that it holds a block, and of which size.
    fn implied(&mut self, no: PeerNo, at: LeiosPoint, size: u32, out: &mut Out<Self>) {
        self.offered(no, at, true, true, out);
        if let Some(point) = self.points.get_mut(&at).filter(|p| p.block_offers.contains(&no)) {
            point.implied.insert(no, size.min(self.limits.max_eb_bytes));
        }
    }

    fn oldest_first(&mut self, on: bool, out: &mut Out<Self>) {
        if self.oldest_first == on {
            return;
        }
        self.oldest_first = on;
        for peer in self.peers.values_mut() {
            peer.ready.clear();
            out.send((peer.key.clone(), ClientCommand::OldestFirst(on)));
        }
        self.reorder_votes();
        let points: Vec<_> = self.points.keys().copied().collect();
        points.into_iter().for_each(|at| self.make_ready(at));
    }

    /// Takes a block off the work list. What is in flight stays in the books until it comes.
    pub(super) fn forget(&mut self, at: LeiosPoint) {
        let Some(point) = self.points.remove(&at) else { return };
        self.references = self.references.saturating_sub(point.references());
        self.asks.cancel(|asked| *asked == at);
        for no in point.block_offers.union(&point.txs_offers) {
            if let Some(peer) = self.peers.get_mut(no) {
                peer.points.remove(&at);
            }
        }
        if let Stage::Txs(closure) = point.stage {
            for reference in &closure.refs {
                if let Some(tx) = self.txs.get_mut(&reference.hash) {
                    tx.refs.retain(|(point, _)| *point != at);
                }
                self.drop_idle_tx(&reference.hash);
            }
        }
    }

    fn forget_below(&mut self, slot: SlotNo) {
        let old: Vec<_> = self
            .points
            .iter()
            .take_while(|(at, _)| at.slot < slot)
            .filter(|(_, point)| !point.lasting)
            .map(|(at, _)| *at)
            .collect();
        old.into_iter().for_each(|at| self.forget(at));
        self.vote_slots_below(slot).into_iter().for_each(|slot| self.forget_votes(slot));
        while self.elections.first_key_value().is_some_and(|((at, _), _)| *at < slot) {
            self.elections.pop_first();
        }
    }

    /// A client did not take a command: the peer is left alone for a while.
    fn refused(&mut self, now: Time, key: &K, command: ClientCommand) {
        let Some(no) = self.names.get(key).copied() else { return };
        let units: Vec<Unit> = match command {
            ClientCommand::RequestBlock { point, .. } => Vec::from([Unit::Block(point)]),
            ClientCommand::RequestTxs { point, txs } => {
                Vec::from([Unit::Txs(point, txs.iter().map(|tx| tx.index).collect())])
            }
            ClientCommand::RequestVotes { votes } => {
                votes.into_iter().map(|(slot, issuer)| Unit::Vote(slot, issuer)).collect()
            }
            _ => return,
        };
        if let Some(peer) = self.peers.get_mut(&no) {
            let until = now.after(self.limits.retry_after);
            self.paused.shift(&no, Some(peer.paused), None);
            self.paused.shift(&no, None, Some(until));
            peer.paused = until;
        }
        self.failed(no, &units, false);
    }

    /// The application knows which transactions of a block it lacks.
    fn missing(&mut self, id: AskId, indices: &[u32], out: &mut Out<Self>) {
        let Ok(Some(at)) = self.asks.close(id) else { return };
        let Some(point) = self.points.get_mut(&at) else { return };
        let Stage::Asking(refs) = &mut point.stage else { return };
        let refs = core::mem::take(refs);
        let mut todo = Todo::new(refs.len());
        let (mut left, mut left_bytes) = (0_usize, 0_u64);
        for index in indices {
            let Some(reference) = refs.get(*index as usize) else { continue };
            let empty = || Tx { refs: Vec::with_capacity(1), asked: Vec::new(), arrived: false };
            let tx = self.txs.entry(reference.hash).or_insert_with(empty);
            // A late copy is still in flight, but the transaction has come.
            if tx.arrived {
                continue;
            }
            tx.refs.push((at, *index));
            left = left.saturating_add(1);
            left_bytes = left_bytes.saturating_add(u64::from(reference.size));
            if tx.asked.is_empty() {
                todo.insert(*index);
            }
        }
        let (total_bytes, pieces) = (left_bytes, BTreeSet::new());
        let tail = false;
        point.stage =
            Stage::Txs(Closure { refs, todo, left, left_bytes, total_bytes, pieces, tail });
        if left == 0 {
            self.finish(at, out);
        } else {
            self.make_ready(at);
        }
    }
}
