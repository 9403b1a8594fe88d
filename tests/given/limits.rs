//! Limits that a short script can reach.

use std::time::Duration;

use nodewire::codec::leios::SlotNo;
use nodewire::state::leios::{FetchLimits, Limits, SlotClock};

use super::store::SLOT;

/// For the pair.
pub fn small() -> Limits {
    let mut limits = Limits::default();
    limits.max_outstanding_request_bytes = 300;
    limits.max_outstanding_requests = 6;
    limits.max_outstanding_txs = 100;
    limits.reply_split_target = 9_000;
    limits.max_tracked_elections = 3;
    limits.max_pending_notifications = 5;
    limits.notification_batch = 300;
    limits.max_queued_requests = 150;
    limits.max_votes_per_request = 3;
    limits.max_open_asks = 2;
    limits.max_overlap_marks = 24;
    limits
}

/// For the decision logic.
pub fn small_fetch() -> FetchLimits {
    let mut limits = FetchLimits::default();
    limits.max_peers = 3;
    limits.max_points = 3;
    limits.max_references = 150;
    limits.max_vote_offers = 6;
    limits.per_peer_in_flight = 20_000;
    limits.total_in_flight = 40_000;
    limits.per_peer_txs = 40;
    limits.request_bytes = 6_000;
    limits.probe_bytes = 5_000;
    limits.probe_piece = 1_500;
    limits.assumed_rate = 20_000;
    limits.min_piece = 1_000;
    limits.min_window = 3_000;
    limits.second_after = Duration::from_millis(500);
    limits.tail_percent = 60;
    limits.hedge_margin = Duration::from_millis(1);
    limits.lag_slack = Duration::from_millis(5);
    limits.double_block = 2_000;
    limits.votes_many = 4;
    limits.votes_few = 2;
    limits.vote_requests = 2;
    limits
}

pub fn clock() -> SlotClock {
    SlotClock { slot: SlotNo(SLOT), ..SlotClock::default() }
}
