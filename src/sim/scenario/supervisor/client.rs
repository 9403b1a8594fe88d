//! Our own client of the RPC on the bench.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use super::content;
use super::sent::{self, Sent};
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::scenario::clock::{Timed, pass};
use crate::sim::scenario::play::{self, Played, Stage, filled, foreign};
use crate::sim::scenario::value::{Vars, data, typed};
use crate::sim::scenario::{Asked, Outcome, Scenario, Step, Stop, Subject};
use crate::state::supervisor::{Client, Limits};
use crate::time::Time;

/// Plays a scenario against our client.
pub(super) fn run(scenario: &Scenario) -> Outcome {
    let broken = |why| Outcome::Broken { step: 0, why };
    let vars = match content::make(&scenario.content) {
        Ok((_, vars)) => vars,
        Err(why) => return broken(why),
    };
    match limits(&scenario.config) {
        Ok(limits) => play::play(scenario, &mut ClientBench::new(limits), vars),
        Err(why) => broken(why),
    }
}

fn limits(config: &Map<String, Value>) -> Result<Limits, String> {
    if let Some(other) = config.keys().find(|key| *key != "limits") {
        return Err(alloc::format!("a client has no {other}"));
    }
    config.get("limits").map_or(Ok(Limits::default()), typed)
}

/// The client, its time and what it has said.
struct ClientBench {
    machine: Client,
    now: Time,
    sent: Sent,
    notices: Vec<Value>,
}

impl ClientBench {
    fn new(limits: Limits) -> Self {
        let machine = Client::new(limits);
        Self { machine, now: Time::ZERO, sent: Sent::default(), notices: Vec::new() }
    }

    fn keep(&mut self, mut out: Out<Client>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(request) => {
                    let text = serde_json::from_slice(&request.text).unwrap_or(Value::Null);
                    self.sent.0.push_back(json!({ "request": request.request, "text": text }));
                }
                Action::Notify(notice) => self.notices.push(data(&notice)),
                Action::Ask(_, nothing) => match nothing {},
                // It never closes.
                Action::Close(_) => {}
            }
        }
    }
}

impl Stage for ClientBench {
    fn subject(&mut self) -> &mut dyn Subject {
        self
    }

    fn step(&mut self, step: &Step, vars: &mut Vars) -> Played {
        match step {
            Step::Remote(remote) => {
                let remote = typed(&replying(filled(remote, vars)?)).map_err(Stop::Broken)?;
                let mut out = Outbox::new();
                self.machine.handle_remote(self.now, remote, &mut out);
                self.keep(out);
                Ok(())
            }
            Step::Sent(pattern) => self.sent.take(pattern, vars),
            Step::Unsent(pattern) => self.sent.lacks(pattern, vars),
            other => Err(foreign(other, "a client")),
        }
    }
}

/// The text of a reply may be written as the JSON that it is.
fn replying(mut remote: Value) -> Value {
    if let Some(text) = remote.pointer_mut("/reply/text") {
        let odd = text.get("hex").is_some();
        if !text.is_string() && !odd {
            *text = Value::String(text.to_string());
        }
    }
    remote
}

impl Timed for ClientBench {
    fn now(&mut self) -> &mut Time {
        &mut self.now
    }

    fn deadline(&self) -> Option<Time> {
        self.machine.deadline()
    }

    fn timeout(&mut self) {
        let mut out = Outbox::new();
        self.machine.handle_timeout(self.now, &mut out);
        self.keep(out);
    }
}

impl Subject for ClientBench {
    fn local(&mut self, command: &Value, _: bool) -> Result<Option<Value>, Stop> {
        let command = typed(command).map_err(Stop::Broken)?;
        let mut out = Outbox::new();
        let result = self.machine.handle_local(self.now, command, &mut out);
        self.keep(out);
        Ok(result.err().map(|refusal| data(&refusal.why)))
    }

    fn asked(&mut self) -> Result<Vec<Asked>, Stop> {
        Err(Stop::Broken("a client asks nothing".to_string()))
    }

    fn answer(&mut self, _: &Asked, _: Option<&Value>) -> Result<(), Stop> {
        Err(Stop::Broken("a client asks nothing".to_string()))
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
