//! What a scenario is played against, whatever the family, and what comes of it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde_json::Value;

/// What is tested: a machine in this process, or whatever is at the other end of a wire.
pub trait Subject {
    /// Its application gives a command. `given`: as any node would by itself. `Some` says why it
    /// was refused.
    ///
    /// # Errors
    /// If that cannot be done here, or went wrong.
    fn local(&mut self, command: &Value, given: bool) -> Result<Option<Value>, Stop>;

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
}

/// A question of the tested side to its application.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Which of several connections it belongs to.
    pub from: u64,
    /// Its number.
    pub id: u64,
    /// The question.
    pub query: Value,
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

impl Outcome {
    /// It stopped at this step.
    pub(super) fn stopped(step: usize, stop: Stop) -> Self {
        match stop {
            Stop::Inapplicable(why) => Self::Inapplicable(why),
            Stop::Failed(why) => Self::Failed { step, why },
            Stop::Broken(why) => Self::Broken { step, why },
        }
    }
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
