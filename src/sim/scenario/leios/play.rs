//! Playing a scenario of channels, with messages in bytes.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use serde_json::Value;

use super::step::{Await, Peer, Quiet};
use super::tested::Delivery;
use super::{NETWORK_MAGIC, content};
use crate::sim::scenario::play::{self, Played, Stage, foreign, short, shown};
use crate::sim::scenario::value::{Vars, fits};
use crate::sim::scenario::{Outcome, Scenario, Step, Stop, Subject};

/// What is tested over channels: a machine in this process, or whatever is at the other end of a
/// wire.
pub trait Linked: Subject {
    /// The other end or the transport does something.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn deliver(&mut self, delivery: Delivery) -> Result<(), Stop>;

    /// The next message it sent on a channel, once, if there is one within so many microseconds;
    /// `None`: within what is usual.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn sent(&mut self, to: u64, on: &str, within: Option<u64>) -> Result<Option<Value>, Stop>;

    /// Everything that it sent on a channel and that was not taken, once nothing more comes.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn rest(&mut self, to: u64, on: &str) -> Result<Vec<Value>, Stop>;

    /// The slot in which the scenario begins.
    fn first_slot(&self) -> u64;

    /// The magic of the network.
    fn magic(&self) -> u32 {
        NETWORK_MAGIC
    }
}

/// Plays a scenario.
pub fn play<S: Linked>(scenario: &Scenario, subject: &mut S) -> Outcome {
    let mut vars = match content::make(&scenario.content, subject.first_slot()) {
        Ok((vars, _)) => vars,
        Err(why) => return Outcome::Broken { step: 0, why },
    };
    vars.insert("magic".to_string(), Value::from(subject.magic()));
    let mut table = Table { subject, news: BTreeMap::new() };
    play::play(scenario, &mut table, vars)
}

struct Table<'a, S> {
    subject: &'a mut S,
    /// Notifications of messages already taken, by whom they were sent to.
    news: BTreeMap<u64, VecDeque<Value>>,
}

impl<S: Linked> Stage for Table<'_, S> {
    fn subject(&mut self) -> &mut dyn Subject {
        self.subject
    }

    fn step(&mut self, step: &Step, vars: &mut Vars) -> Played {
        match step {
            Step::Peer(peer) => self.peer(peer, vars),
            Step::Await(awaited) => self.await_one(awaited, vars),
            Step::Quiet(quiet) => self.quiet(quiet, vars),
            Step::Drained(bytes) => self.subject.deliver(Delivery::Drained(*bytes)),
            Step::Writable(bytes) => self.subject.deliver(Delivery::Writable(*bytes)),
            Step::Eof(true) => self.subject.deliver(Delivery::Eof),
            Step::Eof(false) => Ok(()),
            other => Err(foreign(other, "a family over channels")),
        }
    }
}

impl<S: Linked> Table<'_, S> {
    fn peer(&mut self, peer: &Peer, vars: &Vars) -> Played {
        let delivery = match peer.bytes(vars).map_err(Stop::Broken)? {
            Some((on, bytes)) => Delivery::Message { from: peer.from, on, bytes },
            None => Delivery::Stream(peer.stream(vars).map_err(Stop::Broken)?),
        };
        self.subject.deliver(delivery)
    }

    fn await_one(&mut self, awaited: &Await, vars: &mut Vars) -> Played {
        if let Some(pattern) = &awaited.notification {
            return self.await_notification(awaited, pattern, vars);
        }
        let any = Value::String("$_".to_string());
        let pattern = awaited.message.as_ref().unwrap_or(&any);
        let mut passed = Vec::new();
        loop {
            let found = self.subject.sent(awaited.to, &awaited.on, awaited.within)?;
            let Some(found) = found else {
                let passed = shown(&passed);
                let why = format!("sent no {pattern} on {}{passed}", awaited.on);
                return Err(Stop::Failed(why));
            };
            if fits(pattern, &found, vars) {
                return Ok(());
            }
            if !awaited.eventually {
                let why = format!("sent {} on {}, not {pattern}", short(&found), awaited.on);
                return Err(Stop::Failed(why));
            }
            passed.push(found);
        }
    }

    fn await_notification(&mut self, awaited: &Await, pattern: &Value, vars: &mut Vars) -> Played {
        let mut passed = Vec::new();
        loop {
            while let Some(found) = self.news.entry(awaited.to).or_default().pop_front() {
                if fits(pattern, &found, vars) {
                    return Ok(());
                }
                passed.push(found);
            }
            let Some(message) = self.subject.sent(awaited.to, &awaited.on, awaited.within)? else {
                let why = format!("sent no notification {pattern}{}", shown(&passed));
                return Err(Stop::Failed(why));
            };
            let news = message.pointer("/MsgLeiosReply/LeiosNotifications/2");
            let news = news.and_then(Value::as_array).cloned().unwrap_or_default();
            self.news.entry(awaited.to).or_default().extend(news);
        }
    }

    fn quiet(&mut self, quiet: &Quiet, vars: &Vars) -> Played {
        let any = Value::String("$_".to_string());
        let pattern = quiet.message.as_ref().unwrap_or(&any);
        for found in self.subject.rest(quiet.to, &quiet.on)? {
            if fits(pattern, &found, &mut vars.clone()) {
                return Err(Stop::Failed(format!("sent {} on {}", short(&found), quiet.on)));
            }
        }
        Ok(())
    }
}
