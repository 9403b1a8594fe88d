//! Who answers the questions of a role.

use alloc::vec::Vec;
use core::time::Duration;

use crate::ask::AskId;
use crate::machine::{Machine, Never};
use crate::time::Time;

/// Answers the questions of a machine, at once or after a while. It reads no clock and opens no
/// socket: whoever drives the machine hands the answers in when their time has come.
pub trait Oracle<M: Machine> {
    /// The machine asks something.
    fn asked(&mut self, now: Time, id: AskId, query: M::Query, answers: &mut Answers<M::Local>);

    /// The machine tells something.
    fn told(&mut self, now: Time, notice: &M::Notice, answers: &mut Answers<M::Local>) {
        let _ = (now, notice, answers);
    }
}

/// Answers for a role that asks nothing: an introducer, a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to it")]
pub struct Nobody;

impl<M: Machine<Query = Never>> Oracle<M> for Nobody {
    fn asked(&mut self, _: Time, _: AskId, query: Never, _: &mut Answers<M::Local>) {
        match query {}
    }
}

/// What an [`Oracle`] wants handed in, in the order of giving, each after its while.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answers<L> {
    given: Vec<(Duration, L)>,
}

impl<L> Answers<L> {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { given: Vec::new() }
    }

    /// To be handed in now.
    pub fn give(&mut self, answer: L) {
        self.give_after(Duration::ZERO, answer);
    }

    /// The same after a while: what takes time to find out.
    pub fn give_after(&mut self, after: Duration, answer: L) {
        self.given.push((after, answer));
    }

    /// Takes all of them.
    pub fn take(&mut self) -> Vec<(Duration, L)> {
        core::mem::take(&mut self.given)
    }
}

impl<L> Default for Answers<L> {
    fn default() -> Self {
        Self::new()
    }
}
