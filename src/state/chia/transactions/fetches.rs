//! The transactions that are on their way: who has them, who was asked (P-29, P-33).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::peers::Peers;
use crate::ask::AskId;
use crate::codec::chia::TransactionId;
use crate::heap;
use crate::state::chia::role::ConnectionId;
use crate::time::{Deadlines, Time};

/// Transactions by id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fetches {
    by_id: BTreeMap<TransactionId, Fetch>,
    /// When sources that were asked have had their time.
    due: Deadlines<TransactionId>,
    /// How many of them are here already and being looked at.
    offered: usize,
}

/// A transaction on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Fetch {
    progress: Progress,
    /// Who has it; the first is asked.
    sources: Vec<ConnectionId>,
    /// How many were asked and had their time.
    lapsed: u32,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Progress {
    /// The first source is to be asked.
    Waiting,
    /// The mempool is asked whether it has it.
    Looking(AskId),
    /// The first source was asked for it, and has until then.
    Requested(Time),
    /// It is here: the mempool is looking at it.
    Offered(AskId),
}

impl Progress {
    const fn due(self) -> Option<Time> {
        if let Self::Requested(until) = self { Some(until) } else { None }
    }

    const fn is_offered(self) -> bool {
        matches!(self, Self::Offered(_))
    }
}

impl Fetches {
    pub const fn new() -> Self {
        Self { by_id: BTreeMap::new(), due: Deadlines::new(), offered: 0 }
    }

    pub fn progress(&self, id: TransactionId) -> Option<Progress> {
        self.by_id.get(&id).map(|fetch| fetch.progress)
    }

    /// How many are being fetched.
    pub fn under_way(&self) -> usize {
        self.by_id.len().saturating_sub(self.offered)
    }

    /// When the next source has had its time, and for what.
    pub fn first_due(&self) -> Option<(Time, TransactionId)> {
        self.due.first().map(|(time, id)| (time, *id))
    }

    /// Who is asked, or is to be.
    pub fn first_source(&self, id: TransactionId) -> Option<ConnectionId> {
        self.by_id.get(&id)?.sources.first().copied()
    }

    /// Who is to be asked now, which is the first from here on, and by how much its time is to be
    /// divided.
    pub fn best_source(&mut self, id: TransactionId, peers: &Peers) -> Option<(ConnectionId, u32)> {
        let fetch = self.by_id.get_mut(&id)?;
        // Of equals it is the first.
        let sources = fetch.sources.iter().copied().enumerate();
        let (place, best) = sources.min_by_key(|(_, from)| peers.silent(*from))?;
        fetch.sources.get_mut(..=place)?.rotate_right(1);
        let divisor = if fetch.sources.len() > 1 { 1 << fetch.lapsed.min(3) } else { 1 };
        Some((best, divisor))
    }

    /// Who was asked first had its time.
    pub fn lapse(&mut self, id: TransactionId, peers: &mut Peers) {
        if let Some(source) = self.first_source(id) {
            self.remove_source(id, source, peers);
        }
        if let Some(fetch) = self.by_id.get_mut(&id) {
            fetch.lapsed = fetch.lapsed.saturating_add(1);
        }
    }

    /// Begins to follow a transaction that is not followed.
    pub fn follow(&mut self, id: TransactionId) {
        let fetch = Fetch { progress: Progress::Waiting, sources: Vec::new(), lapsed: 0 };
        self.by_id.insert(id, fetch);
    }

    /// A transaction that is followed goes a step. Whoever was asked for it is no longer awaited.
    pub fn advance(&mut self, id: TransactionId, progress: Progress, peers: &mut Peers) {
        let Some(fetch) = self.by_id.get_mut(&id) else { return };
        let before = core::mem::replace(&mut fetch.progress, progress);
        let asked = fetch.sources.first().copied();
        self.count(id, before, progress, asked, peers);
    }

    /// Follows a transaction no longer.
    pub fn forget(&mut self, id: TransactionId, peers: &mut Peers) {
        self.advance(id, Progress::Waiting, peers);
        let sources = self.by_id.remove(&id).map(|fetch| fetch.sources);
        heap::relax_map(&mut self.by_id);
        for from in sources.into_iter().flatten() {
            peers.set_source(from, id, false);
        }
    }

    /// Somebody has it. Beyond `most`, whoever left most requests unanswered makes room, unless it
    /// is the newcomer or is being asked.
    pub fn add_source(
        &mut self,
        id: TransactionId,
        from: ConnectionId,
        most: usize,
        peers: &mut Peers,
    ) {
        let Some(fetch) = self.by_id.get_mut(&id) else { return };
        if fetch.sources.contains(&from) {
            return;
        }
        if fetch.sources.len() >= most.max(1) {
            let asked = usize::from(fetch.progress.due().is_some());
            let others = fetch.sources.iter().copied().enumerate().skip(asked);
            let worst = others.max_by_key(|(_, of)| peers.silent(*of));
            let worst = worst.filter(|(_, of)| peers.silent(*of) > peers.silent(from));
            let Some((place, worst)) = worst else { return };
            fetch.sources.remove(place);
            peers.set_source(worst, id, false);
        }
        fetch.sources.push(from);
        peers.set_source(from, id, true);
    }

    /// Somebody does not have it, or not for us. If that one was asked for it, the next one is to
    /// be.
    pub fn remove_source(&mut self, id: TransactionId, from: ConnectionId, peers: &mut Peers) {
        let is_asked = matches!(self.progress(id), Some(Progress::Requested(_)))
            && self.first_source(id) == Some(from);
        if is_asked {
            self.advance(id, Progress::Waiting, peers);
        }
        if let Some(fetch) = self.by_id.get_mut(&id) {
            fetch.sources.retain(|source| *source != from);
            peers.set_source(from, id, false);
        }
    }

    /// All that is followed and not here yet.
    pub fn unfinished(&self) -> Vec<TransactionId> {
        let ids = self.by_id.iter().filter(|(_, fetch)| !fetch.progress.is_offered());
        ids.map(|(id, _)| *id).collect()
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let sources = self.by_id.values().map(|fetch| fetch.sources.capacity());
        let sources = sources.fold(0_usize, usize::saturating_add);
        heap::tree(self.by_id.len(), size_of::<(TransactionId, Fetch)>())
            .saturating_add(sources.saturating_mul(size_of::<ConnectionId>()))
            .saturating_add(self.due.heap())
    }

    fn count(
        &mut self,
        id: TransactionId,
        before: Progress,
        after: Progress,
        asked: Option<ConnectionId>,
        peers: &mut Peers,
    ) {
        self.due.shift(&id, before.due(), after.due());
        let (out, into) = (usize::from(before.is_offered()), usize::from(after.is_offered()));
        self.offered = self.offered.saturating_add(into).saturating_sub(out);
        if let Some(peer) = asked.and_then(|asked| peers.get_mut(asked)) {
            let (out, into) = (before.due().is_some(), after.due().is_some());
            peer.awaited =
                peer.awaited.saturating_add(usize::from(into)).saturating_sub(usize::from(out));
        }
    }
}
