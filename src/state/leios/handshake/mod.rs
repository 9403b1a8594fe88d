//! The handshake: which version two nodes speak (`leios.md` 11.1).

mod channels;
mod config;
mod input;

pub use config::HandshakeConfig;
pub use input::{Agreement, HandshakeCommand, HandshakeNotice};

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::{size_of, size_of_val};

use crate::codec::leios::{HandshakeMessage, RefuseReason, VersionData, VersionNumber};
use crate::fault::{Ending, Fault, Refusal, Refused, Rule};
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::leios::rules;
use crate::state::leios::table::{HANDSHAKE, HandshakeLabel, HandshakePhase};
use crate::table::Role;
use crate::time::Time;

/// Either end of the handshake.
///
/// The initiator is told [`HandshakeCommand::Propose`]; the responder answers what it hears. Two
/// initiators that meet (a simultaneous open) read each other's proposal as the answer; one that
/// hears a proposal before it was told to propose, proposes first.
///
/// It ends `Done` after [`HandshakeNotice::Agreed`] or [`HandshakeNotice::Queried`], and for a
/// responder that declined also after [`HandshakeNotice::Refused`], since its refusal is still to
/// reach the other side. An initiator that was declined ends by `HandshakeRefused`. It asks
/// nothing. Memory is bounded by the configuration and by one message of
/// [`HandshakeConfig::max_message`] bytes at a time.
///
/// ```text
/// stateDiagram-v2
///   [*] --> StPropose
///   StPropose --> StConfirm: MsgProposeVersions (initiator)
///   StConfirm --> StDone: MsgAcceptVersion (responder)
///   StConfirm --> StDone: MsgRefuse (responder)
///   StConfirm --> StDone: MsgQueryReply (responder)
///   StConfirm --> StDone: MsgProposeVersions (responder)
///   StDone --> [*]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Handshake {
    config: HandshakeConfig,
    role: Role,
    phase: HandshakePhase,
    /// Since when the other side owes its message.
    since: Option<Time>,
    agreed: Option<(Time, Agreement)>,
}

const _: () = assert!(size_of::<ActionOf<Handshake>>() <= 128);
const _: () = crate::machine::kept::<Handshake>();

type Table = Vec<(VersionNumber, Option<VersionData>)>;

impl Handshake {
    /// The footprint of either side: it is the same from the first byte to the last.
    #[must_use]
    pub fn most_footprint(config: &HandshakeConfig) -> usize {
        size_of::<Self>().saturating_add(config.heap())
    }

    /// The side that proposes.
    #[must_use]
    pub const fn initiator(config: HandshakeConfig) -> Self {
        Self { config, role: Role::Initiator, phase: HANDSHAKE.start(), since: None, agreed: None }
    }

    /// The side that answers. The proposal is owed from `now` on.
    #[must_use]
    pub const fn responder(config: HandshakeConfig, now: Time) -> Self {
        Self {
            config,
            role: Role::Responder,
            phase: HANDSHAKE.start(),
            since: Some(now),
            agreed: None,
        }
    }

    /// Our role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The phase.
    #[must_use]
    pub const fn phase(&self) -> HandshakePhase {
        self.phase
    }

    /// What was agreed on, and when; `None` before that and if nothing was.
    #[must_use]
    pub const fn agreed(&self) -> Option<(Time, Agreement)> {
        self.agreed
    }

    fn admits(&self, input: &HandshakeCommand) -> Result<(), Refused> {
        match input {
            HandshakeCommand::Propose => {
                let may = HANDSHAKE.next(self.phase, self.role, HandshakeLabel::MsgProposeVersions);
                may.map(|_| ()).ok_or_else(|| Refused::wrong_phase(self.phase.name()))
            }
        }
    }

    /// Sends our versions. The answer is owed from now on.
    fn propose(&mut self, now: Time, out: &mut Out<Self>) -> Result<(), Fault> {
        self.phase = self.phase.step(self.role, HandshakeLabel::MsgProposeVersions)?;
        self.since = Some(now);
        out.send(HandshakeMessage::MsgProposeVersions(self.config.table()));
        Ok(())
    }

    fn receive(
        &mut self,
        now: Time,
        message: HandshakeMessage,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let label = HandshakeLabel::from(&message);
        let crossed = label == HandshakeLabel::MsgProposeVersions && self.role == Role::Initiator;
        if crossed && self.phase == HandshakePhase::StPropose {
            self.propose(now, out)?;
        }
        let at = self.phase;
        self.phase = at.step(self.role.other(), label)?;
        self.since = None;
        match message {
            HandshakeMessage::MsgProposeVersions(theirs) if crossed => {
                self.meet(now, at, &theirs, out)
            }
            HandshakeMessage::MsgProposeVersions(theirs) => self.answer(now, &theirs, out),
            HandshakeMessage::MsgAcceptVersion(version, data) => {
                self.accepted(now, at, version, &data, out)
            }
            HandshakeMessage::MsgRefuse(reason) => {
                out.notify(HandshakeNotice::Refused(reason));
                Err(Fault::violation(&rules::HANDSHAKE_REFUSED, at.name()))
            }
            HandshakeMessage::MsgQueryReply(versions) => {
                if !self.config.queries() {
                    return Err(Fault::violation(&rules::UNEXPECTED_MESSAGE, at.name()));
                }
                out.notify(HandshakeNotice::Queried(versions));
                out.close(Ending::Done);
                Ok(())
            }
        }
    }

