//! What a server does with each input, once a local one is admitted.

use alloc::vec::Vec;
use core::time::Duration;

use super::answer::{Outcome, When};
use super::moment::Moment;
use super::notices::{Notices, Offer};
use super::overlap::Marks;
use super::{Content, Server, ServerCommand, ServerNotice, ServerQuery, ServerRemote, requests};
use crate::ask::AskId;
use crate::codec::leios::{MsgRequestPayload, ReplyMessage, RequestMessage, RequestNo, SlotNo};
use crate::fault::{Ending, Fault, Rule};
use crate::machine::Out;
use crate::state::leios::credit::Cost;
use crate::state::leios::rules;
use crate::state::leios::table::{ReplyLabel, ReplyPhase, RequestLabel};
use crate::table::Role::{Initiator, Responder};
use crate::time::Time;

impl Server {
    pub(super) fn receive(
        &mut self,
        now: Time,
        input: ServerRemote,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        match input {
            ServerRemote::Request { message, size } => {
                if size as usize > self.limits.max_request_message {
                    return Err(self.broken(&rules::REQUEST_TOO_LARGE)); // L-11
                }
                match message {
                    RequestMessage::MsgLeiosRequest(payload) => {
                        self.phases.step_request(Initiator, RequestLabel::MsgLeiosRequest)?;
                        self.receive_request(now, payload, size)?;
                    }
                    RequestMessage::MsgLeiosDoneRequest => {
                        self.phases.step_request(Initiator, RequestLabel::MsgLeiosDoneRequest)?;
                        out.notify(ServerNotice::Finishing);
                        self.finish(now);
                    }
                }
            }
            ServerRemote::Reply(message) => {
                self.phases.step_reply(Initiator, ReplyLabel::from(&message))?;
                out.notify(ServerNotice::Opened);
            }
            ServerRemote::Drained(bytes) => {
                self.waiting = self.waiting.saturating_sub(bytes as usize);
            }
        }
        self.proceed(now, out)
    }

    /// Checks a request in the order of `leios.md` section 15, then takes it in.
    fn receive_request(
        &mut self,
        now: Time,
        payload: MsgRequestPayload,
        size: u32,
    ) -> Result<(), Fault> {
        let no = payload.no();
        if no != self.next {
            return Err(self.broken(match self.next {
                RequestNo(0) => &rules::FIRST_REQUEST_NO, // L-1
                _ => &rules::NEXT_REQUEST_NO,             // L-2
            }));
        }
        let cost = Cost::of(&payload, size);
        // `leios.md` L-3, L-4, L-14.
        self.outstanding.check(cost, &self.limits).map_err(|rule| self.broken(rule))?;
        match &payload {
            MsgRequestPayload::LeiosNotificationBytes(_, bytes) => {
                if *bytes < self.limits.max_notification_size {
                    return Err(self.broken(&rules::NOTIFICATION_REQUEST_TOO_SMALL)); // L-5
                }
            }
            MsgRequestPayload::LeiosDeliverableIds(_, ids) => {
                if requests::duplicates(ids) {
                    return Err(self.broken(&rules::DUPLICATE_ID)); // L-9
                }
            }
        }
        self.next = RequestNo(no.0.saturating_add(1));
        self.outstanding.add(cost);
        if self.end_by.is_some() {
            return Ok(()); // It crossed with our MsgLeiosDone: failed, not answered (L-24).
        }
        match payload {
            MsgRequestPayload::LeiosNotificationBytes(_, bytes) => {
                self.windows.open(no, bytes, size);
            }
            MsgRequestPayload::LeiosDeliverableIds(_, ids) => {
                self.requests.insert(now, no, ids, cost);
            }
        }
        Ok(())
    }

    /// Does what can be done now: ends, asks, answers.
    pub(super) fn proceed(&mut self, now: Time, out: &mut Out<Self>) -> Result<(), Fault> {
        if self.end_by.is_some() {
            if self.phases.reply() == ReplyPhase::StIdle {
                self.phases.step_reply(Responder, ReplyLabel::MsgLeiosDone)?;
                self.send(ReplyMessage::MsgLeiosDone, out);
            }
            if self.phases.done() {
                out.close(Ending::Done);
            }
            return Ok(());
        }
        self.ask(now, out);
        if self.phases.reply() == ReplyPhase::StIdle {
            self.notices.prune(Moment { now, clock: &self.clock, limits: &self.limits });
            let begun = self.clock.begun(now);
            self.answer(When { now, begun }, out)?;
            let next = begun.map_or(Some(0), |slot| slot.0.checked_add(1)).map(SlotNo);
            let held = next.and_then(|slot| self.notices.pending_from(slot));
            self.tell_at = held.map(|slot| self.clock.onset(slot));
        }
        Ok(())
    }

