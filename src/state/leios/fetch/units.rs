//! Keeping account of what is in flight, what came and what goes back to the work list.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::peer::{Age, Piece, Work};
use super::point::{Ask, Asked, Stage, take_ask};
use super::{Fetch, FetchNotice, PeerNo, PieceNo};
use crate::codec::leios::{LeiosPoint, TxHash};
use crate::machine::Out;
use crate::time::Time;

impl<K: Ord + Clone> Fetch<K> {
    /// Enters a request into the books of its peer. What it asks for is marked by the caller.
    pub(super) fn open(&mut self, now: Time, peer: PeerNo, work: Work, bytes: u64) -> PieceNo {
        let no = self.next_piece;
        self.next_piece = no.saturating_add(1);
        let Some(peer_state) = self.peers.get_mut(&peer) else { return no };
        let left = match &work {
            Work::Block(point) => {
                peer_state.blocks.insert(*point, no);
                1
            }
            Work::Txs(point, txs) => {
                peer_state.txs.insert((*point, no));
                peer_state.txs_in_flight = peer_state.txs_in_flight.saturating_add(txs.len());
                txs.len()
            }
            Work::Votes(votes) => {
                peer_state.vote_pieces = peer_state.vote_pieces.saturating_add(1);
                votes.len()
            }
        };
        let expected = peer_state.eta(now, bytes, &self.limits);
        let age = Age::Fresh;
        let piece = Piece { work, bytes, left, sent: now, expected, age, doubled: false };
        self.due.shift(&(peer, no), None, piece.due(&self.limits));
        peer_state.in_flight = peer_state.in_flight.saturating_add(bytes);
        self.in_flight = self.in_flight.saturating_add(bytes);
        // Numbers only grow, so this is never given back.
        let _ = peer_state.pieces.push(no, piece);
        no
    }

    /// Takes one thing off the books: it came, or it will not come. Returns when it was asked for.
    pub(super) fn settle(&mut self, ask: Ask) -> Option<Time> {
        let peer = self.peers.get_mut(&ask.peer)?;
        let piece = peer.pieces.get_mut(ask.piece)?;
        piece.left = piece.left.saturating_sub(1);
        piece.bytes = piece.bytes.saturating_sub(ask.bytes);
        let sent = piece.sent;
        let empty = piece.left == 0;
        if matches!(piece.work, Work::Txs(..)) {
            peer.txs_in_flight = peer.txs_in_flight.saturating_sub(1);
        }
        peer.in_flight = peer.in_flight.saturating_sub(ask.bytes);
        self.in_flight = self.in_flight.saturating_sub(ask.bytes);
        if empty {
            let piece = peer.pieces.remove(ask.piece)?;
            let key = (ask.peer, ask.piece);
            self.due.shift(&key, piece.due(&self.limits), None);
            match piece.work {
                Work::Block(point) => {
                    peer.blocks.remove(&point);
                }
                Work::Txs(point, _) => {
                    peer.txs.remove(&(point, ask.piece));
                    if let Some(Stage::Txs(closure)) =
                        self.points.get_mut(&point).map(|point| &mut point.stage)
                    {
                        closure.pieces.remove(&key);
                    }
                }
                Work::Votes(_) => peer.vote_pieces = peer.vote_pieces.saturating_sub(1),
            }
        }
        Some(sent)
    }

