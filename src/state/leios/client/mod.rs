//! The client of the pair: the downstream node that asks (`leios.md` section 12).

mod ask;
mod channels;
mod deliver;
mod elections;
mod hear;
mod input;
mod outstanding;
mod queue;
mod wanted;

use core::marker::PhantomData;
use core::mem::size_of_val;
use core::time::Duration;

pub use input::{
    Announcement, ClientCommand, ClientNotice, ClientQuery, ClientRemote, PairMessage, Unit,
    Verdict, WantedTx,
};

use self::elections::Elections;
use self::outstanding::Deliveries;
use self::queue::Queue;
use crate::ask::{AskId, Asks};
use crate::codec::leios::{RequestNo, SlotNo};
use crate::fault::{Ending, Fault, Refusal, Rule};
use crate::machine::{ActionOf, Machine, Out};
use crate::state::leios::credit::Outstanding;
use crate::state::leios::hash::{Blake2b, RustCryptoBlake2b};
use crate::state::leios::limits::Limits;
use crate::state::leios::mini_protocols::{LeiosNumbers, Numbers};
use crate::state::leios::rules;
use crate::state::leios::slot::SlotClock;
use crate::state::leios::table::{PairPhases, ReplyPhase, RequestPhase};
use crate::state::leios::window::Windows;
use crate::time::Time;

/// The client of the pair: asks for notifications by watermark, for deliverables when told to,
/// and checks every byte of what comes back.
///
/// Commands that the limits of the protocol forbid right now wait inside, youngest slot first;
/// [`room`](Self::room) tells how much more may wait. To ask only for what this server holds
/// (L-10, L-41, L-55), and to stop asking when overwhelmed (L-15), is up to who commands it. Offers are told only once an announcement
/// they belong to was judged worth processing (S-11); until then they are kept.
///
/// `H` is the hash function, `N` the mini-protocol numbers. Two numbers bound its memory beyond
/// the limits of the protocol: `max_tracked_elections` and `max_queued_requests`.
///
/// ```
/// use nodewire::state::leios::{Client, ClientCommand, Limits, PairMessage, SlotClock};
/// use nodewire::codec::leios::ReplyMessage;
/// use nodewire::{Action, Machine, Outbox, Time};
///
/// let mut client = Client::new(Limits::default(), SlotClock::default());
/// let mut out = Outbox::new();
/// client.handle_local(Time::ZERO, ClientCommand::Start, &mut out).unwrap();
/// let init = PairMessage::Reply(ReplyMessage::MsgLeiosInit);
/// assert_eq!(out.pop(), Some(Action::Send(init)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client<H: Blake2b = RustCryptoBlake2b, N: Numbers = LeiosNumbers> {
    limits: Limits,
    clock: SlotClock,
    phases: PairPhases,
    /// The number of the next request (L-1, L-2).
    next: RequestNo,
    /// What L-3, L-4 and L-14 count.
    outstanding: Outstanding,
    /// Notification requests that are not completed.
    windows: Windows,
    /// Low watermark and size of a notification request, while notifications are wanted (L-44).
    target: Option<(u32, u16)>,
    deliveries: Deliveries,
    queue: Queue,
    elections: Elections,
    /// The youngest slot forgotten for its age, by the clock of that time.
    forgotten: Option<SlotNo>,
    /// Announcements that are being judged. Never more than two an election.
    asks: Asks<Announcement>,
    /// When to forget what is too old, while there is something to forget.
    prune_at: Option<Time>,
    /// When MsgLeiosDoneRequest was sent (L-59).
    finishing: Option<Time>,
    /// When replies were last held back by ourselves: no time-out counts from before.
    resumed: Time,
    /// When that began, of late: what comes at the time of `resumed` may have waited since.
    held_since: Time,
    chosen: PhantomData<(H, N)>,
}

const _: () = assert!(size_of::<ActionOf<Client>>() <= 128);
const _: () = crate::machine::kept::<Client>();

impl Client {
    /// A client with the default hash and the default mini-protocol numbers, not started yet.
    #[must_use]
    pub fn new(limits: Limits, clock: SlotClock) -> Self {
        Self::with_hash(limits, clock)
    }
}