    /// Asks the application for what requests are waiting for, as far as there is room.
    pub(super) fn ask(&mut self, now: Time, out: &mut Out<Self>) {
        while !self.asks.is_full() {
            let Some((no, ids)) = self.requests.next_to_ask(now, &self.limits) else { return };
            if let Ok(id) = self.asks.open(no) {
                out.ask(id, ServerQuery::Fetch { no, ids });
            }
        }
    }

    /// Begins the end: nothing is owed any more (`leios.md` 5.5).
    fn finish(&mut self, now: Time) {
        self.windows.clear();
        self.requests.clear();
        self.asks.cancel(|_| true);
        self.marks = Marks::default();
        self.notices = Notices::default();
        (self.prune_at, self.tell_at) = (None, None);
        if self.end_by.is_none() {
            self.end_by = Some(now.after(self.limits.shutdown_timeout));
        }
    }

    pub(super) fn send(&mut self, message: ReplyMessage, out: &mut Out<Self>) -> usize {
        let bytes = message.wire_len();
        self.waiting = self.waiting.saturating_add(bytes);
        out.send(message);
        bytes
    }

    /// Takes an input that [`admits`](Self::admits) admits.
    pub(super) fn command(
        &mut self,
        now: Time,
        input: ServerCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let at = Moment { now, clock: &self.clock, limits: &self.limits };
        let left = match input {
            ServerCommand::Announce(header) => self.notices.announce(header, at).unwrap_or(None),
            ServerCommand::OfferBlock(point) => self.notices.offer(Offer::Block, point, at),
            ServerCommand::OfferTxs(point) => self.notices.offer(Offer::Txs, point, at),
            ServerCommand::OfferVote(slot, seat) => self.notices.offer_vote(slot, seat, at),
            ServerCommand::Fetched { id, content } => {
                if !self.fetched(id, content, out)? {
                    return Ok(());
                }
                None
            }
            ServerCommand::SetClock(clock) => {
                self.clock = clock;
                None
            }
            ServerCommand::Finish => {
                self.finish(now);
                None
            }
        };
        if let Some(rule) = left {
            out.notify(ServerNotice::Remark(rule));
        }
        if self.prune_at.is_none() && !self.notices.is_empty() {
            self.prune_at = Some(self.next_prune(now));
        }
        self.proceed(now, out)
    }

    /// Takes the answer to a question: false if nobody waits for it any more.
    fn fetched(
        &mut self,
        id: AskId,
        content: Option<Vec<Content>>,
        out: &mut Out<Self>,
    ) -> Result<bool, Fault> {
        let outcome = self.outcome(id, content.as_deref()).unwrap_or(Outcome::Stale);
        let no = self.asks.close(id).ok().flatten();
        match (outcome, no, content) {
            (Outcome::Fits(size), Some(no), Some(content)) => {
                if self.is_large(no, size.reply) {
                    out.notify(ServerNotice::Remark(&rules::LARGE_REPLY_WANTED)); // L-13
                }
                self.requests.provide(no, content, size.content);
                Ok(true)
            }
            (Outcome::Broken(rule), ..) => Err(self.broken(rule)),
            // `leios.md` L-10, L-20, S-14: there is no polite refusal in version 1.
            (Outcome::Missing, ..) => Err(Fault::unable(&rules::NOT_AVAILABLE, "a deliverable")),
            _ => Ok(false),
        }
    }

    pub(super) fn next_prune(&self, now: Time) -> Time {
        now.after(self.limits.prune_every.max(Duration::from_micros(1)))
    }

    /// The client broke a rule.
    pub(super) const fn broken(&self, rule: &'static Rule) -> Fault {
        Fault::violation(rule, self.phases.request().name())
    }
}
