//! The side that asks, one thing at a time.

use alloc::collections::VecDeque;
use core::mem::size_of_val;

use super::{NaiveCommand, NaiveConfig, NaiveNotice};
use crate::codec::leios::{
    LeiosPoint, LinearLeiosVote, NaiveMessage, Notification, SlotNo, VoteIssuer,
};
use crate::fault::{Ending, Fault, Refusal, Refused};
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::leios::client::WantedTx;
use crate::state::leios::hash::{Blake2b, RustCryptoBlake2b};
use crate::state::leios::rules;
use crate::state::leios::table::{NAIVE, NaiveLabel, NaivePhase};
use crate::table::Role;
use crate::time::Time;

/// The client of NaiveLeios.
///
/// It sends one request for each command, up to [`NaiveConfig::pipeline`] under way
/// ([`room`](Self::room)), and checks that each reply is what was asked for. It asks nothing and
/// holds nothing but the requests under way. It ends `Done` after [`NaiveCommand::Finish`], by a
/// fault of the server, or by `StateTimeout`.
///
/// ```text
/// stateDiagram-v2
///   [*] --> StIdle
///   StIdle --> StNotification: MsgLeiosNotificationRequest (initiator)
///   StNotification --> StIdle: MsgLeiosAnnouncement (responder)
///   StNotification --> StIdle: MsgLeiosBlockOffer (responder)
///   StNotification --> StIdle: MsgLeiosBlockTxsOffer (responder)
///   StNotification --> StIdle: MsgLeiosVoteOffer (responder)
///   StIdle --> StBlock: MsgLeiosBlockRequest (initiator)
///   StBlock --> StIdle: MsgLeiosBlock (responder)
///   StIdle --> StBlockTx: MsgLeiosBlockTxRequest (initiator)
///   StBlockTx --> StIdle: MsgLeiosBlockTx (responder)
///   StIdle --> StVote: MsgLeiosVoteRequest (initiator)
///   StVote --> StIdle: MsgLeiosVote (responder)
///   StIdle --> StDone: MsgDone (initiator)
///   StDone --> [*]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NaiveClient {
    pub(super) config: NaiveConfig,
    pub(super) phase: NaivePhase,
    /// What is under way, oldest first; the phase is that of the oldest.
    wanted: VecDeque<Wanted>,
    /// Since when the oldest is owed.
    since: Time,
    finishing: bool,
}

const _: () = assert!(size_of::<ActionOf<NaiveClient>>() <= 128);
const _: () = crate::machine::kept::<NaiveClient>();

/// What a reply must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Wanted {
    Notification,
    Block(LeiosPoint, u32),
    Tx(LeiosPoint, WantedTx),
    Vote(SlotNo, VoteIssuer),
}

impl Wanted {
    const fn label(&self) -> NaiveLabel {
        match self {
            Self::Notification => NaiveLabel::MsgLeiosNotificationRequest,
            Self::Block(..) => NaiveLabel::MsgLeiosBlockRequest,
            Self::Tx(..) => NaiveLabel::MsgLeiosBlockTxRequest,
            Self::Vote(..) => NaiveLabel::MsgLeiosVoteRequest,
        }
    }
}

impl NaiveClient {
    /// A client in StIdle.
    #[must_use]
    pub const fn new(config: NaiveConfig) -> Self {
        Self {
            config,
            phase: NAIVE.start(),
            wanted: VecDeque::new(),
            since: Time::ZERO,
            finishing: false,
        }
    }

    /// The phase: with pipelining that of the oldest request under way.
    #[must_use]
    pub const fn phase(&self) -> NaivePhase {
        self.phase
    }

    /// How many more requests may be sent before a reply must come.
    #[must_use]
    pub fn room(&self) -> usize {
        if self.finishing { 0 } else { self.config.pipeline.saturating_sub(self.wanted.len()) }
    }

    fn admits(&self, input: &NaiveCommand) -> Result<(), Refused> {
        if self.finishing {
            return Err(Refused::wrong_phase(self.phase.name()));
        }
        match input {
            NaiveCommand::Finish => return Ok(()),
            NaiveCommand::RequestTx { tx, .. } if u16::try_from(tx.index).is_err() => {
                return Err(Refused::invalid("the index of a transaction must fit 16 bits"));
            }
            _ => {}
        }
        if self.room() == 0 {
            return Err(Refused::busy("pipeline"));
        }
        Ok(())
    }

    fn request(
        &mut self,
        now: Time,
        wanted: Wanted,
        message: NaiveMessage,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        if self.wanted.is_empty() {
            self.enter(now, &wanted)?;
        }
        self.wanted.push_back(wanted);
        out.send(message);
        Ok(())
    }

    /// The phase of a request that is now the oldest.
    fn enter(&mut self, now: Time, wanted: &Wanted) -> Result<(), Fault> {
        self.phase = self.phase.step(Role::Initiator, wanted.label())?;
        self.since = now;
        Ok(())
    }

    fn finish(&mut self, out: &mut Out<Self>) -> Result<(), Fault> {
        self.phase = self.phase.step(Role::Initiator, NaiveLabel::MsgDone)?;
        out.send(NaiveMessage::MsgDone);
        out.close(Ending::Done);
        Ok(())
    }

