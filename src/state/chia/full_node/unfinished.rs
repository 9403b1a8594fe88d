//! Unfinished blocks: validated, weighed against the best, and handed on (P-20 to P-22).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use core::cmp::{Ordering, Reverse};

use super::asked::{About, Asked};
use super::parts::{self, OWN};
use super::shares::{Owner, Shares};
use super::{FullNode, FullNodeNotice, FullNodeQuery, Kept, Proven};
use crate::ask::AskId;
use crate::codec::chia::messages::{ProofOfSpaceArrived, ProofOfSpaceInfo, UnfinishedBlock};
use crate::codec::chia::{Bytes32, FullBlock, HeaderHash, Message, NodeType, Shape};
use crate::codec::streamable::Sha256;
use crate::heap;
use crate::machine::Out;
use crate::state::chia::chain::Tip;
use crate::state::chia::recent::Recent;
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;
use crate::state::chia::transactions::TransactionIds;
use crate::time::{Deadlines, Time};

/// What a proof of time has to answer: the challenge of the parent, and how many iterations.
pub(super) type Key = (Bytes32, u64);

/// Unfinished blocks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Unfinished {
    /// Those that were looked at, by the hash of the whole block.
    seen: Recent<Bytes32>,
    /// Those that are being validated, or wait for better ones (P-22).
    waiting: Shares<Waiting>,
    /// Until when.
    due: Deadlines<u64>,
    stored: BTreeMap<Key, Stored>,
    /// The same: first those that make room, lowest and slowest.
    order: BTreeSet<(u32, Reverse<u64>, Bytes32)>,
    /// The best so far (P-20 step 7).
    leader: Leader,
}

/// One that was not accepted yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    block: Box<FullBlock>,
    whole: Bytes32,
    /// Who sent it, even if that one is gone since.
    owner: Owner,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Progress {
    Validating(AskId),
    /// It is slow, and waits until then (P-20 step 6).
    Delayed(Time, Proven),
}

/// What others are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Leader {
    height: u32,
    /// Of the parent: it tells whether a lower block is on a better chain.
    weight: u64,
    /// The seconds that it takes.
    expected: u64,
}

/// One that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stored {
    pub block: Box<FullBlock>,
    pub header_hash: HeaderHash,
    /// What it follows.
    pub parent: Tip,
    /// Who has it (P-24).
    pub holders: BTreeSet<ConnectionId>,
}

impl Unfinished {
    pub const fn new() -> Self {
        Self {
            seen: Recent::new(),
            waiting: Shares::new(),
            due: Deadlines::new(),
            stored: BTreeMap::new(),
            order: BTreeSet::new(),
            leader: Leader { height: 0, weight: 0, expected: u64::MAX },
        }
    }

    pub fn get(&self, key: Key) -> Option<&Stored> {
        self.stored.get(&key)
    }

