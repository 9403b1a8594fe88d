//! What the server says: replies, and the news in them. Nothing comes unasked (L-16): each reply
//! is held against its request. Of several broken rules the first is
//! named, in the order of `leios.md` section 15.

use alloc::vec::Vec;

use super::elections::Heard;
use super::input::{Announcement, ClientNotice, ClientQuery, ClientRemote};
use super::wanted::Wanted;
use super::{Client, deliver};
use crate::codec::leios::{
    CompletionFlag, CountedNotification, Deliverable, LeiosPoint, MsgReplyPayload, Notification,
    RankingBlockHeader, ReplyMessage, RequestNo, SlotNo,
};
use crate::fault::{Fault, Rule};
use crate::machine::{Machine, Out};
use crate::state::leios::credit::Cost;
use crate::state::leios::hash::Blake2b;
use crate::state::leios::mini_protocols::Numbers;
use crate::state::leios::rules;
use crate::state::leios::table::ReplyLabel;
use crate::table::Role;
use crate::time::Time;

impl<H: Blake2b, N: Numbers> Client<H, N> {
    /// Takes in a message, or finds the rule it breaks.
    pub(super) fn receive(
        &mut self,
        now: Time,
        input: ClientRemote,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let message = match input {
            ClientRemote::Reply(message) => message,
            ClientRemote::Request(message) => {
                // No server may send any (`leios.md` 5.4): this is always a fault.
                return self.phases.step_request(Role::Responder, (&message).into());
            }
        };
        self.phases.step_reply(Role::Responder, ReplyLabel::from(&message))?;
        match message {
            ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(no, flag, news)) => {
                self.notifications(now, no, flag, &news, out)?;
            }
            ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(no, deliverables)) => {
                self.deliveries(now, no, deliverables, out)?;
            }
            // The table lets MsgLeiosInit come from nobody but us.
            ReplyMessage::MsgLeiosInit => {}
            ReplyMessage::MsgLeiosDone => {
                self.ended(out);
                return Ok(());
            }
        }
        self.pump(now, out);
        Ok(())
    }

    /// L-25 to L-32: the bytes first, up to the one that completes the request (L-30), then what
    /// they say.
    fn notifications(
        &mut self,
        now: Time,
        no: RequestNo,
        flag: CompletionFlag,
        news: &[CountedNotification],
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        if !self.windows.contains(no) {
            return Err(self.no_such(no));
        }
        if self.windows.current() != Some(no) {
            return Err(self.broken(&rules::NOTIFICATION_OUT_OF_ORDER));
        }
        let mut completed = None;
        for item in news {
            if completed.is_some() {
                return Err(self.broken(&rules::CONTENT_AFTER_COMPLETION));
            }
            let fits = self.windows.check(item.size(), self.limits.max_notification_size);
            fits.map_err(|rule| self.broken(rule))?;
            completed = self.windows.advance(item.size());
        }
        if flag != completed.is_some() {
            return Err(self.broken(&rules::COMPLETION_FLAG_MISMATCH));
        }
        if let Some(window) = completed {
            self.outstanding.remove(Cost::notification(window.size));
        }
        news.iter().try_for_each(|item| self.notification(now, item.notification(), out))
    }

    fn notification(
        &mut self,
        now: Time,
        notification: &Notification,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        match notification {
            Notification::LinearLeiosAnnouncement(header) => self.announcement(now, header, out),
            Notification::LinearLeiosBlockOffer(point) => {
                let heard = self.elections.offer_block(*point);
                self.offer(now, point.slot, heard, ClientNotice::BlockOffered(*point), out)
            }
            Notification::LeiosBlockTxsOffer(point) => {
                let heard = self.elections.offer_txs(*point);
                self.offer(now, point.slot, heard, ClientNotice::TxsOffered(*point), out)
            }
            Notification::LinearLeiosVoteOffer(slot, issuer) => {
                let heard = self.elections.offer_vote(*slot, *issuer);
                self.offer(now, *slot, heard, ClientNotice::VoteOffered(*slot, *issuer), out)
            }
        }
    }

    /// It announces something (L-36), is counted before anything expensive is asked for (L-33,
    /// L-34), and timed last (L-37).
    fn announcement(
        &mut self,
        now: Time,
        header: &RankingBlockHeader,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let view = header.view().map_err(|malformed| {
            let kind = malformed.kind.name();
            let inside = "LinearLeiosAnnouncement";
            Fault::malformed(&rules::INVALID_HEADER, kind, malformed.offset, inside)
        })?;
        let announced =
            view.announces.ok_or_else(|| self.broken(&rules::HEADER_ANNOUNCES_NOTHING))?;
        let pool = H::pool_id(&view.issuer);
        // Without the wrapper, which anybody can write differently: a header is no evidence against
        // itself.
        let hash = H::hash32(view.header);
        if self.elections.len() >= self.limits.max_tracked_elections {
            self.prune(now); // its timer may be late: nobody is blamed for what is too old
        }
        let equivocation = self
            .elections
            .judge(view.slot, pool, hash, &self.limits)
            .map_err(|rule| self.broken(rule))?;
        if self.clock.ahead(now, view.slot) > self.limits.clock_skew {
            return Err(self.broken(&rules::ANNOUNCEMENT_TOO_EARLY));
        }
        if self.clock.age(self.reached(now), view.slot) > self.limits.receive_age {
            return Err(self.broken(&rules::ANNOUNCEMENT_TOO_OLD));
        }
        let point = LeiosPoint::new(view.slot, announced.hash);
        let eb_size = announced.size;
        let header = header.clone();
        let announcement = Announcement { point, eb_size, pool, equivocation, header };
        // Two an election at most, so there is always a place.
        let asked = self.asks.open(announcement.clone());
        let id = asked.map_err(|_| Fault::overrun("max_tracked_elections"))?;
        if self.saturated() {
            self.held_since = self.reached(now);
        }
        self.elections.add(point, eb_size, pool, hash);
        self.prune_at = self.prune_at.or_else(|| Some(now.after(self.limits.prune_every)));
        out.ask(id, ClientQuery::JudgeAnnouncement(announcement));
        Ok(())
    }

    /// L-39, L-40 and L-42. An announcement may have been forgotten while the offer was held back,
    /// or by a clock that was ahead and has been set back since: neither is the server's fault.
    fn offer(
        &self,
        now: Time,
        slot: SlotNo,
        heard: Result<Heard, &'static Rule>,
        notice: ClientNotice,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        if heard.is_err() {
            let old = |at| self.clock.age(at, slot) > self.limits.receive_age;
            let ours =
                if old(now) { !old(self.reached(now)) } else { self.forgotten >= Some(slot) };
            if ours {
                out.notify(ClientNotice::Remark(&rules::OFFER_TOO_OLD));
                return Ok(());
            }
        }
        match heard.map_err(|rule| self.broken(rule))? {
            Heard::New => out.notify(notice),
            Heard::Held => {}
            Heard::Again => out.notify(ClientNotice::Remark(&rules::REPEATED_OFFER)),
        }
        Ok(())
    }

    /// L-46 to L-54, in any order of requests (L-21): one message answers one request (S-12).
    fn deliveries(
        &mut self,
        now: Time,
        no: RequestNo,
        deliverables: Vec<Deliverable>,
        out: &mut Out<Self>,
    ) -> Result<(), Fault> {
        let request = self.deliveries.get(no).ok_or_else(|| self.no_such(no))?;
        let announced = match &request.wanted {
            Wanted::Block(point, ..) => self.elections.sizes(*point),
            Wanted::Txs(..) | Wanted::Votes(..) => &[],
        };
        let limits = &self.limits;
        let good = deliver::check::<H>(&self.deliveries, request, announced, deliverables, limits);
        let good = good.map_err(|rule| self.broken(rule))?;
        if let Some(request) = self.deliveries.close(now, no, &good.got) {
            self.outstanding.remove(request.cost);
        }
        good.notices.into_iter().for_each(|notice| out.notify(notice));
        Ok(())
    }

    /// The server has ended LeiosReply: what is outstanding has failed, which breaks no rule
    /// (L-24). Ends LeiosRequest too, unless that was done before.
    fn ended(&mut self, out: &mut Out<Self>) {
        let mut units = Vec::new();
        self.deliveries.fail(&mut units);
        self.queue.fail(&mut units);
        if !units.is_empty() {
            out.notify(ClientNotice::Failed(units));
        }
        self.say_done(out);
    }
}
