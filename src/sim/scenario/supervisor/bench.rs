//! Our own Supervisor on the bench, in this process and under virtual time.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::content::{self, Content};
use super::sent::{self, Sent};
use super::tell::{self, Told};
use super::world::World;
use crate::ask::AskId;
use crate::codec::supervisor::ChainId;
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::scenario::clock::{Timed, pass};
use crate::sim::scenario::play::{self, Played, Stage, filled, foreign};
use crate::sim::scenario::value::{Vars, data, typed};
use crate::sim::scenario::{Asked, Outcome, Scenario, Step, Stop, Subject};
use crate::state::supervisor::{
    CallId, Config, ExpiryWindow, Limits, RpcText, Supervisor, SupervisorCommand,
    SupervisorMessage, SupervisorQuery, SupervisorRemote,
};
use crate::time::Time;

/// Plays a scenario against our machine.
pub(super) fn run(scenario: &Scenario) -> Outcome {
    let broken = |why| Outcome::Broken { step: 0, why };
    let (content, mut vars) = match content::make(&scenario.content) {
        Ok(made) => made,
        Err(why) => return broken(why),
    };
    match Bench::new(scenario, content) {
        Ok(mut bench) => {
            vars.extend(bench.chain.map(|chain| ("chain".to_string(), data(&chain))));
            play::play(scenario, &mut bench, vars)
        }
        Err(why) => broken(why),
    }
}

/// The Supervisor, its world, its time and what it has said.
struct Bench {
    machine: Supervisor,
    world: World,
    /// The first chain of its set.
    chain: Option<ChainId>,
    now: Time,
    /// No question is answered by itself.
    manual: bool,
    /// Questions of these kinds are kept.
    held: Vec<String>,
    asked: Vec<(AskId, SupervisorQuery)>,
    calls: BTreeMap<String, CallId>,
    next_call: u64,
    replies: BTreeMap<CallId, Option<Bytes>>,
    sent: Sent,
    notices: Vec<Value>,
}

impl Bench {
    fn new(scenario: &Scenario, content: Content) -> Result<Self, String> {
        let (config, limits) = configured(&scenario.config, &content)?;
        let chain = config.chains.keys().next().copied();
        let machine = Supervisor::new(config, limits)
            .map_err(|code| format!("no Supervisor of that configuration: {code:?}"))?;
        Ok(Self {
            machine,
            world: World::new(content),
            chain,
            now: Time::ZERO,
            manual: scenario.manual,
            held: Vec::new(),
            asked: Vec::new(),
            calls: BTreeMap::new(),
            next_call: 0,
            replies: BTreeMap::new(),
            sent: Sent::default(),
            notices: Vec::new(),
        })
    }

    fn command(&mut self, command: SupervisorCommand) -> Option<Value> {
        let mut out = Outbox::new();
        let result = self.machine.handle_local(self.now, command, &mut out);
        self.carry_out(&mut out);
        result.err().map(|refusal| data(&refusal.why))
    }

    fn hear(&mut self, remote: SupervisorRemote) {
        let mut out = Outbox::new();
        self.machine.handle_remote(self.now, remote, &mut out);
        self.carry_out(&mut out);
    }

    /// Keeps what it did, and answers its questions.
    fn carry_out(&mut self, out: &mut Out<Supervisor>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(SupervisorMessage::Reply(reply)) => {
                    self.replies.insert(reply.call, reply.text);
                }
                Action::Send(command @ SupervisorMessage::Command { .. }) => {
                    let form = data(&command);
                    self.sent.0.extend(form.get("command").cloned());
                }
                Action::Notify(notice) => self.notices.push(data(&notice)),
                Action::Ask(id, query) => {
                    let form = data(&query);
                    let kind = form.as_object().and_then(|it| it.keys().next());
                    let held = kind.is_some_and(|kind| self.held.contains(kind));
                    if self.manual || held {
                        self.asked.push((id, query));
                    } else {
                        let answer = self.true_answer(id, &query);
                        // A question of something already gone needs no answer.
                        let _ = self.machine.handle_local(self.now, answer, out);
                    }
                }
                // It never closes.
                Action::Close(_) => {}
            }
        }
    }

    fn true_answer(&self, id: AskId, query: &SupervisorQuery) -> SupervisorCommand {
        SupervisorCommand::Answer(id, self.world.answer(query).into())
    }

    fn tell(&mut self, form: &Value) -> Played {
        for told in tell::inputs(form, &self.world).map_err(Stop::Broken)? {
            match told {
                Told::Remote(remote) => self.hear(remote),
                Told::Local(command) => {
                    if let Some(why) = self.command(command) {
                        return Err(Stop::Failed(format!("refused a command: {why}")));
                    }
                }
            }
        }
        Ok(())
    }

    fn call(&mut self, call: &Call, vars: &mut Vars) -> Played {
        let text = Bytes::from(call.bytes(vars)?);
        let id = CallId(self.next_call);
        self.next_call += 1;
        self.hear(SupervisorRemote::Rpc(RpcText { call: id, text }));
        match (&call.gives, &call.name) {
            (Some(gives), None) => match self.replies.remove(&id) {
                Some(reply) => gives.check(reply.as_deref(), vars),
                None => Err(Stop::Failed("does not reply at once".to_string())),
            },
            (None, Some(name)) => {
                if self.replies.contains_key(&id) {
                    return Err(Stop::Failed("replied at once".to_string()));
                }
                self.calls.insert(name.clone(), id);
                Ok(())
            }
            _ => Err(Stop::Broken("`call` has one of `gives` and `as`".to_string())),
        }
    }

    fn reply(&mut self, reply: &Reply, vars: &mut Vars) -> Played {
        let Some(id) = self.calls.remove(&reply.to) else {
            return Err(Stop::Broken(format!("no call is named {}", reply.to)));
        };
        match self.replies.remove(&id) {
            Some(text) => reply.gives.check(text.as_deref(), vars),
            None => Err(Stop::Failed("has not replied yet".to_string())),
        }
    }
}

