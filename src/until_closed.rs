//! A decorator that ends a machine for good.

use core::mem::size_of_val;

use crate::ask::AskId;
use crate::fault::{Refusal, Refused};
use crate::machine::{Machine, Out};
use crate::time::Time;

/// Drops its machine, with all it holds, the moment it closes.
///
/// Afterwards remote input does nothing, local input is [`Refused::Ended`] and there is no
/// deadline. Links and `Peers` wrap their machines in it, so no machine needs an `ended` flag.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "open or closed")]
pub enum UntilClosed<M> {
    /// Still running.
    Open(M),
    /// Has closed.
    Closed,
}

impl<M> UntilClosed<M> {
    /// A running machine.
    #[must_use]
    pub const fn new(machine: M) -> Self {
        Self::Open(machine)
    }

    /// The machine, while it runs.
    #[must_use]
    pub const fn get(&self) -> Option<&M> {
        match self {
            Self::Open(machine) => Some(machine),
            Self::Closed => None,
        }
    }

    /// True once the machine has closed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

impl<M: Machine> UntilClosed<M> {
    /// Runs `step` on the open machine and drops it if that closed it.
    fn step(&mut self, out: &mut Out<M>, step: impl FnOnce(&mut M, &mut Out<M>)) {
        if let Self::Open(machine) = self {
            let before = out.len();
            step(machine, out);
            if out.len() > before && out.ends() {
                *self = Self::Closed;
            }
        }
    }
}

impl<M: Machine> Machine for UntilClosed<M> {
    type Local = M::Local;
    type Remote = M::Remote;
    type Send = M::Send;
    type Notice = M::Notice;
    type Query = M::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: Self::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>> {
        if self.is_closed() {
            return Err(Refusal::new(Refused::Ended, input));
        }
        let mut result = Ok(());
        self.step(out, |machine, out| result = machine.handle_local(now, input, out));
        result
    }

    fn handle_remote(&mut self, now: Time, input: Self::Remote, out: &mut Out<Self>) {
        self.step(out, |machine, out| machine.handle_remote(now, input, out));
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        self.step(out, |machine, out| machine.handle_timeout(now, out));
    }

    fn deadline(&self) -> Option<Time> {
        self.get().and_then(M::deadline)
    }

    fn saturated(&self) -> bool {
        self.get().is_some_and(M::saturated)
    }

    fn awaits(&self, id: AskId) -> bool {
        self.get().is_some_and(|machine| machine.awaits(id))
    }

    fn footprint(&self) -> usize {
        let heap = |machine: &M| machine.footprint().saturating_sub(size_of_val(machine));
        size_of_val(self).saturating_add(self.get().map_or(0, heap))
    }
}
