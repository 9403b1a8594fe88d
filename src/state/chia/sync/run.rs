//! A sync that goes on: its candidates and its phases (P-34, P-36).

use alloc::boxed::Box;

use super::SyncLimits;
use super::blocks::Blocks;
use super::context::{Asked, Cx, Ours, Step};
use super::hashes::{Forking, Hashes};
use super::headers::Headers;
use super::input::{SyncCommand, SyncFailure, SyncNotice, SyncOutcome, SyncPhase};
use super::peers::{Kind, Peers};
use super::proven::{Fared, Proven};
use super::tips::{Goal, Tips};
use super::weight::Weight;
use crate::codec::chia::Message;
use crate::codec::streamable::Sha256;
use crate::state::chia::chain::Added;
use crate::state::chia::role::ConnectionId;
use crate::time::Time;

/// A sync that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Run {
    pub ours: Ours,
    pub tips: Tips,
    /// The first candidate, and once one was picked that one.
    pub goal: Goal,
    pub phase: Phase,
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// Until then; with what was shown before.
    WaitTips {
        until: Time,
        proven: Option<Box<Proven>>,
    },
    Hashes(Hashes),
    Forking(Forking),
    Headers(Headers),
    Weight(Weight),
    Blocks(Blocks),
}

impl Phase {
    pub const fn of(&self) -> SyncPhase {
        match self {
            Self::WaitTips { .. } => SyncPhase::WaitTips,
            Self::Hashes(_) | Self::Forking(_) => SyncPhase::Hashes,
            Self::Headers(_) => SyncPhase::Headers,
            Self::Weight(_) => SyncPhase::Weight,
            Self::Blocks(_) => SyncPhase::Blocks,
        }
    }

    /// What was asked for in it, if anything was.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::WaitTips { .. } | Self::Hashes(_) | Self::Forking(_) => Kind::Hashes,
            Self::Headers(_) | Self::Weight(_) => Kind::Headers,
            Self::Blocks(_) => Kind::Blocks,
        }
    }

    /// Whether its turn showed anything that others can go on from.
    fn has_gained(&self) -> bool {
        let had_gained = |proven: &Option<Box<Proven>>| {
            proven.as_ref().is_some_and(|proven| proven.fared.has_gained)
        };
        match self {
            Self::WaitTips { .. } => false,
            Self::Hashes(phase) => had_gained(&phase.proven),
            Self::Forking(phase) => had_gained(&phase.proven),
            Self::Headers(phase) => phase.has_gained(),
            Self::Weight(_) | Self::Blocks(_) => true,
        }
    }

    /// What was shown so far, for another turn; nothing of it stays here.
    fn take_proven(&mut self) -> Option<Box<Proven>> {
        let proven = match self {
            Self::WaitTips { proven, .. } => proven.take(),
            Self::Hashes(phase) => phase.proven.take(),
            Self::Forking(phase) => phase.proven.take(),
            Self::Headers(phase) => Some(Box::new(phase.take_proven())),
            Self::Weight(phase) => Some(Box::new(phase.shown.take().into_proven())),
            Self::Blocks(phase) => Some(Box::new(phase.take_proven())),
        };
        proven.map(|proven| Box::new(proven.of_turn(Fared::default())))
    }

    /// Whether answers of this kind are for it.
    pub const fn awaits(&self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Hashes(_), Kind::Hashes)
                | (Self::Headers(_), Kind::Headers)
                | (Self::Blocks(_), Kind::Blocks)
        )
    }
}

impl Run {
    pub fn new(ours: Ours, goal: Goal, until: Time) -> Self {
        let mut tips = Tips::new();
        tips.keep(goal, 1, |_| true);
        Self { ours, tips, goal, phase: Phase::WaitTips { until, proven: None } }
    }

    /// Goes from phase to phase; the outcome, if the last one is over.
    pub fn follow<H: Sha256>(&mut self, step: Step, cx: &mut Cx<'_, H>) -> Option<SyncOutcome> {
        let mut step = step;
        loop {
            match step {
                Step::Stay => return None,
                Step::End(outcome) => {
                    match outcome {
                        SyncOutcome::Failed(failure) => self.failed(failure, cx),
                        SyncOutcome::Synced(_) => cx.peers.warm(self.goal.from),
                        SyncOutcome::NothingHeavier => {}
                    }
                    return Some(outcome);
                }
                Step::Enter(phase) => {
                    cx.asks.cancel(|_| true);
                    cx.peers.turn_page(self.phase.kind());
                    let before = core::mem::replace(&mut self.phase, *phase).of();
                    let entered = self.phase.of();
                    if before != entered {
                        cx.out.notify(SyncNotice::Entered(entered, self.goal.header_hash));
                    }
                    step = self.proceed(cx);
                }
            }
        }
    }

