//! Votes: offered by the hundred, asked for in bundles (`leios.md` 12.5).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::peer::{VOTE_BYTES, Work};
use super::point::{Ask, Asked, list_heap, set_heap, slot_rank, take_ask};
use super::{Fetch, FetchNotice, PeerNo, PieceNo, VoteNeed};
use crate::codec::leios::{LinearLeiosVote, SlotNo, VoteIssuer};
use crate::machine::Out;
use crate::state::leios::client::ClientCommand;
use crate::time::Time;

/// The votes at one slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct VoteSlot {
    need: VoteNeed,
    votes: BTreeMap<VoteIssuer, Vote>,
}

/// A vote that was offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Vote {
    /// Who can deliver it; kept when it is here, in case it turns out to be bad.
    offers: BTreeSet<PeerNo>,
    asked: Asked,
    /// Who delivered it, once it is here.
    from: Option<PeerNo>,
}

impl VoteSlot {
    pub(super) fn heap(&self) -> usize {
        let votes = set_heap::<(VoteIssuer, Vote)>(self.votes.len());
        self.votes.values().fold(votes, |sum, vote| {
            sum.saturating_add(set_heap::<PeerNo>(vote.offers.len()))
                .saturating_add(list_heap(&vote.asked))
        })
    }
}

impl<K: Ord + Clone> Fetch<K> {
    /// A peer offers a vote. At the limit the oldest offer of the peer with most of them goes, so
    /// that nobody keeps others from being heard.
    pub(super) fn vote_offered(&mut self, no: PeerNo, slot: SlotNo, issuer: VoteIssuer) {
        if !self.votes.contains_key(&slot) && !self.room_for_slot(slot) {
            return;
        }
        let state = self.votes.entry(slot).or_default();
        let offered = |vote: &Vote| vote.offers.contains(&no);
        if state.need == VoteNeed::None || state.votes.get(&issuer).is_some_and(offered) {
            return;
        }
        if self.vote_offers >= self.limits.max_vote_offers && !self.room_for_offer(no, slot) {
            return;
        }
        let Some(peer) = self.peers.get_mut(&no) else { return };
        let vote = self.votes.entry(slot).or_default().votes.entry(issuer).or_default();
        vote.offers.insert(no);
        self.vote_offers = self.vote_offers.saturating_add(1);
        peer.vote_offers.insert((slot, issuer));
        if vote.from.is_none() && vote.asked.is_empty() {
            peer.votes.insert((slot_rank(slot.0, self.oldest_first), slot, issuer));
        }
    }

    /// Makes room for the votes of a new slot: those of the oldest go, if that is older.
    fn room_for_slot(&mut self, slot: SlotNo) -> bool {
        let full = |votes: &BTreeMap<SlotNo, VoteSlot>, most| votes.len() >= most;
        if full(&self.votes, self.limits.max_points) {
            match self.votes.first_key_value() {
                Some((&oldest, _)) if oldest < slot => self.forget_votes(oldest),
                _ => {}
            }
        }
        // What is in flight is not forgotten.
        !full(&self.votes, self.limits.max_points)
    }

    /// Makes room for an offer of this peer; false if its own would have to go for an older one.
    fn room_for_offer(&mut self, no: PeerNo, slot: SlotNo) -> bool {
        let count = |peer: PeerNo| self.peers.get(&peer).map_or(0, |peer| peer.vote_offers.len());
        let most = self.peers.keys().copied().max_by_key(|peer| (count(*peer), *peer == no));
        let Some(most) = most else { return false };
        let oldest = self.peers.get(&most).and_then(|peer| peer.vote_offers.first()).copied();
        match oldest {
            Some((at, issuer)) if most != no || at < slot => {
                self.drop_offer(most, at, issuer);
                true
            }
            _ => false,
        }
    }

    /// An offer counts no more.
    fn drop_offer(&mut self, no: PeerNo, slot: SlotNo, issuer: VoteIssuer) {
        let Some(state) = self.votes.get_mut(&slot) else { return };
        let Some(vote) = state.votes.get_mut(&issuer) else { return };
        if !vote.offers.remove(&no) {
            return;
        }
        if vote.offers.is_empty() && vote.asked.is_empty() && vote.from.is_none() {
            state.votes.remove(&issuer);
        }
        self.vote_offers = self.vote_offers.saturating_sub(1);
        if let Some(peer) = self.peers.get_mut(&no) {
            peer.vote_offers.remove(&(slot, issuer));
            peer.votes.remove(&(slot_rank(slot.0, self.oldest_first), slot, issuer));
        }
    }

