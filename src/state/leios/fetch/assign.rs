//! The choice: the most urgent work that a peer with room can do, by the peer that does it first
//! (S-17).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::peer::{Peer, VOTE_BYTES, Work};
use super::point::{Ask, Closure, Stage};
use super::{Fetch, PeerNo, PieceNo};
use crate::codec::leios::{LeiosPoint, TxHash};
use crate::machine::Out;
use crate::state::leios::client::{ClientCommand, WantedTx};
use crate::time::Time;

/// Reply bytes of a request for transactions beyond the transactions (`leios.md` 8.5).
const TXS_OVERHEAD: u64 = 64 + 96;
/// Reply bytes of each window.
const WINDOW_OVERHEAD: u64 = 32;
/// Reply bytes of each transaction beyond its own.
const TX_OVERHEAD: u64 = 9;

/// Something a peer can be asked for now.
#[derive(Clone, Copy)]
enum Job {
    Votes,
    Block(LeiosPoint),
    Txs(LeiosPoint),
    /// What another peer was asked for by this request, and will deliver later than this one.
    Copy(LeiosPoint, PeerNo, PieceNo),
}

/// How good a job for a peer is; less is better. Class and slot of the work list, votes before
/// blocks before transactions, when it would be done, the peer that joined first.
type Merit = (u8, u64, u8, Time, PeerNo);

/// What a look at a block found for a peer.
enum Found {
    Job(Job, u64),
    Nothing,
    NoRoom,
}

impl<K: Ord + Clone> Fetch<K> {
    /// Gives out work until nothing more can be given.
    pub(super) fn pump(&mut self, now: Time, out: &mut Out<Self>) {
        while let Some((no, job)) = self.best(now) {
            match job {
                Job::Votes => self.ask_votes(now, no, out),
                Job::Block(at) => self.ask_block(now, no, at, out),
                Job::Txs(at) => self.ask_txs(now, no, at, out),
                Job::Copy(at, from, piece) => self.ask_copy(now, no, at, (from, piece), out),
            }
        }
    }

    fn best(&mut self, now: Time) -> Option<(PeerNo, Job)> {
        let numbers: Vec<PeerNo> = self.peers.keys().copied().collect();
        let jobs = numbers.into_iter().filter_map(|no| self.best_of(now, no).map(|job| (no, job)));
        jobs.min_by_key(|(_, (merit, _))| *merit).map(|(no, (_, job))| (no, job))
    }

    /// The best job for a peer.
    fn best_of(&mut self, now: Time, no: PeerNo) -> Option<(Merit, Job)> {
        let votes = self.votes_for(now, no);
        if !self.peers.get(&no)?.has_room(now, &self.limits) {
            return votes;
        }
        while let Some(&(class, slot, at)) = self.peers.get(&no)?.ready.first() {
            match self.look(now, no, at) {
                Found::Job(job, bytes) => {
                    let kind = if matches!(job, Job::Block(_)) { 1 } else { 2 };
                    let eta = self.peers.get(&no)?.eta(now, bytes, &self.limits);
                    let found = ((class, slot, kind, eta, no), job);
                    return Some(votes.filter(|votes| votes.0 < found.0).unwrap_or(found));
                }
                Found::Nothing => {
                    self.peers.get_mut(&no)?.ready.remove(&(class, slot, at));
                }
                Found::NoRoom => return votes,
            }
        }
        votes
    }

    /// Votes are small: they need no room in the window, only under the limits.
    fn votes_for(&self, now: Time, no: PeerNo) -> Option<(Merit, Job)> {
        let peer = self.peers.get(&no)?;
        let &(slot, ..) = peer.votes.first()?;
        let most = self.limits.votes_many.max(self.limits.votes_few).max(1) as u64;
        let free = peer.paused <= now
            && peer.vote_pieces < self.limits.vote_requests
            && self.fits(peer, VOTE_BYTES.saturating_mul(most));
        let eta = peer.eta(now, VOTE_BYTES, &self.limits);
        free.then_some(((1, slot, 0, eta, no), Job::Votes))
    }

