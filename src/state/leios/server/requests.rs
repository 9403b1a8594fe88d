//! The requests for deliverables that are outstanding: asked about, provided, chosen.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::content;
use super::input::Content;
use super::overlap::Mark;
use crate::codec::leios::{DeliverableId, LeiosBlockHash, NonEmpty, RequestNo, SlotNo, VoteIssuer};
use crate::ordered::Ordered;
use crate::state::leios::credit::Cost;
use crate::state::leios::heap;
use crate::state::leios::limits::Limits;
use crate::time::Time;

/// Which request is answered first when several could be (`leios.md` 13.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "the orders that the specification leaves open")]
pub enum Order {
    /// Notifications first, then the request with the youngest slot that is provided (L-22).
    #[default]
    FreshestFirst,
    /// By RequestNo, for comparison: no request for deliverables overtakes another, and
    /// notifications wait for all requests older than theirs that are provided.
    RequestOrder,
}

/// The outstanding requests for deliverables. Their number, ids and transaction bits are bounded
/// by flow control (L-3, L-4, L-14), their content by `max_provided_bytes`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Requests {
    order: Order,
    open: Ordered<RequestNo, Open>,
    /// Those nothing was asked about yet.
    unasked: BTreeSet<Rank>,
    /// Those whose content is here.
    provided: BTreeSet<Rank>,
    /// Content bytes held, or reserved for open questions.
    held: usize,
    /// Ids outstanding, by kind: what cannot overlap needs no mark.
    kinds: Kinds,
}

/// An outstanding request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Open {
    /// What it asks for.
    pub ids: NonEmpty<DeliverableId>,
    /// What it counts for.
    pub cost: Cost,
    /// When it came.
    since: Time,
    /// Content bytes held or reserved for it.
    held: usize,
    content: Option<Vec<Content>>,
}

/// The order of choice: less first. Younger slots have a smaller number.
type Rank = (u64, RequestNo);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Kinds {
    blocks: usize,
    txs: usize,
    votes: usize,
}

impl Requests {
    pub const fn new(order: Order) -> Self {
        Self {
            order,
            open: Ordered::new(),
            unasked: BTreeSet::new(),
            provided: BTreeSet::new(),
            held: 0,
            kinds: Kinds { blocks: 0, txs: 0, votes: 0 },
        }
    }

    pub const fn order(&self) -> Order {
        self.order
    }

    /// Takes in a request. Its number is above all others.
    pub fn insert(&mut self, now: Time, no: RequestNo, ids: NonEmpty<DeliverableId>, cost: Cost) {
        self.unasked.insert(self.rank(no, &ids));
        self.kinds = self.kinds.with(&ids);
        // The number was checked (L-2), so there is always a place at the end.
        let _ = self.open.push(no, Open { ids, cost, since: now, held: 0, content: None });
    }

    /// The next request to ask about, while its content surely fits under `max_provided_bytes`.
    pub fn next_to_ask(
        &mut self,
        now: Time,
        limits: &Limits,
    ) -> Option<(RequestNo, NonEmpty<DeliverableId>)> {
        let first = *self.unasked.first()?;
        let urgent = self.urgent(now, limits).map(|(no, open)| self.rank(no, &open.ids));
        let rank = urgent.filter(|rank| self.unasked.contains(rank)).unwrap_or(first);
        let open = self.open.get_mut(rank.1)?;
        let worst = content::worst(&open.ids, limits);
        if self.held > 0 && self.held.saturating_add(worst) > limits.max_provided_bytes {
            return None;
        }
        self.held = self.held.saturating_add(worst);
        open.held = worst;
        let ids = open.ids.clone();
        self.unasked.remove(&rank);
        heap::relax_set(&mut self.unasked);
        Some((rank.1, ids))
    }

    pub fn get(&self, no: RequestNo) -> Option<&Open> {
        self.open.get(no)
    }