    /// The application has found that a vote is not what it claims: whoever sent it is not asked
    /// for it again, others are.
    pub(super) fn bad_vote(&mut self, slot: SlotNo, issuer: VoteIssuer) {
        let state = self.votes.get_mut(&slot).and_then(|state| state.votes.get_mut(&issuer));
        let Some(from) = state.and_then(|vote| vote.from.take()) else { return };
        self.drop_offer(from, slot, issuer);
        self.reopen_votes(Vec::from([(slot, issuer)]));
    }

    /// How much votes at a slot still matter.
    pub(super) fn vote_need(&mut self, slot: SlotNo, need: VoteNeed) {
        if need == VoteNeed::None {
            let issuers: Vec<_> = self
                .votes
                .get(&slot)
                .map(|state| state.votes.keys().copied().collect())
                .unwrap_or_default();
            issuers.into_iter().for_each(|issuer| self.retract(slot, issuer));
        }
        let room = self.votes.len() < self.limits.max_points;
        if room || self.votes.contains_key(&slot) {
            self.votes.entry(slot).or_default().need = need;
        }
    }

    /// Nothing at this slot matters any more.
    pub(super) fn forget_votes(&mut self, slot: SlotNo) {
        self.vote_need(slot, VoteNeed::None);
        // What is in flight stays in the books of its peer until it comes.
        if let Some(state) = self.votes.get_mut(&slot) {
            state.votes.retain(|_, vote| !vote.asked.is_empty());
            if state.votes.is_empty() {
                self.votes.remove(&slot);
            }
        }
    }

    /// The slots below this one, for forgetting.
    pub(super) fn vote_slots_below(&self, slot: SlotNo) -> Vec<SlotNo> {
        self.votes.range(..slot).map(|(slot, _)| *slot).collect()
    }

    /// A vote came.
    pub(super) fn vote_arrived(
        &mut self,
        now: Time,
        no: PeerNo,
        vote: LinearLeiosVote,
        out: &mut Out<Self>,
    ) {
        let (slot, issuer) = (vote.slot(), vote.issuer());
        let Some(state) = self.votes.get_mut(&slot) else { return };
        let wanted = state.need != VoteNeed::None;
        let Some(known) = state.votes.get_mut(&issuer) else { return };
        let ask = take_ask(&mut known.asked, no);
        let first = wanted && known.from.is_none();
        if first {
            known.from = Some(no);
        }
        if let Some(ask) = ask {
            if let Some(sent) = self.settle(ask) {
                self.paced(now, no, ask.bytes, sent);
            }
        }
        if first {
            self.close_vote(slot, issuer);
            out.notify(FetchNotice::Vote(vote));
        }
    }

    /// Asks a peer for the first votes it may be asked for, all of one slot.
    pub(super) fn ask_votes(&mut self, now: Time, no: PeerNo, out: &mut Out<Self>) {
        let Some(peer) = self.peers.get(&no) else { return };
        let Some(&(_, slot, _)) = peer.votes.first() else { return };
        let many = match self.votes.get(&slot).map(|state| state.need) {
            Some(VoteNeed::Few) => self.limits.votes_few,
            _ => self.limits.votes_many,
        };
        let votes: Vec<(SlotNo, VoteIssuer)> = peer
            .votes
            .iter()
            .take_while(|(_, at, _)| *at == slot)
            .take(many.max(1))
            .map(|&(_, slot, issuer)| (slot, issuer))
            .collect();
        let key = peer.key.clone();
        let bytes = VOTE_BYTES.saturating_mul(votes.len() as u64);
        let piece = self.open(now, no, Work::Votes(votes.clone()), bytes);
        for (slot, issuer) in &votes {
            self.close_vote(*slot, *issuer);
            let state = self.votes.get_mut(slot).and_then(|state| state.votes.get_mut(issuer));
            if let Some(vote) = state {
                vote.asked.push(Ask { peer: no, piece, bytes: VOTE_BYTES });
            }
        }
        out.send((key, ClientCommand::RequestVotes { votes }));
    }

