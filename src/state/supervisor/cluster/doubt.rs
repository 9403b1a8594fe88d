//! Blocks that nobody has are asked for again, each time after a longer while; who told of them is
//! not believed any more for a while (S-44).

use core::time::Duration;

use super::input::BlockQuery;
use super::{Code, Dropped, Due, NodeId, Purpose, Supervisor, SupervisorQuery};
use crate::codec::supervisor::Keccak256;
use crate::machine::Out;
use crate::state::supervisor::index::Slot;
use crate::time::Time;

/// How often blocks of a chain were asked for that nobody had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Misses {
    /// Rounds of questions in a row with such a block, while the chain hardly grew.
    pub(super) rounds: u32,
    /// The round that is under way is one of them.
    pub(super) is_counted: bool,
    /// The number of the chain's head in the last of them.
    pub(super) head: u64,
}

impl<K: Keccak256> Supervisor<K> {
    /// A node tells of an unsafe block: false if nobody had what it told before, and it has to wait
    /// until it is believed again.
    pub(super) fn claims(&mut self, slot: Slot, id: NodeId, number: u64) -> bool {
        let latest = self.latest;
        let head = self.index.heads(slot).local_unsafe.map_or(0, |head| head.number);
        let Some(node) = self.node(slot, id) else { return false };
        if node.believed_at > latest {
            return false;
        }
        // Of another branch up to the head nothing comes by waiting.
        if number > head {
            let awaited = if node.awaited == 0 { number } else { node.awaited.min(number) };
            (node.awaited, node.claimed) = (awaited, node.claimed.max(number));
        }
        self.hurry(slot);
        true
    }

    /// The chain has come to a block: who told of it, or of one before, was right, if early.
    pub(super) fn claims_reached(&mut self, slot: Slot, number: u64) {
        let Some(sync) = self.sync(slot) else { return };
        for node in sync.nodes.iter_mut().filter(|node| (1..=number).contains(&node.awaited)) {
            (node.awaited, node.doubts) = (0, 0);
            if node.claimed <= number {
                node.claimed = 0;
            }
        }
    }

    /// Questions are asked again: what nobody has now counts once more.
    pub(super) fn begin_round(&mut self, slot: Slot, out: &mut Out<Self>) {
        let chain_id = self.chain_id(slot);
        let Some(sync) = self.sync(slot) else { return };
        sync.misses.is_counted = false;
        let Some(number) = sync.walking.map(|walk| walk.number) else { return };
        let query = SupervisorQuery::Block(BlockQuery { chain_id, number });
        if !self.ask(Purpose::Walk(slot, number), query, out) {
            self.rest(slot);
        }
    }

    /// Nobody has the block of this number now: ask again after a while, twice as long as before,
    /// or give it up.
    pub(super) fn try_later(&mut self, slot: Slot, number: u64, out: &mut Out<Self>) {
        let head = self.index.heads(slot).local_unsafe.map_or(0, |head| head.number);
        let (attempts, fetches) = (self.limits.max_attempts, self.limits.max_fetches as u64);
        let Some(sync) = self.sync(slot) else { return };
        sync.take_incoming(number);
        let misses = &mut sync.misses;
        if !misses.is_counted {
            if head >= misses.head.saturating_add(fetches) {
                misses.rounds = 0;
            }
            *misses = Misses { rounds: misses.rounds.saturating_add(1), is_counted: true, head };
        }
        let rounds = misses.rounds;
        if rounds < attempts || !self.give_up_blocks(slot, head, out) {
            let wait = self.backoff(rounds);
            self.rest_for(slot, wait);
        }
    }

    /// Nobody had them for long enough: only what was derived has to be there. True if nothing is
    /// asked for any more.
    fn give_up_blocks(&mut self, slot: Slot, head: u64, out: &mut Out<Self>) -> bool {
        let derived = self.index.chain(slot).and_then(|chain| chain.local_safe().last().ok());
        let most = head.max(derived.map_or(0, |last| last.derived.number));
        let Some(sync) = self.sync(slot) else { return true };
        if let Some(walk) = sync.walking.take() {
            if !walk.parted {
                sync.target = sync.target.max(walk.target);
            }
            sync.misses = Misses::default();
            return false;
        }
        if sync.target > most {
            sync.target = most;
            sync.incoming.split_off(&most.saturating_add(1));
            crate::heap::relax_map(&mut sync.incoming);
            sync.misses = Misses::default();
            self.doubt(slot, most);
            let code = Code::ResourceUnavailable;
            self.drop_with(Dropped::UnsafeBlock, Some(slot), code, out);
        }
        most == head
    }

    /// Who told of blocks beyond the one of this number is not believed for a while, twice as long
    /// as before.
    fn doubt(&mut self, slot: Slot, number: u64) {
        for id in self.nodes_where(slot, |node| node.claimed > number) {
            let Some(doubts) = self.node(slot, id).map(|node| node.doubts) else { continue };
            let doubts = doubts.saturating_add(1);
            let believed_at = self.latest.after(self.backoff(doubts));
            if let Some(node) = self.node(slot, id) {
                (node.claimed, node.doubts, node.believed_at) = (0, doubts, believed_at);
            }
        }
    }

    /// How long to wait after so many failures.
    fn backoff(&self, failures: u32) -> Duration {
        let (first, most) = self.limits.reset_backoff;
        let times = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        first.saturating_mul(times).min(most)
    }

    /// There is news of a chain: what nobody had is asked for after the shortest while.
    pub(super) fn hurry(&mut self, slot: Slot) {
        if self.chains.get(slot.index()).is_some_and(|sync| sync.retry_at.is_some()) {
            self.rest(slot);
        }
    }

    /// Nothing is asked for this chain for a while.
    pub(super) fn rest(&mut self, slot: Slot) {
        self.rest_for(slot, self.limits.reset_backoff.0);
    }

    fn rest_for(&mut self, slot: Slot, wait: Duration) {
        // Not later than before: whoever makes it wait again and again would stall it.
        let at = self.latest.after(wait);
        let before = self.chains.get(slot.index()).and_then(|sync| sync.retry_at);
        self.set_retry(slot, Some(before.map_or(at, |before| before.min(at))));
    }

    pub(super) fn set_retry(&mut self, slot: Slot, at: Option<Time>) {
        if let Some(sync) = self.chains.get_mut(slot.index()) {
            self.due.shift(&Due::Retry(slot), sync.retry_at, at);
            sync.retry_at = at;
        }
    }
}