    /// The server algorithm of `leios.md` 11.1.
    fn answer(&mut self, now: Time, theirs: &Table, out: &mut Out<Self>) -> Result<(), Fault> {
        let chosen = self.choose(theirs);
        let message = match &chosen {
            Ok((_, data)) if data.query => HandshakeMessage::MsgQueryReply(self.config.table()),
            Ok((version, data)) => HandshakeMessage::MsgAcceptVersion(*version, *data),
            Err(reason) => HandshakeMessage::MsgRefuse(reason.clone()),
        };
        self.phase = self.phase.step(self.role, HandshakeLabel::from(&message))?;
        out.send(message);
        match chosen {
            Ok((_, data)) if data.query => {
                out.notify(HandshakeNotice::Queried(self.config.table()));
                out.close(Ending::Done);
            }
            Ok((version, data)) => {
                self.agree_on(now, Agreement { version, data, simultaneous: false }, out);
            }
            Err(reason) => {
                out.notify(HandshakeNotice::Refused(reason));
                out.close(Ending::Done);
            }
        }
        Ok(())
    }

    /// A simultaneous open: both sides come to the same version by themselves.
    fn meet(
        &mut self,
        now: Time,
        at: HandshakePhase,
        theirs: &Table,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        match self.choose(theirs) {
            Ok((version, data)) => {
                self.agree_on(now, Agreement { version, data, simultaneous: true }, out);
                Ok(())
            }
            Err(reason) => {
                out.notify(HandshakeNotice::Refused(reason));
                Err(Fault::violation(&rules::HANDSHAKE_REFUSED, at.name()))
            }
        }
    }

    /// The server has chosen: the version must be ours, and its data fit ours.
    fn accepted(
        &mut self,
        now: Time,
        at: HandshakePhase,
        version: VersionNumber,
        theirs: &VersionData,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let wrong = |rule: &'static Rule| Fault::violation(rule, at.name());
        let ours = self.config.get(version);
        let ours = ours.ok_or_else(|| wrong(&rules::HANDSHAKE_NOT_PROPOSED))?;
        let data = agree(ours, theirs).map_err(|_| wrong(&rules::HANDSHAKE_NOT_PROPOSED))?;
        let data = VersionData { query: ours.query, ..data };
        self.agree_on(now, Agreement { version, data, simultaneous: false }, out);
        Ok(())
    }

    fn agree_on(&mut self, now: Time, agreement: Agreement, out: &mut Out<Self>) {
        self.agreed = Some((now, agreement));
        out.notify(HandshakeNotice::Agreed(agreement));
        out.close(Ending::Done);
    }

    /// The highest common version, if its data are readable and acceptable.
    fn choose(&self, theirs: &Table) -> Result<(VersionNumber, VersionData), RefuseReason> {
        let common = theirs.iter().filter_map(|(version, data)| {
            self.config.get(*version).map(|ours| (*version, ours, data.as_ref()))
        });
        // A table from the codec ascends; one made by hand may not.
        let Some((version, ours, data)) = common.max_by_key(|(version, ..)| *version) else {
            return Err(RefuseReason::VersionMismatch(self.config.numbers()));
        };
        match data.map(|data| agree(ours, data)) {
            None | Some(Err(Disagreement::Shape)) => Err(undecodable(version)),
            Some(Err(Disagreement::Magic)) => {
                Err(RefuseReason::Refused(version, String::from("the network magic differs")))
            }
            Some(Ok(agreed)) => Ok((version, agreed)),
        }
    }
}

fn undecodable(version: VersionNumber) -> RefuseReason {
    RefuseReason::HandshakeDecodeError(version, String::from("the version data have another form"))
}

/// Why two nodes' data of one version don't go together.
enum Disagreement {
    /// One has a field that the other has not: the version fixes which.
    Shape,
    /// They are of different networks.
    Magic,
}

/// What two nodes' data come to: same magic, initiator-only if either says so, peer sharing and
/// query from the other side (`leios.md` 11.1); Peras if both have it.
fn agree(ours: &VersionData, theirs: &VersionData) -> Result<VersionData, Disagreement> {
    let peras = match (ours.peras, theirs.peras) {
        (Some(ours), Some(theirs)) => Some(ours && theirs),
        (None, None) => None,
        _ => return Err(Disagreement::Shape),
    };
    if ours.network_magic != theirs.network_magic {
        return Err(Disagreement::Magic);
    }
    Ok(VersionData {
        network_magic: ours.network_magic,
        initiator_only: ours.initiator_only || theirs.initiator_only,
        peer_sharing: theirs.peer_sharing,
        query: theirs.query,
        peras,
    })
}

impl Machine for Handshake {
    type Local = HandshakeCommand;
    type Remote = HandshakeMessage;
    type Send = HandshakeMessage;
    type Notice = HandshakeNotice;
    type Query = Never;

    fn handle_local(
        &mut self,
        now: Time,
        input: HandshakeCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<HandshakeCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        match input {
            HandshakeCommand::Propose => {
                if let Err(fault) = self.propose(now, out) {
                    out.fail(fault);
                }
            }
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: HandshakeMessage, out: &mut Out<Self>) {
        if let Err(fault) = self.receive(now, input, out) {
            out.fail(fault);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_some_and(|due| due <= now) {
            let awaited = match self.role {
                Role::Initiator => "an answer to the proposal",
                Role::Responder => "a proposal",
            };
            out.fail(Fault::timeout(&rules::HANDSHAKE_TIMEOUT, awaited));
        }
    }

    fn deadline(&self) -> Option<Time> {
        Some(self.since?.after(self.config.state_timeout))
    }

    fn footprint(&self) -> usize {
        size_of_val(self).saturating_add(self.config.heap())
    }
}
