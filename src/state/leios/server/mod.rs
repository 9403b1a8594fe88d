//! The server of the pair: the upstream node that answers (`leios.md` section 13).

mod answer;
mod channels;
mod content;
mod input;
mod moment;
mod notices;
mod overlap;
mod requests;
mod seats;

use core::time::Duration;

use crate::ask::{AskId, Asks};
use crate::codec::leios::{MsgRequestPayload, ReplyMessage, RequestMessage, RequestNo};
use crate::fault::{Ending, Fault, Refusal, Refused, Rule};
use crate::machine::{ActionOf, Machine, Out};
use crate::state::leios::credit::{Cost, Outstanding};
use crate::state::leios::limits::Limits;
use crate::state::leios::rules;
use crate::state::leios::slot::SlotClock;
use crate::state::leios::table::{PairPhases, ReplyLabel, ReplyPhase, RequestLabel, RequestPhase};
use crate::state::leios::window::Windows;
use crate::table::Role::{Initiator, Responder};
use crate::time::Time;

use answer::Outcome;
use moment::Moment;
use notices::{Notices, Offer};
use overlap::Marks;
use requests::Requests;

pub use input::{Content, ServerCommand, ServerNotice, ServerQuery, ServerRemote};
pub use requests::Order;

/// The server of one client on one connection.
///
/// The application tells it of headers, blocks, transactions and votes that it has come to hold;
/// the server passes them on as far as the client asks for notifications. What the client asks
/// for by name it asks the application for ([`ServerQuery::Fetch`]), and sends it in the order of
/// freshness, without what an overlapping reply has carried.
///
/// The driver hands in the messages of LeiosRequest with their length on the wire, MsgLeiosInit
/// from LeiosReply, and [`ServerRemote::Drained`] when bytes of LeiosReply have left: the next
/// reply is only handed over while few wait (L-62). A link does all that.
///
/// * Limits: requests by L-3, L-4 and L-14, content by `max_provided_bytes`, news by
///   `max_pending_notifications` and `max_tracked_elections`, questions by `max_open_asks`: when
///   those are all open, LeiosRequest is held back.
/// * Endings: `Done` when both protocols are over; a fault that names the rule otherwise. Content
///   that the application doesn't have is our own fault by L-20.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    limits: Limits,
    clock: SlotClock,
    phases: PairPhases,
    /// The number the next request must have, and how many came.
    next: RequestNo,
    outstanding: Outstanding,
    windows: Windows,
    requests: Requests,
    asks: Asks<RequestNo>,
    marks: Marks,
    notices: Notices,
    /// Bytes of LeiosReply that wait to leave.
    waiting: usize,
    /// When to forget what is too old, while there is something to forget.
    prune_at: Option<Time>,
    /// Once the pair is to end: until when.
    end_by: Option<Time>,
}

const _: () = assert!(size_of::<ActionOf<Server>>() <= 128);
const _: () = {
    const fn a_machine<M: Clone + core::fmt::Debug + Eq + core::hash::Hash + Send + 'static>() {}
    a_machine::<Server>();
};

impl Server {
    /// A server that answers the freshest request first.
    #[must_use]
    pub fn new(limits: Limits, clock: SlotClock) -> Self {
        Self::with_order(limits, clock, Order::default())
    }

    /// A server that answers in the given order.
    #[must_use]
    pub fn with_order(limits: Limits, clock: SlotClock, order: Order) -> Self {
        Self {
            phases: PairPhases::new(),
            next: RequestNo(0),
            outstanding: Outstanding::new(),
            windows: Windows::new(),
            requests: Requests::new(order),
            asks: Asks::new(limits.max_open_asks),
            marks: Marks::default(),
            notices: Notices::default(),
            waiting: 0,
            prune_at: None,
            end_by: None,
            limits,
            clock,
        }
    }

    /// The phase of LeiosRequest.
    #[must_use]
    pub const fn request_phase(&self) -> RequestPhase {
        self.phases.request()
    }

    /// The phase of LeiosReply.
    #[must_use]
    pub const fn reply_phase(&self) -> ReplyPhase {
        self.phases.reply()
    }

    /// Bytes of LeiosReply that were handed over and have not left yet (L-62).
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Bytes of notifications that the client still wants (L-27).
    #[must_use]
    pub const fn notification_credit(&self) -> u64 {
        self.windows.credit()
    }

    /// Notifications that wait for credit, for egress or for MsgLeiosInit, in items.
    #[must_use]
    pub const fn pending_notifications(&self) -> usize {
        self.notices.pending()
    }

    /// Bytes, individual requests and transaction bits of the requests that are not fully replied
    /// to (S-5).
    #[must_use]
    pub const fn outstanding(&self) -> (usize, usize, usize) {
        (self.outstanding.bytes(), self.outstanding.requests(), self.outstanding.txs())
    }

    /// The most that `footprint()` can be with these limits.
    ///
    /// Content is counted by its bytes: what larger buffers an application's slices keep alive is
    /// known to the application alone.
    #[must_use]
    pub fn most_footprint(limits: &Limits) -> usize {
        let requests = limits.max_outstanding_requests;
        let asks = requests.min(limits.max_open_asks).saturating_mul(2).max(64);
        let windows = requests.saturating_mul(2).max(64);
        size_of::<Self>()
            .saturating_add(asks.saturating_mul(size_of::<(AskId, RequestNo)>()))
            .saturating_add(windows.saturating_mul(Windows::ENTRY))
            .saturating_add(Requests::most_heap(limits))
            .saturating_add(Marks::most_heap(limits))
            .saturating_add(Notices::most_heap(limits))
    }

