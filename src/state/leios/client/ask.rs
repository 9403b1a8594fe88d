//! What the application wants: commands, and the requests that come of them.

use alloc::vec::Vec;

use super::Client;
use super::input::{ClientCommand, ClientNotice, PairMessage, Verdict, WantedTx};
use super::wanted::{BLOCK_EXTRA, REPLY_BASE, TX_EXTRA, TXS_BASE, WINDOW_EXTRA, Wanted};
use crate::ask::AskId;
use crate::codec::leios::{
    LeiosPoint, MsgRequestPayload, NotificationBytes, ReplyMessage, RequestMessage, RequestNo,
};
use crate::fault::Refused;
use crate::machine::{Machine, Out};
use crate::state::leios::credit::Cost;
use crate::state::leios::hash::Blake2b;
use crate::state::leios::mini_protocols::Numbers;
use crate::state::leios::rules;
use crate::state::leios::table::{ReplyLabel, ReplyPhase, RequestLabel, RequestPhase};
use crate::table::Role;
use crate::time::Time;

/// Transactions with this index and above cannot be named: windows are 16 bits.
const INDEX_END: u32 = 1 << 22;

impl<H: Blake2b, N: Numbers> Client<H, N> {
    /// Whether a command is possible now; changes nothing.
    pub(super) fn admits(&self, command: &ClientCommand) -> Result<(), Refused> {
        match command {
            ClientCommand::Start => match self.phases.reply() {
                ReplyPhase::StInit => Ok(()),
                phase => Err(Refused::wrong_phase(phase.name())),
            },
            ClientCommand::NotificationTarget { low, chunk } => {
                self.admits_target(*low, *chunk)?;
                self.admits_requests(0)
            }
            ClientCommand::RequestBlock { point, size } => {
                self.admits_block(self.largest_block(*point, *size))?;
                self.admits_requests(1)
            }
            ClientCommand::RequestTxs { txs, .. } => {
                self.admits_txs(txs)?;
                self.admits_requests(txs.len())
            }
            ClientCommand::RequestVotes { votes } => {
                if votes.is_empty() {
                    return Err(Refused::invalid("a request names at least one vote (L-6)"));
                }
                self.admits_requests(votes.len())
            }
            ClientCommand::Judged { id, .. } => self.asks.context(*id).map(|_| ()),
            ClientCommand::Finish => self.admits_requests(0),
            ClientCommand::StopNotifications
            | ClientCommand::SetClock(_)
            | ClientCommand::OldestFirst(_) => Ok(()),
        }
    }

    /// Does what [`admits`](Self::admits) allows.
    pub(super) fn command(&mut self, now: Time, command: ClientCommand, out: &mut Out<Self>) {
        match command {
            ClientCommand::Start => {
                if self.phases.step_reply(Role::Initiator, ReplyLabel::MsgLeiosInit).is_ok() {
                    out.send(PairMessage::Reply(ReplyMessage::MsgLeiosInit));
                }
            }
            ClientCommand::NotificationTarget { low, chunk } => self.target = Some((low, chunk)),
            ClientCommand::StopNotifications => self.target = None,
            ClientCommand::RequestBlock { point, size } => {
                let most = self.largest_block(point, size);
                self.queue.add_block(point, size, most);
            }
            ClientCommand::RequestTxs { point, txs } => self.queue.add_txs(point, txs),
            ClientCommand::RequestVotes { votes } => self.queue.add_votes(&votes),
            ClientCommand::Judged { id, verdict } => return self.judged(now, id, verdict, out),
            ClientCommand::SetClock(clock) => self.clock = clock,
            ClientCommand::OldestFirst(oldest_first) => self.queue.oldest_first = oldest_first,
            ClientCommand::Finish => return self.finish(now, out),
        }
        self.pump(now, out);
    }

