//! What one client is still to be told, and what it has been told (`leios.md` 13.2).

mod bytes;
mod room;
mod slots;

use alloc::collections::BTreeMap;
use core::cmp::Reverse;

use super::moment::Moment;
use super::seats::Seats;
use crate::codec::leios::{
    LeiosBlockHash, LeiosPoint, Notification, RankingBlockHeader, SlotNo, VoteIssuer,
};
use crate::fault::{Refused, Rule};
use crate::state::leios::heap;
use crate::state::leios::rules;
use room::Droppable;
use slots::Slots;

/// The cold verification key of a block's issuer. A pool's id is its hash, so slot and key name an
/// election as well as slot and id do (S-11), and nothing is hashed.
type Issuer = [u8; 32];

/// The notification buffer of one client.
///
/// What was told is remembered as long as it could be told again: until its slot is too old
/// (L-38). Elections are bounded by `max_tracked_elections`, what is pending by
/// `max_pending_notifications`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Notices {
    /// Announced elections, told or about to be.
    elections: BTreeMap<(SlotNo, Issuer), Election>,
    /// Announced points and what of them was offered.
    points: BTreeMap<LeiosPoint, Offers>,
    /// Votes offered, by slot.
    votes: BTreeMap<SlotNo, Votes>,
    /// Pending announcements in the order of sending.
    announcing: BTreeMap<AnnouncementOrder, RankingBlockHeader>,
    /// Pending offers of blocks and transactions in the order of sending.
    offering: BTreeMap<OfferOrder, LeiosBlockHash>,
    /// Slots with pending vote offers.
    voting: Slots,
    /// How many items are pending.
    pending: usize,
    /// How many items were ever inserted: ties go by it (S-13).
    inserted: u64,
    /// The youngest slot that was forgotten: a clock set back must not have it told again.
    forgotten: Option<SlotNo>,
}

/// Pending announcements: the youngest slot first, then as they came.
type AnnouncementOrder = (Reverse<SlotNo>, u64);

/// Pending offers: the youngest slot first, then blocks before transactions, then as they came.
type OfferOrder = (Reverse<SlotNo>, Offer, u64);

/// The headers of one election, different ones, in the order they came (L-33, L-34).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Election {
    first: RankingBlockHeader,
    second: Option<RankingBlockHeader>,
}

/// Kinds of offers of a point, in the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Offer {
    /// Of the block.
    Block,
    /// Of all its transactions.
    Txs,
}

/// Which kinds of offers of a point are pending or were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Offers {
    block: bool,
    txs: bool,
}

/// The vote offers of a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Votes {
    pending: Seats,
    sent: Seats,
}

/// Where a pending notification stands.
enum Place {
    Announcement(AnnouncementOrder),
    Offer(OfferOrder),
    /// The lowest seat of the slot.
    Vote(SlotNo),
}

/// What becomes of a header.
enum Plan {
    /// It is not told, by this rule.
    Leave(&'static Rule),
    /// It is told.
    Tell(LeiosPoint, Issuer),
}

impl Notices {
    /// Whether an announcement could be taken, or left for a good reason.
    pub fn admits(&self, header: &RankingBlockHeader, at: Moment<'_>) -> Result<(), Refused> {
        self.plan(header, at).map(|_| ())
    }

    /// Tells of a header, or returns the rule by which it isn't told.
    pub fn announce(
        &mut self,
        header: RankingBlockHeader,
        at: Moment<'_>,
    ) -> Result<Option<&'static Rule>, Refused> {
        let (point, issuer) = match self.plan(&header, at)? {
            Plan::Leave(rule) => return Ok(Some(rule)),
            Plan::Tell(point, issuer) => (point, issuer),
        };
        self.prune(at);
        self.make_room(at.limits.max_pending_notifications, None);
        let order = (Reverse(point.slot), self.count());
        self.announcing.insert(order, header.clone());
        self.points.entry(point).or_default();
        self.elections
            .entry((point.slot, issuer))
            .and_modify(|election| election.second = Some(header.clone()))
            .or_insert(Election { first: header, second: None });
        Ok(None)
    }

