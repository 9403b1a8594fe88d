//! Requests for ancestors that were given up: their answers may still come, and say no more than of
//! which header they are (W-6).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::is_in_order;
use crate::codec::chia::HeaderHash;
use crate::codec::chia::messages::Ancestors;
use crate::state::chia::role::ConnectionId;

/// What was asked for and may be answered yet, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lapsed(VecDeque<Owed>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Owed {
    by: ConnectionId,
    header_hash: HeaderHash,
    heights: Vec<u32>,
}

impl Lapsed {
    pub const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// So many heights of a header may yet come; of more than so many the oldest are forgotten.
    pub fn add(
        &mut self,
        by: ConnectionId,
        header_hash: HeaderHash,
        heights: Vec<u32>,
        most: usize,
    ) {
        while self.0.len() >= most.max(1) {
            self.0.pop_front();
        }
        self.0.push_back(Owed { by, header_hash, heights });
    }

    /// The heights of the oldest that this may be the answer to, which is owed no more: answers
    /// leave in the order of the requests (C-16).
    pub fn take(&mut self, by: ConnectionId, answer: &Ancestors) -> Option<Vec<u32>> {
        let at = self.0.iter().position(|owed| {
            (owed.by, owed.header_hash) == (by, answer.header_hash)
                && is_in_order(&answer.ancestors, &owed.heights)
        })?;
        let owed = self.0.remove(at)?;
        self.relax();
        Some(owed.heights)
    }

    /// Who has gone owes nothing.
    pub fn forget(&mut self, by: ConnectionId) {
        self.0.retain(|owed| owed.by != by);
        self.relax();
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let heights = self.0.iter().map(|owed| owed.heights.capacity());
        let heights = heights.fold(0_usize, usize::saturating_add);
        let places = self.0.capacity().saturating_mul(size_of::<Owed>());
        places.saturating_add(heights.saturating_mul(size_of::<u32>()))
    }

    fn relax(&mut self) {
        if self.0.is_empty() {
            self.0 = VecDeque::new();
        }
    }
}
