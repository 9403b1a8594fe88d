//! How fast a peer delivers: rate and latency from what arrived, in integers.

use core::time::Duration;

use super::FetchLimits;
use crate::time::Time;

/// What is known of a peer's speed.
///
/// A delivery whose request reached the peer before the delivery in front of it was through tells
/// the rate: the peer was busy all the time in between. One whose request found the peer idle
/// tells the latency. Neither is taken for the other, or a distant peer would seem to be slow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pace {
    /// Bytes a second of busy time, averaged; 0: nothing arrived yet.
    rate: u64,
    /// Time from asking an idle peer to arrival beyond the time of the bytes, in microseconds.
    latency: u64,
    /// True once deliveries that were asked for together came apart, which tells the rate without
    /// the latency.
    measured: bool,
    /// The newest delivery of an idle peer while the rate is unknown: its bytes, and how long it
    /// took in microseconds.
    alone: (u64, u64),
    /// When the last delivery came, and when it was asked for.
    last: Time,
    last_sent: Time,
    /// True if the last delivery told the rate: then so does what comes in the same instant.
    told: bool,
    /// Bytes and busy microseconds that make no sample yet.
    bytes: u64,
    busy: u64,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self {
            rate: 0,
            latency: 0,
            measured: false,
            alone: (0, 0),
            last: Time::ZERO,
            last_sent: Time::ZERO,
            told: false,
            bytes: 0,
            busy: 0,
        }
    }

    pub(super) const fn measured(&self) -> bool {
        self.measured
    }

    pub(super) const fn last(&self) -> Time {
        self.last
    }

    /// Bytes a second, never 0.
    pub(super) fn rate(&self, limits: &FetchLimits) -> u64 {
        if self.rate == 0 { limits.assumed_rate.max(1) } else { self.rate }
    }

    fn latency(&self, limits: &FetchLimits) -> u64 {
        if self.measured { self.latency } else { micros(limits.assumed_latency) }
    }

    /// How long `bytes` take once they flow.
    pub(super) fn span(&self, bytes: u64, limits: &FetchLimits) -> Duration {
        Duration::from_micros(scaled(bytes, 1_000_000, self.rate(limits)))
    }

    /// How long it takes until `bytes`, asked for now, have come, if `ahead` bytes are to come
    /// first: those flow while the request is on its way.
    pub(super) fn wait(&self, ahead: u64, bytes: u64, limits: &FetchLimits) -> Duration {
        let latency = Duration::from_micros(self.latency(limits));
        self.span(ahead, limits).max(latency).saturating_add(self.span(bytes, limits))
    }

    /// How many bytes should be in flight.
    pub(super) fn window(&self, limits: &FetchLimits) -> u64 {
        if !self.measured {
            // After the first delivery a probe is topped up only as far as that one promises.
            let flow = scaled(self.rate, micros(limits.queue_time), 1_000_000);
            let more = if self.rate == 0 { u64::MAX } else { flow };
            let bytes = more.saturating_add(limits.probe_piece);
            return bytes.min(limits.probe_bytes).min(limits.per_peer_in_flight);
        }
        let span = self.latency(limits).saturating_add(micros(limits.queue_time));
        let bytes = scaled(self.rate, span, 1_000_000);
        bytes.max(limits.min_window).min(limits.per_peer_in_flight)
    }

    /// How many bytes one request should ask for.
    pub(super) fn piece(&self, limits: &FetchLimits) -> u64 {
        if !self.measured {
            return limits.probe_piece.min(limits.request_bytes);
        }
        let bytes = scaled(self.rate, micros(limits.piece_time), 1_000_000);
        bytes.max(limits.min_piece).min(limits.request_bytes)
    }

    /// `bytes` came that were asked for at `sent`.
    pub(super) fn arrived(&mut self, now: Time, bytes: u64, sent: Time, limits: &FetchLimits) {
        let took = micros(now.since(sent));
        let spacing = micros(now.since(self.last));
        self.told = match spacing {
            0 => self.told,
            _ if self.measured => self.tells_rate(sent, bytes, limits),
            _ => sent < self.last && micros(sent.since(self.last_sent)) <= spacing / 4,
        };
        if self.told {
            self.sample(bytes, spacing, limits);
        } else if self.measured {
            let latency = took - self.part(took, bytes, limits);
            self.latency = match latency.checked_sub(self.latency) {
                Some(more) => self.latency.saturating_add(more / 8),
                None => latency,
            };
        } else {
            // Its rate is this at least.
            let busy = if sent < self.last { spacing } else { took };
            self.alone = if sent < self.last { self.alone } else { (bytes, took) };
            let busy = busy.max(micros(limits.sample_time)).max(1);
            self.rate = self.rate.max(scaled(bytes, 1_000_000, busy));
        }
        self.last = self.last.max(now);
        self.last_sent = sent;
    }

    /// True if a request reached the peer before the last delivery was through. What the latency
    /// is uncertain by doesn't matter: it is measured by less than that.
    fn tells_rate(&self, sent: Time, bytes: u64, limits: &FetchLimits) -> bool {
        let reached = sent.after(Duration::from_micros(self.latency));
        let slack = (micros(self.span(bytes, limits)) / 4).min(self.latency / 2);
        micros(reached.since(self.last)) <= slack
    }

    /// How much of the time that `bytes` took was theirs: however low the rate seems to be, that is
    /// no reason to take the latency for nothing.
    fn part(&self, took: u64, bytes: u64, limits: &FetchLimits) -> u64 {
        micros(self.span(bytes, limits)).min(took / 2)
    }

    fn sample(&mut self, bytes: u64, busy: u64, limits: &FetchLimits) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.busy = self.busy.saturating_add(busy);
        if self.busy < micros(limits.sample_time).max(1) {
            return;
        }
        let sample = scaled(self.bytes, 1_000_000, self.busy).max(1);
        (self.bytes, self.busy) = (0, 0);
        if self.measured {
            let weight = limits.rate_weight.max(1);
            let old = scaled(self.rate, weight - 1, weight);
            self.rate = old.saturating_add(sample / weight).max(1);
            return;
        }
        self.rate = sample;
        self.measured = true;
        let (bytes, took) = self.alone;
        self.latency = took - self.part(took, bytes, limits);
    }
}

