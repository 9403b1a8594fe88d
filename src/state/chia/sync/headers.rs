//! Headers of the chain that is synced to, batch by batch, and who lies if they do not fit
//! (P-39, P-40).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::context::{Asked, Cx, Step};
use super::dispute::{Dispute, Verdict};
use super::examine::{Below, Digest, Finding, examine};
use super::hashes::{Hashes, Theirs};
use super::input::{
    HeaderBatch, SyncFailure, SyncNotice, SyncOutcome, SyncPhase, SyncQuery, Weighed,
};
use super::peers::{Kind, Request, Standing};
use super::proven::{Carried, Fared, Proven};
use super::run::Phase;
use super::tips::Goal;
use super::weight::{Shown, Weight};
use super::window::Window;
use crate::codec::chia::messages::{HeaderBlocks, RequestHeaderBlocks};
use crate::codec::chia::{HeaderBlock, Shape};
use crate::codec::streamable::Sha256;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::time::Time;

/// Headers are asked for, and handed on in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Headers {
    theirs: Theirs,
    fork: u32,
    window: Window<HeaderBlock>,
    /// So had the turn before it went on with these hashes.
    had_gained: bool,
    /// Of every header block that is good, from the fork upwards.
    digests: Vec<Digest>,
    /// How many of their blocks were added before.
    added: u32,
    /// Those that are being weighed.
    weighing: Option<Weighing>,
    /// The batch below the first.
    below: Option<Below>,
    /// Who delivered a batch that the next one does not follow: it may be its fault.
    doubted: Option<ConnectionId>,
    dispute: Option<Dispute>,
    /// Who delivered headers of other hashes.
    apart: Vec<ConnectionId>,
}

/// A batch that is being weighed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Weighing {
    digests: Vec<Digest>,
    last: Option<Below>,
}

impl Headers {
    /// Of these headers some were shown before, and some of their blocks were added.
    pub fn new<H: Sha256>(
        theirs: Theirs,
        fork: u32,
        height: u32,
        Carried { mut digests, added, fared }: Carried,
        cx: &Cx<'_, H>,
    ) -> Self {
        let (size, ahead) = (cx.limits.headers_per_batch, cx.limits.window);
        // As many as there are hashes above the fork.
        let above = height.saturating_sub(fork) as usize;
        digests.reserve_exact(above.saturating_sub(digests.len()));
        let shown = u32::try_from(digests.len()).unwrap_or(u32::MAX);
        let first = fork.saturating_add(shown).saturating_add(1);
        let pace = cx.limits.time_per_header;
        Self {
            window: Window::new((first, height), (size, ahead), (pace, fared.behind), cx.now),
            had_gained: fared.has_gained,
            digests,
            added,
            theirs,
            fork,
            weighing: None,
            below: None,
            doubted: None,
            dispute: None,
            apart: Vec::new(),
        }
    }

    /// Hands the first batch on if it is here, and asks for what nobody was asked for.
    pub fn proceed<H: Sha256>(&mut self, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        if self.weighing.is_none() {
            if let Some(step) = self.look_below(goal, cx) {
                return step;
            }
            let first = *self.window.front_heights().start();
            if let Some((from, headers)) = self.window.hand_on(cx.now) {
                let digests = headers.iter().map(|header| Digest::of::<H>(header, goal.height));
                let digests = digests.collect();
                self.weighing = Some(Weighing { digests, last: Below::of::<H>(from, &headers) });
                let batch = HeaderBatch { fork: self.fork, first, headers };
                cx.ask(Asked::Headers, SyncQuery::WeighHeaders(Box::new(batch)));
            }
        }
        self.ask(goal, false, cx);
        Step::Stay
    }

