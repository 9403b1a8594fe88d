//! A peer and what it was asked for.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::pace::Pace;
use super::point::{Rank, list_heap, set_heap};
use super::{FetchLimits, PieceNo};
use crate::codec::leios::{LeiosPoint, SlotNo, TxHash, VoteIssuer};
use crate::ordered::Ordered;
use crate::time::Time;

/// What a vote is expected to take in a reply (`leios.md` 8.5).
pub(super) const VOTE_BYTES: u64 = 128;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peer<K> {
    pub(super) key: K,
    pub(super) pieces: Ordered<PieceNo, Piece>,
    /// The request for each block in flight.
    pub(super) blocks: BTreeMap<LeiosPoint, PieceNo>,
    /// The requests for transactions in flight, by block.
    pub(super) txs: BTreeSet<(LeiosPoint, PieceNo)>,
    /// How many requests for votes are in flight.
    pub(super) vote_pieces: usize,
    pub(super) in_flight: u64,
    pub(super) txs_in_flight: usize,
    pub(super) pace: Pace,
    /// Blocks that may have work for this peer; cleaned when looked at.
    pub(super) ready: BTreeSet<Rank>,
    /// Votes to ask this peer for, in the order of the work list.
    pub(super) votes: BTreeSet<(u64, SlotNo, VoteIssuer)>,
    /// Blocks this peer has offered or implied.
    pub(super) points: BTreeSet<LeiosPoint>,
    /// Votes this peer has offered and that are still missing.
    pub(super) vote_offers: BTreeSet<(SlotNo, VoteIssuer)>,
    /// Not to be asked before this time.
    pub(super) paused: Time,
}

/// One request in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Piece {
    pub(super) work: Work,
    /// Bytes that have not come.
    pub(super) bytes: u64,
    /// Things that have not come.
    pub(super) left: usize,
    pub(super) sent: Time,
    /// When it should have come.
    pub(super) expected: Time,
    pub(super) age: Age,
    /// Asked of a second peer, or free to be.
    pub(super) doubled: bool,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Work {
    Block(LeiosPoint),
    /// Index, hash and size, ascending by index.
    Txs(LeiosPoint, Vec<(u32, TxHash, u32)>),
    Votes(Vec<(SlotNo, VoteIssuer)>),
}

/// How long a request has been in flight, measured by what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Age {
    Fresh,
    /// Later than expected: matters in the tail of a closure.
    Lagging,
    /// Late enough for a second peer.
    Late,
    /// So late that it no longer counts as a copy.
    Stale,
}

impl Piece {
    /// When the next age begins.
    pub(super) fn due(&self, limits: &FetchLimits) -> Option<Time> {
        let expected = self.expected.since(self.sent);
        let late = expected.saturating_mul(limits.second_factor).max(limits.second_after);
        match self.age {
            Age::Fresh => {
                let slack = (expected / 2).saturating_add(limits.lag_slack).min(late);
                Some(self.expected.after(slack).min(self.sent.after(late)))
            }
            Age::Lagging => Some(self.sent.after(late)),
            Age::Late if limits.stale_factor > 0 => {
                Some(self.sent.after(late.saturating_mul(limits.stale_factor)))
            }
            Age::Late | Age::Stale => None,
        }
    }

    pub(super) const fn older(&mut self) {
        self.age = match self.age {
            Age::Fresh => Age::Lagging,
            Age::Lagging => Age::Late,
            Age::Late | Age::Stale => Age::Stale,
        };
    }

    fn heap(&self) -> usize {
        match &self.work {
            Work::Block(_) => 0,
            Work::Txs(_, txs) => list_heap(txs),
            Work::Votes(votes) => list_heap(votes),
        }
    }
}

impl<K> Peer<K> {
    pub(super) const fn new(key: K) -> Self {
        Self {
            key,
            pieces: Ordered::new(),
            blocks: BTreeMap::new(),
            txs: BTreeSet::new(),
            vote_pieces: 0,
            in_flight: 0,
            txs_in_flight: 0,
            pace: Pace::new(),
            ready: BTreeSet::new(),
            votes: BTreeSet::new(),
            points: BTreeSet::new(),
            vote_offers: BTreeSet::new(),
            paused: Time::ZERO,
        }
    }