    /// The iterations of those that answer a challenge.
    pub fn on(&self, challenge_hash: Bytes32) -> impl Iterator<Item = u64> + '_ {
        let of_it = self.stored.range((challenge_hash, 0)..=(challenge_hash, u64::MAX));
        of_it.map(|((_, iterations), _)| *iterations)
    }

    /// The block on a tip that takes the fewest iterations.
    pub fn best_on(&self, tip: &Tip) -> Option<&FullBlock> {
        let challenge_hash = tip.challenge_hash;
        let mut of_it = self.stored.range((challenge_hash, 0)..=(challenge_hash, u64::MAX));
        let best = of_it.find(|(_, stored)| stored.parent.header_hash == tip.header_hash);
        best.map(|(_, stored)| &*stored.block)
    }

    /// How many were accepted.
    pub fn len(&self) -> usize {
        self.stored.len()
    }

    /// When the next has waited long enough.
    pub fn deadline(&self) -> Option<Time> {
        self.due.first().map(|(at, _)| at)
    }

    /// Drops what is lower (P-6).
    pub fn drop_below(&mut self, height: u32) {
        while let Some((lowest, Reverse(iterations), challenge_hash)) = self.order.first().copied()
        {
            if lowest >= height {
                break;
            }
            self.order.pop_first();
            self.stored.remove(&(challenge_hash, iterations));
        }
        heap::relax_map(&mut self.stored);
        heap::relax_set(&mut self.order);
    }

    /// A peer is gone.
    pub fn forget_peer(&mut self, from: ConnectionId) {
        self.waiting.disown(from);
        for stored in self.stored.values_mut() {
            stored.holders.remove(&from);
            heap::relax_set(&mut stored.holders);
        }
    }

    /// Stores one; the lowest and slowest make room. False if that is the new one.
    fn store(&mut self, key: Key, height: u32, stored: Stored, most: usize) -> bool {
        let place = (height, Reverse(key.1), key.0);
        while self.stored.len() >= most.max(1) {
            let Some(first) = self.order.first().copied().filter(|first| *first < place) else {
                return false;
            };
            self.order.pop_first();
            let (_, Reverse(iterations), challenge_hash) = first;
            self.stored.remove(&(challenge_hash, iterations));
        }
        self.order.insert(place);
        self.stored.insert(key, stored);
        true
    }

    /// Whether a block is good enough beside the best; it may be the best now (P-20 step 7). Where
    /// a lower one has the heavier parent, as after a reorganisation, weight decides.
    fn leads(&mut self, new: Leader, threshold: u64) -> bool {
        let best = self.leader;
        if new.height == best.height {
            let is_near = new.expected <= best.expected.saturating_add(threshold);
            if is_near {
                let (weight, expected) =
                    (new.weight.max(best.weight), new.expected.min(best.expected));
                self.leader = Leader { weight, expected, ..new };
            }
            return is_near;
        }
        let leads = match new.weight.cmp(&best.weight) {
            Ordering::Greater => true,
            Ordering::Equal => new.height > best.height,
            Ordering::Less => false,
        };
        if leads {
            self.leader = new;
        }
        leads
    }

    /// Takes out one that waits.
    fn take(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(number)?;
        if let Progress::Delayed(until, _) = waiting.progress {
            self.due.shift(&number, Some(until), None);
        }
        Some(waiting)
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let each = size_of::<FullBlock>();
        let waiting = self.waiting.iter().map(|(_, it)| it.block.heap().saturating_add(each));
        let holder = size_of::<ConnectionId>();
        let stored = self.stored.values().map(|it| {
            let holders = heap::tree(it.holders.len(), holder);
            it.block.heap().saturating_add(each).saturating_add(holders)
        });
        let order = size_of::<(u32, Reverse<u64>, Bytes32)>();
        waiting
            .chain(stored)
            .fold(0_usize, usize::saturating_add)
            .saturating_add(self.seen.heap())
            .saturating_add(self.waiting.heap())
            .saturating_add(self.due.heap())
            .saturating_add(heap::tree(self.stored.len(), size_of::<(Key, Stored)>()))
            .saturating_add(heap::tree(self.order.len(), order))
    }
}

impl<H: Sha256, I: TransactionIds> FullNode<H, I> {
    /// An unfinished block, a peer's or our own, which a farmer's message made: `charged` is whose
    /// (P-20 steps 1 to 4).
    pub(super) fn unfinished(
        &mut self,
        owner: Owner,
        charged: Option<ConnectionId>,
        block: FullBlock,
        out: &mut Out<Self>,
    ) -> Kept {
        let is_unfinished = block.shape() == Shape::Unfinished;
        // Nobody needs it yet (P-34).
        let is_syncing = self.is_syncing();
        if !is_unfinished && !is_syncing {
            return Err(&rules::NOT_UNFINISHED);
        }
        if is_syncing || self.tip(block.prev_header_hash()).is_none() {
            if is_unfinished {
                self.keep_early(owner, Box::new(block));
            }
            return Ok(());
        }
        let whole = block.whole_hash::<H>();
        if self.unfinished.seen.contains(whole) {
            return Ok(());
        }
        let about = About::Unfinished(self.unfinished.waiting.upcoming());
        let query = FullNodeQuery::ValidateUnfinished(Box::new(block.clone()));
        let Ok(id) = self.asks.open(Asked { charged, about }) else { return Ok(()) };
        if let Some(charged) = charged {
            self.peers.charge(charged);
        }
        let progress = Progress::Validating(id);
        let waiting = Waiting { block: Box::new(block), whole, owner, progress };
        if self.wait(waiting).is_some() {
            self.unfinished.seen.insert(whole, self.config.limits.max_seen);
            out.ask(parts::outer(OWN, id), query);
        } else {
            self.close(id);
        }
        Ok(())
    }

    /// Puts one among those that wait: whoever has most of them makes room (P-22).
    fn wait(&mut self, waiting: Waiting) -> Option<u64> {
        let (owner, most) = (waiting.owner.now(&self.peers), self.config.limits.max_waiting);
        let (number, displaced) = self.unfinished.waiting.insert(owner, waiting, most).ok()?;
        if let Some((number, displaced)) = displaced {
            self.displaced(number, &displaced);
        }
        Some(number)
    }

