//! The timelord: has proofs of time made, of the heaviest challenges (`chia.md` 11).

mod challenges;
mod input;
mod iterations;
mod proofs;
mod schedule;
mod vdfs;
mod views;

pub use input::{TimelordCommand, TimelordConfig, TimelordNotice, TimelordQuery};

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::ask::{AskId, Asks};
use crate::codec::Source;
use crate::codec::chia::messages::{ChallengeStart, ProofOfSpaceInfo, ProofOfTimeFinished};
use crate::codec::chia::{Bytes32, Message, NodeType, ProofOfTime};
use crate::fault::{Refusal, Refused, Rule};
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer, Role};
use crate::state::chia::rules;
use crate::time::Time;

use challenges::{Challenges, State};
use vdfs::Vdfs;
use views::{View, Views};

/// A timelord.
///
/// Full nodes tell of challenges and of how many iterations the proofs of space on them need. The
/// heaviest challenges get the workers: each is asked to [run a VDF](TimelordQuery::StartVdf), is
/// [told](TimelordQuery::FeedIterations) after how many iterations proofs are wanted, and is asked
/// to [stop](TimelordQuery::StopVdf) when something heavier comes or three proofs were made of the
/// weight. A proof is verified before it is sent to every full node.
///
/// Weights are claims, and count for the full node that makes them alone: what is heavier and what
/// three proofs were made of is told apart for each. Workers go first to the heaviest challenge of
/// each full node, then to the second of each, and so on, so that each has one for its heaviest as
/// long as there are as many workers as full nodes. What a full node that is gone told is worked on
/// when nobody else wants a worker.
///
/// A challenge that was stopped, or whose VDF failed, is done (T-7). While one VDF is being stopped
/// for a challenge that waits, no other is. It never closes; peers that break a rule are to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timelord {
    config: TimelordConfig,
    challenges: Challenges,
    vdfs: Vdfs,
    views: Views,
    asks: Asks<Asked>,
    scheduled: Time,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    /// Open for as long as the VDF lasts.
    Start,
    Feed {
        vdf: AskId,
        iterations: u64,
    },
    Stop {
        vdf: AskId,
    },
    Verify(Box<Made>),
}

/// A proof that a worker made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Made {
    proof: ProofOfTime,
    /// Which full nodes wanted it, and what its challenge weighs for each.
    of: Vec<(ConnectionId, u64)>,
    worker: u32,
    /// How long it took, in microseconds.
    micros: u64,
}

const _: () = assert!(size_of::<ActionOf<Timelord>>() <= 128);
const _: () = crate::machine::kept::<Timelord>();

impl Timelord {
    /// A timelord that has heard of nothing.
    #[must_use]
    pub fn new(config: TimelordConfig) -> Self {
        Self {
            challenges: Challenges::new(),
            vdfs: Vdfs::new(config.workers),
            views: Views::new(),
            asks: Asks::new(most_asks(&config)),
            scheduled: Time::ZERO,
            config,
        }
    }

    /// The greatest weight that three proofs were made of for any full node that is there: nothing
    /// up to it is worked on for that one (T-6).
    #[must_use]
    pub fn best_three(&self) -> Option<u64> {
        self.views.best_three()
    }

    /// How many challenges something is known of (T-8).
    #[must_use]
    pub fn challenges(&self) -> usize {
        self.challenges.len()
    }

