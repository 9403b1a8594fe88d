//! The side that answers pings.

use super::KeepAliveConfig;
use crate::codec::leios::KeepAliveMessage;
use crate::fault::{Ending, Fault, Refusal};
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::leios::rules;
use crate::state::leios::table::{KEEP_ALIVE, KeepAliveLabel, KeepAlivePhase};
use crate::table::Role;
use crate::time::Time;

/// The server of KeepAlive: repeats the cookie of each ping, at once.
///
/// It takes no commands, asks and tells nothing, holds no memory, and ends `Done` with the
/// client's MsgDone or by `KeepAliveTimeout` when no ping comes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeepAliveServer {
    pub(super) config: KeepAliveConfig,
    pub(super) phase: KeepAlivePhase,
    /// Since when a ping is owed.
    since: Time,
}

const _: () = assert!(size_of::<ActionOf<KeepAliveServer>>() <= 128);
const _: () = crate::machine::kept::<KeepAliveServer>();

impl KeepAliveServer {
    /// A server that is owed the first ping from `now` on.
    #[must_use]
    pub const fn new(config: KeepAliveConfig, now: Time) -> Self {
        Self { config, phase: KEEP_ALIVE.start(), since: now }
    }

    /// The phase.
    #[must_use]
    pub const fn phase(&self) -> KeepAlivePhase {
        self.phase
    }

    fn receive(
        &mut self,
        now: Time,
        message: KeepAliveMessage,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        self.phase = self.phase.step(Role::Initiator, KeepAliveLabel::from(&message))?;
        match message {
            KeepAliveMessage::MsgKeepAlive(cookie) => {
                let answer = KeepAliveMessage::MsgKeepAliveResponse(cookie);
                self.phase = self.phase.step(Role::Responder, KeepAliveLabel::from(&answer))?;
                self.since = now;
                out.send(answer);
            }
            // The table lets only MsgDone come here.
            KeepAliveMessage::MsgKeepAliveResponse(_) | KeepAliveMessage::MsgDone => {
                out.close(Ending::Done);
            }
        }
        Ok(())
    }
}

impl Machine for KeepAliveServer {
    type Local = Never;
    type Remote = KeepAliveMessage;
    type Send = KeepAliveMessage;
    type Notice = Never;
    type Query = Never;

    fn handle_local(
        &mut self,
        _: Time,
        input: Never,
        _: &mut Out<Self>,
    ) -> Result<(), Refusal<Never>> {
        match input {}
    }

    fn handle_remote(&mut self, now: Time, input: KeepAliveMessage, out: &mut Out<Self>) {
        if let Err(fault) = self.receive(now, input, out) {
            out.fail(fault);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_some_and(|due| due <= now) {
            out.fail(Fault::timeout(&rules::KEEP_ALIVE_TIMEOUT, "a ping"));
        }
    }

    fn deadline(&self) -> Option<Time> {
        let owed = self.phase == KeepAlivePhase::StClient;
        owed.then(|| self.since.after(self.config.ping_within))
    }
}
