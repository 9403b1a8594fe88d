//! Requests for deliverables that are not answered yet: what they want, what may be missing from
//! their replies, and when one is overdue.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::input::Unit;
use super::wanted::{Key, Wanted};
use crate::codec::leios::{RequestNo, SlotNo};
use crate::ordered::Ordered;
use crate::state::leios::credit::Cost;
use crate::state::leios::heap;
use crate::time::Time;

/// The outstanding requests for deliverables, by number.
///
/// The set D(s) of `leios.md` 8.4 is not kept for each request. Replies are counted instead: each
/// request remembers how many there had been when it was sent, each wanted unit the last reply
/// that held it. A unit is in D(s) when that reply came after s was sent. What nobody outstanding
/// wants is forgotten (S-10), so that memory is bounded by what is asked for (L-14).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Deliveries {
    open: Ordered<RequestNo, Pending>,
    units: BTreeMap<Key, Seen>,
    /// Replies so far.
    replies: u64,
    /// Sum of the largest replies possible.
    in_flight: usize,
    /// When the last reply came, or the set became non-empty, whichever was later (L-57).
    since: Option<Time>,
}

/// A request that is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pending {
    /// What it asks for.
    pub wanted: Wanted,
    /// What it counts for.
    pub cost: Cost,
    /// The largest reply possible (`leios.md` 8.5).
    pub limit: usize,
    /// When it was sent, never earlier than the one before.
    sent: Time,
    /// How many replies there had been then.
    replies: u64,
}

/// A unit that some outstanding request wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Seen {
    /// How many of them.
    wanted: u32,
    /// The last reply that held it; 0 if none did.
    last: u64,
}

impl Deliveries {
    /// Notes a request that is being sent at `now`.
    pub fn open(&mut self, now: Time, no: RequestNo, wanted: Wanted, cost: Cost) {
        let limit = wanted.largest_reply();
        for key in wanted.keys() {
            let seen = self.units.entry(key).or_default();
            seen.wanted = seen.wanted.saturating_add(1);
        }
        let sent = self.open.iter().next_back().map_or(now, |(_, last)| last.sent.max(now));
        self.since = Some(self.since.unwrap_or(now));
        self.in_flight = self.in_flight.saturating_add(limit);
        let pending = Pending { wanted, cost, limit, sent, replies: self.replies };
        let pushed = self.open.push(no, pending);
        debug_assert!(pushed.is_ok(), "request numbers ascend");
    }

    /// The request `no`, while it is outstanding.
    pub fn get(&self, no: RequestNo) -> Option<&Pending> {
        self.open.get(no)
    }

    /// True if the unit is in D(s) of `request`: its reply may leave it out (L-47, L-52).
    pub fn may_miss(&self, request: &Pending, key: &Key) -> bool {
        self.units.get(key).is_some_and(|seen| seen.last > request.replies)
    }

    /// Takes out the answered request `no`; `got` tells which of its units the reply held.
    pub fn close(&mut self, now: Time, no: RequestNo, got: &[bool]) -> Option<Pending> {
        let pending = self.open.remove(no)?;
        self.replies = self.replies.saturating_add(1);
        let marks = got.iter().copied().chain(core::iter::repeat(false));
        for (key, got) in pending.wanted.keys().zip(marks) {
            if let Some(seen) = self.units.get_mut(&key) {
                seen.wanted = seen.wanted.saturating_sub(1);
                if got {
                    seen.last = self.replies;
                }
                if seen.wanted == 0 {
                    self.units.remove(&key);
                }
            }
        }
        self.in_flight = self.in_flight.saturating_sub(pending.limit);
        if self.open.is_empty() {
            self.since = None;
            self.units = BTreeMap::new();
        } else {
            self.since = self.since.max(Some(now));
        }
        Some(pending)
    }

    /// Takes out everything, appending it to a report of failure.
    pub fn fail(&mut self, units: &mut Vec<Unit>) {
        self.open.iter().for_each(|(_, pending)| pending.wanted.report(units));
        *self = Self::default();
    }

    /// Sum of the largest replies possible.
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many requests are outstanding.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Since when a reply is owed (L-57); `None` while none is.
    pub const fn owed_since(&self) -> Option<Time> {
        self.since
    }

    /// When the oldest request was sent (L-58).
    pub fn oldest(&self) -> Option<Time> {
        self.open.first().map(|(_, pending)| pending.sent)
    }

    /// The slots that something outstanding belongs to.
    pub fn slots(&self) -> BTreeSet<SlotNo> {
        self.open.iter().map(|(_, pending)| pending.wanted.slot()).collect()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let units = heap::tree(self.units.len(), size_of::<(Key, Seen)>());
        let wanted = self.open.iter().map(|(_, pending)| pending.wanted.heap());
        wanted.fold(self.open.heap().saturating_add(units), usize::saturating_add)
    }

    /// The most [`heap`](Self::heap) can be with `requests` requests for `txs` transactions,
    /// `votes` votes and blocks.
    pub fn most_heap(requests: usize, txs: usize, votes: usize) -> usize {
        // A ring grows by doubling; lists of what is wanted are exact.
        let open = requests.saturating_mul(2).max(crate::outbox::KEPT);
        let open = open.saturating_mul(size_of::<(RequestNo, Pending)>());
        let units = txs.saturating_add(votes).saturating_add(requests);
        open.saturating_add(heap::tree(units, size_of::<(Key, Seen)>()))
            .saturating_add(txs.saturating_mul(size_of::<super::input::WantedTx>()))
            .saturating_add(votes.saturating_mul(size_of::<u16>()))
    }
}