    pub fn hear<H: Sha256>(
        &mut self,
        from: ConnectionId,
        it: HeaderBlocks,
        goal: &Goal,
        cx: &mut Cx<'_, H>,
    ) -> Step {
        let of_tip = it.tip_header_hash == goal.header_hash;
        let fits = |request| {
            of_tip
                && self.has_heights(from, request, &it.header_blocks, cx.limits.headers_per_batch)
        };
        let Some((request, asked_at)) = cx.peers.answers(from, fits) else {
            return match cx.peers.unfitting(from, Kind::Headers) {
                Standing::Wrong => self.blame(from, goal, cx),
                Standing::Late => Step::Stay,
            };
        };
        match request {
            Request::Batch(batch) if self.window.lacks(batch) => {
                self.hear_batch(from, (batch, asked_at), it.header_blocks, goal, cx)
            }
            Request::Links => self.hear_links(from, &it.header_blocks, goal, cx),
            // A late duplicate.
            Request::Batch(_) | Request::Hashes => {
                cx.was_good(from, asked_at);
                Step::Stay
            }
        }
    }

    /// What was handed on last is good or not.
    pub fn weighed<H: Sha256>(
        &mut self,
        weighed: Weighed,
        goal: &Goal,
        cx: &mut Cx<'_, H>,
    ) -> Step {
        let Some(Weighing { digests, last }) = self.weighing.take() else { return Step::Stay };
        match weighed {
            Weighed::Good => {
                let height = *self.window.front_heights().end();
                self.digests.extend(digests);
                self.below = last;
                cx.out.notify(SyncNotice::Reached(SyncPhase::Headers, height));
                self.window.advance(cx.now);
                if self.window.is_over() { self.done(cx) } else { self.proceed(goal, cx) }
            }
            Weighed::Damaged => match self.window.refuse(cx.now) {
                Some(from) => self.blame(from, goal, cx),
                None => self.proceed(goal, cx),
            },
            // Whoever sent the hashes has a chain that is bad. Whether it is the tip's, the headers
            // between would have to show first.
            Weighed::Bad if self.theirs.from != goal.from => self.hashes_lie(cx),
            Weighed::Bad => {
                cx.blame(goal.from, &rules::SYNC_WEIGHT);
                Step::End(SyncOutcome::Failed(SyncFailure::TooLight))
            }
        }
    }

    pub fn lost(&mut self, peer: ConnectionId) {
        self.window.fails(peer, None);
        self.apart.retain(|apart| *apart != peer);
        if self.dispute.as_ref().is_some_and(|dispute| dispute.with == peer) {
            self.dispute = None;
        }
    }

    pub fn timeout<H: Sha256>(&mut self, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        if self.window.fails_at(cx.limits.timeout).is_some_and(|at| at <= cx.now) {
            let failure = SyncFailure::TimedOut(SyncPhase::Headers);
            return Step::End(SyncOutcome::Failed(failure));
        }
        let due = |dispute: &mut Dispute| dispute.since.after(cx.limits.retry) <= cx.now;
        if let Some(Dispute { with, .. }) = self.dispute.take_if(due) {
            cx.peers.lapse(with, Kind::Headers, Request::Links);
            cx.peers.mistrust(with);
        }
        if self.window.retry_at(cx.limits.retry).is_some_and(|at| at <= cx.now) {
            for silent in self.window.retry(cx.now) {
                cx.peers.was_silent(silent);
            }
            self.ask(goal, true, cx);
        }
        Step::Stay
    }

    /// When they are further behind their pace than that.
    pub fn slow_at(&self, patience: Duration) -> Option<Time> {
        self.window.slow_at(patience)
    }

    /// True once a batch of them was good.
    pub const fn has_gained(&self) -> bool {
        self.had_gained || self.window.has_advanced()
    }

    /// What was shown so far; nothing of it stays here.
    pub fn take_proven(&mut self) -> Proven {
        let digests = core::mem::take(&mut self.digests);
        Proven::new(&mut self.theirs, self.fork, digests, self.added)
    }

