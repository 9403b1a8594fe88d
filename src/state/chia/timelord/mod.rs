//! The timelord: has proofs of time made, of the heaviest challenges (`chia.md` 11).

mod challenges;
mod input;
mod vdfs;

pub use input::{TimelordCommand, TimelordConfig, TimelordNotice, TimelordQuery};

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::ask::{AskId, Asks};
use crate::codec::Source;
use crate::codec::chia::messages::{ChallengeStart, ProofOfSpaceInfo, ProofOfTimeFinished};
use crate::codec::chia::{Bytes32, Message, NodeType, ProofOfTime};
use crate::fault::{Refusal, Refused, Rule};
use crate::heap;
use crate::machine::{ActionOf, Machine, Out};
use crate::state::chia::role::{Delivery, FromPeer, Role};
use crate::state::chia::rules;
use crate::time::Time;

use challenges::{Challenges, State};
use vdfs::Vdfs;

/// A timelord.
///
/// Full nodes tell of challenges and of how many iterations the proofs of space on them need. The
/// heaviest challenges get the workers: each is asked to [run a VDF](TimelordQuery::StartVdf), is
/// [told](TimelordQuery::FeedIterations) after how many iterations proofs are wanted, and is asked
/// to [stop](TimelordQuery::StopVdf) when something heavier comes or three proofs were made of the
/// weight. A proof is verified before it is sent to every full node.
///
/// A challenge that was stopped, or whose VDF failed, is done (T-7). While one VDF is being stopped
/// for a challenge that waits, no other is. It never closes; peers that break a rule are to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timelord {
    config: TimelordConfig,
    challenges: Challenges,
    vdfs: Vdfs,
    /// The greatest weight that three proofs were made of.
    best_three: Option<u64>,
    /// How many proofs were made of weights above it.
    proofs: BTreeMap<u64, u32>,
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
    weight: u64,
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
            best_three: None,
            proofs: BTreeMap::new(),
            asks: Asks::new(most_asks(&config)),
            scheduled: Time::ZERO,
            config,
        }
    }

    /// The greatest weight that three proofs were made of: nothing up to it is worked on (T-6).
    #[must_use]
    pub const fn best_three(&self) -> Option<u64> {
        self.best_three
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

    fn receive(&mut self, message: &Message) -> Result<(), &'static Rule> {
        match message {
            Message::ChallengeStart(ChallengeStart { challenge_hash, weight }) => {
                self.start_challenge(*challenge_hash, *weight);
                Ok(())
            }
            Message::ProofOfSpaceInfo(ProofOfSpaceInfo { iterations_needed: 0, .. }) => {
                Err(&rules::NO_ITERATIONS)
            }
            Message::ProofOfSpaceInfo(it) => {
                self.want(it.challenge_hash, it.iterations_needed);
                Ok(())
            }
            // The connection lets nothing else through.
            _ => Ok(()),
        }
    }

    /// A challenge to work on (T-1).
    fn start_challenge(&mut self, hash: Bytes32, weight: u64) {
        let is_new = matches!(self.challenges.state(hash), None | Some(State::Unknown));
        if is_new && !self.is_beaten(weight) {
            self.challenges.queue(hash, weight, self.config.max_challenges);
        }
    }

    /// A proof that somebody wants (T-2).
    fn want(&mut self, hash: Bytes32, iterations: u64) {
        if self.challenges.state(hash) != Some(State::Done) {
            let TimelordConfig { max_challenges, max_pending, .. } = self.config;
            self.challenges.want(hash, iterations, max_challenges, max_pending);
        }
    }

    fn workers(&self) -> usize {
        usize::try_from(self.config.workers).unwrap_or(usize::MAX)
    }

    fn is_beaten(&self, weight: u64) -> bool {
        self.best_three.is_some_and(|best| weight <= best)
    }

    /// Gives workers to the heaviest challenges, and proofs to make to those that run (T-3, T-5).
    fn schedule(&mut self, now: Time, out: &mut Out<Self>) {
        self.scheduled = now;
        self.feed(out);
        while let Some((hash, weight, waits)) = self.challenges.first_queued() {
            if self.is_beaten(weight) {
                // It is the heaviest: all of the queue is done.
                self.done(hash, out);
            } else if let Some(worker) = self.vdfs.free_worker() {
                let Ok(id) = self.asks.open(Asked::Start) else { break };
                self.vdfs.start(id, hash, weight, worker);
                self.challenges.set_state(hash, State::Active(id));
                out.ask(id, TimelordQuery::StartVdf { worker, challenge_hash: hash });
            } else {
                // A worker that is about to be free is for this one.
                if self.vdfs.stopping() == 0 {
                    if let Some(worst) = self.to_make_way(now, weight, waits) {
                        self.stop(worst, out);
                    }
                }
                break;
            }
        }
    }

    /// Tells those that run what they were not told yet, the smallest first (T-5).
    fn feed(&mut self, out: &mut Out<Self>) {
        let running = self.vdfs.active().filter(|(_, vdf)| vdf.is_running());
        let running: Vec<_> = running.map(|(id, vdf)| (id, vdf.challenge_hash)).collect();
        for (vdf, hash) in running {
            let next = |challenges: &Challenges| challenges.iterations(hash)?.next_unfed();
            while let Some(iterations) = next(&self.challenges) {
                // Starting and stopping never have to wait.
                let reserved = self.workers().saturating_mul(2);
                if self.asks.len().saturating_add(reserved) >= most_asks(&self.config) {
                    return;
                }
                let Ok(id) = self.asks.open(Asked::Feed { vdf, iterations }) else { return };
                self.challenges.feed(hash, iterations);
                out.ask(id, TimelordQuery::FeedIterations { vdf, iterations });
            }
        }
    }

    /// The VDF that is stopped for a challenge of this weight, if any is (T-3).
    fn to_make_way(&self, now: Time, weight: u64, waits: bool) -> Option<AskId> {
        let smallest = self.vdfs.active().map(|(_, vdf)| vdf.weight).min()?;
        let of_smallest = self.vdfs.active().filter(|(_, vdf)| vdf.weight == smallest);
        // Worst is, of those with nothing to prove, the one that was started last; else the one
        // whose next proof is furthest away (T-4). Later ones have greater ids.
        let worst = of_smallest.max_by_key(|(id, vdf)| {
            let nearest = self.challenges.iterations(vdf.challenge_hash);
            let nearest = nearest.and_then(challenges::Iterations::nearest);
            let remaining = nearest.map_or(i128::MAX, |nearest| {
                self.vdfs.remaining(vdf, nearest, self.config.initial_ips, now)
            });
            (nearest.is_none(), remaining, *id)
        });
        let (id, vdf) = worst?;
        let is_idle = self.challenges.iterations(vdf.challenge_hash);
        let is_idle = is_idle.is_none_or(|iterations| iterations.nearest().is_none());
        let makes_way = weight > smallest || (weight == smallest && waits && is_idle);
        makes_way.then_some(id)
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

    /// A worker made a proof (T-6).
    fn made(&mut self, now: Time, vdf: AskId, proof: ProofOfTime, out: &mut Out<Self>) {
        let Some(vdf) = self.vdfs.get(vdf) else { return };
        let since = vdf.since.unwrap_or(now);
        let micros = u64::try_from(now.since(since).as_micros()).unwrap_or(u64::MAX);
        let query = TimelordQuery::VerifyProof(Box::new(proof.clone()));
        let made = Made { proof, weight: vdf.weight, worker: vdf.worker, micros };
        // The question for the proof has just made room for this one.
        if let Ok(id) = self.asks.open(Asked::Verify(Box::new(made))) {
            out.ask(id, query);
        }
    }

    /// A proof is good, or it is not (T-6).
    fn verified(&mut self, made: Made, is_good: bool, out: &mut Out<Self>) {
        let Made { proof, weight, worker, micros } = made;
        let (challenge_hash, iterations) = (proof.challenge_hash, proof.number_of_iterations);
        self.challenges.prove(challenge_hash, iterations, self.config.max_pending);
        if !is_good {
            out.notify(TimelordNotice::BadProof { worker, challenge_hash, iterations });
            return;
        }
        out.send(Delivery::Broadcast(NodeType::FullNode, ProofOfTimeFinished { proof }.into()));
        out.notify(TimelordNotice::Finished { challenge_hash, iterations });
        self.vdfs.measure(worker, iterations, micros);
        if self.is_beaten(weight) {
            return;
        }
        let proofs = self.proofs.entry(weight).or_insert(0);
        *proofs = proofs.saturating_add(1);
        if *proofs >= ENOUGH {
            self.best_three = Some(weight);
            self.proofs = self.proofs.split_off(&weight.saturating_add(1));
            let beaten = self.vdfs.active().filter(|(_, vdf)| vdf.weight <= weight);
            let beaten: Vec<_> = beaten.map(|(id, _)| id).collect();
            for vdf in beaten {
                self.stop(vdf, out);
            }
        }
        while self.proofs.len() > self.config.max_challenges {
            self.proofs.pop_first();
        }
    }

    fn close(&mut self, id: AskId) -> Option<Asked> {
        self.asks.close(id).ok().flatten()
    }

    fn admits(&self, command: &TimelordCommand) -> Result<(), Refused> {
        let (TimelordCommand::VdfStarted(id)
        | TimelordCommand::VdfProof(id, _)
        | TimelordCommand::VdfStopped(id)
        | TimelordCommand::VdfFailed(id)
        | TimelordCommand::Verdict(id, _)) = command;
        let Some(asked) = self.asks.context(*id)? else { return Ok(()) };
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
        if fits { Ok(()) } else { Err(Refused::invalid("the question was another")) }
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

/// So many proofs of a weight are enough (T-6).
const ENOUGH: u32 = 3;

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
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.command(now, input, out);
        self.schedule(now, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: FromPeer, out: &mut Out<Self>) {
        let FromPeer::Received(from, message) = input else { return };
        match self.receive(&message) {
            Ok(()) => self.schedule(now, out),
            Err(rule) => out.send(Delivery::Penalise(from, rule)),
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.schedule(now, out);
        }
    }

    /// The next look at the queue, while anything waits in it.
    fn deadline(&self) -> Option<Time> {
        let waits = self.challenges.queued() > 0;
        waits.then(|| self.scheduled.after(self.config.schedule_tick))
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
                size_of::<Made>().saturating_add(Source::heap(&made.proof.witness.0))
            }
            Asked::Start | Asked::Feed { .. } | Asked::Stop { .. } => 0,
        });
        size_of::<Self>()
            .saturating_add(self.challenges.heap())
            .saturating_add(self.vdfs.heap())
            .saturating_add(heap::tree(self.proofs.len().max(1), size_of::<(u64, u32)>()))
            .saturating_add(self.asks.heap())
            .saturating_add(made.fold(0, usize::saturating_add))
    }
}
