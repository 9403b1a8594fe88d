//! Calls of clients; super roots wait for the outputs of nodes (`supervisor.md` section 4).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::size_of;

use super::input::{Dropped, OutputsQuery};
use super::{Purpose, Supervisor, SupervisorMessage, SupervisorNotice, SupervisorQuery};
use crate::ask::AskId;
use crate::codec::supervisor::journal::form::fields;
use crate::codec::supervisor::{Answer, Call, Code, Failure, Keccak256};
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::state::supervisor::index::{Index, Outputs, Slot, SuperRootPart};
use crate::state::supervisor::server::{CallId, RpcAnswer, RpcText, Server};
use crate::time::Time;

/// A super root whose outputs are being collected.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RootCall {
    /// The server's question.
    ask: AskId,
    timestamp: u64,
    parts: Vec<SuperRootPart>,
    outputs: Vec<Option<Outputs>>,
    /// Counts the times the collection was started: 0 while it waits for others to end.
    round: u8,
}

fields!(RootCall { ask, timestamp, parts, outputs, round });

/// The collection is started again once, if a block changed or a node disagreed.
const ROUNDS: u8 = 2;

impl RootCall {
    /// The chain of a part.
    pub(super) fn slot_of(&self, part: usize) -> Option<Slot> {
        self.parts.get(part).map(|part| part.slot)
    }

    /// The time that is asked about, in seconds of Unix time.
    pub(super) const fn timestamp(&self) -> u64 {
        self.timestamp
    }

    pub(super) fn heap(&self) -> usize {
        self.parts.capacity() * size_of::<SuperRootPart>()
            + self.outputs.capacity() * size_of::<Option<Outputs>>()
    }
}

impl<K: Keccak256> Supervisor<K> {
    /// All calls of a text are answered on one state (D-30). A text that needs nobody else and
    /// switches nothing leaves everything as it was, the time included: then it says `false`.
    pub(super) fn hear_text(&mut self, now: Time, text: RpcText, out: &mut Out<Self>) -> bool {
        let mut said = Outbox::new();
        let (now, index) = (self.latest.max(now), &self.index);
        self.server.handle_text(now, text, |call| at_once(index, call), &mut said);
        let changes = said.iter().any(|action| matches!(action, Action::Ask(..)));
        if changes {
            self.latest = now;
        }
        self.serve(said, out);
        if changes {
            self.begin_roots(out);
            self.settle(out);
        }
        changes
    }

    /// Refuses every call of a text for this reason.
    pub(in crate::state::supervisor) fn refuse_text(
        &mut self,
        text: RpcText,
        why: Code,
        out: &mut Out<Self>,
    ) {
        let mut said = Outbox::new();
        let no = |_: &Call| Some(Err(why.into()));
        self.server.handle_text(self.latest, text, no, &mut said);
        self.serve(said, out);
    }

    pub(super) fn answer_late_calls(&mut self, out: &mut Out<Self>) {
        if self.server.deadline().is_none_or(|due| due > self.latest) {
            return;
        }
        let mut said = Outbox::new();
        self.server.handle_timeout(self.latest, &mut said);
        self.serve(said, out);
        self.drop_roots(out);
    }

    /// Whoever wanted the reply to a text is gone.
    pub(super) fn abandon_text(&mut self, call: CallId, out: &mut Out<Self>) {
        let mut said = Outbox::new();
        self.server.abandon(call, &mut said);
        if !said.is_empty() {
            self.serve(said, out);
            self.drop_roots(out);
        }
    }

