//! The task that owns the machine.

use std::collections::VecDeque;

use nodewire::state::supervisor::{
    RpcReply, Supervisor, SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorRemote,
};
use nodewire::{Action, ActionOf, Machine, Out, Outbox, Time};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, info, warn};

use super::link::{Handle, Message, QUEUE, Told};
use super::routes::{Routes, nothing};
use super::source::SourceId;
use super::status::{Counts, Status, codes};

/// One machine in one task.
///
/// What waits is taken in turns: all inputs of a turn, then all that came of them. So the work that
/// is done once a turn is shared by whoever came at the same time.
pub struct Host {
    machine: Supervisor,
    routes: Routes,
    from: mpsc::Receiver<Message>,
    out: Out<Supervisor>,
    /// What came of the inputs of this turn, in order.
    came: VecDeque<ActionOf<Supervisor>>,
    counts: Counts,
    epoch: Instant,
    most_nodes: usize,
}

/// Most inputs of a turn.
const TURN: usize = 256;

impl Host {
    /// Puts a machine into a task, which ends after [`Handle::stop`] or when every handle and link
    /// is dropped, and returns the machine then.
    #[must_use]
    pub fn start(machine: Supervisor) -> (Handle, JoinHandle<Supervisor>) {
        let (to, from) = mpsc::channel(QUEUE);
        let host = Self {
            most_nodes: machine.limits().max_nodes,
            machine,
            routes: Routes::default(),
            from,
            out: Outbox::new(),
            came: VecDeque::new(),
            counts: Counts::default(),
            epoch: Instant::now(),
        };
        (Handle::new(to), tokio::spawn(host.run()))
    }

    async fn run(mut self) -> Supervisor {
        let mut turn = Vec::with_capacity(TURN);
        loop {
            let due = self.machine.deadline();
            let at = due.map(|due| self.epoch + due.since(Time::ZERO));
            tokio::select! {
                taken = self.from.recv_many(&mut turn, TURN) => if taken == 0 {
                    return self.machine;
                },
                () = sleep_until(at.unwrap_or(self.epoch)), if at.is_some() => {
                    self.machine.handle_timeout(self.now(), &mut self.out);
                    self.came.extend(self.out.drain());
                    let machine = &self.machine;
                    self.routes.keep(|id| machine.awaits(id));
                }
            }
            let mut stop = false;
            for message in turn.drain(..) {
                stop |= self.take(message);
            }
            self.release();
            if stop {
                self.from.close();
                return self.machine;
            }
        }
    }

    fn now(&self) -> Time {
        Time::from_micros(u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Takes one message in; true if it is the last.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Text { text, reply } => {
                let text = self.routes.request(text, reply);
                self.hear(SupervisorRemote::Rpc(text));
            }
            Message::Remote { from, input } => {
                let index = self.machine.index();
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
            Message::Attach { id, source } => self.routes.attach(id, source),
            Message::Detach(id) => self.detach(id),
            Message::Status(to) => {
                // What came before is part of it.
                let status = Status::of(&self.machine, self.routes.sources(), self.counts.clone());
                let _ = to.send(status);
            }
            Message::Stop => return true,
        }
        false
    }

    fn hear(&mut self, input: SupervisorRemote) {
        self.machine.handle_remote(self.now(), input, &mut self.out);
        self.came.extend(self.out.drain());
    }

    fn command(&mut self, input: SupervisorCommand) -> Told {
        let answered = match &input {
            SupervisorCommand::Answer(id, _) => Some(*id),
            _ => None,
        };
        let result = self.machine.handle_local(self.now(), input, &mut self.out);
        self.came.extend(self.out.drain());
        if let (Some(id), Ok(())) = (answered, &result) {
            self.routes.close(id);
        }
        result.map_err(|refusal| refusal.why)
    }

    fn detach(&mut self, id: SourceId) {
        let (gone, unknown) = self.routes.detach(id);
        for input in gone {
            self.hear(input);
        }
        for (id, query) in unknown {
            // A question that is not open any more needs no answer.
            let _ = self.command(SupervisorCommand::Answer(id, Box::new(nothing(&query))));
        }
    }

    /// Lets out what came of the inputs, and what comes of that.
    fn release(&mut self) {
        while let Some(action) = self.came.pop_front() {
            match action {
                Action::Send(SupervisorMessage::Reply(reply)) => self.reply(reply),
                Action::Send(SupervisorMessage::Command { chain_id, node, command }) => {
                    self.counts.commands += 1;
                    self.routes.command(chain_id, node, &command);
                }
                Action::Notify(notice) => self.notice(&notice),
                Action::Ask(id, query) => {
                    self.counts.asked += 1;
                    if !self.routes.ask(id, &query) {
                        self.counts.unasked += 1;
                        debug!(%id, ?query, "nobody serves this question");
                        let nothing = Box::new(nothing(&query));
                        // It was asked just now.
                        let _ = self.command(SupervisorCommand::Answer(id, nothing));
                    }
                }
                // The machine never closes.
                Action::Close(ending) => error!(%ending, "the Supervisor closed"),
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
            | SupervisorNotice::Failsafe(_) => info!(?notice),
            _ => debug!(?notice),
        }
        self.routes.notice(notice);
    }
}
