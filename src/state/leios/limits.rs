//! The limits and times of version 1 (`leios.md` section 16), each a field to set.

use core::time::Duration;

/// Every limit, size and time that the Leios machines go by. Start from `default()`, which is
/// version 1 of the pair, and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Limits {
    /// Largest notification, and least that a notification request asks for, in bytes (L-5, L-26,
    /// S-4).
    pub max_notification_size: u16,
    /// A request may be sent while fewer request bytes than this are outstanding (L-3).
    pub max_outstanding_request_bytes: usize,
    /// A request may be sent while fewer individual requests than this are outstanding (L-4).
    pub max_outstanding_requests: usize,
    /// Most transaction bits outstanding (L-14).
    pub max_outstanding_txs: usize,
    /// Largest request message in bytes (L-11).
    pub max_request_message: usize,
    /// Largest reply message in bytes (L-12, L-23).
    pub max_reply_message: usize,
    /// Expected reply bytes at which a client splits its requests (L-13, S-8).
    pub reply_split_target: usize,
    /// The server hands over its next reply while fewer bytes than this wait to leave (L-62, S-8).
    pub reply_egress_low: usize,
    /// The client asks for more notifications when no more credit than this is left (L-44).
    pub notify_low: u32,
    /// Bytes of each notification request (L-44).
    pub notify_chunk: u16,
    /// Largest endorser block in bytes (L-49).
    pub max_eb_bytes: usize,
    /// Most transactions an endorser block may refer to (L-49).
    pub max_eb_txs: usize,
    /// Largest transaction in bytes (L-49).
    pub max_tx_bytes: u32,
    /// Most transaction bytes an endorser block may refer to (L-49).
    pub max_eb_closure: u64,
    /// Votes and announcements older than this are not relayed (L-38, L-45).
    pub relay_age: Duration,
    /// Announcements older than this are a fault (L-37).
    pub receive_age: Duration,
    /// Announcements may be this early (L-37).
    pub clock_skew: Duration,
    /// Rolling time-out while deliveries are outstanding (L-57).
    pub delivery_timeout: Duration,
    /// Longest time one delivery may be outstanding (L-58); `None` is seed-strict.
    pub starvation: Option<Duration>,
    /// Longest wait for MsgLeiosDone after MsgLeiosDoneRequest (L-59).
    pub shutdown_timeout: Duration,
    /// How often what is too old is forgotten.
    pub prune_every: Duration,
    /// Most elections remembered for one peer.
    pub max_tracked_elections: usize,
    /// Most notifications waiting for one client, in items.
    pub max_pending_notifications: usize,
    /// Target size of a message of notifications, in bytes (`leios.md` 13.2).
    pub notification_batch: usize,
    /// Most requests that may wait inside a client for the limits above, in items.
    pub max_queued_requests: usize,
    /// Most votes in one request for votes (`leios.md` 12.5).
    pub max_votes_per_request: usize,
    /// Most expected reply bytes outstanding at one server, by the formula of `leios.md` 8.5.
    pub max_in_flight: usize,
    /// Most bytes of notifications a client may keep outstanding: bounds what may be commanded.
    pub max_notification_credit: u32,
    /// Most questions a machine may have open.
    pub max_open_asks: usize,
    /// Most bytes of content that a server holds between the answers to its questions and their
    /// sending, or has asked for: it asks while the largest answers possible fit under it, and
    /// always when it holds nothing.
    pub max_provided_bytes: usize,
    /// Most things sent of which a server remembers that they were, for overlapping requests
    /// (L-52), in items.
    pub max_overlap_marks: usize,
}

impl Limits {
    /// Bytes received and not consumed that a client may hold of LeiosReply (`leios.md` 10.4):
    /// the deliveries in flight, the notification credit of the reference, overhead, and a tenth;
    /// but never less than all that an honest server may be asked for.
    #[must_use]
    pub const fn client_reply_ingress(&self) -> usize {
        let need = self.max_in_flight.saturating_add(65_535).saturating_add(65_536);
        let reference = need.saturating_add(need / 10);
        // A lone request may exceed `max_in_flight`. A notification in a message of its own takes
        // about its size again.
        let deliveries = larger(self.max_in_flight, self.max_reply_message);
        let credit = (self.max_notification_credit as usize).saturating_mul(2);
        larger(reference, deliveries.saturating_add(credit).saturating_add(65_536))
    }
}

/// `Ord::max` in constants.
const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_notification_size: 2_048,
            max_outstanding_request_bytes: 10_000,
            max_outstanding_requests: 1_000,
            max_outstanding_txs: 73_728,
            max_request_message: 65_535,
            max_reply_message: 2_500_000,
            reply_split_target: 100_000,
            reply_egress_low: 24_576,
            notify_low: 32_768,
            notify_chunk: 32_768,
            max_eb_bytes: 512_000,
            max_eb_txs: 14_222,
            max_tx_bytes: 16_384,
            max_eb_closure: 12_000_000,
            relay_age: Duration::from_secs(300),
            receive_age: Duration::from_secs(600),
            clock_skew: Duration::from_secs(2),
            delivery_timeout: Duration::from_secs(60),
            starvation: Some(Duration::from_secs(180)),
            shutdown_timeout: Duration::from_secs(60),
            prune_every: Duration::from_secs(10),
            max_tracked_elections: 1_024,
            max_pending_notifications: 4_096,
            notification_batch: 12_000,
            max_queued_requests: 16_384,
            max_votes_per_request: 64,
            max_in_flight: 5_000_000,
            max_notification_credit: 131_072,
            max_open_asks: 1_024,
            max_provided_bytes: 10_000_000,
            max_overlap_marks: 16_384,
        }
    }
}