    /// When `bytes` more would have come.
    pub(super) fn eta(&self, now: Time, bytes: u64, limits: &FetchLimits) -> Time {
        now.after(self.pace.wait(self.in_flight, bytes, limits))
    }

    /// True if it should be asked for more: not while it owes something that is late.
    pub(super) fn has_room(&self, now: Time, limits: &FetchLimits) -> bool {
        self.paused <= now
            && self.pieces.first().is_none_or(|(_, oldest)| oldest.age < Age::Late)
            && self.in_flight < self.pace.window(limits)
            && self.txs_in_flight < limits.per_peer_txs
    }

    /// When the requests in flight should come, in the order they were sent.
    pub(super) fn schedule<'a>(
        &'a self,
        now: Time,
        limits: &'a FetchLimits,
    ) -> impl Iterator<Item = (PieceNo, Time)> + 'a {
        let mut bytes = 0_u64;
        self.pieces.iter().map(move |(no, piece)| {
            bytes = bytes.saturating_add(piece.bytes);
            let flow = self.pace.last().after(self.pace.span(bytes, limits));
            let alone = piece.sent.after(self.pace.wait(0, piece.bytes, limits));
            let due = flow.max(alone);
            // What is overdue by a second will hardly come within the next one.
            (no, if due < now { now.after(now.since(due)) } else { due })
        })
    }

    pub(super) fn heap(&self) -> usize {
        let pieces = self.pieces.iter().fold(0_usize, |sum, (_, p)| sum.saturating_add(p.heap()));
        [
            self.pieces.heap(),
            set_heap::<(LeiosPoint, PieceNo)>(self.blocks.len()),
            set_heap::<(LeiosPoint, PieceNo)>(self.txs.len()),
            set_heap::<Rank>(self.ready.len()),
            set_heap::<(u64, SlotNo, VoteIssuer)>(self.votes.len()),
            set_heap::<LeiosPoint>(self.points.len()),
            set_heap::<(SlotNo, VoteIssuer)>(self.vote_offers.len()),
        ]
        .into_iter()
        .fold(pieces, usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::leios::Hash32;

    fn piece(work: Work, age: Age) -> Piece {
        let (sent, expected) = (Time::from_micros(1_000), Time::from_micros(51_000));
        Piece { work, bytes: 1_000, left: 1, sent, expected, age, doubled: false }
    }

    fn block() -> Work {
        Work::Block(LeiosPoint::new(SlotNo(1), Hash32([1; 32])))
    }

    #[test]
    fn what_is_late_grows_stale_unless_both_count_for_ever() {
        let mut limits = FetchLimits::default();
        for (age, at) in [
            // One and a half times 50 ms, and 50 ms.
            (Age::Fresh, Some(126_000)),
            (Age::Lagging, Some(3_001_000)),
            (Age::Late, Some(6_001_000)),
            (Age::Stale, None),
        ] {
            let due = piece(block(), age).due(&limits);
            assert_eq!(due.map(Time::as_micros), at, "{age:?}");
        }
        limits.stale_factor = 0;
        assert_eq!(piece(block(), Age::Late).due(&limits), None);
    }

    #[test]
    fn a_request_holds_its_list() {
        let point = LeiosPoint::new(SlotNo(1), Hash32([1; 32]));
        let mut txs = Vec::with_capacity(100);
        txs.push((0, Hash32([2; 32]), 500));
        assert_eq!(piece(Work::Txs(point, txs), Age::Fresh).heap(), 100 * 40);
        let votes = Vec::with_capacity(100);
        let heap = 100 * size_of::<(SlotNo, VoteIssuer)>();
        assert_eq!(piece(Work::Votes(votes), Age::Fresh).heap(), heap);
        assert_eq!(piece(block(), Age::Fresh).heap(), 0);
    }

    #[test]
    fn what_is_overdue_is_as_far_ahead_as_it_was_due_behind() {
        let limits = FetchLimits::default();
        let mut peer = Peer::new(());
        assert!(peer.pieces.push(0, piece(block(), Age::Fresh)).is_ok());
        // 50 ms and 1 ms at the rate that is assumed.
        for (now, at) in [(10_000, 52_000), (52_000, 52_000), (62_000, 72_000)] {
            let times: Vec<_> = peer.schedule(Time::from_micros(now), &limits).collect();
            assert_eq!(times, [(0, Time::from_micros(at))]);
        }
    }
}