    /// Keeps the content of a request, `bytes` bytes of it.
    pub fn provide(&mut self, no: RequestNo, mut content: Vec<Content>, bytes: usize) {
        let Some(open) = self.open.get_mut(no) else { return };
        content.shrink_to_fit();
        for content in &mut content {
            if let Content::Txs { txs, .. } = content {
                txs.shrink_to_fit();
            }
        }
        self.held = self.held.saturating_sub(open.held).saturating_add(bytes);
        open.held = bytes;
        open.content = Some(content);
        let rank = rank(self.order, no, &open.ids);
        self.provided.insert(rank);
    }

    /// The request to answer next, if one can be: any order is legal (L-21).
    pub fn next_to_answer(&self, now: Time, limits: &Limits) -> Option<RequestNo> {
        let &(_, no) = self.provided.first()?;
        let urgent = self.urgent(now, limits).filter(|(_, open)| open.content.is_some());
        match self.order {
            Order::FreshestFirst => Some(urgent.map_or(no, |(no, _)| no)),
            Order::RequestOrder => (self.oldest() == Some(no)).then_some(no),
        }
    }

    /// Takes a provided request out.
    pub fn take(&mut self, no: RequestNo) -> Option<(Open, Vec<Content>)> {
        let content = self.open.get_mut(no)?.content.take()?;
        let open = self.open.remove(no)?;
        let rank = self.rank(no, &open.ids);
        self.provided.remove(&rank);
        heap::relax_set(&mut self.provided);
        self.held = self.held.saturating_sub(open.held);
        self.kinds = self.kinds.without(&open.ids);
        Some((open, content))
    }

    /// The oldest outstanding request.
    pub fn oldest(&self) -> Option<RequestNo> {
        self.open.first().map(|(no, _)| no)
    }

    /// True if some outstanding request might ask for this too.
    pub const fn may_overlap(&self, mark: Mark) -> bool {
        match mark {
            Mark::Block(_) => self.kinds.blocks > 0,
            Mark::Tx(_) => self.kinds.txs > 0,
            Mark::Vote(..) => self.kinds.votes > 0,
        }
    }

    /// Drops all requests.
    pub fn clear(&mut self) {
        *self = Self::new(self.order);
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let trees = heap::tree(self.unasked.len(), size_of::<Rank>())
            .saturating_add(heap::tree(self.provided.len(), size_of::<Rank>()));
        let requests = self.open.iter().map(|(_, open)| {
            let lists = open.content.as_ref().map_or(0, |content| {
                let list = content.capacity().saturating_mul(size_of::<Content>());
                list.saturating_add(content::heap(content)).saturating_add(open.held)
            });
            let ids = open.ids.iter().map(DeliverableId::heap).fold(0, usize::saturating_add);
            lists.saturating_add(ids).saturating_add(open.ids.heap())
        });
        requests.fold(self.open.heap().saturating_add(trees), usize::saturating_add)
    }

    /// The most [`heap`](Self::heap) can be. Lists grow by doubling.
    pub fn most_heap(limits: &Limits) -> usize {
        let requests = limits.max_outstanding_requests;
        // The request that crosses the line of L-3 is legal. An id takes 4 bytes on the wire at
        // least, a window 2.
        let bytes = limits.max_outstanding_request_bytes.saturating_add(limits.max_request_message);
        let ids = (bytes / 4).saturating_mul(2 * size_of::<DeliverableId>() + size_of::<Content>());
        let windows = (bytes / 2).saturating_mul(2 * size_of::<(u16, u64)>());
        let txs = limits.max_outstanding_txs.saturating_mul(size_of::<content::FoundTx>());
        let open =
            requests.saturating_mul(2).max(64).saturating_mul(size_of::<(RequestNo, Open)>());
        heap::tree(requests, size_of::<Rank>())
            .saturating_mul(2)
            .saturating_add(open)
            .saturating_add(ids)
            .saturating_add(windows)
            .saturating_add(txs)
            .saturating_add(limits.max_provided_bytes.max(limits.max_reply_message))
    }

    /// The oldest request, once it has waited half of what a client bears (L-58): younger ones go
    /// first no longer, since that would go on as long as there are any.
    fn urgent(&self, now: Time, limits: &Limits) -> Option<(RequestNo, &Open)> {
        let most = limits.starvation? / 2;
        self.open.first().filter(|(_, open)| now.since(open.since) >= most)
    }