    /// A transaction is here: whatever refers to it misses it no more. True if anything did.
    pub(super) fn arrive(
        &mut self,
        hash: &TxHash,
        touched: &mut BTreeSet<LeiosPoint>,
        out: &mut Out<Self>,
    ) -> bool {
        let Some(tx) = self.txs.get_mut(hash) else { return false };
        let refs = core::mem::take(&mut tx.refs);
        // Nobody is told of what nothing refers to any more, so that does not count as here.
        tx.arrived |= !refs.is_empty();
        if tx.asked.is_empty() {
            self.txs.remove(hash);
        }
        for (point, index) in &refs {
            let Some(state) = self.points.get_mut(point) else { continue };
            let Stage::Txs(closure) = &mut state.stage else { continue };
            closure.todo.remove(*index);
            closure.left = closure.left.saturating_sub(1);
            let size = closure.refs.get(*index as usize).map_or(0, |tx| u64::from(tx.size));
            closure.left_bytes = closure.left_bytes.saturating_sub(size);
            touched.insert(*point);
            if closure.left == 0 {
                self.finish(*point, out);
            }
        }
        !refs.is_empty()
    }

    /// Nothing of this block is missing any more.
    pub(super) fn finish(&mut self, at: LeiosPoint, out: &mut Out<Self>) {
        let Some(point) = self.points.get_mut(&at) else { return };
        self.references = self.references.saturating_sub(point.references());
        point.stage = Stage::Done;
        point.implied = BTreeMap::new();
        let offers = core::mem::take(&mut point.block_offers);
        let more = core::mem::take(&mut point.txs_offers);
        for no in offers.union(&more) {
            if let Some(peer) = self.peers.get_mut(no) {
                peer.points.remove(&at);
            }
        }
        out.notify(FetchNotice::ClosureComplete(at));
    }

    /// In the tail of a closure what lags is free for a second peer at once.
    pub(super) fn enter_tail(&mut self, at: LeiosPoint) {
        let percent = self.limits.tail_percent;
        let Some(point) = self.points.get_mut(&at) else { return };
        let Stage::Txs(closure) = &mut point.stage else { return };
        if closure.tail || !closure.in_tail(percent) {
            return;
        }
        closure.tail = true;
        let pieces: Vec<_> = closure.pieces.iter().copied().collect();
        for (peer, piece) in pieces {
            let age = self.peers.get(&peer).and_then(|p| p.pieces.get(piece)).map(|p| p.age);
            if age == Some(Age::Lagging) {
                self.release(peer, piece);
            }
        }
        self.make_ready(at);
    }

    /// A request in flight reaches its next age, as was due.
    pub(super) fn age(&mut self, due: Time, peer: PeerNo, no: PieceNo) {
        let limits = &self.limits;
        self.due.shift(&(peer, no), Some(due), None);
        let Some(piece) = self.peers.get_mut(&peer).and_then(|p| p.pieces.get_mut(no)) else {
            return;
        };
        piece.older();
        self.due.shift(&(peer, no), None, piece.due(limits));
        let tail = match &piece.work {
            Work::Txs(at, _) => self
                .points
                .get(at)
                .is_some_and(|point| matches!(&point.stage, Stage::Txs(closure) if closure.tail)),
            Work::Block(_) | Work::Votes(_) => false,
        };
        match piece.age {
            Age::Fresh => {}
            Age::Lagging if !tail => {}
            Age::Lagging | Age::Late | Age::Stale => self.release(peer, no),
        }
    }

    /// What a request asks for may be asked of another peer too.
    fn release(&mut self, peer: PeerNo, no: PieceNo) {
        let Some(piece) = self.peers.get_mut(&peer).and_then(|p| p.pieces.get_mut(no)) else {
            return;
        };
        piece.doubled = true;
        match piece.work.clone() {
            Work::Block(point) => self.reopen_block(point),
            Work::Txs(_, txs) => self.reopen_txs(txs.iter().map(|(_, hash, _)| *hash)),
            Work::Votes(votes) => self.reopen_votes(votes),
        }
    }

