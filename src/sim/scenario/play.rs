//! Playing a scenario against something.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde_json::Value;

use super::step::{Await, Peer, Quiet, Step};
use super::tested::{Asked, Delivery};
use super::value::{MOST, Vars, fill, fits};
use super::{NETWORK_MAGIC, Scenario, content};

/// What is tested: a machine in this process, or whatever is at the other end of a wire.
pub trait Subject {
    /// Its application gives a command. `given`: as any node would by itself. `Some` says why it
    /// was refused.
    ///
    /// # Errors
    /// If that cannot be done here, or went wrong.
    fn local(&mut self, command: &Value, given: bool) -> Result<Option<Value>, Stop>;

    /// The other end or the transport does something.
    ///
    /// # Errors
    /// As for [`local`](Self::local).
    fn deliver(&mut self, delivery: Delivery) -> Result<(), Stop>;

    /// Its open questions, oldest first.
    ///
    /// # Errors
    /// As for [`local`](Self::local).
    fn asked(&mut self) -> Result<Vec<Asked>, Stop>;

    /// A question is answered: with this command, or as an honest application would.
    ///
    /// # Errors
    /// As for [`local`](Self::local).
    fn answer(&mut self, asked: &Asked, with: Option<&Value>) -> Result<(), Stop>;

    /// So many microseconds pass.
    ///
    /// # Errors
    /// As for [`local`](Self::local).
    fn wait(&mut self, micros: u64) -> Result<(), Stop>;

    /// The next message it sent on a channel, once, if there is one within so many microseconds;
    /// `None`: within what is usual.
    ///
    /// # Errors
    /// As for [`local`](Self::local).
    fn sent(&mut self, to: u64, on: &str, within: Option<u64>) -> Result<Option<Value>, Stop>;

    /// Everything that it sent on a channel and that was not taken, once nothing more comes.
    ///
    /// # Errors
    /// As for [`local`](Self::local).
    fn rest(&mut self, to: u64, on: &str) -> Result<Vec<Value>, Stop>;

    /// What its application was told since the last call; `None` if that cannot be seen.
    ///
    /// # Errors
    /// As for [`local`](Self::local).
    fn notices(&mut self) -> Result<Option<Vec<Value>>, Stop>;

    /// How it ended: `"running"`, `"done"`, `{"fault": ..}`, or what stands for it here; `Ok` if
    /// that is one of the accepted verdicts.
    ///
    /// # Errors
    /// The verdict that isn't.
    fn verdict(&mut self, accept: &[Value]) -> Result<(), Stop>;

    /// The slot in which the scenario begins.
    fn first_slot(&self) -> u64;

    /// The magic of the network.
    fn magic(&self) -> u32 {
        NETWORK_MAGIC
    }
}

/// Why a scenario stopped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who plays is to tell them apart")]
pub enum Stop {
    /// It cannot be played against this.
    Inapplicable(String),
    /// The tested side did something else.
    Failed(String),
    /// The scenario is none.
    Broken(String),
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "every verdict is to be told")]
pub enum Outcome {
    /// As it has to be.
    Passed,
    /// It cannot be played against this.
    Inapplicable(String),
    /// The tested side did something else.
    Failed {
        /// At which step, counted from zero; their number stands for the verdict.
        step: usize,
        /// What was wrong.
        why: String,
    },
    /// The scenario itself is wrong.
    Broken {
        /// At which step.
        step: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Inapplicable(why) => write!(f, "inapplicable: {why}"),
            Self::Failed { step, why } => write!(f, "failed at step {step}: {why}"),
            Self::Broken { step, why } => write!(f, "broken at step {step}: {why}"),
        }
    }
}

/// Plays a scenario.
pub fn play(scenario: &Scenario, subject: &mut dyn Subject) -> Outcome {
    let mut vars = match content::make(&scenario.content, subject.first_slot()) {
        Ok((vars, _)) => vars,
        Err(why) => return Outcome::Broken { step: 0, why },
    };
    vars.insert("magic".to_string(), Value::from(subject.magic()));
    let mut game = Game { subject, vars, notices: Vec::new(), news: BTreeMap::new() };
    for (number, step) in scenario.steps.iter().enumerate() {
        if let Err(stop) = game.step(step) {
            return ended(number, stop);
        }
    }
    match game.subject.verdict(&scenario.accept) {
        Ok(()) => Outcome::Passed,
        Err(stop) => ended(scenario.steps.len(), stop),
    }
}

fn ended(step: usize, stop: Stop) -> Outcome {
    match stop {
        Stop::Inapplicable(why) => Outcome::Inapplicable(why),
        Stop::Failed(why) => Outcome::Failed { step, why },
        Stop::Broken(why) => Outcome::Broken { step, why },
    }
}

struct Game<'a> {
    subject: &'a mut dyn Subject,
    vars: Vars,
    /// Told and not yet expected.
    notices: Vec<Value>,
    /// Notifications of messages already taken, by whom they were sent to.
    news: BTreeMap<u64, VecDeque<Value>>,
}

type Played = Result<(), Stop>;