    /// Does what can be done now.
    pub fn proceed<H: Sha256>(&mut self, cx: &mut Cx<'_, H>) -> Step {
        let goal = &self.goal;
        match &mut self.phase {
            Phase::WaitTips { .. } => Step::Stay,
            Phase::Hashes(phase) => phase.proceed(goal, cx),
            Phase::Forking(phase) => phase.proceed(goal, cx),
            Phase::Headers(phase) => phase.proceed(goal, cx),
            Phase::Weight(phase) => phase.proceed(goal, cx),
            Phase::Blocks(phase) => phase.proceed(goal, cx),
        }
    }

    pub fn hear<H: Sha256>(
        &mut self,
        from: ConnectionId,
        message: Message,
        cx: &mut Cx<'_, H>,
    ) -> Step {
        let (ours, goal) = (&self.ours, &self.goal);
        match (&mut self.phase, message) {
            (Phase::Hashes(phase), Message::AllHeaderHashes(it)) => {
                phase.hear(from, it, (ours, goal), cx)
            }
            (Phase::Headers(phase), Message::HeaderBlocks(it)) => phase.hear(from, it, goal, cx),
            (Phase::Blocks(phase), Message::SyncBlocks(it)) => phase.hear(from, it, goal, cx),
            _ => Step::Stay,
        }
    }

    pub fn answered<H: Sha256>(
        &mut self,
        asked: &Asked,
        answer: SyncCommand,
        cx: &mut Cx<'_, H>,
    ) -> Step {
        let goal = &self.goal;
        match (&mut self.phase, answer) {
            (Phase::Forking(phase), SyncCommand::HashAt(_, hash)) => match asked {
                Asked::HashAt(height) => phase.answered(*height, hash, goal, cx),
                _ => Step::Stay,
            },
            (Phase::Headers(phase), SyncCommand::Weighed(_, it)) => phase.weighed(it, goal, cx),
            (Phase::Weight(phase), SyncCommand::Weight(_, good)) => phase.verified(good, goal, cx),
            (Phase::Blocks(phase), SyncCommand::Added(_, it)) => {
                if let Added::Tip(chain) = &it {
                    self.ours.grow(chain);
                }
                phase.added(&it, goal, cx)
            }
            _ => Step::Stay,
        }
    }

    /// A peer is gone.
    pub fn lost<H: Sha256>(&mut self, peer: ConnectionId, cx: &mut Cx<'_, H>) -> Step {
        match &mut self.phase {
            Phase::Hashes(phase) => phase.lost(peer),
            Phase::Headers(phase) => phase.lost(peer),
            Phase::Blocks(phase) => phase.lost(peer),
            Phase::WaitTips { .. } | Phase::Forking(_) | Phase::Weight(_) => return Step::Stay,
        }
        self.proceed(cx)
    }

    pub fn timeout<H: Sha256>(&mut self, cx: &mut Cx<'_, H>) -> Step {
        if let Some((_, next)) = self.relief(cx.limits, cx.peers).filter(|(at, _)| *at <= cx.now) {
            if !self.phase.has_gained() {
                self.tips.spend(self.goal.from);
                cx.peers.cool(self.goal.from, cx.now, cx.limits.barred);
            }
            return self.turn_to(next, cx);
        }
        let goal = &self.goal;
        match &mut self.phase {
            Phase::WaitTips { .. } => self.pick(cx),
            Phase::Hashes(phase) => phase.timeout(goal, cx),
            Phase::Headers(phase) => phase.timeout(goal, cx),
            Phase::Blocks(phase) => phase.timeout(goal, cx),
            Phase::Forking(_) | Phase::Weight(_) => Step::Stay,
        }
    }

    pub fn deadline(&self, limits: &SyncLimits, peers: &Peers) -> Option<Time> {
        let of_phase = self.phase_deadline(limits);
        let relief = self.relief(limits, peers).map(|(at, _)| at);
        [of_phase, relief].into_iter().flatten().min()
    }