    fn fits(&self, peer: &Peer<K>, bytes: u64) -> bool {
        peer.in_flight.saturating_add(bytes) <= self.limits.per_peer_in_flight
            && self.in_flight.saturating_add(bytes) <= self.limits.total_in_flight
    }

    /// What this peer, which has room, can do for this block.
    fn look(&self, now: Time, no: PeerNo, at: LeiosPoint) -> Found {
        let (Some(peer), Some(point)) = (self.peers.get(&no), self.points.get(&at)) else {
            return Found::Nothing;
        };
        if !point.wanted || !point.offers().contains(&no) {
            return Found::Nothing;
        }
        match &point.stage {
            Stage::Body { asked, open } => {
                let again = asked.iter().any(|ask| ask.peer == no) || peer.blocks.contains_key(&at);
                let Some(size) = point.size_for(no).filter(|_| *open && !again) else {
                    return Found::Nothing;
                };
                self.found(peer, Job::Block(at), u64::from(size))
            }
            Stage::Txs(closure) => {
                let first = closure.todo.iter().find(|index| self.may_ask(no, closure, *index));
                match first.and_then(|index| closure.refs.get(index as usize)) {
                    Some(tx) => self.found(peer, Job::Txs(at), charge(tx.size)),
                    None => self.look_at_tail(now, no, peer, at, closure),
                }
            }
            Stage::Asking(_) | Stage::Done => Found::Nothing,
        }
    }

    fn found(&self, peer: &Peer<K>, job: Job, bytes: u64) -> Found {
        if self.fits(peer, bytes) { Found::Job(job, bytes) } else { Found::NoRoom }
    }

    /// True if the peer is not asked for this transaction yet.
    fn may_ask(&self, no: PeerNo, closure: &Closure, index: u32) -> bool {
        let reference = closure.refs.get(index as usize);
        let tx = reference.and_then(|reference| self.txs.get(&reference.hash));
        tx.is_some_and(|tx| tx.asked.iter().all(|ask| ask.peer != no))
    }

    /// In the tail of a closure: the request that would be done last, if this peer is faster.
    fn look_at_tail(
        &self,
        now: Time,
        no: PeerNo,
        peer: &Peer<K>,
        at: LeiosPoint,
        closure: &Closure,
    ) -> Found {
        if !closure.tail || self.limits.copies < 2 || !peer.pace.measured() {
            return Found::Nothing;
        }
        let mut schedules: BTreeMap<PeerNo, BTreeMap<PieceNo, Time>> = BTreeMap::new();
        let mut last: Option<(Time, PeerNo, PieceNo, u64)> = None;
        for (other, no_of_piece) in &closure.pieces {
            let Some(state) = self.peers.get(other).filter(|_| *other != no) else { continue };
            let Some(piece) = state.pieces.get(*no_of_piece).filter(|p| !p.doubled) else {
                continue;
            };
            let schedule = schedules
                .entry(*other)
                .or_insert_with(|| state.schedule(now, &self.limits).collect());
            let due = schedule.get(no_of_piece).copied().unwrap_or(now);
            let mine = peer.eta(now, piece.bytes, &self.limits).after(self.limits.hedge_margin);
            if mine < due && last.is_none_or(|(latest, ..)| latest < due) {
                last = Some((due, *other, *no_of_piece, piece.bytes));
            }
        }
        match last {
            Some((_, other, piece, bytes)) => self.found(peer, Job::Copy(at, other, piece), bytes),
            None => Found::Nothing,
        }
    }

    fn ask_block(&mut self, now: Time, no: PeerNo, at: LeiosPoint, out: &mut Out<Self>) {
        let Some(peer) = self.peers.get(&no) else { return };
        let (key, measured) = (peer.key.clone(), peer.pace.measured());
        let Some(size) = self.points.get(&at).and_then(|point| point.size_for(no)) else {
            return;
        };
        let bytes = u64::from(size);
        let piece = self.open(now, no, Work::Block(at), bytes);
        let Some(point) = self.points.get_mut(&at) else { return };
        if let Stage::Body { asked, open } = &mut point.stage {
            asked.push(Ask { peer: no, piece, bytes });
            // Everything waits for the block: don't leave it to the first stranger alone.
            let alone = !measured && size <= self.limits.double_block;
            *open = alone && asked.len() % self.limits.copies.max(1) != 0;
        }
        out.send((key, ClientCommand::RequestBlock { point: at, size }));
    }

