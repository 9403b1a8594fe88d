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
mod steps;

use crate::ask::{AskId, Asks};
use crate::codec::leios::{ReplyMessage, RequestNo};
use crate::fault::{Fault, Refusal, Refused};
use crate::machine::{ActionOf, Machine, Out};
use crate::state::leios::credit::Outstanding;
use crate::state::leios::limits::Limits;
use crate::state::leios::rules;
use crate::state::leios::slot::SlotClock;
use crate::state::leios::table::{PairPhases, ReplyPhase, RequestPhase};
use crate::state::leios::window::Windows;
use crate::time::Time;

use moment::Moment;
use notices::Notices;
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
    /// When the next slot begins of which something is to be told.
    tell_at: Option<Time>,
    /// Once the pair is to end: until when.
    end_by: Option<Time>,
}

const _: () = assert!(size_of::<ActionOf<Server>>() <= 128);
const _: () = crate::machine::kept::<Server>();

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
            tell_at: None,
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
        if self.tell_at.is_some_and(|due| due <= now) {
            if let Err(fault) = self.proceed(now, out) {
                out.fail(fault);
            }
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.end_by.or_else(|| self.prune_at.into_iter().chain(self.tell_at).min())
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
