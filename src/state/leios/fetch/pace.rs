//! How fast a peer delivers: rate and latency from what arrived, in integers.

use core::time::Duration;

use super::FetchLimits;
use crate::time::Time;

/// What is known of a peer's speed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pace {
    /// Bytes a second of busy time, averaged; 0: nothing arrived yet.
    rate: u64,
    /// Least time from asking to arrival beyond the time of the bytes, in microseconds.
    latency: Option<u64>,
    /// True once two deliveries came back to back, which alone tells rate from latency.
    measured: bool,
    /// When the last delivery came.
    last: Time,
    /// Bytes and busy microseconds that make no sample yet.
    bytes: u64,
    busy: u64,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self { rate: 0, latency: None, measured: false, last: Time::ZERO, bytes: 0, busy: 0 }
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
        self.latency.unwrap_or_else(|| micros(limits.assumed_latency))
    }

    /// How long `bytes` take once they flow.
    pub(super) fn span(&self, bytes: u64, limits: &FetchLimits) -> Duration {
        Duration::from_micros(scaled(bytes, 1_000_000, self.rate(limits)))
    }

    /// How long it takes until `bytes`, asked for now, have come.
    pub(super) fn wait(&self, bytes: u64, limits: &FetchLimits) -> Duration {
        self.span(bytes, limits).saturating_add(Duration::from_micros(self.latency(limits)))
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

    /// `bytes` came that were asked for at `sent`, when `ahead` bytes were in flight already.
    pub(super) fn arrived(
        &mut self,
        now: Time,
        bytes: u64,
        sent: Time,
        ahead: u64,
        limits: &FetchLimits,
    ) {
        let since_sent = micros(now.since(sent));
        let idle = sent >= self.last;
        // Busy since the previous delivery, or since the request can have got there and back.
        let busy = match (idle, self.latency) {
            (false, _) => micros(now.since(self.last)),
            (true, latency) => since_sent.saturating_sub(latency.unwrap_or(0)),
        };
        self.last = self.last.max(now);
        if !idle || self.latency.is_some() {
            self.sample(bytes, busy, limits);
        } else if self.rate == 0 {
            self.rate = scaled(bytes, 1_000_000, since_sent.max(1)).max(1);
        }
        if self.measured {
            let flow = micros(self.span(ahead.saturating_add(bytes), limits));
            let latency = since_sent.saturating_sub(flow);
            self.latency = Some(match self.latency {
                Some(old) if latency > old => old.saturating_add((latency - old) / 16),
                _ => latency,
            });
        }
    }

    fn sample(&mut self, bytes: u64, busy: u64, limits: &FetchLimits) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.busy = self.busy.saturating_add(busy);
        if self.busy < micros(limits.sample_time).max(1) {
            return;
        }
        let sample = scaled(self.bytes, 1_000_000, self.busy).max(1);
        self.rate = if self.measured {
            let weight = limits.rate_weight.max(1);
            let old = scaled(self.rate, weight - 1, weight);
            old.saturating_add(sample / weight).max(1)
        } else {
            sample
        };
        self.measured = true;
        (self.bytes, self.busy) = (0, 0);
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
            pace.arrived(now, 25_000, Time::from_micros(1_000_000), (at - 1) * 25_000, &limits);
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
            pace.arrived(Time::from_micros(at), 1_000, Time::ZERO, 0, &limits);
        }
        assert!(pace.rate(&limits) <= 300_000, "{pace:?}");
    }
}