    /// Offers a block or its transactions, or returns the rule by which they aren't offered. That
    /// they can be delivered is the application's word (L-41).
    pub fn offer(
        &mut self,
        offer: Offer,
        point: LeiosPoint,
        at: Moment<'_>,
    ) -> Option<&'static Rule> {
        if at.is_old(point.slot) {
            return Some(&rules::OFFER_TOO_OLD);
        }
        match self.points.get(&point) {
            None => return Some(&rules::OFFER_WITHOUT_ANNOUNCEMENT),
            Some(offers) if offers.has(offer) => return Some(&rules::REPEATED_OFFER),
            Some(_) => {}
        }
        let place = (point.slot, Droppable::Offers);
        if self.make_room(at.limits.max_pending_notifications, Some(place)) {
            let order = (Reverse(point.slot), offer, self.count());
            self.offering.insert(order, point.hash);
            self.mark(point, offer, true);
        }
        None
    }

    /// Offers a vote, or returns the rule by which it isn't offered.
    pub fn offer_vote(
        &mut self,
        slot: SlotNo,
        seat: VoteIssuer,
        at: Moment<'_>,
    ) -> Option<&'static Rule> {
        if at.is_old(slot) {
            return Some(&rules::OFFER_TOO_OLD);
        }
        let first = LeiosPoint::new(slot, LeiosBlockHash::default());
        if self.points.range(first..).next().is_none_or(|(point, _)| point.slot != slot) {
            return Some(&rules::VOTE_OFFER_WITHOUT_ANNOUNCEMENT);
        }
        if self.votes.get(&slot).is_some_and(|votes| votes.has(seat)) {
            return Some(&rules::REPEATED_OFFER);
        }
        let place = (slot, Droppable::Votes);
        if self.make_room(at.limits.max_pending_notifications, Some(place)) {
            self.count();
            self.votes.entry(slot).or_default().pending.insert(seat);
            self.voting.insert(slot);
        }
        None
    }

    /// The next notification to send of the slots up to `begun` (L-43): announcements, then by
    /// slot, youngest first, offers of blocks, of transactions, of votes by seat.
    pub fn next(&self, begun: SlotNo) -> Option<Notification> {
        Some(match self.first(begun)? {
            Place::Announcement(order) => {
                Notification::LinearLeiosAnnouncement(self.announcing.get(&order)?.clone())
            }
            Place::Offer(order) => {
                let (Reverse(slot), offer, _) = order;
                let point = LeiosPoint::new(slot, *self.offering.get(&order)?);
                match offer {
                    Offer::Block => Notification::LinearLeiosBlockOffer(point),
                    Offer::Txs => Notification::LeiosBlockTxsOffer(point),
                }
            }
            Place::Vote(slot) => {
                let seat = self.votes.get(&slot)?.pending.first()?;
                Notification::LinearLeiosVoteOffer(slot, seat)
            }
        })
    }

    /// Takes the next notification as sent.
    pub fn pop(&mut self, begun: SlotNo) {
        match self.first(begun) {
            Some(Place::Announcement(order)) => {
                self.announcing.remove(&order);
                heap::relax_map(&mut self.announcing);
                self.pending = self.pending.saturating_sub(1);
            }
            Some(Place::Offer(order)) => {
                self.offering.remove(&order);
                heap::relax_map(&mut self.offering);
                self.pending = self.pending.saturating_sub(1);
            }
            Some(Place::Vote(slot)) => self.pop_vote(slot),
            None => {}
        }
    }

    /// The first slot from `slot` on of which something is pending.
    pub fn pending_from(&self, slot: SlotNo) -> Option<SlotNo> {
        let announced = self.announcing.range(..=(Reverse(slot), u64::MAX)).next_back();
        let offered = self.offering.range(..=(Reverse(slot), Offer::Txs, u64::MAX)).next_back();
        let voted = self.voting.first_from(slot);
        let slots =
            [announced.map(|(order, _)| order.0.0), offered.map(|(order, _)| order.0.0), voted];
        slots.into_iter().flatten().min()
    }

    /// How many notifications are pending.
    pub const fn pending(&self) -> usize {
        self.pending
    }

    /// True if nothing is pending or remembered.
    pub fn is_empty(&self) -> bool {
        self.elections.is_empty()
    }

    /// Forgets all slots that are too old (L-38, L-45). Costs one look when there is none.
    pub fn prune(&mut self, at: Moment<'_>) {
        // Nothing is known of a slot without an election of it.
        if !self.elections.first_key_value().is_some_and(|((slot, _), _)| at.is_old(*slot)) {
            return;
        }
        while self.elections.first_key_value().is_some_and(|((slot, _), _)| at.is_old(*slot)) {
            if let Some(((slot, _), _)) = self.elections.pop_first() {
                self.forgotten = self.forgotten.max(Some(slot));
            }
        }
        while self.points.first_key_value().is_some_and(|(point, _)| at.is_old(point.slot)) {
            self.points.pop_first();
        }
        while let Some(entry) = self.announcing.last_entry() {
            if !at.is_old(entry.key().0.0) {
                break;
            }
            entry.remove();
            self.pending = self.pending.saturating_sub(1);
        }
        while let Some(entry) = self.offering.last_entry() {
            if !at.is_old(entry.key().0.0) {
                break;
            }
            entry.remove();
            self.pending = self.pending.saturating_sub(1);
        }
        while self.votes.first_key_value().is_some_and(|(slot, _)| at.is_old(*slot)) {
            if let Some((slot, votes)) = self.votes.pop_first() {
                self.voting.remove(slot);
                self.pending = self.pending.saturating_sub(votes.pending.len());
            }
        }
        self.relax();
    }

    /// What becomes of a header, without doing it.
    fn plan(&self, header: &RankingBlockHeader, at: Moment<'_>) -> Result<Plan, Refused> {
        let view = header.view().map_err(|_| Refused::invalid("no ranking-block header"))?;
        let announced =
            view.announces.ok_or(Refused::invalid("the header announces no endorser block"))?;
        // `leios.md` L-26, checked before queueing: two bytes of list and tag, then the header.
        let size = header.raw().len().saturating_add(2);
        if size > usize::from(at.limits.max_notification_size) {
            return Err(Refused::invalid("the header exceeds `max_notification_size`"));
        }
        // `leios.md` L-38, and the client's L-37.
        if at.is_old(view.slot) || self.forgotten >= Some(view.slot) {
            return Ok(Plan::Leave(&rules::RELAY_TOO_OLD));
        }
        if at.is_early(view.slot) {
            return Ok(Plan::Leave(&rules::ANNOUNCEMENT_TOO_EARLY));
        }
        match self.elections.get(&(view.slot, view.issuer)) {
            Some(election) if election.has(header) => {
                return Ok(Plan::Leave(&rules::REPEATED_ANNOUNCEMENT)); // L-34
            }
            Some(Election { second: Some(_), .. }) => {
                return Ok(Plan::Leave(&rules::THIRD_ANNOUNCEMENT)); // L-33
            }
            Some(_) => {}
            None => self.room_for_election(at)?,
        }
        if self.announcing.len() >= at.limits.max_pending_notifications {
            return Err(Refused::busy("max_pending_notifications"));
        }
        Ok(Plan::Tell(LeiosPoint::new(view.slot, announced.hash), view.issuer))
    }

    fn room_for_election(&self, at: Moment<'_>) -> Result<(), Refused> {
        let full = self.elections.len() >= at.limits.max_tracked_elections;
        match self.elections.first_key_value() {
            Some(((oldest, _), _)) if full && at.is_old(*oldest) => Ok(()), // will be forgotten
            _ if full => Err(Refused::busy("max_tracked_elections")),
            _ => Ok(()),
        }
    }

    /// Counts an inserted item.
    fn count(&mut self) -> u64 {
        self.pending = self.pending.saturating_add(1);
        self.inserted = self.inserted.saturating_add(1);
        self.inserted
    }

    fn relax(&mut self) {
        heap::relax_map(&mut self.elections);
        heap::relax_map(&mut self.points);
        heap::relax_map(&mut self.votes);
        heap::relax_map(&mut self.announcing);
        heap::relax_map(&mut self.offering);
        self.voting.relax();
    }

    fn mark(&mut self, point: LeiosPoint, offer: Offer, made: bool) {
        if let Some(offers) = self.points.get_mut(&point) {
            match offer {
                Offer::Block => offers.block = made,
                Offer::Txs => offers.txs = made,
            }
        }
    }

    /// What is to be sent next of the slots up to `begun`.
    fn first(&self, begun: SlotNo) -> Option<Place> {
        if let Some((order, _)) = self.announcing.range((Reverse(begun), 0)..).next() {
            return Some(Place::Announcement(*order));
        }
        let offer = self.offering.range((Reverse(begun), Offer::Block, 0)..).next();
        let offer = offer.map(|(order, _)| *order);
        let votes = self.voting.last_up_to(begun);
        match (offer, votes) {
            (Some(offer), Some(slot)) if slot > offer.0.0 => Some(Place::Vote(slot)),
            (Some(offer), _) => Some(Place::Offer(offer)),
            (None, votes) => votes.map(Place::Vote),
        }
    }

    fn pop_vote(&mut self, slot: SlotNo) {
        let Some(votes) = self.votes.get_mut(&slot) else { return };
        if let Some(seat) = votes.pending.pop_first() {
            votes.sent.insert(seat);
            self.pending = self.pending.saturating_sub(1);
        }
        if votes.pending.len() == 0 {
            self.voting.remove(slot);
        }
    }
}

impl Election {
    fn has(&self, header: &RankingBlockHeader) -> bool {
        let is = |known: &RankingBlockHeader| known.header() == header.header();
        is(&self.first) || self.second.as_ref().is_some_and(is)
    }
}

impl Offers {
    const fn has(self, offer: Offer) -> bool {
        match offer {
            Offer::Block => self.block,
            Offer::Txs => self.txs,
        }
    }
}

impl Votes {
    fn has(&self, seat: VoteIssuer) -> bool {
        self.pending.contains(seat) || self.sent.contains(seat)
    }
}