    fn phase_deadline(&self, limits: &SyncLimits) -> Option<Time> {
        match &self.phase {
            Phase::WaitTips { until, .. } => Some(*until),
            Phase::Hashes(phase) => Some(phase.deadline(limits)),
            Phase::Headers(phase) => phase.deadline(limits),
            Phase::Blocks(phase) => phase.deadline(limits),
            // Our own side is asked.
            Phase::Forking(_) | Phase::Weight(_) => None,
        }
    }

    pub fn heap(&self) -> usize {
        let phase = match &self.phase {
            Phase::WaitTips { proven, .. } => Proven::heap_of(proven.as_deref()),
            Phase::Hashes(phase) => phase.heap(),
            Phase::Forking(phase) => phase.heap(),
            Phase::Headers(phase) => phase.heap(),
            Phase::Weight(phase) => phase.shown.heap(),
            Phase::Blocks(phase) => phase.heap(),
        };
        self.tips.heap().saturating_add(phase)
    }

    /// The heaviest candidate, if it is heavier than ours (P-36).
    fn pick<H: Sha256>(&mut self, cx: &mut Cx<'_, H>) -> Step {
        let heaviest = self.tips.heaviest().filter(|goal| goal.weight > self.ours.weight);
        let Some(goal) = heaviest else { return Step::End(SyncOutcome::NothingHeavier) };
        self.turn_to(goal, cx)
    }

    /// The candidate came to nothing (P-45).
    fn failed<H: Sha256>(&mut self, failure: SyncFailure, cx: &mut Cx<'_, H>) {
        let (goal, limits) = (self.goal, cx.limits);
        cx.barred.bar(goal.whole, cx.now, limits.barred, limits.max_barred);
        self.tips.spend(goal.from);
        // What is wrong with our own chain is nobody's fault.
        if !matches!(failure, SyncFailure::NotOurs | SyncFailure::Disconnected) {
            cx.peers.cool(goal.from, cx.now, limits.barred);
        }
    }

    /// The sync that follows on one that failed: to candidates that were told meanwhile, if there
    /// are any that may be.
    pub fn again(mut self, now: Time, limits: &SyncLimits, peers: &Peers) -> Option<Self> {
        let above = self.ours.weight;
        self.tips.retain(above, |peer| peers.has(peer) && !peers.is_cooling(peer, now));
        self.goal = self.tips.heaviest()?;
        let (until, proven) = (now.after(limits.tip_wait), self.phase.take_proven());
        self.phase = Phase::WaitTips { until, proven };
        Some(self)
    }

    /// It is this candidate's turn, which goes on from what others showed.
    fn turn_to<H: Sha256>(&mut self, goal: Goal, cx: &mut Cx<'_, H>) -> Step {
        self.tips.take_turn(goal.from);
        self.goal = goal;
        cx.peers.excuse();
        cx.peers.trust();
        if self.phase.of() == SyncPhase::Hashes {
            cx.out.notify(SyncNotice::Entered(SyncPhase::Hashes, goal.header_hash));
        }
        let proven = self.phase.take_proven();
        Step::Enter(Box::new(Phase::Hashes(Hashes::new(cx.now, proven))))
    }

    /// Who is next, if there is anybody, and when: a candidate of which nobody shows what is asked
    /// for may be made up, and one that is shown too slowly holds up the others.
    fn relief(&self, limits: &SyncLimits, peers: &Peers) -> Option<(Time, Goal)> {
        let doubled = self.tips.turns(self.goal.from).saturating_sub(1).min(MOST_DOUBLED);
        let patience = limits.stalled.saturating_mul(1 << doubled);
        let at = match &self.phase {
            Phase::Hashes(phase) => Some(phase.slow_at(limits.stalled, patience)),
            Phase::Headers(phase) => phase.slow_at(patience),
            Phase::Blocks(phase) => phase.slow_at(patience),
            Phase::WaitTips { .. } | Phase::Forking(_) | Phase::Weight(_) => None,
        }?;
        Some((at, self.next(peers)?))
    }

    fn next(&self, peers: &Peers) -> Option<Goal> {
        self.tips.next(self.ours.weight, self.goal.from, |peer| peers.has(peer))
    }
}

/// A turn is at most two to this power as patient as the first.
const MOST_DOUBLED: u32 = 20;
