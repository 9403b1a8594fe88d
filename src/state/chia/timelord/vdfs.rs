//! The VDFs that run, the workers they run on, and how fast those are (T-3, T-4).

use alloc::collections::{BTreeMap, BTreeSet};

use crate::ask::AskId;
use crate::codec::chia::Bytes32;
use crate::heap;
use crate::time::Time;

/// VDFs by the question that started them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Vdfs {
    all: BTreeMap<AskId, Vdf>,
    workers: u32,
    /// The first worker that never had anything to do; those above had nothing either.
    next: u32,
    /// Those below it that have nothing to do.
    free: BTreeSet<u32>,
    speeds: BTreeMap<u32, Speed>,
    stopping: usize,
}

/// A VDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Vdf {
    pub challenge_hash: Bytes32,
    pub worker: u32,
    /// Since when it runs; `None` before it does.
    pub since: Option<Time>,
    /// The question that is to stop it.
    pub stop: Option<AskId>,
}

/// The proofs that a worker made, as iterations a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Speed {
    sum: u128,
    proofs: u32,
}

impl Vdf {
    /// True while it takes iterations.
    pub const fn is_running(&self) -> bool {
        self.since.is_some() && self.stop.is_none()
    }
}

impl Vdfs {
    pub fn new(workers: u32) -> Self {
        Self {
            all: BTreeMap::new(),
            workers,
            next: 0,
            free: BTreeSet::new(),
            speeds: BTreeMap::new(),
            stopping: 0,
        }
    }

    pub fn get(&self, vdf: AskId) -> Option<&Vdf> {
        self.all.get(&vdf)
    }

    pub fn get_mut(&mut self, vdf: AskId) -> Option<&mut Vdf> {
        self.all.get_mut(&vdf)
    }

    /// Those that nobody wants stopped.
    pub fn active(&self) -> impl Iterator<Item = (AskId, &Vdf)> + '_ {
        self.all.iter().filter(|(_, vdf)| vdf.stop.is_none()).map(|(id, vdf)| (*id, vdf))
    }

    /// How many are to stop and have not.
    pub const fn stopping(&self) -> usize {
        self.stopping
    }

    /// A worker that has nothing to do.
    pub fn free_worker(&self) -> Option<u32> {
        let unused = Some(self.next).filter(|next| *next < self.workers);
        self.free.first().copied().or(unused)
    }

    /// A worker begins with a challenge.
    pub fn start(&mut self, id: AskId, challenge_hash: Bytes32, worker: u32) {
        if worker == self.next {
            self.next = self.next.saturating_add(1);
        } else {
            self.free.remove(&worker);
        }
        self.all.insert(id, Vdf { challenge_hash, worker, since: None, stop: None });
    }

    /// A VDF is to stop.
    pub fn stop(&mut self, id: AskId, stop: AskId) {
        if let Some(vdf) = self.all.get_mut(&id) {
            vdf.stop = Some(stop);
            self.stopping = self.stopping.saturating_add(1);
        }
    }

    /// A VDF is over, and its worker free.
    pub fn end(&mut self, id: AskId) -> Option<Vdf> {
        let vdf = self.all.remove(&id)?;
        heap::relax_map(&mut self.all);
        self.free.insert(vdf.worker);
        self.stopping = self.stopping.saturating_sub(usize::from(vdf.stop.is_some()));
        Some(vdf)
    }

    /// A worker took so long for so many iterations, in microseconds.
    pub fn measure(&mut self, worker: u32, iterations: u64, micros: u64) {
        let ips = u128::from(iterations).saturating_mul(MICROS) / u128::from(micros.max(1));
        let speed = self.speeds.entry(worker).or_insert(Speed { sum: 0, proofs: 0 });
        if let Some(proofs) = speed.proofs.checked_add(1) {
            (speed.sum, speed.proofs) = (speed.sum.saturating_add(ips), proofs);
        }
    }

    /// Iterations a second of a worker, on average of its proofs; at least one.
    pub fn ips(&self, worker: u32, initial: u64) -> u64 {
        let average = self.speeds.get(&worker).map_or_else(
            || u128::from(initial),
            |speed| speed.sum / u128::from(speed.proofs.max(1)),
        );
        u64::try_from(average).unwrap_or(u64::MAX).max(1)
    }

    /// How long a VDF still takes to so many iterations, in microseconds; what is overdue is less
    /// than nothing (T-4).
    pub fn remaining(&self, vdf: &Vdf, iterations: u64, initial: u64, now: Time) -> i128 {
        let all = u128::from(iterations).saturating_mul(MICROS)
            / u128::from(self.ips(vdf.worker, initial));
        let gone = vdf.since.map_or(0, |since| now.since(since).as_micros());
        i128::try_from(all)
            .unwrap_or(i128::MAX)
            .saturating_sub(i128::try_from(gone).unwrap_or(i128::MAX))
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        heap::tree(self.all.len(), size_of::<(AskId, Vdf)>())
            .saturating_add(heap::tree(self.free.len(), size_of::<u32>()))
            .saturating_add(heap::tree(self.speeds.len(), size_of::<(u32, Speed)>()))
    }
}

/// Microseconds of a second.
const MICROS: u128 = 1_000_000;
