//! How long to wait: evenly while all is well, doubling while it isn't.

use std::time::Duration;

/// When to try again.
#[derive(Clone, Debug)]
pub struct Pace {
    even: Duration,
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Pace {
    /// `even` between successes; after failures `first`, twice that, and so on up to `most`.
    #[must_use]
    pub const fn new(even: Duration, first: Duration, most: Duration) -> Self {
        Self { even, first, most, failures: 0 }
    }

    /// It went well.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// It failed.
    pub const fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// How often in a row it failed.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// How long to wait now.
    #[must_use]
    pub fn wait(&self) -> Duration {
        let Some(doublings) = self.failures.checked_sub(1) else { return self.even };
        let factor = 1_u32.checked_shl(doublings).filter(|_| doublings < 32).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.most)
    }
}