impl<H: Blake2b, N: Numbers> Client<H, N> {
    /// A client with the hash and the mini-protocol numbers of its type, not started yet.
    #[must_use]
    pub fn with_hash(limits: Limits, clock: SlotClock) -> Self {
        let asks = Asks::new(limits.max_tracked_elections.saturating_mul(2));
        Self {
            limits,
            clock,
            phases: PairPhases::new(),
            next: RequestNo(0),
            outstanding: Outstanding::new(),
            windows: Windows::new(),
            target: None,
            deliveries: Deliveries::default(),
            queue: Queue::default(),
            elections: Elections::default(),
            forgotten: None,
            asks,
            prune_at: None,
            finishing: None,
            resumed: Time::ZERO,
            held_since: Time::ZERO,
            chosen: PhantomData,
        }
    }

    /// How many more units (blocks, transactions, votes) a command may want before it is refused
    /// as busy.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.limits.max_queued_requests.saturating_sub(self.queue.len())
    }

    /// Where the two protocols stand.
    #[must_use]
    pub const fn phases(&self) -> PairPhases {
        self.phases
    }

    /// Bytes of notifications that the server may still send.
    #[must_use]
    pub const fn notification_credit(&self) -> u64 {
        self.windows.credit()
    }

    /// Requests for deliverables that are not answered.
    #[must_use]
    pub fn outstanding_deliveries(&self) -> usize {
        self.deliveries.len()
    }

    /// Bytes of all requests that are not fully answered (L-3).
    #[must_use]
    pub const fn outstanding_bytes(&self) -> usize {
        self.outstanding.bytes()
    }

    /// Individual requests that are not fully answered (L-4).
    #[must_use]
    pub const fn outstanding_requests(&self) -> usize {
        self.outstanding.requests()
    }

    /// Transaction bits that are not answered (L-14).
    #[must_use]
    pub const fn outstanding_txs(&self) -> usize {
        self.outstanding.txs()
    }

    /// Elections that this server announced and that are remembered.
    #[must_use]
    pub const fn tracked_elections(&self) -> usize {
        self.elections.len()
    }

    /// The most that [`footprint`](Machine::footprint) can be under these limits.
    #[must_use]
    pub fn most_footprint(limits: &Limits) -> usize {
        // The request that crosses a line is legal: one more of the largest of each.
        let requests = limits.max_outstanding_requests.saturating_add(1);
        let votes = limits.max_outstanding_requests.saturating_add(limits.max_votes_per_request);
        let asks = limits.max_tracked_elections.saturating_mul(2);
        let windows = requests.saturating_mul(2).max(4).saturating_mul(32);
        let header = crate::codec::Source::most_heap(limits.max_notification_size.into());
        let ask = size_of::<(AskId, Announcement)>().saturating_mul(2).saturating_add(header);
        size_of::<Self>()
            .saturating_add(windows)
            .saturating_add(Deliveries::most_heap(requests, limits.max_outstanding_txs, votes))
            .saturating_add(Queue::most_heap(limits.max_queued_requests))
            .saturating_add(Elections::most_heap(limits.max_tracked_elections))
            .saturating_add(asks.max(crate::outbox::KEPT).saturating_mul(ask))
    }

    /// True while requests may be sent.
    fn is_open(&self) -> bool {
        self.phases.request() == RequestPhase::StIdle && self.phases.reply() == ReplyPhase::StIdle
    }

    /// The earliest time at which what comes `now` may have reached us: we may have held it back.
    fn reached(&self, now: Time) -> Time {
        if self.resumed == now { self.held_since.min(now) } else { now }
    }

    /// The server broke a rule.
    const fn broken(&self, rule: &'static Rule) -> Fault {
        Fault::violation(rule, self.phases.reply().name())
    }

    /// The fault of a message for a request that isn't there (L-17), or isn't of that kind (L-18).
    fn no_such(&self, no: RequestNo) -> Fault {
        let known = self.windows.contains(no) || self.deliveries.get(no).is_some();
        self.broken(if known { &rules::REPLY_KIND_MISMATCH } else { &rules::NO_SUCH_REQUEST })
    }

    /// When something owed is overdue, and the fault it then is (L-57, L-58, L-59; S-3).
    /// Notification requests owe nothing in time (L-56). Nothing is
    /// while we hold replies back ourselves, and the time starts anew afterwards.
    fn overdue(&self) -> Option<(Time, Fault)> {
        if self.saturated() {
            return None;
        }
        let due = |since: Time, span, fault| (since.max(self.resumed).after(span), fault);
        if let Some(since) = self.finishing {
            let fault = Fault::timeout(&rules::SHUTDOWN_TIMEOUT, "MsgLeiosDone");
            return Some(due(since, self.limits.shutdown_timeout, fault));
        }
        let rolling = self.deliveries.owed_since().map(|since| {
            let fault = Fault::timeout(&rules::DELIVERY_TIMEOUT, "LeiosDeliveries");
            due(since, self.limits.delivery_timeout, fault)
        });
        let oldest = self.deliveries.oldest().zip(self.limits.starvation).map(|(since, span)| {
            due(since, span, Fault::timeout(&rules::REQUEST_STARVED, "LeiosDeliveries"))
        });
        match (rolling, oldest) {
            (Some(rolling), Some(oldest)) if oldest.0 < rolling.0 => Some(oldest),
            (rolling, oldest) => rolling.or(oldest),
        }
    }

    /// Forgets slots too old to be announced again (L-37), except those that something
    /// outstanding belongs to.
    fn prune(&mut self, now: Time) {
        let before = self.saturated();
        let age = self.limits.receive_age;
        let old = self.elections.oldest(|slot| self.clock.age(now, slot) > age);
        if !old.is_empty() {
            let kept = self.deliveries.slots();
            for slot in old.into_iter().filter(|slot| !kept.contains(slot)) {
                self.elections.forget(slot);
                self.forgotten = self.forgotten.max(Some(slot));
            }
            let elections = &self.elections;
            self.asks.cancel(|announcement| !elections.contains(announcement.point.slot));
        }
        let again = now.after(self.limits.prune_every.max(Duration::from_millis(1)));
        self.prune_at = (!self.elections.is_empty()).then_some(again);
        self.resume(before, now);
    }
}

