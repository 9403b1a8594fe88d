//! What waits to be asked for: by slot, freshest first, cut into requests of bounded replies.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::input::{Unit, WantedTx};
use super::wanted::{REPLY_BASE, TX_EXTRA, TXS_BASE, VOTE_BYTES, WINDOW_EXTRA, Wanted};
use crate::codec::leios::{LeiosPoint, SlotNo, VoteIssuer};
use crate::state::leios::heap;
use crate::state::leios::limits::Limits;

/// What waits for the limits to allow asking. Within a slot votes go first, since they are small
/// and compete for the same time, then blocks, then transactions (`leios.md` 12.4); within a kind
/// what was wanted first (S-13).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue {
    slots: BTreeMap<SlotNo, Waiting>,
    /// Units in all, bounded by `max_queued_requests`.
    units: usize,
    /// Oldest slot first instead of youngest (S-6).
    pub oldest_first: bool,
}

/// A block, the size asked for and the largest it may have.
type WantedBlock = (LeiosPoint, u32, u32);

/// What waits of one slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Waiting {
    votes: VecDeque<VoteIssuer>,
    blocks: VecDeque<WantedBlock>,
    txs: VecDeque<(LeiosPoint, VecDeque<WantedTx>)>,
}

/// How many transactions a request takes at most, whatever its reply would be, so that even with
/// each in a window of its own (14 bytes) the message stays within `bytes`.
const fn most_windows(bytes: usize) -> usize {
    let most = bytes.saturating_sub(128) / 14;
    if most == 0 { 1 } else { most }
}

impl Queue {
    /// How many units wait.
    pub const fn len(&self) -> usize {
        self.units
    }

    /// A block is wanted, of this size or of another up to `most`.
    pub fn add_block(&mut self, point: LeiosPoint, size: u32, most: u32) {
        self.units = self.units.saturating_add(1);
        self.slots.entry(point.slot).or_default().blocks.push_back((point, size, most));
    }

    /// Transactions are wanted, ascending by index.
    pub fn add_txs(&mut self, point: LeiosPoint, mut txs: Vec<WantedTx>) {
        self.units = self.units.saturating_add(txs.len());
        txs.shrink_to_fit();
        self.slots.entry(point.slot).or_default().txs.push_back((point, txs.into()));
    }

    /// Votes are wanted.
    pub fn add_votes(&mut self, votes: &[(SlotNo, VoteIssuer)]) {
        self.units = self.units.saturating_add(votes.len());
        for (slot, issuer) in votes {
            self.slots.entry(*slot).or_default().votes.push_back(*issuer);
        }
    }

    /// Takes the next request out, if it wants no more than `txs_room` transactions and its reply
    /// no more than `reply_room` bytes.
    pub fn pop(&mut self, limits: &Limits, txs_room: usize, reply_room: usize) -> Option<Wanted> {
        let slot = if self.oldest_first {
            *self.slots.first_key_value()?.0
        } else {
            *self.slots.last_key_value()?.0
        };
        let waiting = self.slots.get_mut(&slot)?;
        let (wanted, taken) = waiting.pop(slot, limits, txs_room, reply_room)?;
        self.units = self.units.saturating_sub(taken);
        if waiting.is_empty() {
            self.slots.remove(&slot);
        }
        heap::relax_map(&mut self.slots);
        Some(wanted)
    }

    /// Takes out everything, in order, appending it to a report of failure.
    pub fn fail(&mut self, units: &mut Vec<Unit>) {
        let slots = core::mem::take(&mut self.slots);
        self.units = 0;
        let order = |entry: (SlotNo, Waiting)| entry.1.report(entry.0, units);
        if self.oldest_first {
            slots.into_iter().for_each(order);
        } else {
            slots.into_iter().rev().for_each(order);
        }
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let tree = heap::tree(self.slots.len(), size_of::<(SlotNo, Waiting)>());
        self.slots.values().fold(tree, |sum, waiting| sum.saturating_add(waiting.heap()))
    }

    /// The most [`heap`](Self::heap) can be with `units` units.
    pub fn most_heap(units: usize) -> usize {
        // Rings grow by doubling, from four places; those of transactions are cut back when less
        // than a quarter full. No unit takes more than one slot, one job and one place.
        let job = size_of::<(LeiosPoint, VecDeque<WantedTx>)>();
        let place = size_of::<WantedTx>().saturating_add(job).saturating_mul(4);
        units
            .saturating_mul(place)
            .saturating_add(heap::tree(units, size_of::<(SlotNo, Waiting)>()))
    }
}

