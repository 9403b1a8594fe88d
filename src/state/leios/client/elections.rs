//! What one server has announced and offered, by slot (`leios.md` 12.2).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::codec::leios::{Hash32, LeiosBlockHash, LeiosPoint, PoolId, SlotNo, VoteIssuer};
use crate::fault::Rule;
use crate::state::leios::heap;
use crate::state::leios::limits::Limits;
use crate::state::leios::rules;

/// Elections, announced points and offers. Pruned by slot; bounded by `max_tracked_elections`,
/// since points come only with elections, two of them at most, and offers only with points.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Elections {
    slots: BTreeMap<SlotNo, Slot>,
    /// Elections in all slots.
    count: usize,
}

/// What is remembered of one slot. Lists are sorted, so that many elections of one slot cost no
/// more to look through than many slots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Slot {
    elections: Vec<Election>,
    points: Vec<Point>,
    /// Vote offers: one bit a seat, the lowest seat in the lowest bit.
    seats: Vec<u64>,
    /// True once an announcement of this slot was judged worth processing.
    live: bool,
}

/// An election of the slot (S-11) with the hashes of its one or two headers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Election {
    pool: PoolId,
    first: Hash32,
    second: Option<Hash32>,
}

/// An announced endorser block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Point {
    hash: LeiosBlockHash,
    /// What size it was announced to have: one, unless headers contradict each other.
    sizes: Vec<u32>,
    offers: Offers,
    /// True once an announcement of it was judged worth processing.
    live: bool,
}

/// The two offers there are for a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Offers {
    /// The block.
    pub block: bool,
    /// All its transactions.
    pub txs: bool,
}

/// What to make of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// New: tell the application.
    New,
    /// New, but what it belongs to isn't judged yet, or is to be ignored.
    Held,
    /// Heard before (L-42).
    Again,
}