impl Game<'_> {
    fn step(&mut self, step: &Step) -> Played {
        match step {
            Step::Given(command) => self.local(command, true),
            Step::Local(command) => self.local(command, false),
            Step::Refuse { local, why } => self.refuse(local, why),
            Step::Peer(peer) => self.peer(peer),
            Step::Await(awaited) => self.await_one(awaited),
            Step::Quiet(quiet) => self.quiet(quiet),
            Step::Same(value, pattern) => {
                let value = self.fill(value)?;
                if fits(pattern, &value, &mut self.vars) {
                    return Ok(());
                }
                Err(Stop::Failed(format!("sent {}, not {pattern}", short(&value))))
            }
            Step::Expect(notice) => self.expect(notice),
            Step::Answer { query, with } => self.answer(query, with.as_ref()),
            Step::Wait(micros) => self.subject.wait(*micros),
            Step::Drained(bytes) => self.subject.deliver(Delivery::Drained(*bytes)),
            Step::Writable(bytes) => self.subject.deliver(Delivery::Writable(*bytes)),
            Step::Eof(true) => self.subject.deliver(Delivery::Eof),
            Step::Eof(false) => Ok(()),
            Step::Repeat { name, from, to, steps } => {
                if to.saturating_sub(*from) > MOST {
                    return Err(Stop::Broken(format!("`repeat` goes on more than {MOST} times")));
                }
                let before = self.vars.get(name).cloned();
                for number in *from..*to {
                    self.vars.insert(name.clone(), Value::from(number));
                    for step in steps {
                        self.step(step)?;
                    }
                }
                self.vars.remove(name);
                self.vars.extend(before.map(|value| (name.clone(), value)));
                Ok(())
            }
        }
    }

    fn fill(&self, value: &Value) -> Result<Value, Stop> {
        fill(value, &self.vars).map_err(Stop::Broken)
    }

    fn local(&mut self, command: &Value, given: bool) -> Played {
        let command = self.fill(command)?;
        match self.subject.local(&command, given)? {
            None => Ok(()),
            Some(why) => Err(Stop::Failed(format!("refused a command: {why}"))),
        }
    }

    fn refuse(&mut self, command: &Value, why: &Value) -> Played {
        let command = self.fill(command)?;
        match self.subject.local(&command, false)? {
            None => Err(Stop::Failed("took a command that it has to refuse".to_string())),
            Some(found) if fits(why, &found, &mut self.vars) => Ok(()),
            Some(found) => Err(Stop::Failed(format!("refused, but with {found}"))),
        }
    }

    fn peer(&mut self, peer: &Peer) -> Played {
        let delivery = match peer.bytes(&self.vars).map_err(Stop::Broken)? {
            Some((on, bytes)) => Delivery::Message { from: peer.from, on, bytes },
            None => Delivery::Stream(peer.stream(&self.vars).map_err(Stop::Broken)?),
        };
        self.subject.deliver(delivery)
    }

    fn await_one(&mut self, awaited: &Await) -> Played {
        if let Some(pattern) = &awaited.notification {
            return self.await_notification(awaited, pattern);
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
            if fits(pattern, &found, &mut self.vars) {
                return Ok(());
            }
            if !awaited.eventually {
                let why = format!("sent {} on {}, not {pattern}", short(&found), awaited.on);
                return Err(Stop::Failed(why));
            }
            passed.push(found);
        }
    }

    fn await_notification(&mut self, awaited: &Await, pattern: &Value) -> Played {
        let mut passed = Vec::new();
        loop {
            while let Some(found) = self.news.entry(awaited.to).or_default().pop_front() {
                if fits(pattern, &found, &mut self.vars) {
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

    fn quiet(&mut self, quiet: &Quiet) -> Played {
        let any = Value::String("$_".to_string());
        let pattern = quiet.message.as_ref().unwrap_or(&any);
        for found in self.subject.rest(quiet.to, &quiet.on)? {
            if fits(pattern, &found, &mut self.vars.clone()) {
                return Err(Stop::Failed(format!("sent {} on {}", short(&found), quiet.on)));
            }
        }
        Ok(())
    }

    fn expect(&mut self, pattern: &Value) -> Played {
        let Some(told) = self.subject.notices()? else { return Ok(()) };
        self.notices.extend(told);
        let at = self.notices.iter().position(|told| fits(pattern, told, &mut self.vars));
        match at {
            Some(at) => {
                self.notices.drain(..=at);
                Ok(())
            }
            None => {
                let told = shown(&self.notices);
                Err(Stop::Failed(format!("did not tell its application {pattern}{told}")))
            }
        }
    }

    fn answer(&mut self, query: &Value, with: Option<&Value>) -> Played {
        let asked = self.subject.asked()?;
        let asked = asked.iter().find(|asked| fits(query, &asked.query, &mut self.vars));
        let Some(asked) = asked else {
            return Err(Stop::Failed(format!("did not ask its application {query}")));
        };
        self.vars.insert("id".to_string(), Value::from(asked.id));
        let with = with.map(|with| self.fill(with)).transpose()?;
        self.subject.answer(asked, with.as_ref())
    }
}

/// What was found instead, for a message.
fn shown(found: &[Value]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let found: Vec<_> = found.iter().map(short).collect();
    format!("; there was {}", found.join(", "))
}

/// The beginning of a long value.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
