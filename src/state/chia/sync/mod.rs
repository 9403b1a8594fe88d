//! The sync of a full node: another chain, found to be heavier, becomes its own (`chia.md` 12.3).

mod blocks;
mod context;
mod dispute;
mod examine;
mod hashes;
mod headers;
mod input;
mod limits;
mod peers;
mod proven;
mod run;
mod tips;
mod weight;
mod window;

pub use input::{
    ClaimedTip, HeaderBatch, SyncCommand, SyncFailure, SyncNotice, SyncOutcome, SyncPhase,
    SyncQuery, SyncStart, Weighed,
};
pub use limits::SyncLimits;

use alloc::boxed::Box;
use core::marker::PhantomData;

use crate::ask::{AskId, Asks};
use crate::codec::chia::{FullBlock, Message, NodeType};
use crate::codec::streamable::{RustCryptoSha256, Sha256};
use crate::fault::{Refusal, Refused};
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::chain::Chain;
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer};
use crate::state::chia::rules;
use crate::time::Time;

use context::{Asked, Cx, Ours, Step};
use peers::{Kind, Peers};
use run::Run;
use tips::{Barred, Goal, is_finished};

/// A sync, or the want of one.
///
/// [`SyncCommand::Start`] begins it. From then on blocks that full nodes tell are candidates; after
/// five seconds it picks the heaviest, asks for the hashes of its whole chain, finds where that
/// leaves ours, and asks for headers and then blocks from there on, batch by batch. Headers are
/// handed on to be weighed as soon as the first batch is whole, and blocks to be added; of a header
/// that was handed on its SHA-256 stays.
///
/// A candidate of which nothing comes, or too slowly, gives way to the next one told. If one fails
/// the sync is over, and another begins at once if others were told meanwhile. What was weighed and
/// added counts for every chain that has the same blocks. What a peer tells whose candidate came to
/// nothing is passed over for some time.
///
/// Whoever delivers what cannot be is blamed by rule, and others are asked. Headers that do not
/// fit the hashes blame nobody yet: the peer is asked for headers in between until one of both is
/// shown to lie. What comes late was asked for all the same, and is passed over.
///
/// It holds at most 97 bytes of each header of one chain, its hash and two of what was weighed (and
/// while a candidate gives way the hashes of the next), the batches of a window, and a few words for each peer. At most one
/// question is open at a time. It is never [`saturated`](Machine::saturated) and never closes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sync<H: Sha256 = RustCryptoSha256> {
    limits: SyncLimits,
    peers: Peers,
    barred: Barred,
    asks: Asks<Asked>,
    run: Option<Box<Run>>,
    /// How many syncs have begun.
    begun: u64,
    hash: PhantomData<H>,
}

const _: () = assert!(size_of::<ActionOf<Sync>>() <= 128);
const _: () = crate::machine::kept::<Sync>();

impl Sync {
    /// Nobody is connected, and nothing begun. Peers are picked by `seed`, which they should not
    /// know.
    #[must_use]
    pub const fn new(limits: SyncLimits, seed: u64) -> Self {
        Self::with_hash(limits, seed)
    }
}

impl<H: Sha256> Sync<H> {
    /// As [`Sync::new`], with the hash function of its type.
    #[must_use]
    pub const fn with_hash(limits: SyncLimits, seed: u64) -> Self {
        Self {
            limits,
            peers: Peers::new(seed),
            barred: Barred::new(),
            asks: Asks::new(1),
            run: None,
            begun: 0,
            hash: PhantomData,
        }
    }

    /// The limits it goes by.
    #[must_use]
    pub const fn limits(&self) -> &SyncLimits {
        &self.limits
    }

    /// Where it is; [`SyncPhase::Finish`] if nothing goes on.
    #[must_use]
    pub fn phase(&self) -> SyncPhase {
        self.run.as_ref().map_or(SyncPhase::Finish, |run| run.phase.of())
    }

    /// True from [`SyncNotice::Began`] to [`SyncNotice::Ended`].
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// Which of all syncs goes on, counted from one.
    pub(crate) const fn current(&self) -> Option<u64> {
        if self.is_running() { Some(self.begun) } else { None }
    }