    /// How many challenges wait for a worker.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.challenges.queued()
    }

    /// How many workers have something to do.
    #[must_use]
    pub fn active(&self) -> usize {
        self.vdfs.active().count().saturating_add(self.vdfs.stopping())
    }

    /// Iterations a second of a worker, on average of its proofs.
    #[must_use]
    pub fn ips(&self, worker: u32) -> u64 {
        self.vdfs.ips(worker, self.config.initial_ips)
    }

    fn receive(
        &mut self,
        from: ConnectionId,
        message: &Message,
        out: &mut Out<Self>,
    ) -> Result<(), &'static Rule> {
        match message {
            Message::ProofOfSpaceInfo(ProofOfSpaceInfo { iterations_needed: 0, .. }) => {
                return Err(&rules::NO_ITERATIONS);
            }
            _ if !self.views.contains(from) => {}
            Message::ChallengeStart(ChallengeStart { challenge_hash, weight }) => {
                self.start_challenge(from, *challenge_hash, *weight);
            }
            Message::ProofOfSpaceInfo(it) => {
                self.want(from, it.challenge_hash, it.iterations_needed, out);
            }
            // The connection lets nothing else through.
            _ => {}
        }
        Ok(())
    }

    /// A challenge to work on (T-1).
    fn start_challenge(&mut self, from: ConnectionId, hash: Bytes32, weight: u64) {
        let teller = Some(from);
        if !self.challenges.is_seen(hash, teller) && !self.views.is_beaten(teller, weight) {
            self.challenges.queue(hash, teller, weight, self.config.max_challenges);
        }
    }

    /// A proof that somebody wants (T-2). One that was made before the full node wanted it is sent
    /// once more: it may have been lost with the connection before, or the block was not there yet.
    fn want(&mut self, from: ConnectionId, hash: Bytes32, iterations: u64, out: &mut Out<Self>) {
        let teller = Some(from);
        if let Some(proof) = self.challenges.give_again(hash, teller, iterations) {
            out.send(Delivery::To(from, ProofOfTimeFinished { proof }.into()));
        } else if !self.challenges.is_done(hash, teller) {
            let TimelordConfig { max_challenges, max_pending, .. } = self.config;
            let most = (max_challenges, max_pending);
            for count in self.challenges.want(hash, teller, iterations, most) {
                self.withdraw(hash, count);
            }
        }
    }

    /// A full node has gone: what it alone told is nobody's, and waits for whatever is somebody's.
    fn disconnected(&mut self, from: ConnectionId, out: &mut Out<Self>) {
        let (withdrawn, given_up) = self.challenges.disown(from);
        for (hash, count) in withdrawn {
            self.withdraw(hash, count);
        }
        for hash in given_up {
            self.done(hash, out);
        }
        self.stop_beaten(out);
    }

    /// A proof of so many is not wanted any more.
    fn withdraw(&mut self, hash: Bytes32, count: u64) {
        let of_it = self.vdfs.active().find(|(_, vdf)| vdf.challenge_hash == hash);
        let Some((of_it, _)) = of_it else { return };
        self.asks.cancel(|asked| *asked == Asked::Feed { vdf: of_it, iterations: count });
    }

    fn workers(&self) -> usize {
        usize::try_from(self.config.workers).unwrap_or(usize::MAX)
    }

    /// Stops a VDF: its challenge is done (T-7).
    fn stop(&mut self, vdf: AskId, out: &mut Out<Self>) {
        let Some(hash) = self.vdfs.get(vdf).map(|vdf| vdf.challenge_hash) else { return };
        let Ok(id) = self.asks.open(Asked::Stop { vdf }) else { return };
        self.vdfs.stop(vdf, id);
        self.forget_feeds(vdf);
        self.done(hash, out);
        out.ask(id, TimelordQuery::StopVdf { vdf });
    }

    fn done(&mut self, hash: Bytes32, out: &mut Out<Self>) {
        self.challenges.set_state(hash, State::Done);
        out.notify(TimelordNotice::Done { challenge_hash: hash });
    }

    fn forget_feeds(&mut self, of: AskId) {
        self.asks.cancel(|asked| matches!(asked, Asked::Feed { vdf, .. } if *vdf == of));
    }

    /// A VDF is over: its worker is free.
    fn end(&mut self, vdf: AskId, out: &mut Out<Self>) {
        self.close(vdf);
        self.forget_feeds(vdf);
        if let Some(ended) = self.vdfs.end(vdf) {
            match ended.stop {
                Some(stop) => drop(self.close(stop)),
                None => self.done(ended.challenge_hash, out),
            }
        }
    }

    fn close(&mut self, id: AskId) -> Option<Asked> {
        self.asks.close(id).ok().flatten()
    }

    /// Whether a command answers a question that is open: what comes too late changes nothing.
    fn admits(&self, command: &TimelordCommand) -> Result<bool, Refused> {
        let (TimelordCommand::VdfStarted(id)
        | TimelordCommand::VdfProof(id, _)
        | TimelordCommand::VdfStopped(id)
        | TimelordCommand::VdfFailed(id)
        | TimelordCommand::Verdict(id, _)) = command;
        let Some(asked) = self.asks.context(*id)? else { return Ok(false) };
        let fits = match (command, asked) {
            (TimelordCommand::VdfStarted(_) | TimelordCommand::VdfFailed(_), Asked::Start)
            | (TimelordCommand::VdfStopped(_), Asked::Stop { .. })
            | (TimelordCommand::Verdict(..), Asked::Verify(_)) => true,
            (TimelordCommand::VdfProof(_, proof), Asked::Feed { vdf, iterations }) => {
                let of = self.vdfs.get(*vdf).map(|vdf| vdf.challenge_hash);
                Some(proof.challenge_hash) == of && proof.number_of_iterations == *iterations
            }
            _ => false,
        };
        if fits { Ok(true) } else { Err(Refused::invalid("the question was another")) }
    }

    fn command(&mut self, now: Time, command: TimelordCommand, out: &mut Out<Self>) {
        match command {
            TimelordCommand::VdfStarted(id) => {
                if let Some(vdf) = self.vdfs.get_mut(id) {
                    vdf.since.get_or_insert(now);
                }
            }
            TimelordCommand::VdfProof(id, proof) => {
                if let Some(Asked::Feed { vdf, .. }) = self.close(id) {
                    self.made(now, vdf, *proof, out);
                }
            }
            TimelordCommand::VdfStopped(id) => {
                if let Some(Asked::Stop { vdf }) = self.close(id) {
                    self.end(vdf, out);
                }
            }
            TimelordCommand::VdfFailed(id) => self.end(id, out),
            TimelordCommand::Verdict(id, is_good) => {
                if let Some(Asked::Verify(made)) = self.close(id) {
                    self.verified(*made, is_good, out);
                }
            }
        }
    }
}