    /// Sends what the limits allow: first the notification requests that the watermark wants
    /// (L-44), then what waits.
    pub(super) fn pump(&mut self, now: Time, out: &mut Out<Self>) {
        if !self.is_open() {
            return;
        }
        while let Some(chunk) = self.wants_notifications() {
            if self.outstanding.check(Cost::default(), &self.limits).is_err() {
                return;
            }
            if !self.ask_notifications(chunk, out) {
                return;
            }
        }
        // L-3, L-4 and L-14 are kept here, before sending.
        while self.outstanding.check(Cost::default(), &self.limits).is_ok() {
            let txs_room = self.limits.max_outstanding_txs.saturating_sub(self.outstanding.txs());
            let in_flight = self.deliveries.in_flight();
            let reply_room = match in_flight {
                0 => usize::MAX,
                _ => self.limits.max_in_flight.saturating_sub(in_flight),
            };
            let Some(wanted) = self.queue.pop(&self.limits, txs_room, reply_room) else {
                return;
            };
            if !self.ask_deliverables(now, wanted, out) {
                return;
            }
        }
    }

    /// Ends LeiosRequest in answer to MsgLeiosDone, or because we are told to.
    pub(super) fn say_done(&mut self, out: &mut Out<Self>) {
        let label = RequestLabel::MsgLeiosDoneRequest;
        if self.phases.step_request(Role::Initiator, label).is_ok() {
            out.send(PairMessage::Request(RequestMessage::MsgLeiosDoneRequest));
        }
    }

    /// The size of the notification request to send now, if one is wanted.
    fn wants_notifications(&self) -> Option<NotificationBytes> {
        let (low, chunk) = self.target?;
        (self.windows.credit() <= u64::from(low)).then_some(chunk)
    }

    fn ask_notifications(&mut self, bytes: NotificationBytes, out: &mut Out<Self>) -> bool {
        let payload = |no| MsgRequestPayload::LeiosNotificationBytes(no, bytes);
        let Some((no, size)) = self.say(payload, out) else {
            return false;
        };
        self.windows.open(no, bytes, size);
        self.outstanding.add(Cost::notification(size));
        true
    }

    fn ask_deliverables(&mut self, now: Time, wanted: Wanted, out: &mut Out<Self>) -> bool {
        let Some(ids) = wanted.ids() else {
            return true;
        };
        let payload = |no| MsgRequestPayload::LeiosDeliverableIds(no, ids);
        let Some((no, size)) = self.say(payload, out) else {
            return false;
        };
        let cost = wanted.cost(size);
        self.outstanding.add(cost);
        self.deliveries.open(now, no, wanted, cost);
        true
    }

    /// Sends a request; returns its number and its length on the wire (S-5). `None` when the
    /// numbers are used up, since they never wrap.
    fn say(
        &mut self,
        payload: impl FnOnce(RequestNo) -> MsgRequestPayload,
        out: &mut Out<Self>,
    ) -> Option<(RequestNo, u32)> {
        let no = self.next;
        let next = no.0.checked_add(1)?;
        self.phases.step_request(Role::Initiator, RequestLabel::MsgLeiosRequest).ok()?;
        self.next = RequestNo(next);
        let message = RequestMessage::MsgLeiosRequest(payload(no));
        let size = u32::try_from(message.wire_len()).unwrap_or(u32::MAX);
        out.send(PairMessage::Request(message));
        Some((no, size))
    }

    /// Ends the pair from our side: what waits will not be asked for (`leios.md` 5.5).
    fn finish(&mut self, now: Time, out: &mut Out<Self>) {
        self.target = None;
        let mut units = Vec::new();
        self.queue.fail(&mut units);
        if !units.is_empty() {
            out.notify(ClientNotice::Failed(units));
        }
        self.say_done(out);
        self.finishing = Some(now);
    }

    /// The verdict on an announcement has come (L-35, S-11).
    fn judged(&mut self, now: Time, id: AskId, verdict: Verdict, out: &mut Out<Self>) {
        let before = self.saturated();
        let Ok(Some(announcement)) = self.asks.close(id) else {
            return;
        };
        self.resume(before, now);
        match verdict {
            Verdict::Process => {
                let point = announcement.point;
                out.notify(ClientNotice::Announced(announcement));
                self.tell_held(point, out);
            }
            Verdict::Ignore => {}
            Verdict::Invalid => out.fail(self.broken(&rules::INVALID_ANNOUNCEMENT)),
        }
    }