    fn receive(
        &mut self,
        now: Time,
        message: NaiveMessage,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let at = self.phase;
        self.phase = at.step(Role::Responder, NaiveLabel::from(&message))?;
        let notice = self.wanted.pop_front().and_then(|wanted| fits(wanted, message));
        let mismatch = || Fault::violation(&rules::NAIVE_MISMATCH, at.name());
        out.notify(notice.ok_or_else(mismatch)?);
        match self.wanted.front().copied() {
            Some(next) => self.enter(now, &next),
            None if self.finishing => self.finish(out),
            None => {
                self.wanted = VecDeque::new();
                Ok(())
            }
        }
    }

    fn command(
        &mut self,
        now: Time,
        input: NaiveCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let (wanted, message) = match input {
            NaiveCommand::RequestNotification => {
                (Wanted::Notification, NaiveMessage::MsgLeiosNotificationRequest)
            }
            NaiveCommand::RequestBlock { point, size } => {
                (Wanted::Block(point, size), NaiveMessage::MsgLeiosBlockRequest(point))
            }
            NaiveCommand::RequestTx { point, tx } => {
                let index = u16::try_from(tx.index).unwrap_or(u16::MAX);
                (Wanted::Tx(point, tx), NaiveMessage::MsgLeiosBlockTxRequest(point, index))
            }
            NaiveCommand::RequestVote { slot, issuer } => {
                (Wanted::Vote(slot, issuer), NaiveMessage::MsgLeiosVoteRequest(slot, issuer))
            }
            NaiveCommand::Finish => {
                self.finishing = true;
                return if self.wanted.is_empty() { self.finish(out) } else { Ok(()) };
            }
        };
        self.request(now, wanted, message, out)
    }
}

/// What a reply tells, if it is the one wanted.
fn fits(wanted: Wanted, message: NaiveMessage) -> Option<NaiveNotice> {
    match (wanted, message) {
        (Wanted::Notification, message) => notification(message).map(NaiveNotice::Notified),
        (Wanted::Block(point, size), NaiveMessage::MsgLeiosBlock(block)) => {
            let good =
                is(block.raw(), size) && RustCryptoBlake2b::hash32(block.raw()) == point.hash;
            good.then_some(NaiveNotice::Block { point, block })
        }
        (Wanted::Tx(point, want), NaiveMessage::MsgLeiosBlockTx(tx)) => {
            let good = is(&tx, want.size) && RustCryptoBlake2b::hash32(&tx) == want.hash;
            good.then_some(NaiveNotice::Tx { point, index: want.index, tx })
        }
        (Wanted::Vote(slot, issuer), NaiveMessage::MsgLeiosVote(vote)) => {
            is_vote(&vote, slot, issuer).then_some(NaiveNotice::Vote(vote))
        }
        _ => None,
    }
}

fn notification(message: NaiveMessage) -> Option<Notification> {
    Some(match message {
        NaiveMessage::MsgLeiosAnnouncement(header) => Notification::LinearLeiosAnnouncement(header),
        NaiveMessage::MsgLeiosBlockOffer(point) => Notification::LinearLeiosBlockOffer(point),
        NaiveMessage::MsgLeiosBlockTxsOffer(point) => Notification::LeiosBlockTxsOffer(point),
        NaiveMessage::MsgLeiosVoteOffer(slot, issuer) => {
            Notification::LinearLeiosVoteOffer(slot, issuer)
        }
        _ => return None,
    })
}

fn is(bytes: &[u8], size: u32) -> bool {
    u32::try_from(bytes.len()) == Ok(size)
}

fn is_vote(vote: &LinearLeiosVote, slot: SlotNo, issuer: VoteIssuer) -> bool {
    (vote.slot(), vote.issuer()) == (slot, issuer)
}

impl Machine for NaiveClient {
    type Local = NaiveCommand;
    type Remote = NaiveMessage;
    type Send = NaiveMessage;
    type Notice = NaiveNotice;
    type Query = Never;

    fn handle_local(
        &mut self,
        now: Time,
        input: NaiveCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<NaiveCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        if let Err(fault) = self.command(now, input, out) {
            out.fail(fault);
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: NaiveMessage, out: &mut Out<Self>) {
        if let Err(fault) = self.receive(now, input, out) {
            out.fail(fault);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.deadline().is_some_and(|due| due <= now) {
            out.fail(Fault::timeout(&rules::STATE_TIMEOUT, self.phase.name()));
        }
    }

    fn deadline(&self) -> Option<Time> {
        match self.phase {
            NaivePhase::StBlock | NaivePhase::StBlockTx | NaivePhase::StVote => {
                Some(self.since.after(self.config.busy_timeout))
            }
            NaivePhase::StIdle | NaivePhase::StNotification | NaivePhase::StDone => None,
        }
    }

    fn footprint(&self) -> usize {
        let heap = self.wanted.capacity().saturating_mul(size_of::<Wanted>());
        size_of_val(self).saturating_add(heap)
    }
}
