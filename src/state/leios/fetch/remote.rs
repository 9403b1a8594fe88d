//! What the clients tell: announcements, offers, deliveries, failures.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use bytes::Bytes;

use super::point::{Ask, Point, Stage, take_ask};
use super::{Fetch, FetchNotice, FetchQuery, PeerNo};
use crate::codec::leios::{Hash32, LeiosPoint, LinearLeiosBlock, TxHash};
use crate::machine::Out;
use crate::state::leios::client::{Announcement, ClientNotice, Unit};
use crate::time::Time;

impl<K: Ord + Clone> Fetch<K> {
    pub(super) fn notice(
        &mut self,
        now: Time,
        peer: PeerNo,
        key: K,
        notice: ClientNotice,
        out: &mut Out<Self>,
    ) {
        match notice {
            ClientNotice::Announced(announcement) => self.announced(key, announcement, out),
            ClientNotice::BlockOffered(point) => self.offered(peer, point, true, false, out),
            ClientNotice::TxsOffered(point) => self.offered(peer, point, false, true, out),
            ClientNotice::VoteOffered(slot, issuer) => self.vote_offered(peer, slot, issuer),
            ClientNotice::Block { point, block } => self.block(now, peer, point, block, out),
            ClientNotice::Txs { point, txs } => self.txs_arrived(now, peer, point, txs, out),
            ClientNotice::Vote(vote) => self.vote_arrived(now, peer, vote, out),
            ClientNotice::Excused(hashes) => self.excused(peer, &hashes),
            ClientNotice::Failed(units) => self.failed(peer, &units, true),
            ClientNotice::Remark(_) => {}
        }
    }

    fn announced(&mut self, key: K, announcement: Announcement, out: &mut Out<Self>) {
        let point = announcement.point;
        let election = (point.slot, announcement.pool);
        let first = self.elections.get(&election);
        if first.is_some_and(|first| first.header() == announcement.header.header()) {
            return;
        }
        let evidence = announcement.equivocation || first.is_some();
        if !evidence {
            if self.elections.len() >= self.limits.max_points {
                self.elections.pop_first();
            }
            self.elections.insert(election, announcement.header.clone());
        }
        // Of evidence the size and the offers are remembered, in case it becomes urgent.
        let size = announcement.eb_size.min(self.limits.max_eb_bytes);
        let announcement = Box::new(announcement);
        out.notify(if evidence {
            FetchNotice::Equivocated(key, announcement)
        } else {
            FetchNotice::Announced(key, announcement)
        });
        if self.track(point, !evidence, false, out) {
            if let Some(state) = self.points.get_mut(&point) {
                if !(evidence || state.lasting) {
                    state.size = Some(size);
                }
                state.size.get_or_insert(size);
                state.wanted |= !evidence;
            }
            self.make_ready(point);
        }
    }

    /// Makes sure that a block is remembered, if limits allow. A new one displaces one of lower
    /// rank.
    pub(super) fn track(
        &mut self,
        at: LeiosPoint,
        wanted: bool,
        urgent: bool,
        out: &mut Out<Self>,
    ) -> bool {
        if self.points.contains_key(&at) {
            return true;
        }
        let mut point = Point::new();
        (point.wanted, point.urgent) = (wanted, urgent);
        if self.points.len() >= self.limits.max_points.max(1) {
            match self.least() {
                Some((rank, victim)) if rank > self.worth(at, &point) => {
                    self.give_up(victim, "max_points", out);
                }
                _ => return false,
            }
        }
        self.points.insert(at, point);
        true
    }

    /// The least important block and its importance.
    pub(super) fn least(&self) -> Option<((bool, u8, u64), LeiosPoint)> {
        self.points.iter().map(|(at, point)| (self.worth(*at, point), *at)).max()
    }

    /// The importance of a block; more is less.
    pub(super) fn worth(&self, at: LeiosPoint, point: &Point) -> (bool, u8, u64) {
        let idle = !point.wanted || point.stage == Stage::Done;
        let (class, slot, _) = point.rank(at, self.oldest_first && !idle);
        (idle, class, slot)
    }

    /// A limit makes us drop a block.
    pub(super) fn give_up(&mut self, at: LeiosPoint, limit: &'static str, out: &mut Out<Self>) {
        let lost = self.points.get(&at).is_some_and(|p| p.wanted && p.stage != Stage::Done);
        self.forget(at);
        if lost {
            out.notify(FetchNotice::Dropped { point: at, limit });
        }
    }

