//! Scenarios of the Supervisor's RPC against any server of it, over HTTP.
//!
//! Played are those that need nothing but texts, whatever the server's chains; those about one of
//! its chains only while the server knows nothing of it yet. Each text is a POST of its own
//! connection, so what a server does to one does not hide what it does to the next. A server that
//! answers nothing, or without end, costs a time-out or a mebibyte.

mod http;

use std::time::Duration;

use nodewire::codec::supervisor::ChainId;
use nodewire::sim::scenario::supervisor::{Endpoint, play};
use nodewire::sim::scenario::{Outcome, Scenario, Step, Stop};
use serde_json::{Value, json};

use super::Report;
use http::Http;

/// The scenarios of this program, by name.
///
/// # Panics
/// Never: tests read every one of them.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    super::read(include!(concat!(env!("OUT_DIR"), "/supervisor.rs")))
}

/// How to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// A chain of the server's dependency set; it is asked if none is given.
    pub chain: Option<ChainId>,
    /// True if only the codes of the specification are good; else also the coarser ones of
    /// programs that were deployed.
    pub precise: bool,
    /// How long the whole reply to a text may take.
    pub patience: Duration,
}

impl Default for Options {
    /// Coarser codes are good, five seconds a text.
    fn default() -> Self {
        Self { chain: None, precise: false, patience: Duration::from_secs(5) }
    }
}

/// After so many scenarios in a row in which nothing was answered nobody is asked any more.
const MUTE: u32 = 3;

/// Plays scenarios against the server at `url`; `told` hears of each.
///
/// # Errors
/// If the URL is none, or nobody is there.
pub fn check(
    url: &str,
    scenarios: &[Scenario],
    options: &Options,
    mut told: impl FnMut(&Scenario, &Outcome),
) -> Result<Report, String> {
    let http = Http::new(url, options.patience)?;
    http.reach()?;
    let mut server = Server { http, chain: options.chain, fresh: true, answered: false };
    if server.chain.is_none() {
        server.chain = server.a_chain();
    }
    server.fresh = !server.knows_its_chain();
    let mut report = Report::new("supervisor");
    let mut mute: u32 = 0;
    for scenario in scenarios {
        let outcome = if mute == MUTE && scenario.wire {
            Outcome::Inapplicable("it did not answer any more".into())
        } else {
            server.answered = false;
            let outcome = one(scenario, &mut server, options.precise);
            if let Outcome::Failed { .. } = outcome {
                mute = if server.answered { 0 } else { mute + 1 };
            }
            outcome
        };
        told(scenario, &outcome);
        report.add(scenario, &outcome);
    }
    Ok(report)
}

fn one(scenario: &Scenario, server: &mut Server, precise: bool) -> Outcome {
    if scenario.wire && names_a_chain(&scenario.steps) {
        let why = match server.chain {
            None => "needs a chain of its dependency set: --chain names one",
            Some(_) if !server.fresh => "needs a server that knows nothing of its chain yet",
            Some(_) => "",
        };
        if !why.is_empty() {
            return Outcome::Inapplicable(why.into());
        }
    }
    if !precise {
        return play(scenario, server);
    }
    let mut scenario = scenario.clone();
    only_precise(&mut scenario.steps);
    play(&scenario, server)
}

fn names_a_chain(steps: &[Step]) -> bool {
    serde_json::to_string(steps).is_ok_and(|form| form.contains("\"$chain\""))
}

/// Leaves out what others may reply whose codes are coarser.
fn only_precise(steps: &mut [Step]) {
    for step in steps {
        match step {
            Step::Call(call) => call.or.clear(),
            Step::Repeat { steps, .. } => only_precise(steps),
            _ => {}
        }
    }
}

struct Server {
    http: Http,
    chain: Option<ChainId>,
    /// True if it knows nothing of that chain.
    fresh: bool,
    /// True once there was any answer in HTTP.
    answered: bool,
}

impl Server {
    /// A chain that the server speaks of.
    fn a_chain(&mut self) -> Option<ChainId> {
        for method in ["supervisor_syncStatus", "supervisor_dependencySetV1"] {
            let Some(result) = self.ask(method, &json!([])) else { continue };
            let mut named = ["chains", "dependencies"].into_iter();
            let first = named.find_map(|name| result[name].as_object()?.keys().next().cloned());
            let chain = first.and_then(|id| serde_json::from_value(Value::String(id)).ok());
            if chain.is_some() {
                return chain;
            }
        }
        None
    }

    fn knows_its_chain(&mut self) -> bool {
        let chain = json!([self.chain]);
        self.chain.is_some() && self.ask("supervisor_localUnsafe", &chain).is_some()
    }

    /// The result of a call, if it has one.
    fn ask(&mut self, method: &str, params: &Value) -> Option<Value> {
        let text = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let reply = self.call(text.to_string().as_bytes()).ok()??;
        let mut reply: Value = serde_json::from_slice(&reply).ok()?;
        reply.get_mut("result").map(Value::take)
    }
}

impl Endpoint for Server {
    fn call(&mut self, text: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        match self.http.post(text) {
            Ok(reply) => {
                self.answered = true;
                Ok((!reply.trim_ascii().is_empty()).then_some(reply))
            }
            Err(fault) => {
                self.answered |= fault.is_an_answer();
                Err(Stop::Failed(fault.to_string()))
            }
        }
    }

    fn chain(&self) -> ChainId {
        self.chain.unwrap_or_default()
    }
}