    /// Takes the things of a request that `pick` picks by index away from its peer, and puts them
    /// back on the work list.
    pub(super) fn fail(&mut self, peer: PeerNo, no: PieceNo, pick: impl Fn(u32) -> bool) {
        let Some(piece) = self.peers.get(&peer).and_then(|p| p.pieces.get(no)) else { return };
        match piece.work.clone() {
            Work::Block(at) => {
                let bytes = piece.bytes;
                if let Some(point) = self.points.get_mut(&at) {
                    if let Stage::Body { asked, .. } = &mut point.stage {
                        take_ask(asked, peer);
                    }
                }
                self.settle(Ask { peer, piece: no, bytes });
                self.reopen_block(at);
            }
            Work::Txs(_, txs) => {
                let mut back = Vec::new();
                for (_, hash, _) in txs.iter().filter(|(index, ..)| pick(*index)) {
                    if self.take_tx(peer, hash, no).is_some() {
                        back.push(*hash);
                    }
                }
                self.reopen_txs(back.into_iter());
            }
            Work::Votes(votes) => {
                let back = self.unask_votes(peer, no, &votes);
                self.reopen_votes(back);
            }
        }
    }

    /// Takes a transaction that `peer` was asked for off the books.
    fn take_tx(&mut self, peer: PeerNo, hash: &TxHash, piece: PieceNo) -> Option<Time> {
        let tx = self.txs.get_mut(hash)?;
        let at = tx.asked.iter().position(|ask| ask.peer == peer && ask.piece == piece)?;
        let ask = tx.asked.remove(at);
        self.drop_idle_tx(hash);
        self.settle(ask)
    }

    /// Nobody refers to it and nobody was asked for it: no need to remember it.
    pub(super) fn drop_idle_tx(&mut self, hash: &TxHash) {
        if self.txs.get(hash).is_some_and(|tx| tx.refs.is_empty() && tx.asked.is_empty()) {
            self.txs.remove(hash);
        }
    }

    /// A block that is missing may be asked for, if not too many copies are in flight.
    pub(super) fn reopen_block(&mut self, at: LeiosPoint) {
        // Everything waits for the block, so that late copies don't count, however few there are.
        let dead = if self.limits.stale_factor == 0 { Age::Stale } else { Age::Late };
        let live = match self.points.get(&at).map(|point| &point.stage) {
            Some(Stage::Body { asked, .. }) => self.live_below(asked, dead),
            _ => return,
        };
        if live < self.limits.copies {
            if let Some(Stage::Body { open, .. }) = self.points.get_mut(&at).map(|p| &mut p.stage) {
                *open = true;
            }
            self.make_ready(at);
        }
    }

    /// Transactions that are missing may be asked for, those with not too many copies in flight.
    pub(super) fn reopen_txs(&mut self, hashes: impl Iterator<Item = TxHash>) {
        let mut touched = BTreeSet::new();
        for hash in hashes {
            let Some(tx) = self.txs.get(&hash) else { continue };
            if tx.arrived || self.live(&tx.asked) >= self.limits.copies {
                continue;
            }
            for (at, index) in &tx.refs {
                if let Some(Stage::Txs(closure)) = self.points.get_mut(at).map(|p| &mut p.stage) {
                    closure.todo.insert(*index);
                    touched.insert(*at);
                }
            }
        }
        touched.into_iter().for_each(|at| self.make_ready(at));
    }

    /// How many copies in flight count.
    pub(super) fn live(&self, asked: &Asked) -> usize {
        self.live_below(asked, Age::Stale)
    }

    fn live_below(&self, asked: &Asked, dead: Age) -> usize {
        let live = |ask: &&Ask| {
            let piece = self.peers.get(&ask.peer).and_then(|peer| peer.pieces.get(ask.piece));
            piece.is_some_and(|piece| piece.age < dead)
        };
        asked.iter().filter(live).count()
    }

    /// There may be work at this point: whoever can do it shall look at it.
    pub(super) fn make_ready(&mut self, at: LeiosPoint) {
        let Some(point) = self.points.get(&at).filter(|point| point.wanted) else { return };
        let rank = point.rank(at, self.oldest_first);
        for no in point.offers() {
            if let Some(peer) = self.peers.get_mut(no) {
                peer.ready.insert(rank);
            }
        }
    }
}
