//! The side that pings.

use core::time::Duration;

use super::KeepAliveConfig;
use crate::codec::leios::KeepAliveMessage;
use crate::fault::{Ending, Fault, Refusal, Refused};
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::leios::rules;
use crate::state::leios::table::{KEEP_ALIVE, KeepAliveLabel, KeepAlivePhase};
use crate::table::Role;
use crate::time::Time;

/// The client of KeepAlive: pings at once, and again an interval after each answer.
///
/// Time drives it: its deadline in StClient is the next ping, in StServer the answer's. It asks
/// nothing, holds no memory, and ends `Done` after [`KeepAliveCommand::Finish`], by
/// `KeepAliveMismatch` or by `KeepAliveTimeout`.
///
/// ```text
/// stateDiagram-v2
///   [*] --> StClient
///   StClient --> StServer: MsgKeepAlive (initiator)
///   StServer --> StClient: MsgKeepAliveResponse (responder)
///   StClient --> StDone: MsgDone (initiator)
///   StDone --> [*]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeepAliveClient {
    pub(super) config: KeepAliveConfig,
    pub(super) phase: KeepAlivePhase,
    /// The cookie of the ping under way, or of the next one.
    cookie: u16,
    /// When the ping under way was sent, or when the next one is due.
    at: Time,
    finishing: bool,
}

const _: () = assert!(size_of::<ActionOf<KeepAliveClient>>() <= 128);
const _: () = crate::machine::kept::<KeepAliveClient>();

/// What the application wants of a KeepAlive client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum KeepAliveCommand {
    /// Send MsgDone: at once, or after the answer that is under way.
    Finish,
}

/// What a KeepAlive client tells the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum KeepAliveNotice {
    /// An answer came, so long after its ping.
    RoundTrip(Duration),
}

impl KeepAliveClient {
    /// A client whose first ping is due `now`.
    #[must_use]
    pub const fn new(config: KeepAliveConfig, now: Time) -> Self {
        let cookie = config.first_cookie;
        Self { config, phase: KEEP_ALIVE.start(), cookie, at: now, finishing: false }
    }

    /// The phase.
    #[must_use]
    pub const fn phase(&self) -> KeepAlivePhase {
        self.phase
    }

    const fn admits(&self, input: KeepAliveCommand) -> Result<(), Refused> {
        match input {
            KeepAliveCommand::Finish if self.finishing => {
                Err(Refused::wrong_phase(self.phase.name()))
            }
            KeepAliveCommand::Finish => Ok(()),
        }
    }

    fn say(&mut self, message: KeepAliveMessage, out: &mut Out<Self>) -> Result<(), Fault> {
        self.phase = self.phase.step(Role::Initiator, KeepAliveLabel::from(&message))?;
        out.send(message);
        if self.phase == KeepAlivePhase::StDone {
            out.close(Ending::Done);
        }
        Ok(())
    }

    fn receive(
        &mut self,
        now: Time,
        message: KeepAliveMessage,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let at = self.phase;
        self.phase = at.step(Role::Responder, KeepAliveLabel::from(&message))?;
        if message != KeepAliveMessage::MsgKeepAliveResponse(self.cookie) {
            return Err(Fault::violation(&rules::KEEP_ALIVE_MISMATCH, at.name()));
        }
        out.notify(KeepAliveNotice::RoundTrip(now.since(self.at)));
        self.cookie = self.cookie.wrapping_add(1);
        self.at = now.after(self.config.interval.min(self.config.ping_within));
        if self.finishing { self.say(KeepAliveMessage::MsgDone, out) } else { Ok(()) }
    }

    fn time_out(&mut self, now: Time, out: &mut Out<Self>) -> Result<(), Fault> {
        if self.deadline().is_none_or(|due| due > now) {
            return Ok(());
        }
        if self.phase == KeepAlivePhase::StServer {
            return Err(Fault::timeout(&rules::KEEP_ALIVE_TIMEOUT, "an answer to a ping"));
        }
        self.at = now;
        self.say(KeepAliveMessage::MsgKeepAlive(self.cookie), out)
    }
}

impl Machine for KeepAliveClient {
    type Local = KeepAliveCommand;
    type Remote = KeepAliveMessage;
    type Send = KeepAliveMessage;
    type Notice = KeepAliveNotice;
    type Query = Never;

    fn handle_local(
        &mut self,
        _: Time,
        input: KeepAliveCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<KeepAliveCommand>> {
        if let Err(why) = self.admits(input) {
            return Err(Refusal::new(why, input));
        }
        match input {
            KeepAliveCommand::Finish => self.finishing = true,
        }
        if self.phase == KeepAlivePhase::StClient {
            if let Err(fault) = self.say(KeepAliveMessage::MsgDone, out) {
                out.fail(fault);
            }
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: KeepAliveMessage, out: &mut Out<Self>) {
        if let Err(fault) = self.receive(now, input, out) {
            out.fail(fault);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if let Err(fault) = self.time_out(now, out) {
            out.fail(fault);
        }
    }

    fn deadline(&self) -> Option<Time> {
        match self.phase {
            KeepAlivePhase::StClient => Some(self.at),
            KeepAlivePhase::StServer => Some(self.at.after(self.config.answer_within)),
            KeepAlivePhase::StDone => None,
        }
    }
}