/// A span in whole microseconds.
pub(super) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// `a * b / c` without overflow on the way; saturates.
fn scaled(a: u64, b: u64, c: u64) -> u64 {
    let product = u128::from(a).saturating_mul(u128::from(b));
    u64::try_from(product / u128::from(c.max(1))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_to_back_deliveries_tell_rate_and_latency() {
        let limits = FetchLimits::default();
        let mut pace = Pace::new();
        // 1 MB/s behind 40 ms: four requests of 25 kB sent at once.
        for at in 1..=4 {
            let now = Time::from_micros(1_000_000 + 40_000 + at * 25_000);
            pace.arrived(now, 25_000, Time::from_micros(1_000_000), &limits);
        }
        assert!(pace.measured());
        assert_eq!(pace.rate(&limits), 1_000_000);
        assert_eq!(pace.latency(&limits), 40_000);
        assert_eq!(pace.window(&limits), 140_000);
    }

    #[test]
    fn deliveries_in_one_instant_are_one_sample() {
        let limits = FetchLimits::default();
        let mut pace = Pace::new();
        for at in [10_000, 20_000, 20_000, 20_000] {
            pace.arrived(Time::from_micros(at), 1_000, Time::ZERO, &limits);
        }
        assert!(pace.rate(&limits) <= 300_000, "{pace:?}");
    }

    /// Requests that were sent while one was under way, but late, may have waited for the wire.
    #[test]
    fn only_requests_sent_close_together_tell_the_rate() {
        let limits = FetchLimits::default();
        let mut pace = Pace::new();
        let mut arrived = |at, sent| {
            pace.arrived(Time::from_micros(at), 25_000, Time::from_micros(sent), &limits);
            (pace.measured(), pace.rate(&limits), pace.latency)
        };
        assert_eq!(arrived(100_000, 0), (false, 250_000, 0));
        // It took 110 ms, but 50 ms since the delivery before it.
        assert_eq!(arrived(150_000, 40_000), (false, 500_000, 0));
        // Now at 1 MB/s; the one that found an idle peer took 100 ms, 25 ms of it for its bytes.
        assert_eq!(arrived(175_000, 40_000), (true, 1_000_000, 75_000));
    }

    #[test]
    fn the_latency_grows_by_an_eighth_and_shrinks_at_once() {
        let limits = FetchLimits::default();
        let mut pace = Pace::new();
        for at in 1..=4 {
            pace.arrived(Time::from_micros(40_000 + at * 25_000), 25_000, Time::ZERO, &limits);
        }
        assert_eq!(pace.latency(&limits), 40_000);
        for (sent, latency, known) in [(2_000_000, 48_000, 41_000), (3_000_000, 30_000, 30_000)] {
            let now = Time::from_micros(sent + latency + 25_000);
            pace.arrived(now, 25_000, Time::from_micros(sent), &limits);
            assert_eq!(pace.latency(&limits), known);
        }
    }

    #[test]
    fn a_request_asks_for_as_much_as_keeps_a_known_peer_busy() {
        let limits = FetchLimits::default();
        let mut pace = Pace::new();
        assert_eq!(pace.piece(&limits), limits.probe_piece);
        for at in 1..=4 {
            pace.arrived(Time::from_micros(at * 25_000), 25_000, Time::ZERO, &limits);
        }
        // 20 ms of 1 MB/s.
        assert_eq!(pace.piece(&limits), 20_000);
    }
}