    fn rank(&self, no: RequestNo, ids: &[DeliverableId]) -> Rank {
        rank(self.order, no, ids)
    }
}

/// Ties go to the lower RequestNo (S-13).
fn rank(order: Order, no: RequestNo, ids: &[DeliverableId]) -> Rank {
    match order {
        Order::FreshestFirst => {
            let youngest = ids.iter().map(slot).max().unwrap_or_default();
            (u64::MAX - youngest.0, no)
        }
        Order::RequestOrder => (0, no),
    }
}

const fn slot(id: &DeliverableId) -> SlotNo {
    match id {
        DeliverableId::LinearLeiosBlockId(point) | DeliverableId::LeiosBlockTxsId(point, _) => {
            point.slot
        }
        DeliverableId::LinearLeiosVoteId(slot, _) => *slot,
    }
}

impl Kinds {
    fn of(ids: &[DeliverableId]) -> Self {
        ids.iter().fold(Self::default(), |mut kinds, id| {
            let kind = match id {
                DeliverableId::LinearLeiosBlockId(_) => &mut kinds.blocks,
                DeliverableId::LeiosBlockTxsId(..) => &mut kinds.txs,
                DeliverableId::LinearLeiosVoteId(..) => &mut kinds.votes,
            };
            *kind = kind.saturating_add(1);
            kinds
        })
    }

    fn with(self, ids: &[DeliverableId]) -> Self {
        let more = Self::of(ids);
        Self {
            blocks: self.blocks.saturating_add(more.blocks),
            txs: self.txs.saturating_add(more.txs),
            votes: self.votes.saturating_add(more.votes),
        }
    }

    fn without(self, ids: &[DeliverableId]) -> Self {
        let less = Self::of(ids);
        Self {
            blocks: self.blocks.saturating_sub(less.blocks),
            txs: self.txs.saturating_sub(less.txs),
            votes: self.votes.saturating_sub(less.votes),
        }
    }
}

/// True if `ids` name a block twice by the same kind of id, or a vote twice (L-9).
pub(super) fn duplicates(ids: &[DeliverableId]) -> bool {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Key {
        Block(LeiosBlockHash),
        Txs(LeiosBlockHash),
        Vote(SlotNo, VoteIssuer),
    }
    if ids.len() < 2 {
        return false;
    }
    let key = |id: &DeliverableId| match id {
        DeliverableId::LinearLeiosBlockId(point) => Key::Block(point.hash),
        DeliverableId::LeiosBlockTxsId(point, _) => Key::Txs(point.hash),
        DeliverableId::LinearLeiosVoteId(slot, issuer) => Key::Vote(*slot, *issuer),
    };
    let mut keys: Vec<Key> = ids.iter().map(key).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::leios::{Hash32, LeiosPoint, TxBitmaps};

    #[test]
    fn only_what_is_asked_for_may_overlap() {
        let hash = Hash32([1; 32]);
        let point = LeiosPoint::new(SlotNo(2), hash);
        let marks = [Mark::Block(hash), Mark::Tx(hash), Mark::Vote(SlotNo(2), VoteIssuer(3))];
        let may = |requests: &Requests| marks.map(|mark| requests.may_overlap(mark));
        let mut requests = Requests::new(Order::default());
        assert_eq!(may(&requests), [false; 3]);
        let ids = [
            Some(DeliverableId::LinearLeiosBlockId(point)),
            TxBitmaps::all(1).map(|txs| DeliverableId::LeiosBlockTxsId(point, txs)),
            Some(DeliverableId::LinearLeiosVoteId(SlotNo(2), VoteIssuer(3))),
        ];
        for (at, id) in ids.into_iter().flatten().enumerate() {
            let cost = Cost { bytes: 1, requests: 1, txs: 0 };
            requests.insert(Time::ZERO, RequestNo(at as u64), NonEmpty::one(id), cost);
            assert_eq!(may(&requests), [true, at > 0, at > 1]);
        }
        for at in 0..3 {
            requests.provide(RequestNo(at), Vec::new(), 0);
            assert!(requests.take(RequestNo(at)).is_some());
            assert_eq!(may(&requests), [false, at < 1, at < 2]);
        }
    }
}
