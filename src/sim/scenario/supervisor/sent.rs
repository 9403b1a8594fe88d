//! What was sent and not looked at yet.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use serde_json::Value;

use crate::sim::scenario::Stop;
use crate::sim::scenario::play::{Played, short, shown};
use crate::sim::scenario::value::{Vars, fits};

/// Messages in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent(pub VecDeque<Value>);

impl Sent {
    /// Takes the first message like this, and those before it.
    pub fn take(&mut self, pattern: &Value, vars: &mut Vars) -> Played {
        let mut passed = Vec::new();
        while let Some(message) = self.0.pop_front() {
            if fits(pattern, &message, vars) {
                return Ok(());
            }
            passed.push(message);
        }
        Err(Stop::Failed(format!("sent nothing like {pattern}{}", shown(&passed))))
    }

    /// There is no message like this.
    pub fn lacks(&self, pattern: &Value, vars: &Vars) -> Played {
        let found = self.0.iter().find(|message| fits(pattern, message, &mut vars.clone()));
        found.map_or(Ok(()), |message| Err(Stop::Failed(format!("sent {}", short(message)))))
    }
}

/// The verdict on machines that never close.
pub(super) fn goes_on(accept: &[Value]) -> Played {
    if accept.iter().any(|verdict| verdict == "running") {
        return Ok(());
    }
    Err(Stop::Failed("goes on, as always".to_string()))
}
