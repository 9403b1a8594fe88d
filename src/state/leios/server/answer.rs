//! The next message of LeiosReply: what is chosen, and how it is made (`leios.md` 13.2, 13.3).

use alloc::vec;

use super::content::{self, Size};
use super::{Content, Order, Server, ServerNotice};
use crate::ask::AskId;
use crate::codec::leios::{
    CountedNotification, DeliverableId, MsgReplyPayload, NonEmpty, ReplyMessage, RequestNo, SlotNo,
};
use crate::fault::{Fault, Refused, Rule};
use crate::machine::Out;
use crate::state::leios::credit::Cost;
use crate::state::leios::table::ReplyLabel;
use crate::state::leios::window::Window;
use crate::table::Role::Responder;
use crate::time::Time;

/// What the answer to a question comes to.
pub(super) enum Outcome {
    /// Nobody wants it any more.
    Stale,
    /// It is what was asked for.
    Fits(Size),
    /// It shows that the client broke a rule.
    Broken(&'static Rule),
    /// The application doesn't have it.
    Missing,
}

/// The time of an input.
#[derive(Clone, Copy)]
pub(super) struct When {
    pub now: Time,
    /// The youngest slot that has begun, if one has.
    pub begun: Option<SlotNo>,
}

/// What to send next.
enum Choice {
    Notifications,
    Deliveries(RequestNo),
}

impl Server {
    /// What the answer to a question comes to, without taking it.
    pub(super) fn outcome(
        &self,
        id: AskId,
        content: Option<&[Content]>,
    ) -> Result<Outcome, Refused> {
        let Some(no) = self.asks.context(id)?.copied() else { return Ok(Outcome::Stale) };
        let Some(open) = self.requests.get(no) else { return Ok(Outcome::Stale) };
        let Some(content) = content else { return Ok(Outcome::Missing) };
        Ok(match content::check(no, &open.ids, content, &self.limits)? {
            Ok(size) => Outcome::Fits(size),
            Err(rule) => Outcome::Broken(rule),
        })
    }

    /// True if a reply is larger than a client should ask for: a single block excepted (L-13).
    pub(super) fn is_large(&self, no: RequestNo, reply: usize) -> bool {
        let block = |ids: &[DeliverableId]| matches!(ids, [DeliverableId::LinearLeiosBlockId(_)]);
        reply > self.limits.reply_split_target
            && self.requests.get(no).is_some_and(|open| !block(&open.ids))
    }

    /// Hands over replies while few bytes wait to leave (L-62).
    ///
    /// Nothing is told of slots that have not begun: a client whose clock is as far behind as L-37
    /// allows would take it for too early.
    pub(super) fn answer(&mut self, when: When, out: &mut Out<Self>) -> Result<(), Fault> {
        while self.waiting < self.limits.reply_egress_low {
            match self.choose(when) {
                Some(Choice::Notifications) => self.notify(when, out)?,
                Some(Choice::Deliveries(no)) => self.deliver(when.now, no, out)?,
                None => break,
            }
        }
        Ok(())
    }

    fn choose(&self, when: When) -> Option<Choice> {
        let news = self.next_notification(when).and(self.windows.current());
        let ready = self.requests.next_to_answer(when.now, &self.limits);
        match (news, ready) {
            (Some(news), Some(no)) if self.requests.order() == Order::RequestOrder && no < news => {
                Some(Choice::Deliveries(no))
            }
            (Some(_), _) => Some(Choice::Notifications),
            (None, Some(no)) => Some(Choice::Deliveries(no)),
            (None, None) => None,
        }
    }

    /// The next notification, if there is credit for it. Nothing overtakes one that must wait
    /// (L-27).
    fn next_notification(&self, when: When) -> Option<CountedNotification> {
        let next = CountedNotification::new(self.notices.next(when.begun?)?);
        let max = self.limits.max_notification_size;
        self.windows.check(next.size(), max).ok().map(|()| next)
    }

    /// Sends a message of notifications: until one completes the window, the message is full, or
    /// nothing can follow.
    fn notify(&mut self, when: When, out: &mut Out<Self>) -> Result<(), Fault> {
        let (Some(first), Some(no)) = (self.next_notification(when), self.windows.current()) else {
            return Ok(());
        };
        let mut bytes = first.size() as usize;
        let mut completed = self.sent(when, &first);
        let mut list = None;
        while completed.is_none() {
            let Some(next) = self.next_notification(when) else { break };
            bytes = bytes.saturating_add(next.size() as usize);
            if bytes > self.limits.notification_batch {
                break;
            }
            completed = self.sent(when, &next);
            list.get_or_insert_with(|| vec![first.clone()]).push(next);
        }
        let list = list.and_then(NonEmpty::from_vec).unwrap_or(NonEmpty::one(first));
        let flag = completed.is_some();
        let payload = MsgReplyPayload::LeiosNotifications(no, flag, list);
        let bytes = self.reply(payload, out)?;
        if let Some(window) = completed {
            self.outstanding.remove(Cost::notification(window.size));
            out.notify(ServerNotice::Answered { no, bytes });
        }
        Ok(())
    }

    /// Takes a notification as sent; the window that it completes.
    fn sent(&mut self, when: When, notification: &CountedNotification) -> Option<Window> {
        self.notices.pop(when.begun?);
        self.windows.advance(notification.size())
    }

    /// Sends the deliveries of a provided request, without what other replies carried.
    fn deliver(&mut self, now: Time, no: RequestNo, out: &mut Out<Self>) -> Result<(), Fault> {
        let Some((open, content)) = self.requests.take(no) else { return Ok(()) };
        let excused = |mark| self.marks.excuse(no, mark);
        let (deliveries, carried) = content::deliver(&open.ids, content, excused);
        for mark in carried {
            if self.requests.may_overlap(mark) {
                self.marks.add(mark, self.next.0, self.limits.max_overlap_marks);
            }
        }
        self.marks.prune(self.requests.oldest());
        self.outstanding.remove(open.cost);
        let bytes = self.reply(MsgReplyPayload::LeiosDeliveries(no, deliveries), out)?;
        out.notify(ServerNotice::Answered { no, bytes });
        self.ask(now, out);
        Ok(())
    }

    fn reply(&mut self, payload: MsgReplyPayload, out: &mut Out<Self>) -> Result<u32, Fault> {
        self.phases.step_reply(Responder, ReplyLabel::MsgLeiosReply)?;
        let bytes = self.send(ReplyMessage::MsgLeiosReply(payload), out);
        Ok(u32::try_from(bytes).unwrap_or(u32::MAX))
    }
}
