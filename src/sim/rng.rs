//! Seeded numbers: splitmix64, one stream for each purpose.

use crate::sim::TraceHash;

/// A splitmix64 generator.
///
/// Take one [stream](Rng::stream) for each purpose (delays, losses, workload): then a draw more
/// in one doesn't shift the others. Same seed, same numbers, on any target. Not for secrets.
///
/// ```
/// use nodewire::sim::Rng;
///
/// let mut delays = Rng::new(7).stream("delays");
/// assert!(delays.below(10) < 10);
/// assert_eq!(Rng::new(7).stream("a").next(), Rng::new(7).stream("a").next());
/// assert_ne!(Rng::new(7).stream("a").next(), Rng::new(7).stream("b").next());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The generator of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The generator for one purpose under this one's state; this one is left as it is.
    #[must_use]
    pub fn stream(&self, purpose: &str) -> Self {
        let mut hash = TraceHash::new();
        hash.bytes(purpose.as_bytes());
        let mut stream = Self { state: self.state ^ hash.get() };
        // One step away from the seed, so that the streams of near seeds are not near.
        stream.state = stream.next();
        stream
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; zero if `bound` is zero.
    ///
    /// By multiplication: the bias is below `bound` in 2⁶⁴.
    pub const fn below(&mut self, bound: u64) -> u64 {
        ((self.next() as u128 * bound as u128) >> 64) as u64
    }

    /// True in `per_million` of a million draws. Draws even when the outcome is certain.
    pub const fn chance(&mut self, per_million: u32) -> bool {
        self.below(1_000_000) < per_million as u64
    }

    /// A number from `low` to `high`, both included; `low` if they are the wrong way round.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = high.saturating_sub(low);
        let draw = if span == u64::MAX { self.next() } else { self.below(span + 1) };
        low.saturating_add(draw)
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // The published sequence for the seed 1234567.
        let mut rng = Rng::new(1_234_567);
        let numbers: [u64; 3] = core::array::from_fn(|_| rng.next());
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(numbers, published);
    }

    #[test]
    fn bounds_hold_at_the_edges() {
        let mut rng = Rng::new(3);
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.between(9, 4), 9);
        let _ = rng.between(0, u64::MAX);
        let hits = (0..10_000).filter(|_| rng.chance(250_000)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| (5..=7).contains(&rng.between(5, 7))));
    }

    #[test]
    fn no_chance_is_none_even_for_the_lowest_draw() {
        // One step before the state from which the number is zero.
        let lowest = Rng::new(0_u64.wrapping_sub(0x9e37_79b9_7f4a_7c15));
        assert_eq!(lowest.clone().next(), 0);
        assert!(!lowest.clone().chance(0));
        assert!(lowest.clone().chance(1));
    }
}