    /// The texts that wait for answers, oldest first.
    pub(in crate::state::supervisor) fn parked_texts(&self) -> impl Iterator<Item = CallId> + '_ {
        self.server.calls()
    }

    /// Drops the super roots that the server does not ask for any more, and begins those that
    /// waited behind them.
    fn drop_roots(&mut self, out: &mut Out<Self>) {
        let server = &self.server;
        self.roots.retain(|_, root| server.awaits(root.ask));
        let roots = &self.roots;
        self.asks.cancel(|asked| {
            matches!(asked.what, Purpose::Outputs { root, .. } if !roots.contains_key(&root))
        });
        crate::heap::relax_map(&mut self.roots);
        self.begin_roots(out);
    }

    fn serve(&mut self, mut said: Out<Server>, out: &mut Out<Self>) {
        while let Some(action) = said.pop() {
            match action {
                Action::Ask(id, call) => self.call(id, &call, &mut said, out),
                Action::Send(reply) => out.send(SupervisorMessage::Reply(reply)),
                Action::Notify(nothing) => match nothing {},
                // The server never closes.
                Action::Close(ending) => out.close(ending),
            }
        }
    }

    fn call(&mut self, id: AskId, call: &Call, said: &mut Out<Server>, out: &mut Out<Self>) {
        let answer = match call {
            Call::SetFailsafeEnabled { on } => {
                self.switch_failsafe(*on, out);
                Ok(Answer::Null)
            }
            Call::SuperRootAtTimestamp { timestamp } => {
                match self.index.super_root_parts(*timestamp) {
                    Ok(parts) => {
                        self.begin_root(id, *timestamp, parts, out);
                        return;
                    }
                    Err(code) => Err(root_failure(code, *timestamp)),
                }
            }
            // Answered at once.
            _ => Err(Code::InternalError.into()),
        };
        self.answer_call(id, answer, said);
    }

    fn answer_call(&mut self, id: AskId, answer: Result<Answer, Failure>, said: &mut Out<Server>) {
        // The server asked it; if it has given up meanwhile, nothing happens.
        let _ = self.server.handle_local(self.latest, RpcAnswer(id, answer), said);
    }

    fn begin_root(
        &mut self,
        ask: AskId,
        timestamp: u64,
        parts: Vec<SuperRootPart>,
        out: &mut Out<Self>,
    ) {
        let number = self.next_root;
        self.next_root = self.next_root.saturating_add(1);
        let outputs = alloc::vec![None; parts.len()];
        let root = RootCall { ask, timestamp, parts, outputs, round: 0 };
        self.roots.insert(number, root);
        if self.roots.len() <= self.limits.max_fetches {
            self.collect(number, out);
        }
    }

    /// Starts the collection of super roots that waited, oldest first: no more at once than a chain
    /// may have questions.
    pub(super) fn begin_roots(&mut self, out: &mut Out<Self>) {
        loop {
            let mut oldest = self.roots.iter().take(self.limits.max_fetches);
            let Some((number, root)) = oldest.find(|(_, root)| root.round == 0) else { return };
            let (number, timestamp) = (*number, root.timestamp);
            match self.index.super_root_parts(timestamp) {
                Ok(parts) => {
                    if let Some(root) = self.roots.get_mut(&number) {
                        root.outputs = alloc::vec![None; parts.len()];
                        root.parts = parts;
                    }
                    self.collect(number, out);
                }
                Err(code) => self.end_root(number, Err(root_failure(code, timestamp)), out),
            }
        }
    }

    /// Asks for the output of every part.
    fn collect(&mut self, number: u64, out: &mut Out<Self>) {
        let Some(root) = self.roots.get_mut(&number) else { return };
        root.round += 1;
        root.outputs.fill(None);
        let (round, timestamp) = (root.round, root.timestamp);
        let slots: Vec<_> = root.parts.iter().map(|part| part.slot).collect();
        for (part, slot) in slots.into_iter().enumerate() {
            let chain_id = self.chain_id(slot);
            let query = SupervisorQuery::Outputs(OutputsQuery { chain_id, timestamp });
            if !self.ask(Purpose::Outputs { root: number, part, round }, query, out) {
                self.end_root(number, Err(Code::ResourceUnavailable.into()), out);
                return;
            }
        }
    }

    pub(super) fn outputs_found(
        &mut self,
        number: u64,
        part: usize,
        round: u8,
        outputs: Option<Outputs>,
        out: &mut Out<Self>,
    ) {
        let Some(root) = self.roots.get_mut(&number).filter(|root| root.round == round) else {
            return;
        };
        let slot = root.slot_of(part);
        let Some(place) = root.outputs.get_mut(part) else { return };
        let Some(outputs) = outputs else {
            let attached = slot.is_some_and(|slot| !self.nodes_where(slot, |_| true).is_empty());
            let failure = if attached {
                Failure::new(Code::InternalError, "a node told no output")
            } else {
                Failure::new(Code::ResourceUnavailable, "no node to tell an output")
            };
            self.end_root(number, Err(failure), out);
            return;
        };
        *place = Some(outputs);
        let Some(outputs) = root.outputs.iter().copied().collect::<Option<Vec<_>>>() else {
            return;
        };
        let Some(root) = self.roots.get(&number) else { return };
        let RootCall { timestamp, round, ref parts, .. } = *root;
        // A rewind may have touched a block that is used.
        let now = self.index.super_root_parts(timestamp);
        let (mut wrong, mut unseen) = (None, Vec::new());
        let made = match &now {
            Ok(now) if now == parts => {
                for (part, outputs) in parts.iter().zip(&outputs) {
                    match self.pending_of(part, outputs) {
                        Pending::Fits => {}
                        Pending::Unseen => unseen.push((part.slot, part.block)),
                        Pending::Wrong => wrong = wrong.or(Some(part.slot)),
                    }
                }
                match wrong {
                    Some(_) => Err(Code::ConflictingData),
                    None => self.index.super_root(timestamp, parts, &outputs),
                }
            }
            Ok(_) => Err(Code::ResourceUnavailable),
            Err(code) => Err(*code),
        };
        if let Some(slot) = wrong {
            self.drop_with(Dropped::Answer, Some(slot), Code::ConflictingData, out);
        }
        match made {
            Ok(made) => {
                for (slot, block) in unseen {
                    let chain_id = self.chain_id(slot);
                    out.notify(SupervisorNotice::UnseenReplacement(chain_id, block));
                }
                self.end_root(number, Ok(Answer::SuperRoot(Box::new(made))), out);
            }
            Err(Code::ConflictingData | Code::ResourceUnavailable) if round < ROUNDS => {
                if let (Ok(now), Some(root)) = (now, self.roots.get_mut(&number)) {
                    root.parts = now;
                }
                self.collect(number, out);
            }
            Err(code) => {
                let failure = match wrong {
                    Some(slot) => {
                        let chain_id = self.chain_id(slot);
                        Failure::new(
                            code,
                            format_args!(
                                "the super root at {timestamp}: no such block of {chain_id} is pending"
                            ),
                        )
                    }
                    None => root_failure(code, timestamp),
                };
                self.end_root(number, Err(failure), out);
            }
        }
    }

    /// Whether a pending output can be that of a block (S-11): equal to the canonical one, or of the
    /// block that was invalidated in its place, whose hash ends the data of the marker transaction.
    fn pending_of(&self, part: &SuperRootPart, outputs: &Outputs) -> Pending {
        let Outputs { canonical, pending } = outputs;
        let sync = self.chains.get(part.slot.index());
        let replaced = sync.and_then(|sync| sync.replaced.get(&part.block.number));
        if let Some((invalid, _)) = replaced.filter(|(_, by)| *by == part.block.hash) {
            let fits = pending.block_hash == invalid.hash;
            return if fits { Pending::Fits } else { Pending::Wrong };
        }
        if pending == canonical {
            return Pending::Fits;
        }
        // A replacement has deposits only, which execute no messages.
        let chain = self.index.chain(part.slot);
        let logged = chain.and_then(|chain| chain.logs().open(part.block.number).ok());
        let executes =
            logged.is_some_and(|it| it.seal.hash == part.block.hash && !it.executing.is_empty());
        if executes || pending.block_hash == canonical.block_hash {
            Pending::Wrong
        } else {
            Pending::Unseen
        }
    }

    /// Nobody told an output in time.
    pub(super) fn give_up_root(&mut self, number: u64, out: &mut Out<Self>) {
        let failure = Failure::new(Code::ResourceUnavailable, "no output in time");
        self.end_root(number, Err(failure), out);
        self.begin_roots(out);
    }

    fn end_root(&mut self, number: u64, answer: Result<Answer, Failure>, out: &mut Out<Self>) {
        let Some(root) = self.roots.remove(&number) else { return };
        crate::heap::relax_map(&mut self.roots);
        // Nearly always all are answered: then there is nothing to look for among all questions.
        if root.outputs.contains(&None) {
            self.asks.cancel(
                |asked| matches!(asked.what, Purpose::Outputs { root, .. } if root == number),
            );
        }
        let mut said = Outbox::new();
        self.answer_call(root.ask, answer, &mut said);
        self.serve(said, out);
    }
}

/// What a pending output is to what is known of its block.
enum Pending {
    /// The block was not replaced, or it is that of the block it was put in place of.
    Fits,
    /// Of a block that was replaced elsewhere: whoever follows an execution layer is told of the
    /// replacement alone.
    Unseen,
    /// It can't be.
    Wrong,
}

/// The answer to a call that needs nobody else and switches nothing.
fn at_once<K: Keccak256>(index: &Index<K>, call: &Call) -> Option<Result<Answer, Failure>> {
    match call {
        Call::SetFailsafeEnabled { on } if *on == index.failsafe() => Some(Ok(Answer::Null)),
        Call::SuperRootAtTimestamp { timestamp } => {
            let parts = index.super_root_parts(*timestamp);
            parts.err().map(|code| Err(root_failure(code, *timestamp)))
        }
        _ => index.answer(call),
    }
}

/// A known client looks for the words "not found", and takes them for "not yet": nothing else says
/// them.
fn root_failure(code: Code, timestamp: u64) -> Failure {
    match code {
        Code::FutureData => {
            Failure::new(code, format_args!("not found: the super root at {timestamp}"))
        }
        _ => Failure::new(code, format_args!("the super root at {timestamp}")),
    }
}