    pub fn deadline(&self, limits: &super::SyncLimits) -> Option<Time> {
        let dispute = self.dispute.as_ref().map(|dispute| dispute.since.after(limits.retry));
        let window = [self.window.fails_at(limits.timeout), self.window.retry_at(limits.retry)];
        window.into_iter().chain([dispute]).flatten().min()
    }

    pub fn heap(&self) -> usize {
        let digests = self.weighing.as_ref().map_or(0, |weighing| weighing.digests.capacity());
        let digests = digests.saturating_add(self.digests.capacity());
        self.theirs
            .heap()
            .saturating_add(self.window.heap(HeaderBlock::heap))
            .saturating_add(digests.saturating_mul(size_of::<Digest>()))
            .saturating_add(self.apart.capacity().saturating_mul(size_of::<ConnectionId>()))
    }

    /// Whether these are finished headers of the heights that a request names.
    fn has_heights(
        &self,
        from: ConnectionId,
        request: Request,
        headers: &[HeaderBlock],
        most: u32,
    ) -> bool {
        let finished = headers.iter().all(|header| header.shape() == Shape::Finished);
        let heights = headers.iter().map(HeaderBlock::height);
        let fits = match request {
            Request::Batch(batch) => heights.eq(self.window.heights(batch).map(Some)),
            Request::Links => self.dispute.as_ref().is_some_and(|dispute| {
                dispute.with == from && heights.eq(dispute.heights(most).map(Some))
            }),
            Request::Hashes => false,
        };
        finished && fits
    }

    fn hear_batch<H: Sha256>(
        &mut self,
        from: ConnectionId,
        (batch, asked_at): (u32, Time),
        headers: Vec<HeaderBlock>,
        goal: &Goal,
        cx: &mut Cx<'_, H>,
    ) -> Step {
        match examine::<H>(&headers, &self.theirs, goal.height) {
            Finding::Fits => {
                self.window.put(batch, from, headers);
                cx.was_good(from, asked_at);
                self.proceed(goal, cx)
            }
            Finding::SenderLies => self.blame(from, goal, cx),
            Finding::HashesLie => self.hashes_lie(cx),
            Finding::Apart(low) => {
                self.window.fails(from, Some(batch));
                if !self.apart.contains(&from) {
                    self.apart.push(from);
                }
                if self.dispute.is_none() {
                    let dispute = Dispute { with: from, low, high: goal.height, since: cx.now };
                    self.ask_links(dispute, goal, cx);
                }
                self.proceed(goal, cx)
            }
        }
    }

    fn hear_links<H: Sha256>(
        &mut self,
        from: ConnectionId,
        headers: &[HeaderBlock],
        goal: &Goal,
        cx: &mut Cx<'_, H>,
    ) -> Step {
        let Some(dispute) = self.dispute.take() else { return Step::Stay };
        match dispute.judge::<H>(headers, &self.theirs, cx.now) {
            Verdict::SenderLies => self.blame(from, goal, cx),
            Verdict::HashesLie => self.hashes_lie(cx),
            Verdict::Between(closer) => {
                self.ask_links(closer, goal, cx);
                Step::Stay
            }
        }
    }

    fn ask_links<H: Sha256>(&mut self, dispute: Dispute, goal: &Goal, cx: &mut Cx<'_, H>) {
        let heights = dispute.heights(cx.limits.headers_per_batch).collect();
        cx.ask_headers(dispute.with, Request::Links, heights, goal);
        self.dispute = Some(dispute);
    }