impl Waiting {
    /// The next request of this slot with the number of units it takes from the queue.
    fn pop(
        &mut self,
        slot: SlotNo,
        limits: &Limits,
        txs_room: usize,
        reply_room: usize,
    ) -> Option<(Wanted, usize)> {
        if !self.votes.is_empty() {
            return self.pop_votes(slot, limits, reply_room);
        }
        if let Some(&(point, size, most)) = self.blocks.front() {
            let wanted = Wanted::Block(point, size, most);
            if wanted.largest_reply() > reply_room {
                return None;
            }
            self.blocks.pop_front();
            relax(&mut self.blocks);
            return Some((wanted, 1));
        }
        let (point, txs) = self.txs.front_mut()?;
        let (count, reply) = measure(txs, limits);
        if count > txs_room || reply > reply_room {
            return None;
        }
        let wanted = Wanted::Txs(*point, txs.drain(..count).collect());
        if txs.is_empty() {
            self.txs.pop_front();
            relax(&mut self.txs);
        } else {
            relax(txs);
        }
        Some((wanted, count))
    }

    /// As many votes as one request may ask for (`leios.md` 12.5).
    fn pop_votes(
        &mut self,
        slot: SlotNo,
        limits: &Limits,
        reply_room: usize,
    ) -> Option<(Wanted, usize)> {
        let target = limits.reply_split_target.min(limits.max_reply_message);
        let count = limits
            .max_votes_per_request
            .min(target.saturating_sub(REPLY_BASE) / VOTE_BYTES)
            .min(most_windows(limits.max_request_message))
            .clamp(1, self.votes.len().max(1));
        if count.saturating_mul(VOTE_BYTES).saturating_add(REPLY_BASE) > reply_room {
            return None;
        }
        let mut votes: Vec<VoteIssuer> = self.votes.drain(..count).collect();
        votes.sort_unstable();
        votes.dedup();
        votes.shrink_to_fit();
        relax(&mut self.votes);
        Some((Wanted::Votes(slot, votes), count))
    }

    fn is_empty(&self) -> bool {
        self.votes.is_empty() && self.blocks.is_empty() && self.txs.is_empty()
    }

    fn report(self, slot: SlotNo, units: &mut Vec<Unit>) {
        units.extend(self.votes.into_iter().map(|issuer| Unit::Vote(slot, issuer)));
        units.extend(self.blocks.into_iter().map(|(point, ..)| Unit::Block(point)));
        for (point, txs) in self.txs {
            units.push(Unit::Txs(point, txs.into_iter().map(|tx| tx.index).collect()));
        }
    }

    fn heap(&self) -> usize {
        let txs = self.txs.iter().fold(0_usize, |sum, (_, txs)| {
            sum.saturating_add(txs.capacity().saturating_mul(size_of::<WantedTx>()))
        });
        let jobs =
            self.txs.capacity().saturating_mul(size_of::<(LeiosPoint, VecDeque<WantedTx>)>());
        let blocks = self.blocks.capacity().saturating_mul(size_of::<WantedBlock>());
        let votes = self.votes.capacity().saturating_mul(size_of::<VoteIssuer>());
        txs.saturating_add(jobs).saturating_add(blocks).saturating_add(votes)
    }
}

/// Gives memory back when less than a quarter of it is used.
fn relax<T>(ring: &mut VecDeque<T>) {
    if ring.capacity() / 4 > ring.len() {
        ring.shrink_to_fit();
    }
}

/// How many of these transactions one request takes, at least one, and the largest reply to it:
/// within the budget of L-13, the limits of L-11 and L-12, and L-14 as if nothing else were
/// outstanding.
fn measure(txs: &VecDeque<WantedTx>, limits: &Limits) -> (usize, usize) {
    let target = limits.reply_split_target.min(limits.max_reply_message);
    let most = limits.max_outstanding_txs.min(most_windows(limits.max_request_message)).max(1);
    let mut reply = REPLY_BASE + TXS_BASE;
    let mut count = 0_usize;
    let mut window = None;
    for tx in txs.iter().take(most) {
        let new = window != Some(tx.index / 64);
        let extra = if new { TX_EXTRA + WINDOW_EXTRA } else { TX_EXTRA };
        let longer = reply.saturating_add(tx.size as usize).saturating_add(extra);
        if count > 0 && longer > target {
            break;
        }
        (reply, count, window) = (longer, count + 1, Some(tx.index / 64));
    }
    (count, reply)
}