    /// Takes votes that a peer was asked for off the books; returns those that were on them.
    pub(super) fn unask_votes(
        &mut self,
        no: PeerNo,
        piece: PieceNo,
        votes: &[(SlotNo, VoteIssuer)],
    ) -> Vec<(SlotNo, VoteIssuer)> {
        let mut back = Vec::new();
        for (slot, issuer) in votes {
            let state = self.votes.get_mut(slot).and_then(|state| state.votes.get_mut(issuer));
            let Some(vote) = state else { continue };
            if vote.asked.iter().any(|ask| ask.peer == no && ask.piece == piece) {
                if let Some(ask) = take_ask(&mut vote.asked, no) {
                    self.settle(ask);
                    back.push((*slot, *issuer));
                }
            }
        }
        back
    }

    /// A vote will not come from this peer; `over`: nor is it asked again.
    pub(super) fn fail_vote(&mut self, no: PeerNo, slot: SlotNo, issuer: VoteIssuer, over: bool) {
        let state = self.votes.get_mut(&slot).and_then(|state| state.votes.get_mut(&issuer));
        let Some(vote) = state else { return };
        let ask = take_ask(&mut vote.asked, no);
        if over {
            self.drop_offer(no, slot, issuer);
        }
        if let Some(ask) = ask {
            self.settle(ask);
        }
        self.reopen_votes(Vec::from([(slot, issuer)]));
    }

    /// Votes that are missing may be asked for, those with not too many copies in flight.
    pub(super) fn reopen_votes(&mut self, votes: Vec<(SlotNo, VoteIssuer)>) {
        for (slot, issuer) in votes {
            let state = self.votes.get(&slot).and_then(|state| state.votes.get(&issuer));
            let Some(vote) = state.filter(|vote| vote.from.is_none()) else { continue };
            if self.live(&vote.asked) >= self.limits.copies {
                continue;
            }
            let entry = (slot_rank(slot.0, self.oldest_first), slot, issuer);
            for no in &vote.offers {
                if vote.asked.iter().all(|ask| ask.peer != *no) {
                    if let Some(peer) = self.peers.get_mut(no) {
                        peer.votes.insert(entry);
                    }
                }
            }
        }
    }

    /// A peer has gone: its offers count no more.
    pub(super) fn retract_votes_of(&mut self, no: PeerNo, offers: BTreeSet<(SlotNo, VoteIssuer)>) {
        self.vote_offers = self.vote_offers.saturating_sub(offers.len());
        for (slot, issuer) in offers {
            let state = self.votes.get_mut(&slot).and_then(|state| state.votes.get_mut(&issuer));
            if let Some(vote) = state {
                vote.offers.remove(&no);
            }
        }
    }

    /// The order of the work list has changed.
    pub(super) fn reorder_votes(&mut self) {
        for peer in self.peers.values_mut() {
            let votes = core::mem::take(&mut peer.votes);
            let rank = |slot: SlotNo| slot_rank(slot.0, self.oldest_first);
            peer.votes = votes.into_iter().map(|(_, slot, at)| (rank(slot), slot, at)).collect();
        }
    }

    /// A vote is on nobody's list any more.
    fn close_vote(&mut self, slot: SlotNo, issuer: VoteIssuer) {
        let entry = (slot_rank(slot.0, self.oldest_first), slot, issuer);
        let state = self.votes.get(&slot).and_then(|state| state.votes.get(&issuer));
        for no in state.map(|vote| &vote.offers).into_iter().flatten() {
            if let Some(peer) = self.peers.get_mut(no) {
                peer.votes.remove(&entry);
            }
        }
    }

    /// A vote is no longer wanted: offers of it mean nothing.
    fn retract(&mut self, slot: SlotNo, issuer: VoteIssuer) {
        self.close_vote(slot, issuer);
        let state = self.votes.get_mut(&slot).and_then(|state| state.votes.get_mut(&issuer));
        let Some(vote) = state else { return };
        let offers = core::mem::take(&mut vote.offers);
        self.vote_offers = self.vote_offers.saturating_sub(offers.len());
        for no in offers {
            if let Some(peer) = self.peers.get_mut(&no) {
                peer.vote_offers.remove(&(slot, issuer));
            }
        }
    }
}