/// The most questions that can be open: for each worker its start, its stop, and proofs that are
/// being made and verified.
fn most_asks(config: &TimelordConfig) -> usize {
    let of_one = config.max_pending.saturating_mul(2).saturating_add(3);
    usize::try_from(config.workers.max(1)).unwrap_or(usize::MAX).saturating_mul(of_one)
}

impl Role for Timelord {
    fn node_type(&self) -> NodeType {
        NodeType::Timelord
    }
}

impl Machine for Timelord {
    type Local = TimelordCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = TimelordNotice;
    type Query = TimelordQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: TimelordCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<TimelordCommand>> {
        match self.admits(&input) {
            Err(why) => return Err(Refusal::new(why, input)),
            Ok(false) => {}
            Ok(true) => {
                self.command(now, input, out);
                self.schedule(now, out);
            }
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Connected(from, peer, _) => {
                if peer.node_type == NodeType::FullNode {
                    self.views.connect(from);
                }
            }
            FromPeer::Received(from, message) => match self.receive(from, &message, out) {
                Ok(()) => self.schedule(now, out),
                Err(rule) => out.send(Delivery::Penalise(from, rule)),
            },
            FromPeer::Disconnected(from, _) => {
                if self.views.disconnect(from) {
                    self.disconnected(from, out);
                    self.schedule(now, out);
                }
            }
            FromPeer::DialFailed(_) | FromPeer::DialPutOff(..) => {}
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.schedule(now, out);
        }
    }

    /// The next look at the queue, while anything waits in it.
    fn deadline(&self) -> Option<Time> {
        let tick = self.config.schedule_tick;
        let is_looked_at = self.challenges.is_waiting() && !tick.is_zero();
        is_looked_at.then(|| self.scheduled.after(tick))
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let made = self.asks.iter().map(|(_, asked)| match asked {
            Asked::Verify(made) => {
                let of = made.of.capacity().saturating_mul(size_of::<(ConnectionId, u64)>());
                let witness = Source::heap(&made.proof.witness.0);
                size_of::<Made>().saturating_add(witness).saturating_add(of)
            }
            Asked::Start | Asked::Feed { .. } | Asked::Stop { .. } => 0,
        });
        size_of::<Self>()
            .saturating_add(self.challenges.heap())
            .saturating_add(self.vdfs.heap())
            .saturating_add(self.views.heap(View::heap))
            .saturating_add(self.asks.heap())
            .saturating_add(made.fold(0, usize::saturating_add))
    }
}
