//! Time as a number handed in, and an index of deadlines.

use alloc::collections::BTreeSet;
use core::fmt;
use core::time::Duration;

use crate::heap;

/// A point on the driver's monotonic clock: microseconds since an epoch the driver chose.
///
/// The library never reads a clock. Arithmetic saturates, so a time that jumps back is harmless.
/// Wall-clock time (slots, block timestamps) is protocol data and never mixed with `Time`.
///
/// ```
/// use core::time::Duration;
/// use nodewire::Time;
///
/// let due = Time::ZERO.after(Duration::from_secs(60));
/// assert_eq!(due.since(Time::from_micros(59_000_000)), Duration::from_secs(1));
/// assert_eq!(Time::ZERO.since(due), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Time(u64);

impl Time {
    /// The driver's epoch.
    pub const ZERO: Self = Self(0);

    /// The point `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The point `span` later, or the last one there is. Parts of a microsecond are dropped.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "what is too large is the last point")]
    pub const fn after(self, span: Duration) -> Self {
        let micros = span.as_micros();
        if micros > u64::MAX as u128 {
            Self(u64::MAX)
        } else {
            Self(self.0.saturating_add(micros as u64))
        }
    }

    /// How much later this is than `earlier`; zero if it isn't.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Time {
    /// Seconds with six decimals, as in traces: `1.500000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Deadlines by key, so that the next one is at hand without a scan.
///
/// Keep one beside a map whose entries have different timeouts, and change it only in the
/// functions that open and close an entry. Ties go to the smallest key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deadlines<K> {
    due: BTreeSet<(Time, K)>,
}

impl<K: Ord + Clone> Deadlines<K> {
    /// No deadlines.
    #[must_use]
    pub const fn new() -> Self {
        Self { due: BTreeSet::new() }
    }

    /// Moves the deadline of `key` from `old` to `new`; `None` stands for none.
    pub fn shift(&mut self, key: &K, old: Option<Time>, new: Option<Time>) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.due.remove(&(old, key.clone()));
        }
        if let Some(new) = new {
            self.due.insert((new, key.clone()));
        }
        heap::relax_set(&mut self.due);
    }

    /// The earliest deadline and its key.
    #[must_use]
    pub fn first(&self) -> Option<(Time, &K)> {
        self.due.first().map(|(time, key)| (*time, key))
    }

    /// How many deadlines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// Heap bytes.
    pub(crate) fn heap(&self) -> usize {
        heap::tree(self.due.len(), size_of::<(Time, K)>())
    }

    /// True if there is no deadline.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}

impl<K: Ord + Clone> Default for Deadlines<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_weigh_no_less_than_their_entries() {
        let mut deadlines = Deadlines::new();
        assert_eq!(deadlines.heap(), 0);
        for key in 0..1_000_u64 {
            deadlines.shift(&key, None, Some(Time::from_micros(7 * key)));
            assert!(deadlines.heap() >= deadlines.len() * size_of::<(Time, u64)>());
        }
        for key in 0..1_000_u64 {
            deadlines.shift(&key, Some(Time::from_micros(7 * key)), None);
        }
        assert_eq!(deadlines.heap(), 0);
    }
}