    /// Whether the first batch follows the one below, if both are here. If not, either who
    /// delivered that one lies or the hashes do: whoever sent the hashes is to show it.
    fn look_below<H: Sha256>(&mut self, goal: &Goal, cx: &mut Cx<'_, H>) -> Option<Step> {
        let (below, lister) = (self.below?, self.theirs.from);
        if below.is_below(self.window.front()?.first()?) {
            let liar = self.doubted.take().filter(|liar| cx.peers.has(*liar))?;
            return Some(self.blame(liar, goal, cx));
        }
        if below.from == lister {
            return Some(self.hashes_lie(cx));
        }
        if self.doubted.is_some() || !cx.peers.has(lister) {
            cx.peers.mistrust(lister);
            return Some(self.hashes_anew(cx.now));
        }
        (self.below, self.doubted) = (None, Some(below.from));
        self.digests.truncate(self.digests.len().saturating_sub(below.headers));
        let batch = self.window.step_back(cx.now, lister);
        let heights = self.window.heights(batch).collect();
        cx.ask_headers(lister, Request::Batch(batch), heights, goal);
        Some(Step::Stay)
    }

    /// The hashes are made up: who sent them is blamed, and others are asked for them.
    fn hashes_lie<H: Sha256>(&mut self, cx: &mut Cx<'_, H>) -> Step {
        cx.blame(self.theirs.from, &rules::SYNC_HASHES);
        cx.peers.trust();
        self.hashes_anew(cx.now)
    }

    /// Others' hashes may be true. It remains the same turn: what it lost of its time is lost.
    fn hashes_anew(&mut self, now: Time) -> Step {
        let fared = Fared { behind: self.window.behind(now), has_gained: self.has_gained() };
        let proven = self.take_proven().of_turn(fared);
        Step::Enter(Box::new(Phase::Hashes(Hashes::new(now, Some(Box::new(proven))))))
    }

    fn blame<H: Sha256>(&mut self, peer: ConnectionId, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        cx.blame(peer, &rules::SYNC_HEADERS);
        self.lost(peer);
        // What a header hash does not cover was not looked at yet.
        self.window.distrust(peer);
        self.proceed(goal, cx)
    }

    fn ask<H: Sha256>(&mut self, goal: &Goal, again: bool, cx: &mut Cx<'_, H>) {
        let (out, most, now) = (&mut *cx.out, cx.limits.max_unanswered, cx.now);
        self.window.ask(cx.now, cx.peers, again, |peers, peer, batch, heights| {
            peers.ask(now, peer, Kind::Headers, Request::Batch(batch), most);
            let heights = heights.collect();
            let request = RequestHeaderBlocks { tip_header_hash: goal.header_hash, heights };
            out.send(Delivery::To(peer, request.into()));
        });
    }

    /// All headers are good, and by that the hashes: whoever had others lied.
    fn done<H: Sha256>(&mut self, cx: &mut Cx<'_, H>) -> Step {
        for peer in core::mem::take(&mut self.apart) {
            cx.blame(peer, &rules::SYNC_HEADERS);
        }
        let theirs = self.theirs.take();
        let (digests, fork, added) = (core::mem::take(&mut self.digests), self.fork, self.added);
        let shown = Shown { theirs, digests, fork, added };
        Step::Enter(Box::new(Phase::Weight(Weight { shown })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who is asked who lies and goes leaves the question to others at once; another's going
    /// changes nothing.
    #[test]
    fn a_dispute_ends_with_who_it_is_with() {
        let (with, other) = (ConnectionId(1), ConnectionId(2));
        let pace = (Duration::ZERO, Duration::ZERO);
        let window = Window::new((1, 100), (25, 2), pace, Time::ZERO);
        let mut headers = Headers {
            theirs: Theirs::of(Vec::new(), other),
            fork: 0,
            window,
            had_gained: false,
            digests: Vec::new(),
            added: 0,
            weighing: None,
            below: None,
            doubted: None,
            dispute: Some(Dispute { with, low: 1, high: 9, since: Time::ZERO }),
            apart: Vec::from([with, other]),
        };
        headers.lost(other);
        assert!(headers.dispute.is_some());
        assert_eq!(headers.apart, [with]);
        headers.lost(with);
        assert_eq!((headers.dispute, headers.apart), (None, Vec::new()));
    }
}
