//! What is dropped when too much is pending: never an announcement.

use core::cmp::Reverse;

use super::Notices;
use crate::codec::leios::{LeiosPoint, SlotNo};
use crate::state::leios::server::seats::Seats;

/// Pending items in the order in which they are dropped: the oldest slot's first, its votes
/// before its other offers.
pub(super) type DropOrder = (SlotNo, Droppable);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Droppable {
    Votes,
    Offers,
}

impl Notices {
    /// Drops what stands first in the order of dropping until one more fits; false if the new
    /// item would be dropped itself.
    pub(super) fn make_room(&mut self, most: usize, new: Option<DropOrder>) -> bool {
        while self.pending >= most {
            let Some(oldest) = self.first_to_drop() else { return false };
            if new.is_some_and(|new| new <= oldest) {
                return false;
            }
            match oldest {
                (slot, Droppable::Votes) => self.drop_votes(slot),
                (slot, Droppable::Offers) => self.drop_offers(slot),
            }
        }
        true
    }

    fn first_to_drop(&self) -> Option<DropOrder> {
        let votes = self.voting.first().map(|slot| (slot, Droppable::Votes));
        let offers = self.offering.last_key_value().map(|(key, _)| (key.0.0, Droppable::Offers));
        match (votes, offers) {
            (Some(votes), Some(offers)) => Some(votes.min(offers)),
            (one, other) => one.or(other),
        }
    }

    fn drop_votes(&mut self, slot: SlotNo) {
        self.voting.remove(slot);
        if let Some(votes) = self.votes.get_mut(&slot) {
            self.pending = self.pending.saturating_sub(votes.pending.len());
            votes.pending = Seats::default();
            if votes.sent.len() == 0 {
                self.votes.remove(&slot);
            }
        }
        self.relax();
    }

    /// Drops the offers of the oldest slot that has some. They may be made again later.
    fn drop_offers(&mut self, slot: SlotNo) {
        while let Some(entry) = self.offering.last_entry() {
            let (Reverse(at), offer, _) = *entry.key();
            if at != slot {
                break;
            }
            let hash = entry.remove();
            self.pending = self.pending.saturating_sub(1);
            self.mark(LeiosPoint::new(slot, hash), offer, false);
        }
        self.relax();
    }
}
