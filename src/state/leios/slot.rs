//! Wall-clock time as protocol data: which slot begins when on the driver's clock.

use core::time::Duration;

use crate::codec::leios::SlotNo;
use crate::time::Time;

/// Maps the driver's [`Time`] to slots: slot `slot` begins at `at`, each slot lasts `length`.
///
/// An input like any other: the application reads the wall clock, the machines never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SlotClock {
    /// A slot whose beginning is known.
    pub slot: SlotNo,
    /// When it begins.
    pub at: Time,
    /// How long each slot lasts; a second on mainnet.
    pub length: Duration,
}

impl SlotClock {
    /// How long ago the onset of `slot` was at `now`; zero if it is still to come.
    #[must_use]
    pub fn age(&self, now: Time, slot: SlotNo) -> Duration {
        self.onset_offset(now, slot).0
    }

    /// How far the onset of `slot` lies ahead of `now`; zero if it has passed.
    #[must_use]
    pub fn ahead(&self, now: Time, slot: SlotNo) -> Duration {
        self.onset_offset(now, slot).1
    }

    /// The youngest slot that has begun at `now`; `None` if none has.
    #[must_use]
    pub fn begun(&self, now: Time) -> Option<SlotNo> {
        let since = i128::from(now.as_micros()) - i128::from(self.at.as_micros());
        let length = i128::try_from(self.length.as_micros()).unwrap_or(i128::MAX);
        let slots = match length {
            0 if since < 0 => return None,
            0 => i128::MAX,
            _ => since.div_euclid(length),
        };
        let slot = slots.saturating_add(i128::from(self.slot.0));
        u64::try_from(slot.min(i128::from(u64::MAX))).ok().map(SlotNo)
    }

    /// When `slot` begins. Saturates.
    #[must_use]
    pub fn onset(&self, slot: SlotNo) -> Time {
        Time::ZERO.after(self.ahead(Time::ZERO, slot))
    }

    /// Age and lead of the onset of `slot`, at most one of them not zero. Saturates.
    fn onset_offset(&self, now: Time, slot: SlotNo) -> (Duration, Duration) {
        let length = i128::try_from(self.length.as_micros()).unwrap_or(i128::MAX);
        let slots = i128::from(slot.0) - i128::from(self.slot.0);
        let onset = slots.saturating_mul(length).saturating_add(i128::from(self.at.as_micros()));
        let lead = onset.saturating_sub(i128::from(now.as_micros()));
        let span =
            |micros: i128| Duration::from_micros(u64::try_from(micros.max(0)).unwrap_or(u64::MAX));
        (span(lead.saturating_neg()), span(lead))
    }
}

impl Default for SlotClock {
    /// Slot 0 begins at the driver's epoch; slots last one second.
    fn default() -> Self {
        Self { slot: SlotNo(0), at: Time::ZERO, length: Duration::from_secs(1) }
    }
}
