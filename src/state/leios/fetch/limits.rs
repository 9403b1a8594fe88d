//! The thresholds the decision logic goes by, each a field to set.

use core::time::Duration;

/// Every threshold of [`Fetch`](super::Fetch). Start from `default()` and set fields: this is the
/// policy, as data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct FetchLimits {
    /// Most peers.
    pub max_peers: usize,
    /// Most endorser blocks remembered; as many elections.
    pub max_points: usize,
    /// Most transaction references held, over all blocks whose transactions are being fetched.
    pub max_references: usize,
    /// Most vote offers held, over all peers, those of votes that came included.
    pub max_vote_offers: usize,
    /// Most bytes that a block can have (L-49), whatever a header says: as much is asked for and
    /// counted. A size that fits no budget would keep its peers from all other work.
    pub max_eb_bytes: u32,
    /// Most bytes requested of one peer and not yet delivered.
    pub per_peer_in_flight: u64,
    /// Most bytes requested of all peers and not yet delivered.
    pub total_in_flight: u64,
    /// Most transactions requested of one peer and not yet delivered (below L-14).
    pub per_peer_txs: usize,
    /// Most expected reply bytes of one request, blocks excepted (L-13).
    pub request_bytes: u64,
    /// How many peers may be asked for the same thing at once.
    pub copies: usize,
    /// A request for transactions or votes older than this, in multiples of the time after which a
    /// second peer is asked, no longer counts as a copy; one for a block, since all else waits for
    /// it, after that time itself. So work is never stranded on peers that stay silent together.
    /// 0: both count for ever.
    pub stale_factor: u32,
    /// Most bytes in flight with a peer whose rate is unknown.
    pub probe_bytes: u64,
    /// Bytes of each request of such a probe.
    pub probe_piece: u64,
    /// Rate taken for a peer whose rate is unknown, in bytes a second.
    pub assumed_rate: u64,
    /// Latency taken for such a peer.
    pub assumed_latency: Duration,
    /// The newest sample counts one in so many in the average rate.
    pub rate_weight: u64,
    /// Shortest busy time that makes a sample of the rate.
    pub sample_time: Duration,
    /// How long a peer should be busy with what is in flight, beyond its latency.
    pub queue_time: Duration,
    /// How long a peer should be busy with one request.
    pub piece_time: Duration,
    /// Least bytes of one request, if there is as much to ask for.
    pub min_piece: u64,
    /// Least bytes in flight with a peer, if there is as much to ask for.
    pub min_window: u64,
    /// A second peer is asked after this time, or after `second_factor` times the expected time
    /// if that is longer.
    pub second_after: Duration,
    /// See `second_after`.
    pub second_factor: u32,
    /// A closure with at most so many hundredths of its bytes missing is in its tail: what is late
    /// is asked of a second peer at once.
    pub tail_percent: u64,
    /// In the tail a second peer is asked if it would deliver earlier by this.
    pub hedge_margin: Duration,
    /// In the tail a request is late when it takes longer than one and a half times the expected
    /// time and this.
    pub lag_slack: Duration,
    /// A block of at most so many bytes is asked of two peers at once while the rate of the first
    /// is unknown: everything else waits for it.
    pub double_block: u32,
    /// Most votes of one request while less than half of the quorum is known.
    pub votes_many: usize,
    /// Most votes of one request afterwards.
    pub votes_few: usize,
    /// Most requests for votes in flight with one peer.
    pub vote_requests: usize,
    /// How long a peer that refused a command is left alone.
    pub retry_after: Duration,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            max_peers: 256,
            max_points: 1_024,
            max_references: 262_144,
            max_vote_offers: 262_144,
            max_eb_bytes: 512_000,
            per_peer_in_flight: 5_000_000,
            total_in_flight: 50_000_000,
            per_peer_txs: 58_000,
            request_bytes: 100_000,
            copies: 2,
            stale_factor: 2,
            probe_bytes: 100_000,
            probe_piece: 25_000,
            assumed_rate: 1_000_000,
            assumed_latency: Duration::from_millis(50),
            rate_weight: 4,
            sample_time: Duration::from_millis(5),
            queue_time: Duration::from_millis(100),
            piece_time: Duration::from_millis(20),
            min_piece: 12_000,
            min_window: 20_000,
            second_after: Duration::from_secs(3),
            second_factor: 2,
            tail_percent: 10,
            hedge_margin: Duration::from_millis(10),
            lag_slack: Duration::from_millis(50),
            double_block: 100_000,
            votes_many: 64,
            votes_few: 8,
            vote_requests: 16,
            retry_after: Duration::from_secs(1),
        }
    }
}