    /// Our chain has grown beside the sync: it has to lead to more than that (P-36).
    pub(crate) fn grow(&mut self, chain: &Chain) {
        if let Some(run) = &mut self.run {
            run.ours.grow(chain);
        }
    }

    /// True if a sync to this block failed not long ago: it is not to be tried again yet (P-45).
    #[must_use]
    pub fn is_barred(&self, now: Time, block: &FullBlock) -> bool {
        self.barred.has(block.whole_hash::<H>(), now)
    }

    /// A sync can begin if none goes on, and if there is a candidate that could be (P-35, P-45).
    fn start(&self, now: Time, start: &SyncStart) -> Result<Run, Refused> {
        let SyncStart { chain, tip, from } = start;
        if self.is_running() {
            return Err(Refused::wrong_phase("a sync"));
        }
        let heaviest = chain.heaviest().filter(|_| chain.is_sound());
        let heaviest = heaviest.ok_or_else(|| Refused::invalid("no chain stands like this"))?;
        if !is_finished(tip) || !tip.is_bound::<H>() || !self.is_within(tip.height()) {
            return Err(Refused::invalid("the block is no candidate"));
        }
        let goal = Goal::of::<H>(tip, *from);
        if self.barred.has(goal.whole, now) {
            return Err(Refused::invalid("a sync to this block failed not long ago"));
        }
        if self.peers.is_cooling(*from, now) {
            return Err(Refused::invalid("a sync to a tip of this peer failed not long ago"));
        }
        let ours =
            Ours { genesis: chain.genesis, weight: heaviest.weight, lca_height: chain.lca_height };
        Ok(Run::new(ours, goal, now.after(self.limits.tip_wait)))
    }

    /// Whether a chain of this height is no longer than allowed.
    const fn is_within(&self, height: u32) -> bool {
        (height as usize) < self.limits.max_header_hashes
    }

    /// A block while the sync goes on is a candidate, and nothing else (P-1, P-35).
    fn candidate(&mut self, now: Time, from: ConnectionId, block: &FullBlock, out: &mut Out<Self>) {
        if !self.is_running() || !self.peers.has(from) {
            return;
        }
        let (most, weight) = (self.limits.max_tips, block.weight());
        let would_keep = self.is_within(block.height())
            && !self.peers.is_cooling(from, now)
            && self.run.as_ref().is_some_and(|run| {
                run.tips.would_keep(from, weight, most, |peer| self.peers.has(peer))
            });
        // Hashing is for those that are kept. A body of another height than the header's would set
        // us against all who have the block.
        if !is_finished(block) || (would_keep && !block.is_bound::<H>()) {
            self.running(now, out, |run, cx| {
                cx.blame(from, &rules::SYNC_TIP);
                run.lost(from, cx)
            });
            return;
        }
        let Some(run) = self.run.as_mut().filter(|_| would_keep) else { return };
        let goal = Goal::of::<H>(block, from);
        if !self.barred.has(goal.whole, now) {
            run.tips.keep(goal, most, |peer| self.peers.has(peer));
        }
    }

    fn receive(&mut self, now: Time, from: ConnectionId, message: Message, out: &mut Out<Self>) {
        let kind = match &message {
            Message::Block(it) => return self.candidate(now, from, &it.block, out),
            Message::AllHeaderHashes(_) => Kind::Hashes,
            Message::HeaderBlocks(_) => Kind::Headers,
            Message::SyncBlocks(_) => Kind::Blocks,
            _ => return,
        };
        if self.run.as_ref().is_some_and(|run| run.phase.awaits(kind)) && self.peers.has(from) {
            self.running(now, out, |run, cx| run.hear(from, message, cx));
        } else {
            // What an earlier phase asked for.
            let _ = self.peers.unfitting(from, kind);
        }
    }

