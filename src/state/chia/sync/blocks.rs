//! Blocks of the chain that is synced to, added in order (P-42). Of one proof of time there may be
//! several witnesses that are valid, so that two honest nodes may have another each.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::time::Duration;

use super::context::{Asked, Cx, Step};
use super::examine::Digest;
use super::input::{SyncFailure, SyncNotice, SyncOutcome, SyncPhase, SyncQuery};
use super::peers::{Kind, Request, Standing};
use super::proven::Proven;
use super::tips::{Goal, is_finished};
use super::weight::Shown;
use super::window::Window;
use crate::codec::chia::FullBlock;
use crate::codec::chia::messages::{RequestSyncBlocks, SyncBlocks};
use crate::codec::streamable::{Sha256, Streamable};
use crate::state::chia::chain::Added;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::time::Time;

/// Blocks are asked for, and added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Blocks {
    shown: Shown,
    window: Window<Came>,
    /// Of the first batch, those that are to be added after the one that is being added.
    waiting: VecDeque<Came>,
    /// One is being added; whether its proof of time is the one that was weighed.
    adding: Option<bool>,
}

/// A block that came, of a header that was weighed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Came {
    block: FullBlock,
    /// So is its proof of time: its witness may be another, and was not looked at then.
    is_weighed: bool,
}

impl Blocks {
    pub fn new<H: Sha256>(shown: Shown, height: u32, cx: &Cx<'_, H>) -> Self {
        let (size, ahead) = (cx.limits.blocks_per_batch, cx.limits.window);
        let first = shown.fork.saturating_add(shown.added).saturating_add(1);
        let pace = cx.limits.time_per_block;
        let window = Window::new((first, height), (size, ahead), (pace, Duration::ZERO), cx.now);
        Self { shown, window, waiting: VecDeque::new(), adding: None }
    }

    /// Hands the next block to the chain, and asks for what nobody was asked for.
    pub fn proceed<H: Sha256>(&mut self, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        if self.adding.is_none() {
            if self.waiting.is_empty() {
                let batch = self.window.hand_on(cx.now).map(|(_, blocks)| blocks);
                self.waiting = batch.unwrap_or_default().into();
            }
            if let Some(Came { block, is_weighed }) = self.waiting.pop_front() {
                self.adding = Some(is_weighed);
                cx.ask(Asked::Block, SyncQuery::AddBlock(Box::new(block)));
            }
        }
        self.ask(goal, false, cx);
        Step::Stay
    }

    pub fn hear<H: Sha256>(
        &mut self,
        from: ConnectionId,
        it: SyncBlocks,
        goal: &Goal,
        cx: &mut Cx<'_, H>,
    ) -> Step {
        let of_tip = it.tip_header_hash == goal.header_hash;
        let finished = it.blocks.iter().all(is_finished);
        let fits = |request| match request {
            Request::Batch(batch) if of_tip && finished => {
                it.blocks.iter().map(FullBlock::height).eq(self.window.heights(batch))
            }
            _ => false,
        };
        let is_right = match cx.peers.answers(from, fits) {
            Some((Request::Batch(batch), asked_at)) if self.window.lacks(batch) => {
                let blocks = it.blocks.into_iter();
                let came: Option<_> = blocks.map(|it| self.came::<H>(it, goal.height)).collect();
                let is_right = came.is_some();
                if let Some(came) = came {
                    self.window.put(batch, from, came);
                    cx.was_good(from, asked_at);
                }
                is_right
            }
            // A late duplicate.
            Some((_, asked_at)) => {
                cx.was_good(from, asked_at);
                true
            }
            None if cx.peers.unfitting(from, Kind::Blocks) == Standing::Late => return Step::Stay,
            None => false,
        };
        if !is_right {
            cx.blame(from, &rules::SYNC_BLOCKS);
            self.lost(from);
        }
        self.proceed(goal, cx)
    }