    fn ask_txs(&mut self, now: Time, no: PeerNo, at: LeiosPoint, out: &mut Out<Self>) {
        let Some(peer) = self.peers.get(&no) else { return };
        let Some(Stage::Txs(closure)) = self.points.get(&at).map(|point| &point.stage) else {
            return;
        };
        let most = peer.pace.piece(&self.limits).min(self.limits.request_bytes);
        let open = self.limits.per_peer_txs.saturating_sub(peer.txs_in_flight);
        let (mut reply, mut charged, mut window) = (TXS_OVERHEAD, 0_u64, None);
        let mut chosen: Vec<(u32, TxHash, u32)> = Vec::new();
        for index in closure.todo.iter().filter(|index| self.may_ask(no, closure, *index)) {
            let Some(tx) = closure.refs.get(index as usize) else { continue };
            let head = if window == Some(index / 64) { 0 } else { WINDOW_OVERHEAD };
            let cost = charge(tx.size);
            let full = reply.saturating_add(head).saturating_add(cost) > most
                || chosen.len() >= open
                || !self.fits(peer, charged.saturating_add(cost));
            if full && !chosen.is_empty() {
                break;
            }
            window = Some(index / 64);
            reply = reply.saturating_add(head).saturating_add(cost);
            charged = charged.saturating_add(cost);
            chosen.push((index, tx.hash, tx.size));
        }
        self.request_txs(now, no, at, chosen, out);
    }

    /// Asks a second peer for what is left of a request.
    fn ask_copy(
        &mut self,
        now: Time,
        no: PeerNo,
        at: LeiosPoint,
        of: (PeerNo, PieceNo),
        out: &mut Out<Self>,
    ) {
        let piece = self.peers.get_mut(&of.0).and_then(|peer| peer.pieces.get_mut(of.1));
        let Some(piece) = piece else { return };
        piece.doubled = true;
        let Work::Txs(_, txs) = &piece.work else { return };
        let mut txs = txs.clone();
        txs.retain(|(_, hash, _)| {
            self.txs.get(hash).is_some_and(|tx| {
                let again = tx.asked.iter().any(|ask| ask.peer == no);
                !tx.arrived && !again && self.live(&tx.asked) < self.limits.copies
            })
        });
        self.request_txs(now, no, at, txs, out);
    }

    fn request_txs(
        &mut self,
        now: Time,
        no: PeerNo,
        at: LeiosPoint,
        txs: Vec<(u32, TxHash, u32)>,
        out: &mut Out<Self>,
    ) {
        let Some(peer) = self.peers.get(&no).filter(|_| !txs.is_empty()) else { return };
        let key = peer.key.clone();
        let bytes = txs.iter().fold(0, |sum: u64, tx| sum.saturating_add(charge(tx.2)));
        let piece = self.open(now, no, Work::Txs(at, txs.clone()), bytes);
        if let Some(Stage::Txs(closure)) = self.points.get_mut(&at).map(|point| &mut point.stage) {
            closure.pieces.insert((no, piece));
        }
        for (_, hash, size) in &txs {
            let Some(tx) = self.txs.get_mut(hash) else { continue };
            tx.asked.push(Ask { peer: no, piece, bytes: charge(*size) });
            // Wherever it is missing, it is in flight now.
            for (point, index) in &tx.refs {
                let point = self.points.get_mut(point).map(|point| &mut point.stage);
                if let Some(Stage::Txs(closure)) = point {
                    closure.todo.remove(*index);
                }
            }
        }
        let wanted = txs.into_iter().map(|(index, hash, size)| WantedTx { index, hash, size });
        let command = ClientCommand::RequestTxs { point: at, txs: wanted.collect() };
        out.send((key, command));
    }
}

/// What a transaction counts for in flight.
fn charge(size: u32) -> u64 {
    u64::from(size).saturating_add(TX_OVERHEAD)
}
