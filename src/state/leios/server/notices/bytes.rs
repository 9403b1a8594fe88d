//! The memory of the notification buffer.

use super::slots::Slots;
use super::{AnnouncementOrder, Election, Issuer, Notices, OfferOrder, Offers, Votes};
use crate::codec::Source;
use crate::codec::leios::{LeiosBlockHash, LeiosPoint, RankingBlockHeader, SlotNo};
use crate::state::leios::heap;
use crate::state::leios::limits::Limits;
use crate::state::leios::server::seats::MOST_SEATS_HEAP;

impl Notices {
    /// Heap bytes held, headers included.
    pub fn heap(&self) -> usize {
        let headers = self.elections.values().fold(0_usize, |sum, election| {
            let second = election.second.as_ref().map_or(0, RankingBlockHeader::heap);
            sum.saturating_add(election.first.heap()).saturating_add(second)
        });
        let seats = self.votes.values().fold(0_usize, |sum, votes| {
            sum.saturating_add(votes.pending.heap()).saturating_add(votes.sent.heap())
        });
        let trees = trees(
            self.elections.len(),
            self.points.len(),
            self.votes.len(),
            self.announcing.len(),
            self.offering.len(),
        );
        let voting = self.voting.heap();
        headers.saturating_add(seats).saturating_add(trees).saturating_add(voting)
    }

    /// The most [`heap`](Self::heap) can be.
    pub fn most_heap(limits: &Limits) -> usize {
        let elections = limits.max_tracked_elections;
        let headers = elections.saturating_mul(2);
        let pending = limits.max_pending_notifications;
        let largest = Source::most_heap(usize::from(limits.max_notification_size));
        trees(elections, headers, elections, headers.min(pending), pending)
            .saturating_add(headers.saturating_mul(largest))
            .saturating_add(elections.saturating_mul(2 * MOST_SEATS_HEAP))
            .saturating_add(Slots::most_heap(elections))
    }
}

/// Most heap bytes of the trees with so many entries.
const fn trees(
    elections: usize,
    points: usize,
    votes: usize,
    announcing: usize,
    offering: usize,
) -> usize {
    let announced = size_of::<(AnnouncementOrder, RankingBlockHeader)>();
    let offered = size_of::<(OfferOrder, LeiosBlockHash)>();
    heap::tree(elections, size_of::<((SlotNo, Issuer), Election)>())
        .saturating_add(heap::tree(points, size_of::<(LeiosPoint, Offers)>()))
        .saturating_add(heap::tree(votes, size_of::<(SlotNo, Votes)>()))
        .saturating_add(heap::tree(announcing, announced))
        .saturating_add(heap::tree(offering, offered))
}
