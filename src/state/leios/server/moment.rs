//! What a slot's age is judged by.

use crate::codec::leios::SlotNo;
use crate::state::leios::limits::Limits;
use crate::state::leios::slot::SlotClock;
use crate::time::Time;

/// The time of an input, with the clock and the limits it is to be seen by.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    /// The time of the input.
    pub now: Time,
    /// When slots begin.
    pub clock: &'a SlotClock,
    /// The limits in force.
    pub limits: &'a Limits,
}

impl Moment<'_> {
    /// True once nothing of this slot is told any more (L-38, L-45).
    pub fn is_old(&self, slot: SlotNo) -> bool {
        self.clock.age(self.now, slot) > self.limits.relay_age
    }

    /// True while a client would take an announcement of this slot for a fault (L-37).
    pub fn is_early(&self, slot: SlotNo) -> bool {
        self.clock.ahead(self.now, slot) > self.limits.clock_skew
    }
}
