//! A Supervisor that acknowledges nothing that a crash could take back.

mod disk;
mod input;
mod release;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::mem::{size_of, size_of_val};
use core::time::Duration;

pub use input::{DurableCommand, DurableNotice, DurableQuery};

use super::record::write_input;
use super::recover::Recovered;
use super::snapshot::Snapshot;
use super::store::DurableLimits;
use crate::ask::AskId;
use crate::codec::supervisor::{Code, Keccak256, NodeCommand, ResetHeads, RustCryptoKeccak256};
use crate::fault::{Refusal, Refused};
use crate::machine::{Action, ActionOf, Input, Machine, Out};
use crate::outbox::Outbox;
use crate::state::supervisor::server::{CallId, RpcText};
use crate::state::supervisor::{
    Dropped, Supervisor, SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorQuery,
    SupervisorRemote,
};
use crate::time::Time;

/// A [`Supervisor`] with a journal: what it sends and tells comes out only when every input that
/// led to it is durable.
///
/// It asks the disk ([`Store`](super::Store)) and is told what became of it ([`DurableCommand::Stored`]). Inputs
/// that come meanwhile share the next write. Questions of the Supervisor go out at once: asking
/// acknowledges nothing. Texts that change nothing need no record, but wait for the records of
/// what they were answered by.
///
/// After a failure it is not [ready](Self::is_ready), until it is recovered anew: texts are
/// refused as unavailable (-32002), commands are refused, nothing else happens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Durable<K: Keccak256 = RustCryptoKeccak256> {
    machine: Supervisor<K>,
    limits: DurableLimits,
    ready: bool,
    /// How far the machine's time is ahead of the driver's, which began anew at the start.
    ahead: Duration,
    /// The time of the last record.
    latest: Time,
    /// The number of the next record.
    next: u64,
    /// Records before this number are durable.
    kept: u64,
    /// Inputs since heads were recorded.
    since_heads: u64,
    /// The journal that is written, and its bytes.
    generation: u64,
    journal_bytes: u64,
    /// Bytes that are not given to the disk yet, and whether they begin the journal.
    waiting: Vec<u8>,
    begins: bool,
    /// The open question about a journal, and the number of the first record after it.
    writing: Option<(AskId, u64)>,
    snapshot: Option<Writing<K>>,
    /// Bytes of the last snapshot.
    snapshot_bytes: u64,
    /// The open question about what is no longer needed.
    removing: Option<AskId>,
    /// The number of the next question to the disk.
    next_store: u64,
    /// What waits for the records before a number to be durable.
    held: VecDeque<(u64, Action<SupervisorMessage, SupervisorNotice, SupervisorQuery>)>,
    /// Texts that have no reply yet, by the number that the machine knows them by.
    texts: BTreeMap<u64, RpcText>,
    text_bytes: usize,
    next_text: u64,
}

/// A snapshot under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Writing<K: Keccak256> {
    snapshot: Snapshot<K>,
    offset: u64,
    asked: Option<AskId>,
}

const _: () = assert!(size_of::<ActionOf<Durable>>() <= 128);
const _: () = crate::machine::kept::<Durable>();

impl<K: Keccak256> Durable<K> {
    /// Goes on from what was recovered: begins a journal of the next generation, gives up the
    /// nodes that were connected, and asks again what was asked. Calls that waited are gone.
    ///
    /// `now` is the driver's time, which may have begun anew.
    pub fn begin(
        now: Time,
        recovered: Recovered<K>,
        limits: DurableLimits,
        out: &mut Out<Self>,
    ) -> Self {
        let Recovered { machine, next, newest, bytes, exact, time, .. } = recovered;
        let next_text = machine.newest_call().map_or(0, |call| call.saturating_add(1));
        let mut durable = Self {
            machine,
            limits,
            ready: true,
            ahead: time.since(now),
            latest: time,
            next,
            kept: next,
            since_heads: 0,
            generation: newest.saturating_add(1),
            // What is of another logic is not replayed twice.
            journal_bytes: if exact { bytes } else { u64::MAX },
            waiting: Vec::new(),
            begins: true,
            writing: None,
            snapshot: None,
            snapshot_bytes: 0,
            removing: None,
            next_store: 0,
            held: VecDeque::new(),
            texts: BTreeMap::new(),
            text_bytes: 0,
            next_text,
        };
        durable.write_header();
        for (id, query) in durable.machine.questions() {
            if !matches!(query, SupervisorQuery::Outputs(_)) {
                out.ask(outer(id), DurableQuery::Supervisor(query));
            }
        }
        for (chain_id, node) in durable.machine.nodes() {
            durable.hear(now, SupervisorRemote::NodeDown { chain_id, node }, out);
        }
        durable.go_on(out);
        durable
    }