impl Elections {
    /// Whether an announcement with this header is the second of its election, or which rule it
    /// breaks: L-33, L-34, or the bound on elections.
    pub fn judge(
        &self,
        slot: SlotNo,
        pool: PoolId,
        header: Hash32,
        limits: &Limits,
    ) -> Result<bool, &'static Rule> {
        let known = self.slots.get(&slot).and_then(|slot| slot.election(pool));
        match known {
            Some(Election { second: Some(_), .. }) => Err(&rules::THIRD_ANNOUNCEMENT),
            Some(Election { first, .. }) if *first == header => Err(&rules::REPEATED_ANNOUNCEMENT),
            Some(_) => Ok(true),
            None if self.count >= limits.max_tracked_elections => Err(&rules::TOO_MANY_ELECTIONS),
            None => Ok(false),
        }
    }

    /// Remembers an announcement that [`judge`](Self::judge) lets pass.
    pub fn add(&mut self, point: LeiosPoint, size: u32, pool: PoolId, header: Hash32) {
        let slot = self.slots.entry(point.slot).or_default();
        match slot.elections.binary_search_by_key(&pool, |election| election.pool) {
            Ok(at) => {
                if let Some(election) = slot.elections.get_mut(at) {
                    election.second = Some(header);
                }
            }
            Err(at) => {
                self.count = self.count.saturating_add(1);
                slot.elections.insert(at, Election { pool, first: header, second: None });
            }
        }
        match slot.points.binary_search_by_key(&point.hash, |point| point.hash) {
            Ok(at) => {
                if let Some(known) = slot.points.get_mut(at) {
                    if let Err(at) = known.sizes.binary_search(&size) {
                        known.sizes.insert(at, size);
                    }
                }
            }
            Err(at) => {
                let (hash, sizes, offers) = (point.hash, Vec::from([size]), Offers::default());
                slot.points.insert(at, Point { hash, sizes, offers, live: false });
            }
        }
    }

    /// The sizes that this server announced of a block, ascending.
    pub fn sizes(&self, point: LeiosPoint) -> &[u32] {
        let points = self.slots.get(&point.slot).map(|slot| slot.points.as_slice());
        let points = points.unwrap_or_default();
        let at = points.binary_search_by_key(&point.hash, |point| point.hash).ok();
        at.and_then(|at| points.get(at)).map(|point| point.sizes.as_slice()).unwrap_or_default()
    }

    /// Notes that an announcement of `point` was judged worth processing. Returns the offers of
    /// it held back so far, and whether the votes of its slot were held back too.
    pub fn enliven(&mut self, point: LeiosPoint) -> (Offers, bool) {
        let Some(slot) = self.slots.get_mut(&point.slot) else {
            return (Offers::default(), false);
        };
        let first = !core::mem::replace(&mut slot.live, true);
        let held = match slot.point_mut(point.hash) {
            Some(point) if !point.live => {
                point.live = true;
                point.offers
            }
            _ => Offers::default(),
        };
        (held, first)
    }

    /// The server offers the block of a point (L-39).
    pub fn offer_block(&mut self, point: LeiosPoint) -> Result<Heard, &'static Rule> {
        let known = self.point_mut(point)?;
        let again = core::mem::replace(&mut known.offers.block, true);
        Ok(Heard::of(again, known.live))
    }

    /// The server offers the transactions of a point (L-39).
    pub fn offer_txs(&mut self, point: LeiosPoint) -> Result<Heard, &'static Rule> {
        let known = self.point_mut(point)?;
        let again = core::mem::replace(&mut known.offers.txs, true);
        Ok(Heard::of(again, known.live))
    }

    /// The server offers a vote (L-40).
    pub fn offer_vote(
        &mut self,
        slot: SlotNo,
        VoteIssuer(seat): VoteIssuer,
    ) -> Result<Heard, &'static Rule> {
        let slot = self.slots.get_mut(&slot).ok_or(&rules::VOTE_OFFER_WITHOUT_ANNOUNCEMENT)?;
        let (word, bit) = (usize::from(seat / 64), 1_u64 << (seat % 64));
        if slot.seats.len() <= word {
            // A power of two, at most the 1,024 words of all 65,536 seats.
            let words = (word + 1).next_power_of_two();
            slot.seats.reserve_exact(words.saturating_sub(slot.seats.len()));
            slot.seats.resize(words, 0);
        }
        let Some(bits) = slot.seats.get_mut(word) else {
            return Ok(Heard::Again);
        };
        let again = *bits & bit != 0;
        *bits |= bit;
        Ok(Heard::of(again, slot.live))
    }

    /// The votes offered at `slot`, ascending.
    pub fn votes(&self, slot: SlotNo) -> impl Iterator<Item = VoteIssuer> + '_ {
        let words = self.slots.get(&slot).map(|slot| slot.seats.as_slice()).unwrap_or_default();
        words.iter().zip(0_u16..).flat_map(|(word, at)| {
            let set = move |bit: &u16| word & (1 << bit) != 0;
            (0..64).filter(set).map(move |bit| VoteIssuer(at * 64 + bit))
        })
    }

    /// True if nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// True if something of `slot` is remembered.
    pub fn contains(&self, slot: SlotNo) -> bool {
        self.slots.contains_key(&slot)
    }

    /// The oldest slots, as long as `old` says so.
    pub fn oldest(&self, old: impl Fn(SlotNo) -> bool) -> Vec<SlotNo> {
        self.slots.keys().copied().take_while(|slot| old(*slot)).collect()
    }

    /// Forgets a slot.
    pub fn forget(&mut self, slot: SlotNo) {
        if let Some(slot) = self.slots.remove(&slot) {
            self.count = self.count.saturating_sub(slot.elections.len());
        }
        heap::relax_map(&mut self.slots);
    }

    /// How many elections are remembered.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        let tree = heap::tree(self.slots.len(), size_of::<(SlotNo, Slot)>());
        self.slots.values().fold(tree, |sum, slot| sum.saturating_add(slot.heap()))
    }

    /// The most [`heap`](Self::heap) can be with `count` elections.
    pub fn most_heap(count: usize) -> usize {
        // Lists grow by doubling, from four places; two points an election, each with a size.
        let point = size_of::<Point>().saturating_add(size_of::<u32>());
        let places = size_of::<Election>().saturating_add(point.saturating_mul(2));
        let slot = places.saturating_mul(4).saturating_add(65_536 / 8);
        count.saturating_mul(slot).saturating_add(heap::tree(count, size_of::<(SlotNo, Slot)>()))
    }

    fn point_mut(&mut self, point: LeiosPoint) -> Result<&mut Point, &'static Rule> {
        let slot = self.slots.get_mut(&point.slot);
        slot.and_then(|slot| slot.point_mut(point.hash)).ok_or(&rules::OFFER_WITHOUT_ANNOUNCEMENT)
    }
}

impl Slot {
    fn election(&self, pool: PoolId) -> Option<&Election> {
        let at = self.elections.binary_search_by_key(&pool, |election| election.pool).ok()?;
        self.elections.get(at)
    }

    fn point_mut(&mut self, hash: LeiosBlockHash) -> Option<&mut Point> {
        let at = self.points.binary_search_by_key(&hash, |point| point.hash).ok()?;
        self.points.get_mut(at)
    }

    fn heap(&self) -> usize {
        let elections = self.elections.capacity().saturating_mul(size_of::<Election>());
        let sizes = self.points.iter().fold(0_usize, |sum, point| {
            sum.saturating_add(point.sizes.capacity().saturating_mul(size_of::<u32>()))
        });
        let points =
            self.points.capacity().saturating_mul(size_of::<Point>()).saturating_add(sizes);
        let seats = self.seats.capacity().saturating_mul(size_of::<u64>());
        elections.saturating_add(points).saturating_add(seats)
    }
}

impl Heard {
    const fn of(again: bool, live: bool) -> Self {
        match (again, live) {
            (true, _) => Self::Again,
            (false, true) => Self::New,
            (false, false) => Self::Held,
        }
    }
}
