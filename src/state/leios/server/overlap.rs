//! What was sent while other requests were outstanding, so that it isn't sent again (`leios.md`
//! 8.4, L-52).

use alloc::collections::{BTreeMap, VecDeque};

use crate::codec::leios::{LeiosBlockHash, RequestNo, SlotNo, TxHash, VoteIssuer};
use crate::state::leios::heap;
use crate::state::leios::limits::Limits;

/// What overlap is decided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Mark {
    /// A block, by its hash.
    Block(LeiosBlockHash),
    /// A transaction, by its hash: two blocks that share it overlap.
    Tx(TxHash),
    /// A vote.
    Vote(SlotNo, VoteIssuer),
}

/// Marks of what was sent, for all outstanding requests at once.
///
/// A mark holds how many requests had arrived when the thing left: it concerns exactly the
/// requests with a smaller number that were outstanding then. So nothing is kept for each
/// request, and a request that arrives later isn't concerned (S-10). Bounded by
/// `max_overlap_marks`; the oldest marks go first, and what they stood for may be sent twice,
/// which is waste and no violation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Marks {
    sent: BTreeMap<Mark, u64>,
    /// The same by age. An entry whose number is no longer the mark's is void.
    order: VecDeque<(u64, Mark)>,
}

impl Marks {
    /// True if the reply to `no` is to leave this out.
    pub fn excuse(&self, no: RequestNo, mark: Mark) -> bool {
        self.sent.get(&mark).is_some_and(|arrived| *arrived > no.0)
    }

    /// Marks what left when `arrived` requests had arrived.
    pub fn add(&mut self, mark: Mark, arrived: u64, most: usize) {
        if most == 0 || self.sent.get(&mark) == Some(&arrived) {
            return;
        }
        if self.order.len() >= most {
            self.drop_oldest();
        }
        self.sent.insert(mark, arrived);
        self.order.push_back((arrived, mark));
    }

    /// Forgets what no outstanding request can be concerned by, `oldest` being the oldest one.
    pub fn prune(&mut self, oldest: Option<RequestNo>) {
        let Some(RequestNo(oldest)) = oldest else {
            *self = Self::default();
            return;
        };
        while self.order.front().is_some_and(|(arrived, _)| *arrived <= oldest) {
            self.drop_oldest();
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let order = self.order.capacity().saturating_mul(size_of::<(u64, Mark)>());
        heap::tree(self.sent.len(), size_of::<(Mark, u64)>()).saturating_add(order)
    }

    /// The most [`heap`](Self::heap) can be. A list grows by doubling.
    pub fn most_heap(limits: &Limits) -> usize {
        let marks = limits.max_overlap_marks;
        let order = marks.saturating_mul(2).max(4).saturating_mul(size_of::<(u64, Mark)>());
        heap::tree(marks, size_of::<(Mark, u64)>()).saturating_add(order)
    }

    fn drop_oldest(&mut self) {
        if let Some((arrived, mark)) = self.order.pop_front() {
            if self.sent.get(&mark) == Some(&arrived) {
                self.sent.remove(&mark);
            }
        }
        if self.order.is_empty() {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_forgotten_with_the_requests_they_concern() {
        let mut marks = Marks::default();
        let mark = |seat| Mark::Vote(SlotNo(1), VoteIssuer(seat));
        for seat in 0..100 {
            marks.add(mark(seat), 1 + u64::from(seat) / 50, 1_000);
        }
        let full = marks.heap();
        marks.prune(Some(RequestNo(0)));
        assert!(marks.excuse(RequestNo(0), mark(0)) && marks.excuse(RequestNo(1), mark(99)));
        // The first 50 concern request 0 alone.
        marks.prune(Some(RequestNo(1)));
        assert!(!marks.excuse(RequestNo(0), mark(0)) && marks.excuse(RequestNo(1), mark(99)));
        assert!(marks.heap() < full);
        marks.prune(None);
        assert_eq!(marks, Marks::default());
        assert_eq!(marks.heap(), 0);
    }
}