    /// The Supervisor: it may be ahead of what is durable.
    #[must_use]
    pub const fn supervisor(&self) -> &Supervisor<K> {
        &self.machine
    }

    /// False after the disk failed.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.ready
    }

    /// How many records there are, and how many of them are durable.
    #[must_use]
    pub const fn records(&self) -> (u64, u64) {
        (self.next, self.kept)
    }

    /// How many bytes of journal a restart would replay.
    #[must_use]
    pub const fn journal_bytes(&self) -> u64 {
        self.journal_bytes
    }

    /// The machine's time: never before that of the last record.
    fn time(&self, now: Time) -> Time {
        now.after(self.ahead).max(self.latest)
    }

    /// Texts do not count: who has to answer them would not be heard.
    fn is_full(&self) -> bool {
        self.waiting.len() > self.limits.max_waiting
    }

    /// A command, or an answer, of the Supervisor.
    fn command(
        &mut self,
        now: Time,
        command: SupervisorCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<SupervisorCommand>> {
        let refuse = |why, command| Err(Refusal::new(why, command));
        if !self.ready {
            return refuse(Refused::wrong_phase("NotReady"), command);
        }
        if self.is_full() {
            return refuse(Refused::busy("max_waiting"), command);
        }
        let command = match command {
            SupervisorCommand::Answer(id, answer) => match inner(id) {
                Some(id) => SupervisorCommand::Answer(id, answer),
                None => {
                    let command = SupervisorCommand::Answer(id, answer);
                    return refuse(
                        Refused::invalid("an answer to a question to the disk"),
                        command,
                    );
                }
            },
            SupervisorCommand::Abandon(call) => match self.parked(call) {
                Some(call) => SupervisorCommand::Abandon(call),
                // Its reply is on its way, or out.
                None => return Ok(()),
            },
            other => other,
        };
        let time = self.time(now);
        let mut said = Outbox::new();
        let input = Input::Local(command);
        let before = self.waiting.len();
        // Written first, since the machine takes it.
        write_input(self.next, time, &input, &mut self.waiting);
        if let Err(refusal) = self.machine.handle(time, input, &mut said) {
            self.waiting.truncate(before);
            return Err(refusal.map(named_outside));
        }
        self.noted(time);
        self.hold(said, out);
        self.go_on(out);
        Ok(())
    }

    /// The text that waits for nodes, by the number that the machine knows it by.
    fn parked(&self, call: CallId) -> Option<CallId> {
        let named = |number: &CallId| self.texts.get(&number.0).is_some_and(|it| it.call == call);
        self.machine.parked_texts().find(named)
    }

    fn hear(&mut self, now: Time, input: SupervisorRemote, out: &mut Out<Self>) {
        let time = self.time(now);
        let mut said = Outbox::new();
        let input = Input::Remote(input);
        write_input(self.next, time, &input, &mut self.waiting);
        if let Input::Remote(input) = input {
            self.machine.hear(time, input, &mut said);
        }
        self.noted(time);
        self.hold(said, out);
    }

    fn hear_text(&mut self, now: Time, text: RpcText, out: &mut Out<Self>) {
        if self.is_full() || self.text_bytes > self.limits.max_waiting {
            self.machine_refuses(text, Code::LimitExceeded, out);
            return;
        }
        let number = self.next_text;
        self.next_text = self.next_text.saturating_add(1);
        self.text_bytes = self.text_bytes.saturating_add(text.text.len());
        let inner = RpcText { call: CallId(number), text: text.text.clone() };
        self.texts.insert(number, text);
        let time = self.time(now);
        let mut said = Outbox::new();
        let input = SupervisorRemote::Rpc(inner);
        // Most texts change nothing: they are written down only when they did.
        if self.machine.hear(time, input.clone(), &mut said) {
            write_input(self.next, time, &Input::Remote(input), &mut self.waiting);
            self.noted(time);
        }
        self.hold(said, out);
    }
}