impl<H: Blake2b, N: Numbers> Machine for Client<H, N> {
    type Local = ClientCommand;
    type Remote = ClientRemote;
    type Send = PairMessage;
    type Notice = ClientNotice;
    type Query = ClientQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: ClientCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<ClientCommand>> {
        match self.admits(&input) {
            Ok(()) => {
                self.command(now, input, out);
                Ok(())
            }
            Err(why) => Err(Refusal::new(why, input)),
        }
    }

    fn handle_remote(&mut self, now: Time, input: ClientRemote, out: &mut Out<Self>) {
        match self.receive(now, input, out) {
            Err(fault) => out.fail(fault),
            Ok(()) if self.phases.done() => out.close(Ending::Done),
            Ok(()) => {}
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        match self.overdue() {
            Some((due, fault)) if due <= now => return out.fail(fault),
            _ => {}
        }
        if self.prune_at.is_some_and(|due| due <= now) {
            self.prune(now);
        }
    }

    fn deadline(&self) -> Option<Time> {
        let overdue = self.overdue().map(|(due, _)| due);
        match (overdue, self.prune_at) {
            (Some(overdue), Some(prune)) => Some(overdue.min(prune)),
            (overdue, prune) => overdue.or(prune),
        }
    }

    fn saturated(&self) -> bool {
        !self.asks.is_empty() && self.asks.len() >= self.limits.max_open_asks
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        let headers = self.asks.iter().map(|(_, announcement)| announcement.header.heap());
        let headers = headers.fold(0, usize::saturating_add);
        size_of_val(self)
            .saturating_add(self.windows.heap())
            .saturating_add(self.deliveries.heap())
            .saturating_add(self.queue.heap())
            .saturating_add(self.elections.heap())
            .saturating_add(self.asks.heap())
            .saturating_add(headers)
    }
}
