//! How bytes go along the two ways of a connection: they wait, leave, fly, arrive and are read.

use core::time::Duration;

use bytes::Bytes;

use super::way::FIN;
use super::{Net, What};
use crate::sim::node::{End, Event, Node, Want, Wire};
use crate::time::Time;

impl<N: Node> Net<N> {
    pub(super) fn open(&mut self, end: End) {
        let Some(way) = self.ways.get_mut(end.0 as usize) else { return };
        way.open = true;
        let credit = way.spec.backlog;
        self.tell(end, Event::Opened);
        self.tell(end, Event::Writable(credit));
    }

    /// The leaving piece is on its way: credit goes back, the next piece follows.
    pub(super) fn left(&mut self, end: End) {
        let Some(way) = self.ways.get_mut(end.0 as usize) else { return };
        let Some((lane, bytes)) = way.leaving.take() else { return };
        let length = bytes.len();
        way.sent = way.sent.saturating_add(length as u64);
        let jitter = u64::try_from(way.spec.jitter.as_micros()).unwrap_or(u64::MAX);
        let late = Duration::from_micros(self.delays.between(0, jitter));
        let breaks = self.breaks.chance(way.spec.breaks);
        let arrival = self.now.after(way.spec.delay).after(late);
        let arrival = if lane == FIN { way.latest().max(arrival) } else { arrival };
        let track = way.lane(lane);
        track.latest = track.latest.max(arrival);
        track.flying.push_back(bytes);
        let arrival = track.latest;
        let open = way.open;
        self.push(arrival, What::Arrives(end, lane));
        if breaks {
            self.push(self.now, What::Lost(end));
        }
        self.depart(end, true);
        if length > 0 && open {
            self.tell(end, Event::Writable(length));
        }
    }

    /// Starts the next piece, if the way is free and the window allows.
    ///
    /// A piece that follows another starts where that ended, to the nanosecond.
    fn depart(&mut self, end: End, follows: bool) {
        let Some(way) = self.ways.get_mut(end.0 as usize) else { return };
        if way.leaving.is_some() {
            return;
        }
        let piece = match way.unsent.front_mut() {
            Some(_) if way.window >= way.spec.window => return,
            Some((lane, bytes)) => {
                let (least, most) = way.spec.pieces;
                let size = self.cuts.between(least.max(1) as u64, most.max(1) as u64);
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                let room = way.spec.window.saturating_sub(way.window).max(1);
                let piece = bytes.split_to(size.min(room).min(bytes.len()));
                let lane = *lane;
                if bytes.is_empty() {
                    way.unsent.pop_front();
                }
                (lane, piece)
            }
            None if way.closing => {
                way.closing = false;
                (FIN, Bytes::new())
            }
            None => return,
        };
        way.window = way.window.saturating_add(piece.1.len());
        let now = if follows { 0 } else { self.now.as_micros().saturating_mul(1_000) };
        let start = way.free_at.max(now);
        let rate = u128::from(way.spec.rate.max(1));
        let work = piece.1.len() as u128 * 1_000_000_000 + u128::from(way.rest);
        way.rest = u64::try_from(work % rate).unwrap_or(u64::MAX);
        way.free_at = start.saturating_add(u64::try_from(work / rate).unwrap_or(u64::MAX));
        way.leaving = Some(piece);
        let at = Time::from_micros(way.free_at.div_ceil(1_000));
        self.push(at, What::Left(end));
    }

    pub(super) fn arrives(&mut self, end: End, lane: u16) {
        let Some(way) = self.ways.get_mut(end.0 as usize) else { return };
        let Some(bytes) = way.lane(lane).flying.pop_front() else { return };
        way.unread.push_back((lane, bytes));
        self.deliver(end);
    }

    /// Hands over what has arrived, as long as the other side reads.
    pub(super) fn deliver(&mut self, end: End) {
        let there = end.across();
        loop {
            let open = self.ways.get(there.0 as usize).is_some_and(|way| way.open);
            let reads = self.reads(there);
            let Some(way) = self.ways.get_mut(end.0 as usize) else { return };
            if open && !reads {
                if !way.unread.is_empty() {
                    self.hold(end);
                }
                return;
            }
            let Some((lane, bytes)) = way.unread.pop_front() else { return };
            way.window = way.window.saturating_sub(bytes.len());
            self.depart(end, false);
            match lane {
                FIN => self.shut(there),
                // Who has closed hears nothing more.
                _ if open => self.tell(there, Event::Received(lane, bytes)),
                _ => {}
            }
        }
    }

    /// The connection is lost: both ends learn of it at once.
    pub(super) fn lost(&mut self, end: End) {
        for end in [end, end.across()] {
            if let Some(way) = self.ways.get_mut(end.0 as usize) {
                way.clear();
            }
        }
        self.shut(end);
        self.shut(end.across());
    }

    fn shut(&mut self, end: End) {
        let Some(way) = self.ways.get_mut(end.0 as usize) else { return };
        way.unsent.clear();
        if core::mem::take(&mut way.open) {
            self.tell(end, Event::Closed);
        }
    }

    pub(super) fn carry(&mut self, wire: Wire) {
        for (end, want) in wire.wants {
            let Some(way) = self.ways.get_mut(end.0 as usize) else { continue };
            match want {
                Want::Send(lane, bytes) if way.open && !way.closing && !bytes.is_empty() => {
                    way.unsent.push_back((lane.min(FIN - 1), bytes));
                }
                Want::Close if way.open => {
                    way.closing = true;
                    way.open = false;
                }
                _ => continue,
            }
            self.depart(end, false);
        }
    }
}