/// A command of the Supervisor as the driver knows it.
fn named_outside(command: SupervisorCommand) -> SupervisorCommand {
    match command {
        SupervisorCommand::Answer(id, answer) => SupervisorCommand::Answer(outer(id), answer),
        other => other,
    }
}

/// Questions of the Supervisor have even numbers, those to the disk odd ones.
const fn outer(id: AskId) -> AskId {
    AskId::from_u64(id.as_u64().saturating_mul(2))
}

const fn inner(id: AskId) -> Option<AskId> {
    if id.as_u64() % 2 == 0 { Some(AskId::from_u64(id.as_u64() / 2)) } else { None }
}

impl<K: Keccak256> Machine for Durable<K> {
    type Local = DurableCommand;
    type Remote = SupervisorRemote;
    type Send = SupervisorMessage;
    type Notice = DurableNotice;
    type Query = DurableQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: DurableCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<DurableCommand>> {
        let command = match input {
            DurableCommand::Stored(id, answer) => {
                let asked = inner(id).is_none() && id.as_u64() / 2 < self.next_store;
                if !asked {
                    return Err(Refusal::new(Refused::UnknownAsk, input));
                }
                if self.ready {
                    self.stored(id, answer, out);
                }
                return Ok(());
            }
            DurableCommand::Supervisor(command) => command,
        };
        self.command(now, command, out).map_err(|refusal| refusal.map(DurableCommand::Supervisor))
    }

    fn handle_remote(&mut self, now: Time, input: SupervisorRemote, out: &mut Out<Self>) {
        match input {
            SupervisorRemote::Rpc(text) if !self.ready => {
                self.machine_refuses(text, Code::ResourceUnavailable, out);
            }
            SupervisorRemote::Rpc(text) => self.hear_text(now, text, out),
            _ if !self.ready => {}
            _ if self.is_full() => {
                let (what, chain_id, code) = (Dropped::Event, None, Code::LimitExceeded);
                let notice = SupervisorNotice::Dropped { what, chain_id, code };
                out.notify(DurableNotice::Supervisor(notice));
            }
            other => self.hear(now, other, out),
        }
        if self.ready {
            self.go_on(out);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        // By the driver's clock, which may have gone back: the machine's never does.
        if self.deadline().is_none_or(|due| due > now) {
            return;
        }
        let time = self.time(now);
        let mut said = Outbox::new();
        self.machine.handle_timeout(time, &mut said);
        write_input(self.next, time, &Input::Timeout, &mut self.waiting);
        self.noted(time);
        self.hold(said, out);
        self.go_on(out);
    }

    fn deadline(&self) -> Option<Time> {
        let due = self.machine.deadline().filter(|_| self.ready)?;
        // In the driver's time.
        let ahead = u64::try_from(self.ahead.as_micros()).unwrap_or(u64::MAX);
        Some(Time::from_micros(due.as_micros().saturating_sub(ahead)))
    }

    fn saturated(&self) -> bool {
        self.ready && self.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        let store = || {
            self.writing.is_some_and(|(asked, _)| asked == id)
                || self.removing == Some(id)
                || self.snapshot.as_ref().is_some_and(|writing| writing.asked == Some(id))
        };
        self.ready && inner(id).map_or_else(store, |id| self.machine.awaits(id))
    }

    fn footprint(&self) -> usize {
        let held = self.held.iter().map(|(_, action)| match action {
            Action::Send(SupervisorMessage::Reply(reply)) => {
                reply.text.as_ref().map_or(0, |text| SHARED + crate::heap::list(text.len()))
            }
            Action::Send(SupervisorMessage::Command { .. }) => COMMAND,
            _ => 0,
        });
        let parts = [
            self.machine.footprint().saturating_sub(size_of::<Supervisor<K>>()),
            self.waiting.capacity(),
            self.held.capacity() * size_of::<(u64, ActionOf<Supervisor<K>>)>(),
            held.sum(),
            crate::heap::tree(self.texts.len(), size_of::<(u64, RpcText)>()),
            self.text_bytes,
            self.snapshot.as_ref().map_or(0, |writing| writing.snapshot.footprint()),
        ];
        parts.into_iter().fold(size_of_val(self), usize::saturating_add)
    }
}

/// Bytes of a command and of what it holds.
const COMMAND: usize = size_of::<NodeCommand>() + size_of::<ResetHeads>();

/// Bytes of a text beside its own: what keeps it alive, and the room that short ones begin with.
const SHARED: usize = 512;
