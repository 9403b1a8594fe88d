//! All header hashes of a tip, and where its chain leaves ours (P-37, P-38).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::context::{Asked, Cx, Ours, Step};
use super::headers::Headers;
use super::input::{SyncFailure, SyncOutcome, SyncPhase, SyncQuery};
use super::peers::{Kind, Request, Standing};
use super::proven::Proven;
use super::run::Phase;
use super::tips::Goal;
use super::window::past;
use crate::codec::chia::HeaderHash;
use crate::codec::chia::messages::{AllHeaderHashes, RequestAllHeaderHashes};
use crate::codec::streamable::Sha256;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::time::Time;

/// The hashes are waited for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hashes {
    since: Time,
    asked_at: Option<Time>,
    tried: Vec<ConnectionId>,
    /// What was shown before.
    pub proven: Option<Box<Proven>>,
}

/// The hashes are here; where do the chains part?
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Forking {
    pub theirs: Theirs,
    pub proven: Option<Box<Proven>>,
    low: u32,
    high: u32,
}

/// All header hashes of the chain that is synced to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Theirs {
    hashes: Vec<HeaderHash>,
    /// Who says so.
    pub from: ConnectionId,
}

impl Theirs {
    /// These, as one peer says.
    #[cfg(test)]
    pub const fn of(hashes: Vec<HeaderHash>, from: ConnectionId) -> Self {
        Self { hashes, from }
    }

    /// The header hash at a height.
    pub fn at(&self, height: u32) -> Option<HeaderHash> {
        self.hashes.get(height as usize).copied()
    }

    /// All of it; nothing of it stays here.
    pub fn take(&mut self) -> Self {
        Self { hashes: core::mem::take(&mut self.hashes), from: self.from }
    }

    /// The hashes above a height, which are taken out.
    pub fn above(&mut self, height: u32) -> Vec<HeaderHash> {
        let mut hashes = core::mem::take(&mut self.hashes);
        let below = (height as usize).saturating_add(1).min(hashes.len());
        hashes.drain(..below);
        hashes
    }

    pub fn heap(&self) -> usize {
        self.hashes.capacity().saturating_mul(size_of::<HeaderHash>())
    }
}

impl Hashes {
    /// Nobody was asked; so much was shown before.
    pub const fn new(since: Time, proven: Option<Box<Proven>>) -> Self {
        Self { since, asked_at: None, tried: Vec::new(), proven }
    }

    /// Asks if nobody is being asked: the announcer first, for it has them, unless what it sent
    /// before could not be.
    pub fn proceed<H: Sha256>(&mut self, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        if self.asked_at.is_none() {
            self.ask(goal, false, cx);
        }
        Step::Stay
    }

    pub fn hear<H: Sha256>(
        &mut self,
        from: ConnectionId,
        it: AllHeaderHashes,
        (ours, goal): (&Ours, &Goal),
        cx: &mut Cx<'_, H>,
    ) -> Step {
        let mut hashes = it.header_hashes;
        let count = (goal.height as usize).saturating_add(1);
        let is_good = hashes.len() == count
            && hashes.first() == Some(&ours.genesis)
            && hashes.last() == Some(&goal.header_hash);
        if !is_good {
            if cx.peers.unfitting(from, Kind::Hashes) == Standing::Wrong {
                cx.blame(from, &rules::SYNC_HASHES);
                self.lost(from);
                return self.proceed(goal, cx);
            }
            return Step::Stay;
        }
        if cx.peers.answers(from, |request| request == Request::Hashes).is_none() {
            // Nobody asked, or it was asked for another tip of the same hash.
            let _ = cx.peers.unfitting(from, Kind::Hashes);
            return Step::Stay;
        }
        cx.peers.was_heard(from);
        hashes.shrink_to_fit();
        if ours.lca_height >= goal.height {
            return Step::End(SyncOutcome::Failed(SyncFailure::Shorter));
        }
        let theirs = Theirs { hashes, from };
        let (proven, high) = (self.proven.take(), ours.lca_height);
        Step::Enter(Box::new(Phase::Forking(Forking { theirs, proven, low: 0, high })))
    }

    /// A peer is gone: if it was the one that was asked, another is.
    pub fn lost(&mut self, peer: ConnectionId) {
        if self.tried.last() == Some(&peer) {
            self.asked_at = None;
        }
        self.tried.retain(|tried| *tried != peer);
    }