    /// A peer can deliver a block, its transactions, or both.
    pub(super) fn offered(
        &mut self,
        no: PeerNo,
        at: LeiosPoint,
        block: bool,
        txs: bool,
        out: &mut Out<Self>,
    ) {
        if !self.track(at, false, false, out) {
            return;
        }
        let Some(point) = self.points.get_mut(&at).filter(|p| p.stage != Stage::Done) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&no) else { return };
        if block {
            point.block_offers.insert(no);
        }
        if txs {
            point.txs_offers.insert(no);
        }
        peer.points.insert(at);
        if point.wanted {
            peer.ready.insert(point.rank(at, self.oldest_first));
        }
    }

    fn block(
        &mut self,
        now: Time,
        no: PeerNo,
        at: LeiosPoint,
        block: LinearLeiosBlock,
        out: &mut Out<Self>,
    ) {
        if let Some(piece) = self.peers.get(&no).and_then(|peer| peer.blocks.get(&at)).copied() {
            let bytes =
                self.peers.get(&no).and_then(|p| p.pieces.get(piece)).map_or(0, |p| p.bytes);
            if let Some(sent) = self.settle(Ask { peer: no, piece, bytes }) {
                self.paced(now, no, bytes, sent);
            }
        }
        let Some(point) = self.points.get_mut(&at) else { return };
        // A later copy finds the body here and is dropped.
        if !matches!(point.stage, Stage::Body { .. }) {
            return;
        }
        let count = block.count() as usize;
        while self.references.saturating_add(count) > self.limits.max_references {
            let victim = self.least_holding(at).unwrap_or(at);
            self.give_up(victim, "max_references", out);
            if victim == at {
                return;
            }
        }
        let references: Vec<_> = block.references().collect();
        let Ok(id) = self.asks.open(at) else { return };
        self.references = self.references.saturating_add(references.len());
        if let Some(point) = self.points.get_mut(&at) {
            point.stage = Stage::Asking(references.clone());
        }
        out.notify(FetchNotice::Block { point: at, block });
        out.ask(id, FetchQuery::WhichAreMissing { point: at, references });
    }

    /// The least important block that holds references and is less important than `at`.
    fn least_holding(&self, at: LeiosPoint) -> Option<LeiosPoint> {
        let worth = self.worth(at, self.points.get(&at)?);
        let holding = self.points.iter().filter(|(_, point)| point.references() > 0);
        let least = holding.map(|(at, point)| (self.worth(*at, point), *at)).max()?;
        (least.0 > worth).then_some(least.1)
    }

    fn txs_arrived(
        &mut self,
        now: Time,
        no: PeerNo,
        point: LeiosPoint,
        txs: Vec<(u32, TxHash, Bytes)>,
        out: &mut Out<Self>,
    ) {
        let mut touched = BTreeSet::new();
        let mut fresh = Vec::new();
        let mut bytes = 0_u64;
        let mut oldest = None;
        for (index, hash, tx) in txs {
            let asked = self.txs.get_mut(&hash).and_then(|tx| take_ask(&mut tx.asked, no));
            if let Some(ask) = asked {
                if let Some(sent) = self.settle(ask) {
                    bytes = bytes.saturating_add(ask.bytes);
                    oldest.get_or_insert(sent);
                }
            }
            fresh.push((index, hash, tx));
        }
        if let Some(sent) = oldest {
            self.paced(now, no, bytes, sent);
        }
        // Completed closures are told after the transactions that completed them.
        let mut after = Out::<Self>::new();
        fresh.retain(|(_, hash, _)| {
            let first = self.arrive(hash, &mut touched, &mut after);
            self.drop_idle_tx(hash);
            first
        });
        if !fresh.is_empty() {
            out.notify(FetchNotice::Txs { point, txs: fresh });
        }
        out.extend(after.drain());
        self.closer(no, touched);
    }

    /// Closures have come closer to their end, by a delivery of this peer, which now has room.
    fn closer(&mut self, no: PeerNo, touched: BTreeSet<LeiosPoint>) {
        for at in touched {
            self.enter_tail(at);
            let Some(point) = self.points.get(&at) else { continue };
            if matches!(&point.stage, Stage::Txs(closure) if closure.tail)
                && point.txs_offers.contains(&no)
            {
                let rank = point.rank(at, self.oldest_first);
                if let Some(peer) = self.peers.get_mut(&no) {
                    peer.ready.insert(rank);
                }
            }
        }
    }

    /// A peer has delivered `bytes` that were asked for at `sent`.
    pub(super) fn paced(&mut self, now: Time, no: PeerNo, bytes: u64, sent: Time) {
        if let Some(peer) = self.peers.get_mut(&no) {
            peer.pace.arrived(now, bytes, sent, &self.limits);
        }
    }

    /// These were left out of a reply because another one carried them (L-52): if that one did not
    /// reach us, they are asked for again.
    fn excused(&mut self, no: PeerNo, hashes: &[Hash32]) {
        let mut back = Vec::new();
        for hash in hashes {
            let asked = self.txs.get_mut(hash).and_then(|tx| take_ask(&mut tx.asked, no));
            if let Some(ask) = asked {
                self.settle(ask);
                self.drop_idle_tx(hash);
                back.push(*hash);
                continue;
            }
            let pieces = self.peers.get(&no).map(|peer| &peer.blocks);
            let block = pieces.into_iter().flatten().find(|(at, _)| at.hash == *hash);
            if let Some((_, piece)) = block {
                self.fail(no, *piece, |_| true);
            }
        }
        self.reopen_txs(back.into_iter());
    }

    /// These will not come from this peer. It is not asked again for their blocks if it is `over`.
    pub(super) fn failed(&mut self, no: PeerNo, units: &[Unit], over: bool) {
        for unit in units {
            let (at, pieces) = match unit {
                Unit::Block(at) => {
                    let piece = self.peers.get(&no).and_then(|peer| peer.blocks.get(at)).copied();
                    (Some(*at), piece.into_iter().collect::<Vec<_>>())
                }
                Unit::Txs(at, _) => {
                    let range = (*at, 0)..=(*at, u64::MAX);
                    let pieces = self.peers.get(&no).map(|peer| peer.txs.range(range));
                    (Some(*at), pieces.into_iter().flatten().map(|(_, piece)| *piece).collect())
                }
                Unit::Vote(slot, issuer) => {
                    self.fail_vote(no, *slot, *issuer, over);
                    (None, Vec::new())
                }
            };
            if let Some(at) = at.filter(|_| over) {
                if let Some(point) = self.points.get_mut(&at) {
                    point.retract(no);
                }
            }
            let mut indices = match unit {
                Unit::Txs(_, indices) => indices.clone(),
                Unit::Block(_) | Unit::Vote(..) => Vec::new(),
            };
            indices.sort_unstable();
            let all = !matches!(unit, Unit::Txs(..));
            for piece in pieces {
                self.fail(no, piece, |index| all || indices.binary_search(&index).is_ok());
            }
        }
    }
}