impl Stage for Bench {
    fn subject(&mut self) -> &mut dyn Subject {
        self
    }

    fn step(&mut self, step: &Step, vars: &mut Vars) -> Played {
        match step {
            Step::Call(call) => self.call(call, vars),
            Step::Reply(reply) => self.reply(reply, vars),
            Step::Remote(remote) => {
                let remote = typed(&filled(remote, vars)?).map_err(Stop::Broken)?;
                self.hear(remote);
                Ok(())
            }
            Step::Tell(form) => self.tell(&filled(form, vars)?),
            Step::Canonical(names) => self.world.turn(names).map_err(Stop::Broken),
            Step::Hold(kinds) => {
                self.held.clone_from(kinds);
                Ok(())
            }
            Step::Sent(pattern) => self.sent.take(pattern, vars),
            Step::Unsent(pattern) => self.sent.lacks(pattern, vars),
            other => Err(foreign(other, "the Supervisor")),
        }
    }
}

impl Timed for Bench {
    fn now(&mut self) -> &mut Time {
        &mut self.now
    }

    fn deadline(&self) -> Option<Time> {
        self.machine.deadline()
    }

    fn timeout(&mut self) {
        let mut out = Outbox::new();
        self.machine.handle_timeout(self.now, &mut out);
        self.carry_out(&mut out);
    }
}

impl Subject for Bench {
    fn local(&mut self, command: &Value, _: bool) -> Result<Option<Value>, Stop> {
        // What is no command is refused before the machine sees it.
        match typed(command) {
            Ok(command) => Ok(self.command(command)),
            Err(why) => Ok(Some(json!({ "kind": "Unreadable", "text": why }))),
        }
    }

    fn asked(&mut self) -> Result<Vec<Asked>, Stop> {
        let asked = self.asked.iter();
        Ok(asked
            .map(|(id, query)| Asked { from: 0, id: id.as_u64(), query: data(query) })
            .collect())
    }

    fn answer(&mut self, asked: &Asked, with: Option<&Value>) -> Result<(), Stop> {
        let Some(at) = self.asked.iter().position(|(id, _)| id.as_u64() == asked.id) else {
            return Err(Stop::Broken("no such question is open".to_string()));
        };
        let (id, query) = self.asked.remove(at);
        let command = match with {
            Some(command) => typed(command).map_err(Stop::Broken)?,
            None => self.true_answer(id, &query),
        };
        match self.command(command) {
            None => Ok(()),
            Some(why) => Err(Stop::Failed(format!("refused an answer: {why}"))),
        }
    }

    fn wait(&mut self, micros: u64) -> Result<(), Stop> {
        pass(self, micros);
        Ok(())
    }

    fn notices(&mut self) -> Result<Option<Vec<Value>>, Stop> {
        Ok(Some(core::mem::take(&mut self.notices)))
    }

    fn verdict(&mut self, accept: &[Value]) -> Result<(), Stop> {
        sent::goes_on(accept)
    }
}

/// The configuration and the limits: the chains of the content every two seconds, and the window
/// of all deployed programs, unless something else is said.
fn configured(form: &Map<String, Value>, content: &Content) -> Result<(Config, Limits), String> {
    let mut form = form.clone();
    let limits = form.remove("limits").map_or(Ok(Limits::default()), |limits| typed(&limits))?;
    if !form.contains_key("chains") {
        let ids = content.chains.values().map(|branch| branch.chain_id);
        let mut chains: Map<_, _> =
            ids.map(|id| (id.to_string(), json!({ "blockTime": 2 }))).collect();
        if chains.is_empty() {
            chains.insert("0xa".to_string(), json!({ "blockTime": 2 }));
        }
        form.insert("chains".to_string(), chains.into());
    }
    if !form.contains_key("expiryWindow") {
        form.insert("expiryWindow".to_string(), data(&ExpiryWindow::EXPIRY_CURRENT));
    }
    Ok((typed(&Value::Object(form))?, limits))
}