    /// What became of the block that was being added.
    pub fn added<H: Sha256>(&mut self, added: &Added, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        let is_weighed = self.adding.take();
        match added {
            Added::AlreadyHave | Added::Orphan | Added::Tip(_) => {}
            // Its witness is to blame, or a body that nobody honest has.
            Added::Invalid if is_weighed == Some(false) => {
                self.waiting = VecDeque::new();
                if let Some(from) = self.window.refuse(cx.now) {
                    cx.blame(from, &rules::SYNC_BLOCKS);
                    self.lost(from);
                    self.window.distrust(from);
                }
                return self.proceed(goal, cx);
            }
            Added::Invalid => {
                cx.blame(goal.from, &rules::SYNC_CHAIN);
                return Step::End(SyncOutcome::Failed(SyncFailure::Invalid));
            }
            Added::Disconnected => {
                // Then our chain has not what it had.
                self.shown.added = 0;
                return Step::End(SyncOutcome::Failed(SyncFailure::Disconnected));
            }
        }
        if self.waiting.is_empty() {
            let height = *self.window.front_heights().end();
            self.shown.added = height.saturating_sub(self.shown.fork);
            cx.out.notify(SyncNotice::Reached(SyncPhase::Blocks, height));
            self.window.advance(cx.now);
            if self.window.is_over() {
                return Step::End(SyncOutcome::Synced(goal.header_hash));
            }
        }
        self.proceed(goal, cx)
    }

    /// When they are further behind their pace than that.
    pub fn slow_at(&self, patience: Duration) -> Option<Time> {
        self.window.slow_at(patience)
    }

    /// What was shown so far; nothing of it stays here.
    pub fn take_proven(&mut self) -> Proven {
        self.shown.take().into_proven()
    }

    pub fn lost(&mut self, peer: ConnectionId) {
        self.window.fails(peer, None);
    }

    pub fn timeout<H: Sha256>(&mut self, goal: &Goal, cx: &mut Cx<'_, H>) -> Step {
        if self.window.fails_at(cx.limits.timeout).is_some_and(|at| at <= cx.now) {
            let failure = SyncFailure::TimedOut(SyncPhase::Blocks);
            return Step::End(SyncOutcome::Failed(failure));
        }
        if self.window.retry_at(cx.limits.retry).is_some_and(|at| at <= cx.now) {
            for silent in self.window.retry(cx.now) {
                cx.peers.was_silent(silent);
            }
            self.ask(goal, true, cx);
        }
        Step::Stay
    }

    pub fn deadline(&self, limits: &super::SyncLimits) -> Option<Time> {
        let window = [self.window.fails_at(limits.timeout), self.window.retry_at(limits.retry)];
        window.into_iter().flatten().min()
    }

    pub fn heap(&self) -> usize {
        let waiting = self.waiting.iter().map(|came| came.block.heap());
        let own = self.waiting.capacity().saturating_mul(size_of::<Came>());
        waiting
            .fold(own, usize::saturating_add)
            .saturating_add(self.window.heap(|came| came.block.heap()))
            .saturating_add(self.shown.heap())
    }

    /// A block whose header block is the one that was weighed, but maybe for its witness, and whose
    /// body is its own: with that nothing else of the block is left to be damaged.
    fn came<H: Sha256>(&self, block: FullBlock, tip: u32) -> Option<Came> {
        let above = block.height().checked_sub(self.shown.fork)?.checked_sub(1)?;
        let shown = self.shown.digests.get(above as usize)?;
        let header_block = &block.header_block;
        let digest = Digest::of::<H>(header_block, tip);
        let is_right = shown.is_alike(&digest)
            && header_block.header.data.body_hash.0 == block.body.get_hash::<H>();
        is_right.then(|| Came { is_weighed: *shown == digest, block })
    }

    fn ask<H: Sha256>(&mut self, goal: &Goal, again: bool, cx: &mut Cx<'_, H>) {
        let (out, most, now) = (&mut *cx.out, cx.limits.max_unanswered, cx.now);
        self.window.ask(cx.now, cx.peers, again, |peers, peer, batch, heights| {
            peers.ask(now, peer, Kind::Blocks, Request::Batch(batch), most);
            let heights = heights.collect();
            let request = RequestSyncBlocks { tip_header_hash: goal.header_hash, heights };
            out.send(Delivery::To(peer, request.into()));
        });
    }
}
