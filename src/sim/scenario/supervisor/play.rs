//! Playing texts against a server, wherever it is.

use alloc::string::ToString;
use alloc::vec::Vec;

use serde_json::Value;

use super::content;
use crate::codec::supervisor::ChainId;
use crate::sim::scenario::play::{self, Played, Stage, foreign};
use crate::sim::scenario::value::{Vars, data};
use crate::sim::scenario::{Asked, Outcome, Scenario, Step, Stop, Subject};

/// A server of the RPC that was just started, wherever it is: a text in, a text out or none.
pub trait Endpoint {
    /// Sends a whole text and waits for what comes back: nothing, to notifications.
    ///
    /// # Errors
    /// If that cannot be done here, or went wrong.
    fn call(&mut self, text: &[u8]) -> Result<Option<Vec<u8>>, Stop>;

    /// A chain of its dependency set: what `$chain` stands for.
    fn chain(&self) -> ChainId;
}

/// Plays a scenario of texts against a server. Where a call has alternatives, for servers with
/// coarser codes, they are as good. A scenario that needs more than texts is inapplicable.
pub fn play(scenario: &Scenario, server: &mut dyn Endpoint) -> Outcome {
    if !scenario.wire {
        return Outcome::Inapplicable("needs more than texts to a server just started".to_string());
    }
    let mut vars = match content::make(&scenario.content) {
        Ok((_, vars)) => vars,
        Err(why) => return Outcome::Broken { step: 0, why },
    };
    vars.insert("chain".to_string(), data(&server.chain()));
    play::play(scenario, &mut Line { server }, vars)
}

/// A server with nothing but its texts to be seen.
struct Line<'a> {
    server: &'a mut dyn Endpoint,
}

impl Stage for Line<'_> {
    fn subject(&mut self) -> &mut dyn Subject {
        self
    }

    fn step(&mut self, step: &Step, vars: &mut Vars) -> Played {
        match step {
            Step::Call(call) if !call.is_open() => {
                let reply = self.server.call(&call.bytes(vars)?)?;
                let mut first = Ok(());
                for gives in call.gives.iter().chain(&call.or) {
                    let checked = gives.check(reply.as_deref(), vars);
                    if checked.is_ok() {
                        return Ok(());
                    }
                    first = first.and(checked);
                }
                first
            }
            Step::Call(_)
            | Step::Reply(_)
            | Step::Remote(_)
            | Step::Tell(_)
            | Step::Canonical(_)
            | Step::Hold(_)
            | Step::Sent(_)
            | Step::Unsent(_) => inapplicable(),
            other => Err(foreign(other, "the Supervisor")),
        }
    }
}

fn inapplicable<T>() -> Result<T, Stop> {
    Err(Stop::Inapplicable("needs more than texts".to_string()))
}

impl Subject for Line<'_> {
    fn local(&mut self, _: &Value, _: bool) -> Result<Option<Value>, Stop> {
        inapplicable()
    }

    fn asked(&mut self) -> Result<Vec<Asked>, Stop> {
        inapplicable()
    }

    fn answer(&mut self, _: &Asked, _: Option<&Value>) -> Result<(), Stop> {
        inapplicable()
    }

    fn wait(&mut self, _: u64) -> Result<(), Stop> {
        inapplicable()
    }

    fn notices(&mut self) -> Result<Option<Vec<Value>>, Stop> {
        Ok(None)
    }

    /// Who answers goes on.
    fn verdict(&mut self, _: &[Value]) -> Result<(), Stop> {
        Ok(())
    }
}
