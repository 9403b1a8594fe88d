//! The side that answers, in the order of the requests.

use alloc::collections::VecDeque;
use core::mem::size_of_val;

use super::{NaiveConfig, NaiveContent, NaiveQuery, NaiveServerCommand, NaiveServerNotice};
use crate::ask::{AskId, Asks};
use crate::codec::leios::{NaiveMessage, Notification};
use crate::fault::{Ending, Fault, Refusal, Refused};
use crate::machine::{ActionOf, Machine, Out};
use crate::state::leios::rules;
use crate::state::leios::table::{NAIVE, NaiveLabel, NaivePhase};
use crate::table::Role;
use crate::time::Time;

/// The server of NaiveLeios.
///
/// It asks the application for the content of one request at a time. Requests that a pipelining
/// client sent ahead wait, [`NaiveConfig::pipeline`] at most with the one being answered; more is
/// `UnexpectedMessage`. It owes nothing in time. It ends `Done` with the client's MsgDone, or
/// unable when the application lacks what was asked for.
///
/// The diagram is that of [`NaiveClient`](super::NaiveClient).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NaiveServer {
    pub(super) config: NaiveConfig,
    pub(super) phase: NaivePhase,
    asks: Asks<NaiveQuery>,
    /// What came while another request was being answered, oldest first.
    waiting: VecDeque<NaiveMessage>,
}

const _: () = assert!(size_of::<ActionOf<NaiveServer>>() <= 128);
const _: () = crate::machine::kept::<NaiveServer>();

impl NaiveServer {
    /// A server in StIdle.
    #[must_use]
    pub const fn new(config: NaiveConfig) -> Self {
        Self { config, phase: NAIVE.start(), asks: Asks::new(1), waiting: VecDeque::new() }
    }

    /// The phase: that of the request being answered.
    #[must_use]
    pub const fn phase(&self) -> NaivePhase {
        self.phase
    }

    fn receive(&mut self, message: NaiveMessage, out: &mut Out<Self>) -> Result<(), Fault> {
        if self.asks.is_empty() {
            return self.take_up(&message, out);
        }
        // Legal if it is once the requests before it have been answered.
        NAIVE.start().step(Role::Initiator, NaiveLabel::from(&message))?;
        if self.waiting.back() == Some(&NaiveMessage::MsgDone) {
            return Err(Fault::violation(&rules::MESSAGE_AFTER_DONE, self.phase.name()));
        }
        if self.waiting.len().saturating_add(1) >= self.config.pipeline {
            return Err(Fault::violation(&rules::UNEXPECTED_MESSAGE, self.phase.name()));
        }
        self.waiting.push_back(message);
        Ok(())
    }

    /// Begins with a request: moves the phase and asks for the content.
    fn take_up(&mut self, message: &NaiveMessage, out: &mut Out<Self>) -> Result<(), Fault> {
        self.phase = self.phase.step(Role::Initiator, NaiveLabel::from(message))?;
        let query = match *message {
            NaiveMessage::MsgLeiosNotificationRequest => NaiveQuery::Notification,
            NaiveMessage::MsgLeiosBlockRequest(point) => NaiveQuery::Block(point),
            NaiveMessage::MsgLeiosBlockTxRequest(point, index) => NaiveQuery::Tx(point, index),
            NaiveMessage::MsgLeiosVoteRequest(slot, issuer) => NaiveQuery::Vote(slot, issuer),
            // The table lets nothing else come from a client but MsgDone.
            _ => {
                out.notify(NaiveServerNotice::Finished);
                out.close(Ending::Done);
                return Ok(());
            }
        };
        if let Ok(id) = self.asks.open(query) {
            out.ask(id, query);
        }
        Ok(())
    }

    fn admits(&self, input: &NaiveServerCommand) -> Result<(), Refused> {
        let NaiveServerCommand::Answered { id, content } = input;
        match (self.asks.context(*id)?, content) {
            (Some(query), Some(content)) if !fits(query, content) => {
                Err(Refused::invalid("the answer is not what was asked for"))
            }
            (Some(NaiveQuery::Notification), None) => {
                Err(Refused::invalid("news may take its time but cannot be lacking"))
            }
            _ => Ok(()),
        }
    }

    fn answer(
        &mut self,
        id: AskId,
        content: Option<NaiveContent>,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let Ok(Some(query)) = self.asks.close(id) else { return Ok(()) };
        // leios.md L-20: a server that lacks what it is asked for disconnects.
        let content = content.ok_or_else(|| Fault::unable(&rules::NOT_AVAILABLE, duty(&query)))?;
        let message = reply(content);
        self.phase = self.phase.step(Role::Responder, NaiveLabel::from(&message))?;
        out.send(message);
        let next = self.waiting.pop_front();
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        next.map_or(Ok(()), |next| self.take_up(&next, out))
    }
}

const fn fits(query: &NaiveQuery, content: &NaiveContent) -> bool {
    matches!(
        (query, content),
        (NaiveQuery::Notification, NaiveContent::Notification(_))
            | (NaiveQuery::Block(_), NaiveContent::Block(_))
            | (NaiveQuery::Tx(..), NaiveContent::Tx(_))
            | (NaiveQuery::Vote(..), NaiveContent::Vote(_))
    )
}

const fn duty(query: &NaiveQuery) -> &'static str {
    match query {
        NaiveQuery::Notification => "a notification",
        NaiveQuery::Block(_) => "a block",
        NaiveQuery::Tx(..) => "a transaction",
        NaiveQuery::Vote(..) => "a vote",
    }
}

fn reply(content: NaiveContent) -> NaiveMessage {
    match content {
        NaiveContent::Notification(Notification::LinearLeiosAnnouncement(header)) => {
            NaiveMessage::MsgLeiosAnnouncement(header)
        }
        NaiveContent::Notification(Notification::LinearLeiosBlockOffer(point)) => {
            NaiveMessage::MsgLeiosBlockOffer(point)
        }
        NaiveContent::Notification(Notification::LeiosBlockTxsOffer(point)) => {
            NaiveMessage::MsgLeiosBlockTxsOffer(point)
        }
        NaiveContent::Notification(Notification::LinearLeiosVoteOffer(slot, issuer)) => {
            NaiveMessage::MsgLeiosVoteOffer(slot, issuer)
        }
        NaiveContent::Block(block) => NaiveMessage::MsgLeiosBlock(block),
        NaiveContent::Tx(tx) => NaiveMessage::MsgLeiosBlockTx(tx),
        NaiveContent::Vote(vote) => NaiveMessage::MsgLeiosVote(vote),
    }
}

impl Machine for NaiveServer {
    type Local = NaiveServerCommand;
    type Remote = NaiveMessage;
    type Send = NaiveMessage;
    type Notice = NaiveServerNotice;
    type Query = NaiveQuery;

    fn handle_local(
        &mut self,
        _: Time,
        input: NaiveServerCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<NaiveServerCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        let NaiveServerCommand::Answered { id, content } = input;
        if let Err(fault) = self.answer(id, content, out) {
            out.fail(fault);
        }
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: NaiveMessage, out: &mut Out<Self>) {
        if let Err(fault) = self.receive(input, out) {
            out.fail(fault);
        }
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        // Requests of a client own no heap.
        let waiting = self.waiting.capacity().saturating_mul(size_of::<NaiveMessage>());
        size_of_val(self).saturating_add(self.asks.heap()).saturating_add(waiting)
    }
}
