//! The task that owns the machine.

mod leaving;

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::time::Duration;

use nodewire::state::supervisor::{
    DurableLimits, Recovered, RpcReply, StoreAnswer, Supervisor, SupervisorCommand,
    SupervisorMessage, SupervisorNotice, SupervisorQuery, SupervisorRemote,
};
use nodewire::{AskId, Time};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, error, info, warn};

use super::disk::{Disk, Kept, Storage};
use super::engine::{Came, Engine};
use super::link::{Handle, Message, QUEUE, Ticket, Told};
use super::routes::{Routes, nothing};
use super::source::SourceId;
use super::status::{Counts, JournalStatus, Status, codes};

/// One machine in one task.
///
/// What waits is taken in turns: all inputs of a turn, then all that came of them. So the work that
/// is done once a turn is shared by whoever came at the same time.
pub struct Host {
    engine: Engine,
    disk: Option<Disk>,
    /// What the disk was asked and has not answered.
    storing: BTreeSet<AskId>,
    routes: Routes,
    from: mpsc::Receiver<Message>,
    /// Who left before the reply.
    left: mpsc::UnboundedReceiver<Ticket>,
    /// What was received and not taken yet.
    turn: VecDeque<Message>,
    /// What came of the inputs of this turn, in order.
    came: VecDeque<Came>,
    /// Questions from before a restart, for whoever is attached.
    early: Vec<(AskId, SupervisorQuery)>,
    /// How many open questions there are to be before those that are not wanted are looked for.
    sweep_at: usize,
    counts: Counts,
    failed: Option<String>,
    snapshot_at: Instant,
    epoch: Instant,
    most_nodes: usize,
}

/// Most inputs of a turn.
const TURN: usize = 256;
/// How long the disk has to end its work after the last input.
const LAST: Duration = Duration::from_secs(10);

impl Host {
    /// Puts a machine into a task, which ends after [`Handle::stop`] or when every handle and link
    /// is dropped, and returns the machine then.
    #[must_use]
    pub fn start(machine: Supervisor) -> (Handle, JoinHandle<Supervisor>) {
        Self::run_on(Engine::Plain(machine), None, VecDeque::new())
    }

    /// Puts a machine with a journal into a task: it goes on from what was recovered, and
    /// acknowledges nothing before `storage` keeps it.
    ///
    /// # Errors
    /// No thread could be made for the storage.
    pub fn kept(
        recovered: Recovered,
        limits: DurableLimits,
        storage: impl Storage,
    ) -> io::Result<(Handle, JoinHandle<Supervisor>)> {
        let disk = Disk::start(storage)?;
        let mut came = VecDeque::new();
        let engine = Engine::kept(Time::ZERO, recovered, limits, &mut came);
        Ok(Self::run_on(engine, Some(disk), came))
    }

    fn run_on(
        engine: Engine,
        disk: Option<Disk>,
        came: VecDeque<Came>,
    ) -> (Handle, JoinHandle<Supervisor>) {
        let (to, from) = mpsc::channel(QUEUE);
        let (leaving, left) = mpsc::unbounded_channel();
        let (early, came): (VecDeque<_>, _) =
            came.into_iter().partition(|came| matches!(came, Came::Ask(..)));
        let early = early.into_iter().filter_map(|came| match came {
            Came::Ask(id, query) => Some((id, query)),
            _ => None,
        });
        let now = Instant::now();
        let host = Self {
            most_nodes: engine.supervisor().limits().max_nodes,
            engine,
            disk,
            storing: BTreeSet::new(),
            routes: Routes::default(),
            from,
            left,
            turn: VecDeque::new(),
            came,
            early: early.collect(),
            sweep_at: TURN,
            counts: Counts::default(),
            failed: None,
            snapshot_at: now,
            epoch: now,
        };
        (Handle::new(to, leaving), tokio::spawn(host.run()))
    }

    async fn run(mut self) -> Supervisor {
        let mut received = Vec::with_capacity(TURN);
        self.release();
        loop {
            // Before the next turn: there may always be one.
            self.keep_time();
            let due = self.engine.deadline();
            let at = due.map(|due| self.epoch + due.since(Time::ZERO));
            let open = self.turn.is_empty();
            tokio::select! {
                biased;
                kept = next(&mut self.disk) => self.stored(kept),
                taken = self.from.recv_many(&mut received, TURN), if open => {
                    if taken == 0 {
                        return self.end().await;
                    }
                    self.turn.extend(received.drain(..));
                }
                Some(ticket) = self.left.recv(), if !self.engine.saturated() => self.leave(ticket),
                () = sleep_until(at.unwrap_or(self.epoch)), if at.is_some() => {}
            }
            // A machine that waits for its disk takes no more than it may hold; what is behind
            // waits here, and behind that whoever sends.
            while !self.engine.saturated() {
                let Some(message) = self.turn.pop_front() else { break };
                if self.take(message) {
                    self.release();
                    return self.end().await;
                }
            }
            self.release();
        }
    }

