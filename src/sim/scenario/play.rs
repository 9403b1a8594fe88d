//! The player: the steps that every family has; the others are the family's own.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use super::Scenario;
use super::step::Step;
use super::subject::{Outcome, Stop, Subject};
use super::value::{MOST, Vars, fill, fits};

/// What one step comes to.
pub(super) type Played = Result<(), Stop>;

/// Where the steps of a family are played.
pub(super) trait Stage {
    /// What is tested.
    fn subject(&mut self) -> &mut dyn Subject;

    /// A step that not every family has.
    fn step(&mut self, step: &Step, vars: &mut Vars) -> Played;
}

/// Plays a scenario, where names stand for `vars` at first.
pub(super) fn play(scenario: &Scenario, stage: &mut dyn Stage, vars: Vars) -> Outcome {
    let mut game = Game { stage, vars, notices: Vec::new() };
    for (number, step) in scenario.steps.iter().enumerate() {
        if let Err(stop) = game.step(step) {
            return Outcome::stopped(number, stop);
        }
    }
    match game.stage.subject().verdict(&scenario.accept) {
        Ok(()) => Outcome::Passed,
        Err(stop) => Outcome::stopped(scenario.steps.len(), stop),
    }
}

/// A step that is not this family's.
pub(super) fn foreign(step: &Step, family: &str) -> Stop {
    let form = serde_json::to_string(step).unwrap_or_default();
    Stop::Broken(format!("{family} has no step like {}", cut(&form)))
}

/// Names filled in.
pub(super) fn filled(value: &Value, vars: &Vars) -> Result<Value, Stop> {
    fill(value, vars).map_err(Stop::Broken)
}

struct Game<'a> {
    stage: &'a mut dyn Stage,
    vars: Vars,
    /// Told and not yet expected.
    notices: Vec<Value>,
}

impl Game<'_> {
    fn step(&mut self, step: &Step) -> Played {
        match step {
            Step::Given(command) => self.local(command, true),
            Step::Local(command) => self.local(command, false),
            Step::Refuse { local, why } => self.refuse(local, why),
            Step::Same(value, pattern) => {
                let value = filled(value, &self.vars)?;
                if fits(pattern, &value, &mut self.vars) {
                    return Ok(());
                }
                Err(Stop::Failed(format!("sent {}, not {pattern}", short(&value))))
            }
            Step::Expect(notice) => self.expect(notice),
            Step::Untold(notice) => self.untold(notice),
            Step::Unasked(query) => self.unasked(query),
            Step::Answer { query, with } => self.answer(query, with.as_ref()),
            Step::Wait(micros) => self.stage.subject().wait(*micros),
            Step::Repeat { name, from, to, steps } => self.repeat(name, *from..*to, steps),
            of_family => self.stage.step(of_family, &mut self.vars),
        }
    }

    fn repeat(&mut self, name: &str, numbers: core::ops::Range<u64>, steps: &[Step]) -> Played {
        if numbers.end.saturating_sub(numbers.start) > MOST {
            return Err(Stop::Broken(format!("`repeat` goes on more than {MOST} times")));
        }
        let before = self.vars.get(name).cloned();
        for number in numbers {
            self.vars.insert(name.to_string(), Value::from(number));
            for step in steps {
                self.step(step)?;
            }
        }
        self.vars.remove(name);
        self.vars.extend(before.map(|value| (name.to_string(), value)));
        Ok(())
    }

    fn local(&mut self, command: &Value, given: bool) -> Played {
        let command = filled(command, &self.vars)?;
        match self.stage.subject().local(&command, given)? {
            None => Ok(()),
            Some(why) => Err(Stop::Failed(format!("refused a command: {why}"))),
        }
    }

    fn refuse(&mut self, command: &Value, why: &Value) -> Played {
        let command = filled(command, &self.vars)?;
        match self.stage.subject().local(&command, false)? {
            None => Err(Stop::Failed("took a command that it has to refuse".to_string())),
            Some(found) if fits(why, &found, &mut self.vars) => Ok(()),
            Some(found) => Err(Stop::Failed(format!("refused, but with {found}"))),
        }
    }

    fn expect(&mut self, pattern: &Value) -> Played {
        let Some(told) = self.stage.subject().notices()? else { return Ok(()) };
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

    fn untold(&mut self, pattern: &Value) -> Played {
        let Some(told) = self.stage.subject().notices()? else { return Ok(()) };
        self.notices.extend(told);
        let told = self.notices.iter().find(|told| fits(pattern, told, &mut self.vars.clone()));
        told.map_or(Ok(()), |told| {
            Err(Stop::Failed(format!("told its application {}", short(told))))
        })
    }

    fn unasked(&mut self, query: &Value) -> Played {
        let asked = self.stage.subject().asked()?;
        let open = asked.iter().find(|asked| fits(query, &asked.query, &mut self.vars.clone()));
        open.map_or(Ok(()), |asked| {
            Err(Stop::Failed(format!("asked its application {}", short(&asked.query))))
        })
    }

    fn answer(&mut self, query: &Value, with: Option<&Value>) -> Played {
        let asked = self.stage.subject().asked()?;
        let asked = asked.iter().find(|asked| fits(query, &asked.query, &mut self.vars));
        let Some(asked) = asked else {
            return Err(Stop::Failed(format!("did not ask its application {query}")));
        };
        self.vars.insert("id".to_string(), Value::from(asked.id));
        let with = with.map(|with| filled(with, &self.vars)).transpose()?;
        self.stage.subject().answer(asked, with.as_ref())
    }
}

/// Whether something ended as is accepted.
#[cfg(any(feature = "leios", feature = "chia"))]
pub(super) fn like(accept: &[Value], found: &Value) -> Played {
    if accept.iter().any(|verdict| fits(verdict, found, &mut Vars::new())) {
        return Ok(());
    }
    let accepted: Vec<_> = accept.iter().map(Value::to_string).collect();
    Err(Stop::Failed(format!("ended with {found}, not with {}", accepted.join(" or "))))
}

/// What was found instead, for a message.
pub(super) fn shown(found: &[Value]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let found: Vec<_> = found.iter().map(short).collect();
    format!("; there was {}", found.join(", "))
}

/// The beginning of a long value.
pub(super) fn short(value: &Value) -> String {
    cut(&value.to_string())
}

/// The beginning of a long text.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_string(),
    }
}