    /// One was not looked at to the end: it may come again.
    fn displaced(&mut self, number: u64, displaced: &Waiting) {
        self.unfinished.seen.remove(displaced.whole);
        match displaced.progress {
            Progress::Validating(id) => {
                self.close(id);
            }
            Progress::Delayed(until, _) => self.unfinished.due.shift(&number, Some(until), None),
        }
    }

    /// Whether an unfinished block is valid (P-20 step 4).
    pub(super) fn validated(
        &mut self,
        now: Time,
        number: u64,
        proven: Option<Proven>,
        out: &mut Out<Self>,
    ) {
        let Some(waiting) = self.unfinished.take(number) else { return };
        if let Some(proven) = proven {
            self.consider(now, waiting, proven, false, out);
            return;
        }
        self.unfinished.seen.remove(waiting.whole);
        if let Some(from) = waiting.owner.peer() {
            self.penalise(from, &rules::INVALID_UNFINISHED, out);
        }
    }

    /// Those that have waited long enough are looked at once more (P-21).
    pub(super) fn end_waits(&mut self, now: Time, out: &mut Out<Self>) {
        while let Some((at, number)) = self.unfinished.due.first().map(|(at, of)| (at, *of)) {
            if at > now {
                break;
            }
            let waiting = self.unfinished.take(number);
            match waiting.as_ref().map(|waiting| waiting.progress) {
                Some(Progress::Delayed(_, proven)) => {
                    if let Some(waiting) = waiting {
                        self.consider(now, waiting, proven, true, out);
                    }
                }
                // Every deadline is that of one that waits.
                _ => self.unfinished.due.shift(&number, Some(at), None),
            }
        }
    }

    /// Is a valid block good enough to be handed on (P-20 steps 3 and 5 to 8, P-21)?
    fn consider(
        &mut self,
        now: Time,
        waiting: Waiting,
        proven: Proven,
        has_waited: bool,
        out: &mut Out<Self>,
    ) {
        let Proven { quality, iterations } = proven;
        let Some(parent) = self.tip(waiting.block.prev_header_hash()).copied() else { return };
        let key = (parent.challenge_hash, iterations);
        if self.unfinished.stored.contains_key(&key) {
            return;
        }
        if self.is_syncing() {
            // It began meanwhile, and may come to nothing.
            self.unfinished.seen.remove(waiting.whole);
            self.keep_early(waiting.owner, waiting.block);
            return;
        }
        // A chain that is sound has a rate.
        let expected = iterations.checked_div(self.chain.ips).unwrap_or(u64::MAX);
        if expected > self.config.slow_block_threshold && !has_waited {
            let until = now.after(self.config.slow_block_delay);
            let progress = Progress::Delayed(until, proven);
            let whole = waiting.whole;
            match self.wait(Waiting { progress, ..waiting }) {
                Some(number) => self.unfinished.due.shift(&number, None, Some(until)),
                // There is no room for it now: it may come again.
                None => {
                    self.unfinished.seen.remove(whole);
                }
            }
            return;
        }
        let height = parent.height.saturating_add(1);
        let new = Leader { height, weight: parent.weight, expected };
        if !self.unfinished.leads(new, self.config.propagation_threshold) {
            return;
        }
        let Waiting { block, owner, .. } = waiting;
        let message = Message::from(UnfinishedBlock { block: (*block).clone() });
        let header_hash = block.header_hash::<H>();
        let holders = self.holders();
        let stored = Stored { block, header_hash, parent, holders };
        if self.unfinished.store(key, height, stored, self.config.limits.max_unfinished) {
            let info = ProofOfSpaceInfo { challenge_hash: key.0, iterations_needed: iterations };
            out.send(Delivery::Broadcast(NodeType::Timelord, info.into()));
            out.send(match owner.peer() {
                Some(from) => Delivery::BroadcastToOthers(NodeType::FullNode, from, message),
                None => Delivery::Broadcast(NodeType::FullNode, message),
            });
            // With the weight that the block will have (F-25, R-13).
            if self.config.announce_arrivals {
                let weight = parent.weight.saturating_add(parent.child_difficulty);
                let arrived = ProofOfSpaceArrived { weight, quality };
                out.send(Delivery::Broadcast(NodeType::Farmer, arrived.into()));
            }
            out.notify(FullNodeNotice::Unfinished { challenge_hash: key.0, iterations });
        }
    }

    /// Whoever has a block that is broadcast now, if that matters (P-24).
    fn holders(&self) -> BTreeSet<ConnectionId> {
        if self.config.compact_blocks {
            self.peers.of_type(NodeType::FullNode).collect()
        } else {
            BTreeSet::new()
        }
    }
}
