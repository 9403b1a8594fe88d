//! A set of seats of the voting committee: one bit per seat.

use alloc::vec::Vec;

use crate::codec::leios::VoteIssuer;

/// Most heap bytes of one set: a bit for each of the 65,536 seats.
pub(super) const MOST_SEATS_HEAP: usize = 65_536 / 8;

/// Seats, as a bitset that is no longer than its highest seat ever needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Seats {
    words: Vec<u64>,
    /// The first word that is not zero; 0 if there is none.
    low: usize,
    count: usize,
}

impl Seats {
    /// How many seats are in the set.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// True if `seat` is in the set.
    pub fn contains(&self, seat: VoteIssuer) -> bool {
        let (word, bit) = place(seat);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Adds a seat.
    pub fn insert(&mut self, seat: VoteIssuer) {
        let (word, bit) = place(seat);
        if let Some(missing) = (word + 1).checked_sub(self.words.len()) {
            self.words.reserve_exact(missing);
            self.words.resize(self.words.len().max(word + 1), 0);
        }
        if let Some(bits) = self.words.get_mut(word) {
            if *bits & bit == 0 {
                self.low = if self.count == 0 { word } else { self.low.min(word) };
                self.count += 1;
                *bits |= bit;
            }
        }
    }

    /// The lowest seat in the set.
    pub fn first(&self) -> Option<VoteIssuer> {
        let bits = self.words.get(self.low).filter(|bits| **bits != 0)?;
        let seat = self.low.checked_mul(64)?.checked_add(bits.trailing_zeros() as usize)?;
        u16::try_from(seat).ok().map(VoteIssuer)
    }

    /// Takes the lowest seat out. An emptied set keeps little memory: the next offer comes soon.
    pub fn pop_first(&mut self) -> Option<VoteIssuer> {
        let seat = self.first()?;
        let (word, bit) = place(seat);
        if let Some(bits) = self.words.get_mut(word) {
            *bits &= !bit;
        }
        self.count = self.count.saturating_sub(1);
        let rest = self.words.get(word..).unwrap_or_default();
        match rest.iter().position(|bits| *bits != 0) {
            Some(ahead) => self.low = word + ahead,
            None => {
                self.words.clear();
                if self.words.capacity() > KEPT {
                    self.words = Vec::new();
                }
                self.low = 0;
            }
        }
        Some(seat)
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        self.words.capacity().saturating_mul(size_of::<u64>())
    }
}

/// An emptied set keeps so many words at most: enough for the seats of most committees.
const KEPT: usize = 32;

/// The word and the bit of a seat.
const fn place(VoteIssuer(seat): VoteIssuer) -> (usize, u64) {
    (seat as usize / 64, 1 << (seat % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_come_out_in_order_and_leave_nothing_behind() {
        let mut seats = Seats::default();
        for seat in [65_535, 7, 64, 900, 7, 0] {
            seats.insert(VoteIssuer(seat));
        }
        assert_eq!(seats.len(), 5);
        assert!(seats.contains(VoteIssuer(900)) && !seats.contains(VoteIssuer(901)));
        assert!(seats.heap() <= MOST_SEATS_HEAP);
        let order: Vec<u16> = core::iter::from_fn(|| seats.pop_first()).map(|s| s.0).collect();
        assert_eq!(order, [0, 7, 64, 900, 65_535]);
        assert_eq!(seats, Seats::default());
        assert_eq!(seats.heap(), 0);
    }

    #[test]
    fn a_lower_seat_added_later_comes_first() {
        let mut seats = Seats::default();
        seats.insert(VoteIssuer(300));
        seats.insert(VoteIssuer(2));
        assert_eq!(seats.pop_first(), Some(VoteIssuer(2)));
        assert_eq!(seats.first(), Some(VoteIssuer(300)));
        seats.insert(VoteIssuer(1));
        assert_eq!(seats.pop_first(), Some(VoteIssuer(1)));
        assert_eq!(seats.pop_first(), Some(VoteIssuer(300)));
        assert_eq!(seats.pop_first(), None);
    }
}
