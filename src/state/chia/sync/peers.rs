//! The full nodes that are there: what each was asked, and whom to ask next.

use alloc::collections::{BTreeMap, VecDeque};
use core::time::Duration;

use crate::heap;
use crate::state::chia::nonces::Nonces;
use crate::state::chia::role::ConnectionId;
use crate::time::Time;

/// The full nodes that are connected.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peers {
    of: BTreeMap<ConnectionId, Asked>,
    nonces: Nonces,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Hashes,
    Headers,
    Blocks,
}

/// A request, among those of its kind and phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Request {
    /// All hashes.
    Hashes,
    /// The batch of this number.
    Batch(u32),
    /// Headers that settle who lies.
    Links,
}

/// How an answer stands that is not what the phase needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Standing {
    /// An earlier request may be what it answers, or there is none at all: it is passed over.
    Late,
    /// It is the answer to a request of this phase, and is wrong.
    Wrong,
}

/// What one peer was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Asked {
    /// Requests of this phase, oldest first, and when each was made.
    open: VecDeque<(Request, Time)>,
    /// Requests of earlier phases and syncs, by kind: their answers may still come.
    earlier: BTreeMap<Kind, u32>,
    /// Requests in a row that were not answered in time.
    silent: u32,
    /// Its last answer took long.
    slow: bool,
    /// It contradicted others and did not show why.
    mistrusted: bool,
    /// How many tips of it in a row came to nothing, and until when nothing that it tells counts.
    failures: u32,
    cooling: Option<Time>,
}

/// Whoever needs this share of the time that an answer has is asked only if the others are as slow.
const SLOW: u32 = 5;
/// Tips of a peer are passed over for at most two to this power as long as after the first failure.
const MOST_DOUBLED: u32 = 7;

impl Peers {
    pub const fn new(seed: u64) -> Self {
        Self { of: BTreeMap::new(), nonces: Nonces::new(seed) }
    }

    pub fn add(&mut self, peer: ConnectionId) {
        self.of.insert(peer, Asked::default());
    }

    /// Takes a peer out; false if it was not there.
    pub fn remove(&mut self, peer: ConnectionId) -> bool {
        let was_there = self.of.remove(&peer).is_some();
        heap::relax_map(&mut self.of);
        was_there
    }

    pub fn has(&self, peer: ConnectionId) -> bool {
        self.of.contains_key(&peer)
    }

    /// True if it is there and is asked before others that are mistrusted.
    pub fn has_trusted(&self, peer: ConnectionId) -> bool {
        self.of.get(&peer).is_some_and(|asked| !asked.mistrusted)
    }

    /// One of those that are preferred: at random among peers that were not asked for the same and
    /// answer soon; else among those that were not asked; else, `again`, among all. Who is
    /// mistrusted comes after all others, and is asked at once if there are no others.
    pub fn pick(&mut self, tried: &[ConnectionId], again: bool) -> Option<ConnectionId> {
        let rank =
            |peer: &ConnectionId, asked: &Asked| match (asked.mistrusted, tried.contains(peer)) {
                (false, false) => u8::from(asked.silent > 0 || asked.slow),
                (false, true) => 2,
                (true, false) => 3,
                (true, true) => 4,
            };
        let ranks = self.of.iter().map(|(peer, asked)| (rank(peer, asked), *peer));
        let best = ranks.clone().map(|(rank, _)| rank).min()?;
        if matches!(best, 2 | 4) && !again {
            return None;
        }
        let mut of_best = ranks.filter(|(rank, _)| *rank == best).map(|(_, peer)| peer);
        let count = of_best.clone().count();
        of_best.nth(self.nonces.below(count))
    }

    /// Notes a request; beyond `most` that are open the oldest is only counted.
    pub fn ask(
        &mut self,
        now: Time,
        peer: ConnectionId,
        kind: Kind,
        request: Request,
        most: usize,
    ) {
        let Some(asked) = self.of.get_mut(&peer) else { return };
        if asked.open.len() >= most.max(1) {
            asked.open.pop_front();
            asked.late(kind, 1);
        }
        asked.open.push_back((request, now));
    }

    /// The oldest open request that an answer fits, which is no longer open, and when it was made.
    pub fn answers(
        &mut self,
        peer: ConnectionId,
        fits: impl Fn(Request) -> bool,
    ) -> Option<(Request, Time)> {
        let open = &mut self.of.get_mut(&peer)?.open;
        let at = open.iter().position(|(request, _)| fits(*request))?;
        open.remove(at)
    }

