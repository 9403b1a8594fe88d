//! A naive timelord, written from T-1 to T-7 as they stand: everything is a list, and every list is
//! looked through.

use std::collections::{BTreeMap, BTreeSet};

use nodewire::Time;
use nodewire::codec::chia::Bytes32;

/// What a timelord wants, without the names of questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    Start(Bytes32, u32),
    Feed(Bytes32, u64),
    Stop(Bytes32),
    Verify(Bytes32, u64),
    Sent(Bytes32, u64),
    Blamed,
}

#[derive(Clone, Debug)]
pub struct Running {
    pub hash: Bytes32,
    pub weight: u64,
    pub worker: u32,
    pub since: Option<Time>,
    pub stopping: bool,
}

/// The naive one: everything is a list, and every list is looked through.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    pub workers: u32,
    pub initial_ips: u64,
    pub seen: BTreeSet<Bytes32>,
    pub done: BTreeSet<Bytes32>,
    pub queue: Vec<(Bytes32, u64)>,
    /// In the order of their starts.
    pub running: Vec<Running>,
    pub pending: BTreeMap<Bytes32, BTreeSet<u64>>,
    pub fed: BTreeSet<(Bytes32, u64)>,
    pub proved: Vec<u64>,
    pub best_three: Option<u64>,
    pub rates: BTreeMap<u32, Vec<u64>>,
    pub wanted: Vec<Wanted>,
}

impl Naive {
    pub fn challenge_start(&mut self, now: Time, hash: Bytes32, weight: u64) {
        let is_light = self.best_three.is_some_and(|best| weight <= best);
        if !self.seen.contains(&hash) && !is_light {
            self.seen.insert(hash);
            self.queue.push((hash, weight));
        }
        self.schedule(now);
    }

    pub fn proof_of_space_info(&mut self, now: Time, hash: Bytes32, iterations: u64) {
        if iterations == 0 {
            self.wanted.push(Wanted::Blamed);
            return;
        }
        if !self.done.contains(&hash) && !self.fed.contains(&(hash, iterations)) {
            self.pending.entry(hash).or_default().insert(iterations);
        }
        self.schedule(now);
    }

    fn nearest(&self, hash: Bytes32) -> Option<u64> {
        self.pending.get(&hash)?.iter().min().copied()
    }

    pub fn schedule(&mut self, now: Time) {
        for vdf in &self.running {
            if vdf.since.is_some() && !vdf.stopping {
                for iterations in self.pending.get(&vdf.hash).into_iter().flatten() {
                    if self.fed.insert((vdf.hash, *iterations)) {
                        self.wanted.push(Wanted::Feed(vdf.hash, *iterations));
                    }
                }
            }
        }
        loop {
            let Some(greatest) = self.queue.iter().map(|(_, weight)| *weight).max() else { return };
            if self.best_three.is_some_and(|best| greatest <= best) {
                for (hash, _) in std::mem::take(&mut self.queue) {
                    self.make_done(hash);
                }
                return;
            }
            let of_greatest = self.queue.iter().filter(|(_, weight)| *weight == greatest);
            let (hash, _) = *of_greatest
                .clone()
                .filter(|(hash, _)| self.nearest(*hash).is_some())
                .min_by_key(|(hash, _)| self.nearest(*hash))
                .or_else(|| of_greatest.clone().next())
                .unwrap();
            let is_free = |worker: &u32| self.running.iter().all(|vdf| vdf.worker != *worker);
            if let Some(worker) = (0..self.workers).find(is_free) {
                self.queue.retain(|(queued, _)| *queued != hash);
                let vdf = Running { hash, weight: greatest, worker, since: None, stopping: false };
                self.running.push(vdf);
                self.wanted.push(Wanted::Start(hash, worker));
                continue;
            }
            if self.running.iter().any(|vdf| vdf.stopping) {
                return;
            }
            let smallest = self.running.iter().map(|vdf| vdf.weight).min();
            let Some(smallest) = smallest else { return };
            let of_smallest: Vec<_> =
                self.running.iter().filter(|vdf| vdf.weight == smallest).cloned().collect();
            let idle = of_smallest.iter().rfind(|vdf| self.nearest(vdf.hash).is_none());
            let waits = self.nearest(hash).is_some();
            if greatest > smallest || (greatest == smallest && waits && idle.is_some()) {
                let worst =
                    idle.or_else(|| of_smallest.iter().max_by_key(|vdf| self.remaining(vdf, now)));
                let worst = worst.unwrap().hash;
                self.stop(worst);
            }
            return;
        }
    }

    fn remaining(&self, vdf: &Running, now: Time) -> i128 {
        let rates = self.rates.get(&vdf.worker).cloned().unwrap_or_default();
        let ips = if rates.is_empty() {
            self.initial_ips
        } else {
            rates.iter().sum::<u64>() / u64::try_from(rates.len()).unwrap()
        };
        let iterations = i128::from(self.nearest(vdf.hash).unwrap());
        let gone = vdf.since.map_or(0, |since| now.since(since).as_micros());
        iterations * 1_000_000 / i128::from(ips.max(1)) - i128::try_from(gone).unwrap()
    }

    fn stop(&mut self, hash: Bytes32) {
        self.running.iter_mut().find(|vdf| vdf.hash == hash).unwrap().stopping = true;
        self.make_done(hash);
        self.wanted.push(Wanted::Stop(hash));
    }

    fn make_done(&mut self, hash: Bytes32) {
        self.done.insert(hash);
        self.pending.remove(&hash);
    }

    pub fn started(&mut self, now: Time, hash: Bytes32) {
        let vdf = self.running.iter_mut().find(|vdf| vdf.hash == hash);
        vdf.unwrap().since.get_or_insert(now);
        self.schedule(now);
    }

    pub fn over(&mut self, now: Time, hash: Bytes32) {
        self.running.retain(|vdf| vdf.hash != hash);
        self.make_done(hash);
        self.schedule(now);
    }

    pub fn made(&mut self, now: Time, hash: Bytes32, iterations: u64) {
        self.wanted.push(Wanted::Verify(hash, iterations));
        self.schedule(now);
    }

    pub fn verified(&mut self, now: Time, made: &Made, is_good: bool) {
        let Made { hash, iterations, weight, worker, micros } = *made;
        if let Some(pending) = self.pending.get_mut(&hash) {
            pending.remove(&iterations);
        }
        if is_good {
            self.wanted.push(Wanted::Sent(hash, iterations));
            let rate = iterations * 1_000_000 / micros.max(1);
            self.rates.entry(worker).or_default().push(rate);
            self.proved.push(weight);
            if self.proved.iter().filter(|it| **it == weight).count() >= 3 {
                self.best_three = self.best_three.max(Some(weight));
                let running = self.running.iter().filter(|vdf| !vdf.stopping);
                let beaten = running.filter(|vdf| Some(vdf.weight) <= self.best_three);
                let beaten: Vec<_> = beaten.map(|vdf| vdf.hash).collect();
                for hash in beaten {
                    self.stop(hash);
                }
            }
        }
        self.schedule(now);
    }
}

/// A proof that is being verified.
#[derive(Clone, Debug)]
pub struct Made {
    pub hash: Bytes32,
    pub iterations: u64,
    pub weight: u64,
    pub worker: u32,
    pub micros: u64,
}
