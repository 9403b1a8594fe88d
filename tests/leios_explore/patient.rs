//! Time without haste.

use nodewire::state::leios::table::RequestPhase;
use nodewire::state::leios::{Client, Server, ServerCommand};
use nodewire::{Machine, Out, Refusal, Time};

/// A machine whose patience has no end: nothing is late in a world without a clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Patient<M>(pub M);

pub trait Waits {
    /// True while the deadline is the other side's.
    fn waits(&self) -> bool;
}

impl<M: Machine + Waits> Machine for Patient<M> {
    type Local = M::Local;
    type Remote = M::Remote;
    type Send = M::Send;
    type Notice = M::Notice;
    type Query = M::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: M::Local,
        out: &mut Out<M>,
    ) -> Result<(), Refusal<M::Local>> {
        self.0.handle_local(now, input, out)
    }

    fn handle_remote(&mut self, now: Time, input: M::Remote, out: &mut Out<M>) {
        self.0.handle_remote(now, input, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<M>) {
        if !self.0.waits() {
            self.0.handle_timeout(now, out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        if self.0.waits() { None } else { self.0.deadline() }
    }
}

impl Waits for Client {
    fn waits(&self) -> bool {
        self.outstanding_deliveries() > 0 || self.phases().request() == RequestPhase::StDone
    }
}

impl Waits for Server {
    fn waits(&self) -> bool {
        // Nothing but a pair that is to end refuses this.
        self.admits(Time::ZERO, &ServerCommand::Finish).is_err()
    }
}