    /// Whether a local input would be taken at `now`.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, now: Time, input: &ServerCommand) -> Result<(), Refused> {
        match input {
            ServerCommand::Announce(header) => {
                self.open()?;
                self.notices.admits(header, self.moment(now))
            }
            ServerCommand::OfferBlock(_)
            | ServerCommand::OfferTxs(_)
            | ServerCommand::OfferVote(..)
            | ServerCommand::Finish => self.open(),
            ServerCommand::Fetched { id, content } => {
                self.outcome(*id, content.as_deref()).map(|_| ())
            }
            ServerCommand::SetClock(_) => Ok(()),
        }
    }

    /// Refuses commands once the pair is to end.
    fn open(&self) -> Result<(), Refused> {
        match self.end_by {
            Some(_) => Err(Refused::wrong_phase("finishing")),
            None => Ok(()),
        }
    }

    const fn moment(&self, now: Time) -> Moment<'_> {
        Moment { now, clock: &self.clock, limits: &self.limits }
    }

    fn receive(
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
                        self.receive_request(payload, size)?;
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
    fn receive_request(&mut self, payload: MsgRequestPayload, size: u32) -> Result<(), Fault> {
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
            MsgRequestPayload::LeiosDeliverableIds(_, ids) => self.requests.insert(no, ids, cost),
        }
        Ok(())
    }

    /// Does what can be done now: ends, asks, answers.
    fn proceed(&mut self, now: Time, out: &mut Out<Self>) -> Result<(), Fault> {
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
        self.ask(out);
        if self.phases.reply() == ReplyPhase::StIdle {
            self.notices.prune(Moment { now, clock: &self.clock, limits: &self.limits });
            self.answer(out)?;
        }
        Ok(())
    }

    /// Asks the application for what requests are waiting for, as far as there is room.
    fn ask(&mut self, out: &mut Out<Self>) {
        while !self.asks.is_full() {
            let Some((no, ids)) = self.requests.next_to_ask(&self.limits) else { return };
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
        self.prune_at = None;
        if self.end_by.is_none() {
            self.end_by = Some(now.after(self.limits.shutdown_timeout));
        }
    }

    fn send(&mut self, message: ReplyMessage, out: &mut Out<Self>) -> usize {
        let bytes = message.wire_len();
        self.waiting = self.waiting.saturating_add(bytes);
        out.send(message);
        bytes
    }

    /// Takes an input that [`admits`](Self::admits) admits.
    fn command(
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
                self.fetched(id, content, out)?;
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

    /// Takes the answer to a question.
    fn fetched(
        &mut self,
        id: AskId,
        content: Option<alloc::vec::Vec<Content>>,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let outcome = self.outcome(id, content.as_deref()).unwrap_or(Outcome::Stale);
        let no = self.asks.close(id).ok().flatten();
        match (outcome, no, content) {
            (Outcome::Fits(size), Some(no), Some(content)) => {
                if self.is_large(no, size.reply) {
                    out.notify(ServerNotice::Remark(&rules::LARGE_REPLY_WANTED)); // L-13
                }
                self.requests.provide(no, content, size.content);
                Ok(())
            }
            (Outcome::Broken(rule), ..) => Err(self.broken(rule)),
            // `leios.md` L-10, L-20, S-14: there is no polite refusal in version 1.
            (Outcome::Missing, ..) => Err(Fault::unable(&rules::NOT_AVAILABLE, "a deliverable")),
            _ => Ok(()),
        }
    }

    fn next_prune(&self, now: Time) -> Time {
        now.after(self.limits.prune_every.max(Duration::from_micros(1)))
    }

    /// The client broke a rule.
    const fn broken(&self, rule: &'static Rule) -> Fault {
        Fault::violation(rule, self.phases.request().name())
    }
}

impl Machine for Server {
    type Local = ServerCommand;
    type Remote = ServerRemote;
    type Send = ReplyMessage;
    type Notice = ServerNotice;
    type Query = ServerQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: ServerCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<ServerCommand>> {
        if let Err(why) = self.admits(now, &input) {
            return Err(Refusal::new(why, input));
        }
        if let Err(fault) = self.command(now, input, out) {
            out.fail(fault);
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: ServerRemote, out: &mut Out<Self>) {
        if let Err(fault) = self.receive(now, input, out) {
            out.fail(fault);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if self.end_by.is_some_and(|due| due <= now) {
            let awaited = match self.phases.reply() {
                ReplyPhase::StInit => "MsgLeiosInit",
                ReplyPhase::StIdle | ReplyPhase::StDone => "MsgLeiosDoneRequest",
            };
            out.fail(Fault::timeout(&rules::SHUTDOWN_TIMEOUT, awaited));
            return;
        }
        if self.prune_at.is_some_and(|due| due <= now) {
            self.notices.prune(Moment { now, clock: &self.clock, limits: &self.limits });
            self.prune_at = (!self.notices.is_empty()).then(|| self.next_prune(now));
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.end_by.or(self.prune_at)
    }

    fn saturated(&self) -> bool {
        self.asks.is_full()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        size_of_val(self)
            .saturating_add(self.windows.heap())
            .saturating_add(self.requests.heap())
            .saturating_add(self.asks.heap())
            .saturating_add(self.marks.heap())
            .saturating_add(self.notices.heap())
    }
}
