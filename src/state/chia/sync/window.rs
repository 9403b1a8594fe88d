//! Batches of heights: the first incomplete one and a few after it (P-39, P-42).

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use core::time::Duration;

use super::peers::Peers;
use crate::state::chia::role::ConnectionId;
use crate::time::Time;

/// The batches that are asked for, of all that there are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Window<T> {
    /// The lowest height of all batches, and the highest.
    first: u32,
    last: u32,
    /// Heights of a batch.
    size: u32,
    /// How many batches are asked for at a time.
    ahead: usize,
    /// The number of the first batch that is here.
    front: u32,
    batches: VecDeque<Batch<T>>,
    /// When anything was asked for last.
    asked_at: Option<Time>,
    /// Since when the first batch is the first.
    front_since: Time,
    /// Each height makes up for so much waiting.
    pace: Duration,
    /// How much longer all before the first batch was waited for.
    behind: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Batch<T> {
    state: State<T>,
    /// Who was asked and did not deliver it.
    tried: Vec<ConnectionId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State<T> {
    /// Somebody is to be asked.
    Wanted,
    /// This peer was asked.
    Pending(ConnectionId),
    /// This peer delivered it.
    Here(ConnectionId, Vec<T>),
    /// It was handed on; this peer had delivered it.
    Handed(ConnectionId),
}

impl<T> Window<T> {
    /// The batches of heights `first` to `last`, of so many heights, some ahead at a time, when what
    /// was before them is so far behind its pace.
    pub fn new(
        (first, last): (u32, u32),
        (size, ahead): (u32, usize),
        (pace, behind): (Duration, Duration),
        now: Time,
    ) -> Self {
        let mut window = Self {
            first,
            last,
            size: size.max(1),
            ahead: ahead.max(1),
            front: 0,
            batches: VecDeque::new(),
            asked_at: None,
            front_since: now,
            pace,
            behind,
        };
        for _ in 0..window.ahead {
            window.open_next();
        }
        window
    }

    /// The heights of a batch; empty if there is none of that number.
    pub fn heights(&self, batch: u32) -> RangeInclusive<u32> {
        let before = u64::from(batch).saturating_mul(u64::from(self.size));
        let from = u64::from(self.first).saturating_add(before);
        let to = from.saturating_add(u64::from(self.size)).saturating_sub(1);
        match (u32::try_from(from), u32::try_from(to.min(u64::from(self.last)))) {
            (Ok(from), Ok(to)) => from..=to,
            _ => RangeInclusive::new(1, 0),
        }
    }

    /// The heights of the first batch.
    pub fn front_heights(&self) -> RangeInclusive<u32> {
        self.heights(self.front)
    }

    /// True once all batches were handed on and taken.
    pub fn is_over(&self) -> bool {
        self.batches.is_empty()
    }

    /// True while somebody is to deliver this batch.
    pub fn lacks(&self, batch: u32) -> bool {
        let place = batch.checked_sub(self.front);
        let batch = place.and_then(|place| self.batches.get(place as usize));
        batch.is_some_and(Batch::is_incomplete)
    }

    /// A batch was delivered.
    pub fn put(&mut self, batch: u32, from: ConnectionId, items: Vec<T>) {
        let place = batch.checked_sub(self.front);
        let batch = place.and_then(|place| self.batches.get_mut(place as usize));
        if let Some(batch) = batch.filter(|batch| batch.is_incomplete()) {
            (batch.state, batch.tried) = (State::Here(from, items), Vec::new());
        }
    }

    /// The first batch, if it is here.
    pub fn front(&self) -> Option<&[T]> {
        match &self.batches.front()?.state {
            State::Here(_, items) => Some(items),
            _ => None,
        }
    }

    /// The first batch, if it is here, and who delivered it; it stays the first until
    /// [`advance`](Self::advance).
    pub fn hand_on(&mut self, now: Time) -> Option<(ConnectionId, Vec<T>)> {
        let behind = self.behind(now);
        let front = self.batches.front_mut()?;
        let State::Here(from, items) = &mut front.state else { return None };
        let (from, items) = (*from, core::mem::take(items));
        front.state = State::Handed(from);
        self.behind = behind;
        Some((from, items))
    }

    /// What was handed on is good: the next batch is the first.
    pub fn advance(&mut self, now: Time) {
        let heights = u32::try_from(self.front_heights().count()).unwrap_or(u32::MAX);
        self.behind = self.behind.saturating_sub(self.pace.saturating_mul(heights));
        self.batches.pop_front();
        self.front = self.front.saturating_add(1);
        self.front_since = now;
        self.open_next();
    }

    /// What was taken last is asked for once more, of this peer. Which batch is it?
    pub fn step_back(&mut self, now: Time, peer: ConnectionId) -> u32 {
        self.behind = self.behind(now);
        self.front = self.front.saturating_sub(1);
        self.batches.push_front(Batch { state: State::Pending(peer), tried: Vec::from([peer]) });
        (self.front_since, self.asked_at) = (now, Some(now));
        self.front
    }

    /// What was handed on is no good: somebody else is to deliver it. Who did?
    pub fn refuse(&mut self, now: Time) -> Option<ConnectionId> {
        self.front_since = now;
        let front = self.batches.front_mut()?;
        let State::Handed(from) = front.state else { return None };
        front.state = State::Wanted;
        front.tried.push(from);
        Some(from)
    }

    /// What this peer was asked for and did not deliver is to be asked of others.
    pub fn fails(&mut self, peer: ConnectionId, only: Option<u32>) {
        for (number, batch) in (self.front..).zip(&mut self.batches) {
            if batch.state.is_pending(peer) && only.is_none_or(|only| only == number) {
                batch.state = State::Wanted;
            }
        }
    }

    /// What this peer delivered and was not handed on yet is to come from others.
    pub fn distrust(&mut self, peer: ConnectionId) {
        for batch in &mut self.batches {
            if matches!(batch.state, State::Here(from, _) if from == peer) {
                batch.state = State::Wanted;
            }
        }
    }

    /// Nothing came for some time: all that is missing is to be asked for again. Who was silent?
    pub fn retry(&mut self, now: Time) -> Vec<ConnectionId> {
        let mut silent = Vec::new();
        for batch in &mut self.batches {
            if let State::Pending(peer) = batch.state {
                silent.push(peer);
                batch.state = State::Wanted;
            }
        }
        self.asked_at = Some(now);
        silent
    }

    /// Picks somebody for each batch that is wanted; `again`: if need be one who was asked before.
    pub fn ask(
        &mut self,
        now: Time,
        peers: &mut Peers,
        again: bool,
        mut send: impl FnMut(&mut Peers, ConnectionId, u32, RangeInclusive<u32>),
    ) {
        for place in 0..self.batches.len() {
            let number = self.front.saturating_add(u32::try_from(place).unwrap_or(u32::MAX));
            let heights = self.heights(number);
            let Some(batch) = self.batches.get_mut(place) else { break };
            if !matches!(batch.state, State::Wanted) {
                continue;
            }
            let Some(peer) = peers.pick(&batch.tried, again) else { continue };
            if !batch.tried.contains(&peer) {
                batch.tried.retain(|tried| peers.has(*tried));
                batch.tried.push(peer);
            }
            batch.state = State::Pending(peer);
            self.asked_at = Some(now);
            send(peers, peer, number, heights);
        }
    }

    /// When something missing is to be asked for again: when more than this time has passed since
    /// the last request of any batch.
    pub fn retry_at(&self, retry: Duration) -> Option<Time> {
        let missing = self.batches.iter().any(Batch::is_incomplete);
        self.asked_at.filter(|_| missing).map(|at| past(at, retry))
    }

    /// When the first batch has been missing for too long.
    pub fn fails_at(&self, timeout: Duration) -> Option<Time> {
        let missing = self.batches.front().is_some_and(Batch::is_incomplete);
        missing.then(|| past(self.front_since, timeout))
    }

    /// When what is missing is further behind its pace than that.
    pub fn slow_at(&self, patience: Duration) -> Option<Time> {
        self.fails_at(patience.saturating_sub(self.behind))
    }

    /// How far all up to now is behind its pace. The time that our own side takes with what was
    /// handed on is nobody's fault.
    pub fn behind(&self, now: Time) -> Duration {
        match self.batches.front() {
            Some(front) if !matches!(front.state, State::Handed(_)) => {
                self.behind.saturating_add(now.since(self.front_since))
            }
            _ => self.behind,
        }
    }

    /// True while a batch is taken: who steps back to the first has taken none.
    pub const fn has_advanced(&self) -> bool {
        self.front > 0
    }

    /// Heap bytes, with what `of` says of each item.
    pub fn heap(&self, of: impl Fn(&T) -> usize) -> usize {
        let own = self.batches.capacity().saturating_mul(size_of::<Batch<T>>());
        let batches = self.batches.iter().map(|batch| {
            let tried = batch.tried.capacity().saturating_mul(size_of::<ConnectionId>());
            let State::Here(_, items) = &batch.state else { return tried };
            let list = items.capacity().saturating_mul(size_of::<T>());
            items.iter().map(&of).fold(tried.saturating_add(list), usize::saturating_add)
        });
        batches.fold(own, usize::saturating_add)
    }

    /// Makes room for the batch after the last one here, if there is one.
    fn open_next(&mut self) {
        let here = u32::try_from(self.batches.len()).unwrap_or(u32::MAX);
        let next = self.front.saturating_add(here);
        if self.batches.len() < self.ahead && !self.heights(next).is_empty() {
            self.batches.push_back(Batch { state: State::Wanted, tried: Vec::new() });
        }
    }
}

impl<T> Batch<T> {
    const fn is_incomplete(&self) -> bool {
        matches!(self.state, State::Wanted | State::Pending(_))
    }
}

impl<T> State<T> {
    fn is_pending(&self, peer: ConnectionId) -> bool {
        matches!(self, Self::Pending(of) if *of == peer)
    }
}

/// The first moment at which more than `time` has passed (`chia.md` 14.3).
pub(super) fn past(since: Time, time: Duration) -> Time {
    since.after(time).after(Duration::from_micros(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_is_here_is_not_lacked() {
        let mut window =
            Window::<u8>::new((1, 100), (25, 2), (Duration::ZERO, Duration::ZERO), Time::ZERO);
        assert_eq!([0, 1, 2].map(|batch| window.lacks(batch)), [true, true, false]);
        window.put(0, ConnectionId(1), alloc::vec![7]);
        assert_eq!([0, 1].map(|batch| window.lacks(batch)), [false, true]);
        // Nor is one that was handed on, or that was taken.
        assert_eq!(window.hand_on(Time::ZERO), Some((ConnectionId(1), alloc::vec![7])));
        assert!(!window.lacks(0));
        window.advance(Time::ZERO);
        assert_eq!([0, 1, 2].map(|batch| window.lacks(batch)), [false, true, true]);
    }
}
