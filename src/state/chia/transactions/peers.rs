//! Who knows which transactions, who is a source of how many, and who owes an answer (P-33).

use alloc::collections::{BTreeMap, BTreeSet};

use crate::codec::chia::TransactionId;
use crate::heap;
use crate::state::chia::recent::Recent;
use crate::state::chia::role::ConnectionId;

/// Full nodes and wallets, by connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peers {
    all: BTreeMap<ConnectionId, Peer>,
    /// Sources by how many ids they are a source of, so that the greediest is at hand.
    by_share: BTreeSet<(usize, ConnectionId)>,
}

/// What is known of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peer {
    /// True for a full node: what a wallet sends it does not announce, and cannot be asked for.
    pub gossips: bool,
    /// The ids that it has.
    pub known: Recent<TransactionId>,
    /// The ids that it was asked for and has not answered, timely or not.
    requested: Recent<TransactionId>,
    /// How many answers more it owes to those that it was asked for again before it had answered.
    again: BTreeMap<TransactionId, u32>,
    /// True once `requested` has overflowed: then nothing that it sends is known to be unasked for.
    lost_count: bool,
    /// How many requests to it have not yet timed out.
    pub awaited: usize,
    /// How many requests in a row it left unanswered for so long that others were asked.
    pub silent: u32,
    /// How many questions are open on its behalf.
    pub open_asks: usize,
    /// The ids that it is a source of.
    sourced: BTreeSet<TransactionId>,
}

impl Peer {
    const fn new(gossips: bool) -> Self {
        Self {
            gossips,
            known: Recent::new(),
            requested: Recent::new(),
            again: BTreeMap::new(),
            lost_count: false,
            awaited: 0,
            silent: 0,
            open_asks: 0,
            sourced: BTreeSet::new(),
        }
    }

    /// It was asked for this.
    pub fn request(&mut self, id: TransactionId, most: usize) {
        if self.lost_count {
            return;
        }
        if self.requested.contains(id) {
            let owed = self.again.entry(id).or_default();
            *owed = owed.saturating_add(1);
        }
        self.lost_count = self.requested.insert(id, most);
        if self.lost_count {
            (self.requested, self.again) = (Recent::new(), BTreeMap::new());
        }
    }

    /// It sends this. False if that is an answer to another request (P-32): it owes an answer, and
    /// was never asked for this.
    pub fn answer(&mut self, id: TransactionId) -> bool {
        if let Some(owed) = self.again.get_mut(&id) {
            *owed = owed.saturating_sub(1);
            if *owed == 0 {
                self.again.remove(&id);
                heap::relax_map(&mut self.again);
            }
            self.silent = 0;
            return true;
        }
        let was_asked = self.requested.remove(id);
        if was_asked || self.lost_count {
            self.silent = 0;
        }
        was_asked || self.awaited == 0 || self.lost_count
    }

    fn heap(&self) -> usize {
        self.known
            .heap()
            .saturating_add(self.requested.heap())
            .saturating_add(heap::tree(self.again.len(), size_of::<(TransactionId, u32)>()))
            .saturating_add(heap::tree(self.sourced.len(), size_of::<TransactionId>()))
    }
}

impl Peers {
    pub const fn new() -> Self {
        Self { all: BTreeMap::new(), by_share: BTreeSet::new() }
    }

    pub fn connect(&mut self, from: ConnectionId, gossips: bool) {
        self.all.entry(from).or_insert_with(|| Peer::new(gossips));
    }

    /// Forgets a peer, and says what it was a source of.
    pub fn disconnect(&mut self, from: ConnectionId) -> BTreeSet<TransactionId> {
        let Some(peer) = self.all.remove(&from) else { return BTreeSet::new() };
        heap::relax_map(&mut self.all);
        self.by_share.remove(&(peer.sourced.len(), from));
        heap::relax_set(&mut self.by_share);
        peer.sourced
    }

    pub fn get(&self, from: ConnectionId) -> Option<&Peer> {
        self.all.get(&from)
    }

    pub fn get_mut(&mut self, from: ConnectionId) -> Option<&mut Peer> {
        self.all.get_mut(&from)
    }

    /// The full nodes.
    pub fn gossiping(&self) -> impl Iterator<Item = (ConnectionId, &Peer)> + '_ {
        self.all.iter().filter(|(_, peer)| peer.gossips).map(|(from, peer)| (*from, peer))
    }

    /// How many requests in a row a peer left unanswered.
    pub fn silent(&self, from: ConnectionId) -> u32 {
        self.get(from).map_or(0, |peer| peer.silent)
    }

    /// How many ids a peer is a source of.
    pub fn share(&self, from: ConnectionId) -> usize {
        self.get(from).map_or(0, |peer| peer.sourced.len())
    }

    /// The peer that is a source of most ids, how many, and one of them.
    pub fn greediest(&self) -> Option<(usize, ConnectionId, TransactionId)> {
        let (share, from) = *self.by_share.last()?;
        let id = *self.get(from)?.sourced.last()?;
        Some((share, from, id))
    }

    /// A peer is a source of an id, or is no longer.
    pub fn set_source(&mut self, from: ConnectionId, id: TransactionId, is_source: bool) {
        let Some(peer) = self.all.get_mut(&from) else { return };
        let before = peer.sourced.len();
        if is_source {
            peer.sourced.insert(id);
        } else {
            peer.sourced.remove(&id);
            heap::relax_set(&mut peer.sourced);
        }
        let after = peer.sourced.len();
        if before != after {
            self.by_share.remove(&(before, from));
            if after > 0 {
                self.by_share.insert((after, from));
            }
            heap::relax_set(&mut self.by_share);
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let own = heap::tree(self.all.len(), size_of::<(ConnectionId, Peer)>());
        let share = heap::tree(self.by_share.len(), size_of::<(usize, ConnectionId)>());
        self.all.values().map(Peer::heap).fold(own.saturating_add(share), usize::saturating_add)
    }
}
