//! A set of chains in 128 bits.

use super::Slot;

/// A set of chains of the dependency set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Chains(pub(super) u128);

impl Chains {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(u128::MAX);

    pub(super) const fn one(slot: Slot) -> Self {
        Self(1_u128.wrapping_shl(slot.0 as u32))
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has(self, slot: Slot) -> bool {
        self.meets(Self::one(slot))
    }

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Its chains, in order.
    pub(super) fn iter(self) -> impl Iterator<Item = Slot> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let slot = Slot(u8::try_from(rest.trailing_zeros()).ok()?);
            let rest_of = rest.checked_sub(1)?;
            rest &= rest_of;
            Some(slot)
        })
    }
}
