//! Who gets a worker, and what running VDFs are told (T-3 to T-5).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::challenges::{Challenges, Rank, State};
use super::iterations::Iterations;
use super::vdfs::Vdf;
use super::{Asked, Timelord, TimelordQuery, most_asks};
use crate::ask::AskId;
use crate::codec::chia::Bytes32;
use crate::machine::Out;
use crate::state::chia::tellers::Teller;
use crate::time::Time;

/// Where a challenge stands among those of one full node: the first of them gets a worker, the last
/// one that has a worker is the worst (T-3, T-4). By weight, then how it stands, then what tells
/// those that stand alike.
type Order = (Reverse<u64>, Standing, i128, u64, Bytes32);

/// How a challenge stands among those of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// It has a worker and iterations that wait: first those whose next proof is nearest.
    Busy,
    /// It has iterations that wait: first the fewest.
    Wanted,
    /// It has a worker: first the one that was started first.
    Idle,
    /// It has neither: first the oldest.
    Waiting,
}

/// Where a challenge stands among those of all: by how many of the same full node come before it,
/// of whichever full node that are the fewest.
type Turn = (usize, Order);

/// Whose turn it is.
struct Turns {
    /// What waits, and is the first to get a worker.
    next: Option<(Turn, Bytes32)>,
    /// What has a worker, and is the first to lose it.
    worst: Option<(Turn, AskId)>,
}

impl Timelord {
    /// Gives workers to the heaviest challenges, and proofs to make to those that run (T-3, T-5).
    pub(super) fn schedule(&mut self, now: Time, out: &mut Out<Self>) {
        self.scheduled = now;
        self.feed(out);
        loop {
            self.give_up_beaten(out);
            if !self.challenges.is_waiting() {
                return;
            }
            let free = self.vdfs.free_worker();
            // A worker that is about to be free is for the next one.
            if free.is_none() && self.vdfs.stopping() > 0 {
                return;
            }
            let Turns { next, worst } = self.turns(now);
            let Some((turn, hash)) = next else { return };
            let Some(worker) = free else {
                if let Some((_, worst)) = worst.filter(|(worst, _)| turn < *worst) {
                    self.stop(worst, out);
                }
                return;
            };
            let Ok(id) = self.asks.open(Asked::Start) else { return };
            self.vdfs.start(id, hash, worker);
            self.challenges.set_state(hash, State::Active(id));
            out.ask(id, TimelordQuery::StartVdf { worker, challenge_hash: hash });
        }
    }

    /// Where the heaviest that waits for a full node is no heavier than what was proved, all that
    /// waits for it is done (T-3).
    fn give_up_beaten(&mut self, out: &mut Out<Self>) {
        let is_beaten = |(teller, first): &(Teller, &Rank)| {
            let (Reverse(weight), ..) = first;
            self.views.is_beaten(*teller, *weight)
        };
        let firsts = self.challenges.queues();
        let firsts = firsts.filter_map(|(teller, queue)| Some((teller, queue.first()?)));
        let beaten: Vec<_> = firsts.filter(is_beaten).map(|(teller, _)| teller).collect();
        for teller in beaten {
            for hash in self.challenges.give_up(teller) {
                self.done(hash, out);
            }
        }
    }

    /// Whose turn it is, between full nodes and among the challenges of each.
    fn turns(&self, now: Time) -> Turns {
        let mut active: BTreeMap<Teller, Vec<(Order, Option<AskId>)>> = BTreeMap::new();
        let mut last: BTreeMap<AskId, Turn> = BTreeMap::new();
        for (id, vdf) in self.vdfs.active() {
            for (teller, weight) in self.challenges.weights(vdf.challenge_hash) {
                let order = self.order(id, vdf, weight, now);
                last.insert(id, (usize::MAX, order));
                if !self.views.is_beaten(teller, weight) {
                    active.entry(teller).or_default().push((order, Some(id)));
                }
            }
        }
        let mut next: Option<(Turn, Bytes32)> = None;
        for (teller, queue) in self.challenges.queues() {
            // More than there are workers make no difference.
            let waiting = queue.iter().take(self.workers().max(1));
            let waiting = waiting.map(|rank| (order_of(rank), None));
            active.entry(teller).or_default().extend(waiting);
        }
        for (teller, mut all) in active {
            all.sort_unstable();
            let mut is_first = true;
            for (at, (order, id)) in all.into_iter().enumerate() {
                // Whoever is gone comes last.
                let turn = (if teller.is_some() { at } else { usize::MAX }, order);
                if let Some(id) = id {
                    let known = last.entry(id).or_insert(turn);
                    *known = turn.min(*known);
                } else if core::mem::take(&mut is_first) {
                    let (.., hash) = order;
                    next = next.into_iter().chain([(turn, hash)]).min();
                }
            }
        }
        let worst = last.into_iter().map(|(id, turn)| (turn, id)).max();
        Turns { next, worst }
    }

    /// Where a challenge stands that has a worker. Later ones have greater ids.
    fn order(&self, id: AskId, vdf: &Vdf, weight: u64, now: Time) -> Order {
        let hash = vdf.challenge_hash;
        let nearest = self.challenges.iterations(hash).and_then(Iterations::nearest);
        let (standing, detail) = nearest.map_or((Standing::Idle, 0), |nearest| {
            (Standing::Busy, self.vdfs.remaining(vdf, nearest, self.config.initial_ips, now))
        });
        (Reverse(weight), standing, detail, id.as_u64(), hash)
    }

    /// Tells those that run what they were not told yet, the smallest first (T-5).
    fn feed(&mut self, out: &mut Out<Self>) {
        let running = self.vdfs.active().filter(|(_, vdf)| vdf.is_running());
        let running: Vec<_> = running.map(|(id, vdf)| (id, vdf.challenge_hash)).collect();
        for (vdf, hash) in running {
            let next = |challenges: &Challenges| challenges.iterations(hash)?.next_unfed();
            while let Some(iterations) = next(&self.challenges) {
                // Starting and stopping never have to wait.
                let reserved = self.workers().saturating_mul(2);
                if self.asks.len().saturating_add(reserved) >= most_asks(&self.config) {
                    return;
                }
                let Ok(id) = self.asks.open(Asked::Feed { vdf, iterations }) else { return };
                self.challenges.feed(hash, iterations);
                out.ask(id, TimelordQuery::FeedIterations { vdf, iterations });
            }
        }
    }
}

/// Where a challenge stands that waits.
fn order_of(rank: &Rank) -> Order {
    let (weight, is_unwanted, waits, heard, hash) = *rank;
    let (standing, detail) =
        if is_unwanted { (Standing::Waiting, 0) } else { (Standing::Wanted, i128::from(waits)) };
    (weight, standing, detail, heard, hash)
}