    fn admits(&self, command: &SyncCommand) -> Result<(), Refused> {
        let fits = match command {
            SyncCommand::Start(_) => true,
            SyncCommand::HashAt(id, _) => {
                matches!(self.asks.context(*id)?, None | Some(Asked::HashAt(_)))
            }
            SyncCommand::Weighed(id, _) => {
                matches!(self.asks.context(*id)?, None | Some(Asked::Headers))
            }
            SyncCommand::Weight(id, _) => {
                matches!(self.asks.context(*id)?, None | Some(Asked::Weight))
            }
            SyncCommand::Added(id, _) => {
                matches!(self.asks.context(*id)?, None | Some(Asked::Block))
            }
        };
        if fits { Ok(()) } else { Err(Refused::invalid("the question was another")) }
    }

    fn answered(&mut self, now: Time, command: SyncCommand, out: &mut Out<Self>) {
        let (SyncCommand::HashAt(id, _)
        | SyncCommand::Weighed(id, _)
        | SyncCommand::Weight(id, _)
        | SyncCommand::Added(id, _)) = command
        else {
            return;
        };
        if let Ok(Some(asked)) = self.asks.close(id) {
            self.running(now, out, |run, cx| run.answered(&asked, command, cx));
        }
    }

    /// Does something to the sync that goes on, and what follows from it.
    fn running(
        &mut self,
        now: Time,
        out: &mut Out<Self>,
        act: impl FnOnce(&mut Run, &mut Cx<'_, H>) -> Step,
    ) {
        let Some(run) = &mut self.run else { return };
        let (limits, peers, asks) = (&self.limits, &mut self.peers, &mut self.asks);
        let mut cx = Cx { now, limits, peers, barred: &mut self.barred, asks, out };
        let step = act(run, &mut cx);
        if let Some(outcome) = run.follow(step, &mut cx) {
            self.finish(now, outcome, out);
        }
    }

    fn begin(&mut self, run: Run, out: &mut Out<Self>) {
        let goal = run.goal;
        (self.run, self.begun) = (Some(Box::new(run)), self.begun.saturating_add(1));
        out.notify(SyncNotice::Began);
        out.notify(SyncNotice::Entered(SyncPhase::WaitTips, goal.header_hash));
    }

    /// Clears everything (P-45). After a failure those that were told meanwhile have their turn.
    fn finish(&mut self, now: Time, outcome: SyncOutcome, out: &mut Out<Self>) {
        let Some(run) = self.run.take() else { return };
        self.asks.cancel(|_| true);
        self.peers.turn_page(run.phase.kind());
        self.peers.forgive();
        out.notify(SyncNotice::Ended(outcome));
        let may_follow = !matches!(
            outcome,
            SyncOutcome::Synced(_)
                | SyncOutcome::NothingHeavier
                | SyncOutcome::Failed(SyncFailure::NotOurs)
        );
        if may_follow {
            if let Some(next) = run.again(now, &self.limits, &self.peers) {
                self.begin(next, out);
            }
        }
    }
}

impl<H: Sha256> Machine for Sync<H> {
    type Local = SyncCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = SyncNotice;
    type Query = SyncQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: SyncCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<SyncCommand>> {
        let admitted = match &input {
            SyncCommand::Start(start) => self.start(now, start).map(Some),
            answer => self.admits(answer).map(|()| None),
        };
        match admitted {
            Ok(Some(run)) => self.begin(run, out),
            Ok(None) => self.answered(now, input, out),
            Err(why) => return Err(Refusal::new(why, input)),
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Connected(from, peer, _) if peer.node_type == NodeType::FullNode => {
                self.peers.add(from);
                self.running(now, out, Run::proceed);
            }
            FromPeer::Received(from, message) => self.receive(now, from, message, out),
            FromPeer::Disconnected(from, _) => {
                if self.peers.remove(from) {
                    self.running(now, out, |run, cx| run.lost(from, cx));
                }
            }
            FromPeer::Connected(..) | FromPeer::DialFailed(_) | FromPeer::DialPutOff(..) => {}
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.running(now, out, Run::timeout);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.run.as_ref()?.deadline(&self.limits, &self.peers)
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let run = self.run.as_ref().map_or(0, |run| size_of::<Run>().saturating_add(run.heap()));
        size_of::<Self>()
            .saturating_add(self.peers.heap())
            .saturating_add(self.barred.heap())
            .saturating_add(self.asks.heap())
            .saturating_add(run)
    }
}
