//! What each peer asked for, in order of arrival (C-16).

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::input::{AtHeights, ServingQuery};
use crate::heap;
use crate::state::chia::role::ConnectionId;

/// Requests by peer. Of each peer one is being answered, the others wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Requests {
    of: BTreeMap<ConnectionId, Waiting>,
    /// Peers none of whose requests is being answered and that have one, longest waiting first.
    next: VecDeque<ConnectionId>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Waiting {
    requests: VecDeque<ServingQuery>,
    is_answered: bool,
    /// One for all header hashes is among them, or is being answered (P-44).
    has_list: bool,
}

impl Requests {
    pub const fn new() -> Self {
        Self { of: BTreeMap::new(), next: VecDeque::new() }
    }

    /// How many requests of a peer wait or are being answered.
    pub fn count(&self, peer: ConnectionId) -> usize {
        let of = self.of.get(&peer);
        of.map_or(0, |of| of.requests.len().saturating_add(usize::from(of.is_answered)))
    }

    /// Adds a request; a second one for all header hashes is passed over (P-44).
    pub fn add(&mut self, peer: ConnectionId, request: ServingQuery) {
        let of = self.of.entry(peer).or_default();
        if matches!(request, ServingQuery::HeaderHashes(_))
            && core::mem::replace(&mut of.has_list, true)
        {
            return;
        }
        if of.requests.is_empty() && !of.is_answered {
            self.next.push_back(peer);
        }
        of.requests.push_back(request);
    }

    /// The request that is to be answered next, and whose it is.
    pub fn take(&mut self) -> Option<(ConnectionId, ServingQuery)> {
        let peer = self.next.pop_front()?;
        let of = self.of.get_mut(&peer)?;
        of.is_answered = true;
        of.requests.pop_front().map(|request| (peer, request))
    }

    /// A request was answered, one for all header hashes or not: the peer's next one can be.
    pub fn done(&mut self, peer: ConnectionId, was_list: bool) {
        let Some(of) = self.of.get_mut(&peer) else { return };
        of.is_answered = false;
        of.has_list &= !was_list;
        if of.requests.is_empty() {
            self.of.remove(&peer);
            heap::relax_map(&mut self.of);
        } else {
            self.next.push_back(peer);
        }
    }

    /// A peer is gone, with all it wanted.
    pub fn forget(&mut self, peer: ConnectionId) {
        if self.of.remove(&peer).is_some() {
            self.next.retain(|next| *next != peer);
            heap::relax_map(&mut self.of);
        }
    }

    pub fn heap(&self) -> usize {
        let of = self.of.values().map(|of| {
            let own = of.requests.capacity().saturating_mul(size_of::<ServingQuery>());
            of.requests.iter().map(heap_of).fold(own, usize::saturating_add)
        });
        let own = heap::tree(self.of.len(), size_of::<(ConnectionId, Waiting)>())
            .saturating_add(self.next.capacity().saturating_mul(size_of::<ConnectionId>()));
        of.fold(own, usize::saturating_add)
    }
}

fn heap_of(query: &ServingQuery) -> usize {
    match query {
        ServingQuery::HeaderBlocks(AtHeights { heights, .. })
        | ServingQuery::SyncBlocks(AtHeights { heights, .. })
        | ServingQuery::Ancestors(AtHeights { heights, .. }) => {
            heights.capacity().saturating_mul(size_of::<u32>())
        }
        ServingQuery::Block(_)
        | ServingQuery::HeaderHashes(_)
        | ServingQuery::Header(_)
        | ServingQuery::Body(_) => 0,
    }
}

/// No more room than its entries take: what a peer sends may have been given more.
pub(super) fn tight(mut heights: Vec<u32>) -> Vec<u32> {
    heights.shrink_to_fit();
    heights
}