    /// Does what is due, and forgets the questions that nobody wants to be answered any more.
    fn keep_time(&mut self) {
        let now = self.now();
        let due = self.engine.deadline().is_some_and(|due| due <= now);
        if due {
            self.engine.timeout(now, &mut self.came);
        }
        if due || self.routes.open() > self.sweep_at {
            let engine = &self.engine;
            self.routes.keep(|id| engine.awaits(id));
            self.early.retain(|(id, _)| engine.awaits(*id));
            self.sweep_at = self.routes.open().saturating_mul(2).max(TURN);
        }
        if due {
            self.release();
        }
    }

    /// Takes no more, but lets the disk end its work: what was acknowledged is durable anyway,
    /// what was not is the better for it.
    async fn end(mut self) -> Supervisor {
        self.from.close();
        let last = async {
            while !self.engine.is_settled() {
                let kept = next(&mut self.disk).await;
                self.stored(kept);
                self.release();
            }
            if let Some(disk) = self.disk.take() {
                disk.end().await;
            }
        };
        if timeout(LAST, last).await.is_err() {
            warn!("the disk does not end its work");
        }
        self.engine.into_supervisor()
    }

    fn now(&self) -> Time {
        Time::from_micros(u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn stored(&mut self, kept: Option<Kept>) {
        let Some((id, result)) = kept else {
            // Its thread has panicked, and answers nothing more.
            self.disk = None;
            for id in std::mem::take(&mut self.storing) {
                self.stored(Some((id, Err(io::Error::other("its thread is gone")))));
            }
            return;
        };
        self.storing.remove(&id);
        let answer = match result {
            Ok(()) => StoreAnswer::Durable,
            Err(error) => {
                error!(%error, "the journal cannot be written");
                let why = || format!("the journal cannot be written: {error}");
                self.failed.get_or_insert_with(why);
                StoreAnswer::Failed
            }
        };
        let now = self.now();
        self.engine.stored(now, id, answer, &mut self.came);
    }

    /// Takes one message in; true if it is the last.
    fn take(&mut self, message: Message) -> bool {
        match message {
            // Who left before this was taken asks nothing.
            Message::Text { reply, .. } if reply.is_closed() => self.counts.abandoned += 1,
            Message::Text { text, ticket, reply } => {
                let text = self.routes.request(text, ticket, reply);
                self.hear(SupervisorRemote::Rpc(text));
            }
            Message::Remote { from, input } => {
                let index = self.engine.supervisor().index();
                let known = |chain_id| index.slot(chain_id).is_ok();
                let input = self.routes.told(from, input, known, self.most_nodes);
                self.hear(input);
            }
            Message::Local { from, input, told } => {
                let result = match (from, input) {
                    (Some(from), SupervisorCommand::Answer(id, answer)) => {
                        let input = self.routes.answered(from, id, answer);
                        input.map_or(Ok(()), |input| self.command(input))
                    }
                    // Texts have other numbers here, and whoever is no source has none.
                    (from, SupervisorCommand::Abandon(call)) => {
                        let call = from.and_then(|from| self.routes.of_source(from, call));
                        let input = call.map(SupervisorCommand::Abandon);
                        input.map_or(Ok(()), |input| self.command(input))
                    }
                    (_, input) => self.command(input),
                };
                // Whoever does not wait for it need not know.
                let _ = told.send(result);
            }
            Message::Answer { from, id, answer } => {
                let result = match self.routes.answered(from, id, answer) {
                    Some(input) => self.command(input),
                    None => Ok(()),
                };
                if let Err(why) = result {
                    warn!(%id, %why, "an answer is refused");
                }
            }
            Message::Attach { id, source } => {
                self.routes.attach(id, source);
                let engine = &self.engine;
                self.early.retain(|(id, _)| engine.awaits(*id));
                for (ask, query) in &self.early {
                    self.routes.offer(id, *ask, query);
                }
            }
            Message::Detach(id) => self.detach(id),
            // Whoever does not wait for it need not know.
            Message::Status(to) => drop(to.send(self.status())),
            Message::Stop => return true,
        }
        false
    }

    fn hear(&mut self, input: SupervisorRemote) {
        let now = self.now();
        self.engine.hear(now, input, &mut self.came);
    }

    fn command(&mut self, input: SupervisorCommand) -> Told {
        let answered = match &input {
            SupervisorCommand::Answer(id, _) => Some(*id),
            _ => None,
        };
        let now = self.now();
        let result = self.engine.command(now, input, &mut self.came);
        if let (Some(id), Ok(())) = (answered, &result) {
            self.routes.close(id);
        }
        result
    }

    fn status(&self) -> Status {
        let journal = self.engine.durable().map(|durable| {
            let (records, kept) = durable.records();
            JournalStatus {
                kept: true,
                failed: self.failed.clone(),
                bytes: durable.journal_bytes(),
                waiting: records.saturating_sub(kept),
                since_snapshot: self.snapshot_at.elapsed(),
            }
        });
        let mut status = Status::of(self.engine.supervisor(), self.counts.clone());
        status.sources = self.routes.sources();
        status.footprint = self.engine.footprint();
        status.journal = journal.unwrap_or_default();
        status
    }

    /// Lets out what came of the inputs, and what comes of that.
    fn release(&mut self) {
        while let Some(came) = self.came.pop_front() {
            match came {
                Came::Send(SupervisorMessage::Reply(reply)) => self.reply(reply),
                Came::Send(SupervisorMessage::Command { chain_id, node, command }) => {
                    self.counts.commands += 1;
                    self.routes.command(chain_id, node, &command);
                }
                Came::Notice(notice) => self.notice(&notice),
                Came::Ask(id, query) => {
                    self.counts.asked += 1;
                    if !self.routes.ask(id, &query) {
                        self.counts.unasked += 1;
                        debug!(%id, ?query, "nobody serves this question");
                        let nothing = Box::new(nothing(&query));
                        // It was asked just now.
                        let _ = self.command(SupervisorCommand::Answer(id, nothing));
                    }
                }
                Came::Store(id, store) => {
                    let kept = self.disk.as_ref().is_some_and(|disk| disk.keep(id, store));
                    self.storing.insert(id);
                    if !kept {
                        self.stored(Some((id, Err(io::Error::other("its thread is gone")))));
                    }
                }
                Came::NotReady => error!("nothing is acknowledged any more, until a restart"),
                Came::SnapshotTaken { bytes } => {
                    self.snapshot_at = Instant::now();
                    info!(bytes, "a snapshot is taken");
                }
                // The machine never closes.
                Came::Close(ending) => error!(%ending, "the Supervisor closed"),
            }
        }
    }

    fn reply(&mut self, reply: RpcReply) {
        self.counts.replies += 1;
        for code in reply.text.as_deref().into_iter().flat_map(codes) {
            *self.counts.refusals.entry(code).or_default() += 1;
        }
        self.routes.reply(reply);
    }

    fn notice(&mut self, notice: &SupervisorNotice) {
        match notice {
            SupervisorNotice::Dropped { what, chain_id, code } => {
                *self.counts.dropped.entry(*code).or_default() += 1;
                debug!(?what, ?chain_id, %code, "not taken in");
            }
            SupervisorNotice::Corrupted(chain_id, code) => {
                self.counts.corrupted += 1;
                error!(%chain_id, %code, "what is stored contradicts itself");
            }
            SupervisorNotice::Invalidated(chain_id, seal) => {
                self.counts.invalidated += 1;
                warn!(%chain_id, number = seal.number, hash = %seal.hash, "a block is invalid");
            }
            SupervisorNotice::ResetStarted(..) => {
                self.counts.resets += 1;
                info!(?notice);
            }
            SupervisorNotice::ResetImpossible(..) | SupervisorNotice::Uninitialized(_) => {
                warn!(?notice);
            }
            SupervisorNotice::Rewound(..)
            | SupervisorNotice::CrossUnsafeLowered(..)
            | SupervisorNotice::L1Reorganised(_)
            | SupervisorNotice::Replaced(..)
            | SupervisorNotice::UnseenReplacement(..)
            | SupervisorNotice::Failsafe(_) => info!(?notice),
            _ => debug!(?notice),
        }
        self.routes.notice(notice);
    }
}

/// The next answer of the disk; for good without one.
async fn next(disk: &mut Option<Disk>) -> Option<Kept> {
    match disk {
        Some(disk) => disk.kept.recv().await,
        None => std::future::pending().await,
    }
}
