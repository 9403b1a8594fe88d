//! Leaves a server alone for a while after it failed.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::fault::Fault;
use super::pace::Pace;

/// Open, or closed for a while.
#[derive(Debug)]
pub struct Gate(Mutex<(Pace, Option<Instant>)>);

impl Gate {
    /// An open gate that closes for as long as `pace` says.
    #[must_use]
    pub const fn new(pace: Pace) -> Self {
        Self(Mutex::new((pace, None)))
    }

    /// True if the server may be asked.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let gate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gate.1.is_none_or(|until| until <= Instant::now())
    }

    /// Notes what came of a question, and passes it on.
    pub fn note<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        let (pace, until) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if result.is_ok() {
            pace.succeeded();
            *until = None;
        } else if until.is_none_or(|until| until <= Instant::now()) {
            // Questions that failed together failed once.
            pace.failed();
            *until = Some(Instant::now() + pace.wait());
        }
        result
    }
}