    /// How an answer stands that fits no request.
    pub fn unfitting(&mut self, peer: ConnectionId, kind: Kind) -> Standing {
        let Some(asked) = self.of.get_mut(&peer) else { return Standing::Late };
        match asked.earlier.get_mut(&kind) {
            Some(earlier) if *earlier > 0 => {
                *earlier = earlier.saturating_sub(1);
                Standing::Late
            }
            _ if asked.open.is_empty() => Standing::Late,
            _ => Standing::Wrong,
        }
    }

    /// This request is asked no more; its answer may still come.
    pub fn lapse(&mut self, peer: ConnectionId, kind: Kind, request: Request) {
        let Some(asked) = self.of.get_mut(&peer) else { return };
        if let Some(at) = asked.open.iter().position(|(open, _)| *open == request) {
            asked.open.remove(at);
            asked.late(kind, 1);
        }
    }

    /// It answered as it should.
    pub fn was_heard(&mut self, peer: ConnectionId) {
        if let Some(asked) = self.of.get_mut(&peer) {
            asked.silent = 0;
        }
    }

    /// It delivered a batch, after that time of `most`.
    pub fn was_good(&mut self, peer: ConnectionId, took: Duration, most: Duration) {
        if let Some(asked) = self.of.get_mut(&peer) {
            (asked.silent, asked.slow) = (0, took > most / SLOW);
        }
    }

    /// It did not answer in time.
    pub fn was_silent(&mut self, peer: ConnectionId) {
        if let Some(asked) = self.of.get_mut(&peer) {
            asked.silent = asked.silent.saturating_add(1);
        }
    }

    /// It is asked only if nobody else is there.
    pub fn mistrust(&mut self, peer: ConnectionId) {
        if let Some(asked) = self.of.get_mut(&peer) {
            asked.mistrusted = true;
        }
    }

    /// What they contradicted was made up: they were right, however long they took.
    pub fn trust(&mut self) {
        for asked in self.of.values_mut() {
            asked.mistrusted = false;
        }
    }

    /// Another phase begins: what was asked, all of this kind, is asked no more.
    pub fn turn_page(&mut self, kind: Kind) {
        for asked in self.of.values_mut() {
            let open = u32::try_from(asked.open.len()).unwrap_or(u32::MAX);
            asked.open = VecDeque::new();
            if open > 0 {
                asked.late(kind, open);
            }
        }
    }

    /// A tip of this peer came to nothing: what it tells does not count for some time, twice as
    /// long as before.
    pub fn cool(&mut self, peer: ConnectionId, now: Time, time: Duration) {
        if let Some(asked) = self.of.get_mut(&peer) {
            let times = 1_u32 << asked.failures.min(MOST_DOUBLED);
            asked.failures = asked.failures.saturating_add(1);
            asked.cooling = Some(now.after(time.saturating_mul(times)));
        }
    }

    /// A tip of this peer was good.
    pub fn warm(&mut self, peer: ConnectionId) {
        if let Some(asked) = self.of.get_mut(&peer) {
            (asked.failures, asked.cooling) = (0, None);
        }
    }

    /// True if what this peer tells does not count now. If that is so of all that are there it is
    /// of none: it may have been our own network.
    pub fn is_cooling(&self, peer: ConnectionId, now: Time) -> bool {
        let cools = |asked: &Asked| asked.cooling.is_some_and(|until| until > now);
        self.of.get(&peer).is_some_and(cools) && !self.of.values().all(cools)
    }

    /// Another tip is asked for: who did not have the one before may have this one, but for those
    /// that told one which came to nothing.
    pub fn excuse(&mut self) {
        for asked in self.of.values_mut().filter(|asked| asked.failures == 0) {
            asked.silent = 0;
        }
    }

    /// Another sync is to find everybody as good as any.
    pub fn forgive(&mut self) {
        for asked in self.of.values_mut() {
            (asked.silent, asked.slow, asked.mistrusted) = (0, false, false);
        }
    }

    pub fn heap(&self) -> usize {
        let asked = self.of.values().map(|asked| {
            let open = asked.open.capacity().saturating_mul(size_of::<(Request, Time)>());
            open.saturating_add(heap::tree(asked.earlier.len(), size_of::<(Kind, u32)>()))
        });
        let own = heap::tree(self.of.len(), size_of::<(ConnectionId, Asked)>());
        asked.fold(own, usize::saturating_add)
    }
}

impl Asked {
    fn late(&mut self, kind: Kind, count: u32) {
        let late = self.earlier.entry(kind).or_default();
        *late = late.saturating_add(count);
    }
}