    pub fn timeout<H: Sha256>(&mut self, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        if cx.now >= self.fails_at(cx.limits.timeout) {
            let failure = SyncFailure::TimedOut(SyncPhase::Hashes);
            return Step::End(SyncOutcome::Failed(failure));
        }
        if self.retry_at(cx.limits.retry).is_some_and(|at| at <= cx.now) {
            if let Some(silent) = self.tried.last() {
                cx.peers.was_silent(*silent);
            }
            self.ask(goal, true, cx);
        }
        Step::Stay
    }

    pub fn deadline(&self, limits: &super::SyncLimits) -> Time {
        let fails = self.fails_at(limits.timeout);
        self.retry_at(limits.retry).map_or(fails, |retry| retry.min(fails))
    }

    /// When they have been waited for longer than that.
    pub fn fails_at(&self, timeout: Duration) -> Time {
        past(self.since, timeout)
    }

    /// When nobody shows them for so long, or the turn is further behind its pace than `patience`.
    pub fn slow_at(&self, stalled: Duration, patience: Duration) -> Time {
        let proven = self.proven.as_ref();
        let slow = proven.map(|proven| proven.slow_at(self.since, patience));
        slow.into_iter().fold(self.fails_at(stalled), Time::min)
    }

    pub fn heap(&self) -> usize {
        let tried = self.tried.capacity().saturating_mul(size_of::<ConnectionId>());
        tried.saturating_add(Proven::heap_of(self.proven.as_deref()))
    }

    fn retry_at(&self, retry: Duration) -> Option<Time> {
        self.asked_at.map(|at| at.after(retry.max(Duration::from_micros(1))))
    }

    fn ask<H: Sha256>(&mut self, goal: &Goal, again: bool, cx: &mut Cx<'_, H>) {
        self.tried.retain(|tried| cx.peers.has(*tried));
        let announcer =
            Some(goal.from).filter(|it| cx.peers.has_trusted(*it) && !self.tried.contains(it));
        let Some(peer) = announcer.or_else(|| cx.peers.pick(&self.tried, again)) else {
            // Who was asked is asked again in time; if nobody is there, whoever comes is.
            self.asked_at = (!self.tried.is_empty()).then_some(cx.now);
            return;
        };
        self.asked_at = Some(cx.now);
        self.tried.retain(|tried| *tried != peer);
        self.tried.push(peer);
        cx.peers.ask(cx.now, peer, Kind::Hashes, Request::Hashes, cx.limits.max_unanswered);
        let request = RequestAllHeaderHashes { tip_header_hash: goal.header_hash };
        cx.out.send(Delivery::To(peer, request.into()));
    }
}

impl Forking {
    /// Asks for our hash between the bounds, or at the upper one once they meet; at the genesis the
    /// chains are one.
    pub fn proceed<H: Sha256>(&mut self, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        let Some(height) = self.next() else { return self.found(0, goal, cx) };
        cx.ask(Asked::HashAt(height), SyncQuery::HashAt { height });
        Step::Stay
    }

    pub fn answered<H: Sha256>(
        &mut self,
        height: u32,
        ours: Option<HeaderHash>,
        goal: &Goal,
        cx: &mut Cx<'_, H>,
    ) -> Step {
        let Some(ours) = ours else {
            return Step::End(SyncOutcome::Failed(SyncFailure::NotOurs));
        };
        let same = self.theirs.at(height) == Some(ours);
        if self.low.saturating_add(1) < self.high {
            if same {
                self.low = height;
            } else {
                self.high = height;
            }
            self.proceed(goal, cx)
        } else {
            let fork = if same { self.high } else { self.low };
            self.found(fork, goal, cx)
        }
    }

    fn next(&self) -> Option<u32> {
        if self.low.saturating_add(1) < self.high {
            Some(self.low.midpoint(self.high))
        } else {
            (self.high > 0).then_some(self.high)
        }
    }

    fn found<H: Sha256>(&mut self, fork: u32, goal: &Goal, cx: &Cx<'_, H>) -> Step {
        let theirs = self.theirs.take();
        let proven = self.proven.take().map(|proven| proven.of(&theirs, fork, goal.height));
        let proven = proven.unwrap_or_default();
        Step::Enter(Box::new(Phase::Headers(Headers::new(theirs, fork, goal.height, proven, cx))))
    }

    pub fn heap(&self) -> usize {
        self.theirs.heap().saturating_add(Proven::heap_of(self.proven.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_asked_is_in_the_footprint() {
        let mut hashes = Hashes::new(Time::ZERO, None);
        assert_eq!(hashes.heap(), 0);
        hashes.tried = (0..40).map(ConnectionId).collect();
        assert!(hashes.heap() >= 40 * size_of::<ConnectionId>());
    }
}