    /// Tells of the offers that were heard before the announcement was judged.
    fn tell_held(&mut self, point: LeiosPoint, out: &mut Out<Self>) {
        let (offers, votes) = self.elections.enliven(point);
        if offers.block {
            out.notify(ClientNotice::BlockOffered(point));
        }
        if offers.txs {
            out.notify(ClientNotice::TxsOffered(point));
        }
        if votes {
            for issuer in self.elections.votes(point.slot) {
                out.notify(ClientNotice::VoteOffered(point.slot, issuer));
            }
        }
    }

    /// Notes the moment at which replies are no longer held back by ourselves.
    pub(super) fn resume(&mut self, before: bool, now: Time) {
        if before && !self.saturated() {
            self.resumed = self.resumed.max(now);
        }
    }

    /// Whether the pair is open and `units` more may wait.
    fn admits_requests(&self, units: usize) -> Result<(), Refused> {
        if self.phases.request() == RequestPhase::StDone {
            return Err(Refused::wrong_phase(self.phases.request().name()));
        }
        if self.phases.reply() != ReplyPhase::StIdle {
            return Err(Refused::wrong_phase(self.phases.reply().name()));
        }
        if units > self.room() {
            return Err(Refused::busy("max_queued_requests"));
        }
        Ok(())
    }

    fn admits_target(&self, low: u32, chunk: u16) -> Result<(), Refused> {
        let largest = self.limits.max_notification_size;
        if chunk < largest {
            return Err(Refused::invalid("a chunk is at least MaxNotificationSize (L-5)"));
        }
        if low < u32::from(largest).saturating_mul(2) {
            return Err(Refused::invalid("the low mark is at least twice MaxNotificationSize"));
        }
        if low.saturating_add(u32::from(chunk)) > self.limits.max_notification_credit {
            return Err(Refused::invalid("more than max_notification_credit"));
        }
        Ok(())
    }

    /// The largest size that a block may have which is wanted with this one. A pool may announce
    /// one block with several sizes, and which of them the application came to know first is no
    /// fault of this server's, as long as it has announced the true one as well.
    fn largest_block(&self, point: LeiosPoint, size: u32) -> u32 {
        let most = self.limits.max_eb_bytes;
        let announced = self.elections.sizes(point).iter().rfind(|size| **size as usize <= most);
        let announced = announced.copied().unwrap_or(0);
        if size as usize <= most { size.max(announced) } else { announced }
    }

    fn admits_block(&self, size: u32) -> Result<(), Refused> {
        let size = size as usize;
        if size == 0 || size > self.limits.max_eb_bytes {
            return Err(Refused::invalid("no block has this size (L-49)"));
        }
        self.admits_reply(size.saturating_add(BLOCK_EXTRA))
    }

    fn admits_txs(&self, txs: &[WantedTx]) -> Result<(), Refused> {
        let mut least = 0;
        let mut largest = 0;
        for tx in txs {
            if tx.index < least || tx.index >= INDEX_END {
                return Err(Refused::invalid("indices ascend strictly and stay below 2^22 (L-7)"));
            }
            if tx.size == 0 || tx.size > self.limits.max_tx_bytes {
                return Err(Refused::invalid("no transaction has this size (L-49)"));
            }
            least = tx.index.saturating_add(1);
            largest = largest.max(tx.size as usize);
        }
        if txs.is_empty() {
            return Err(Refused::invalid("a request names at least one transaction (L-6)"));
        }
        self.admits_reply(largest.saturating_add(TXS_BASE + WINDOW_EXTRA + TX_EXTRA))
    }

    /// L-12, before sending.
    fn admits_reply(&self, content: usize) -> Result<(), Refused> {
        if content.saturating_add(REPLY_BASE) > self.limits.max_reply_message {
            return Err(Refused::invalid("no reply may be so large (L-12)"));
        }
        Ok(())
    }
}
