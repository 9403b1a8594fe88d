//! How does a candidate stand? (`supervisor.md` 7.2 and 8.4)
//!
//! A claim is told once the block it is about is decided (D-14), so that a verdict does not depend on
//! which chain got on first; blocks that wait for each other are decided together
//! ([`together`](super::together)). A candidate's messages are gone through once when it comes up,
//! once when every chain it claims something about has got there, and again only when all it waits
//! for was decided: how often does not depend on how many there are.

use alloc::vec::Vec;
use core::mem::size_of;

use super::chains::Chains;
use super::front::{Found, Front, Level};
use super::logged::{ExecutingLog, OpenBlock, Slot};
use super::validity::timely_in_block;
use super::{Chain, Index};
use crate::codec::supervisor::{BlockId, Keccak256, Seal};

/// How a candidate stands, as far as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Standing {
    pub(super) block: BlockId,
    /// The number of the layer-one block within whose scope it is judged; 0 on the unsafe level.
    pub(super) scope: u64,
    /// What it claims of each chain.
    pub(super) needs: Vec<Need>,
    /// The number of the layer-one block within whose scope all decided blocks are that it claims
    /// something about.
    pub(super) all_at: u64,
    /// That within whose scope a claim about one of these is false.
    pub(super) bad_at: u64,
    pub(super) verdict: Verdict,
}

/// What a candidate claims of one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Need {
    pub(super) slot: Slot,
    /// The highest block number.
    pub(super) number: u64,
    /// The latest time.
    pub(super) timestamp: u64,
    /// The block of the candidate's own time.
    pub(super) same_time: Option<u64>,
    /// The block that something is claimed about, and that was undecided when looked at.
    pub(super) seen: Option<BlockId>,
    /// That block has not the log that is claimed.
    pub(super) wrong: bool,
}

/// What is known of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Verdict {
    /// A chain has not got to what is claimed of it.
    Waits(Slot),
    /// It claims what cannot be told: what was logged up to the first block.
    Unknown,
    /// Blocks that it claims something about are not decided.
    Open,
    /// All is told but what it claims about blocks beyond its scope.
    OutOfScope,
    /// It can never be promoted.
    Bad,
    /// It may be promoted.
    Valid,
}

/// What there is to a block that was undecided when a candidate was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// It was decided, and has what is claimed of it.
    Settled,
    /// It was decided: what is claimed of it has to be looked at again.
    Anew,
    /// It is not safe within the scope.
    Beyond,
    /// It is undecided, and still the same block or not.
    Open { same: bool },
}

/// The standings of a chain's candidates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Standings {
    pub(super) at_unsafe: Option<Standing>,
    pub(super) at_safe: Option<Standing>,
}

impl Standings {
    pub(super) const fn at(&self, level: Level) -> Option<&Standing> {
        match level {
            Level::Unsafe => self.at_unsafe.as_ref(),
            Level::Safe => self.at_safe.as_ref(),
        }
    }

    pub(super) const fn at_mut(&mut self, level: Level) -> &mut Option<Standing> {
        match level {
            Level::Unsafe => &mut self.at_unsafe,
            Level::Safe => &mut self.at_safe,
        }
    }

    /// Bytes on the heap, by capacity.
    pub(super) fn heap(&self) -> usize {
        let both = [&self.at_unsafe, &self.at_safe];
        let needs = both.iter().filter_map(|one| one.as_ref()).map(|one| one.needs.capacity());
        needs.sum::<usize>().saturating_mul(size_of::<Need>())
    }
}

impl Standing {
    /// The block's number.
    pub(super) const fn number(&self) -> u64 {
        self.block.number
    }

    /// The layer-one block within whose scope it was judged.
    pub(super) const fn scope(&self) -> u64 {
        self.scope
    }

    /// What it claims of the chains whose undecided block it is about.
    pub(super) fn seen(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter().filter(|need| need.seen.is_some())
    }

    /// The chains whose undecided block it is about.
    pub(super) fn awaits(&self) -> Chains {
        self.seen().fold(Chains::NONE, |all, need| all.and(Chains::one(need.slot)))
    }
}

impl<K: Keccak256> Index<K> {
    /// Looks at a chain's candidate, if there is anything new to it: whether there was.
    pub(super) fn judge(
        &mut self,
        slot: Slot,
        candidate: Option<(Seal, u64)>,
        level: Level,
        changed: Chains,
    ) -> bool {
        let Ok(chain) = self.chain_mut(slot) else { return false };
        let known = chain.standings.at_mut(level).take();
        let Some((block, scope)) = candidate else { return false };
        let known = known.filter(|known| known.block == block.id());
        let anew = known.as_ref().is_none_or(|known| match known.verdict {
            Verdict::Waits(of) => changed.has(of) && self.has_reached(known, of, level),
            Verdict::Unknown | Verdict::Bad => false,
            Verdict::Open | Verdict::OutOfScope | Verdict::Valid => {
                scope != known.scope || changed.meets(known.awaits().and(Chains::one(slot)))
            }
        });
        let mut standing = known.or_else(|| self.survey(slot, block.id()));
        if anew {
            standing = standing.map(|standing| self.weigh(standing, slot, scope, level));
        }
        if let Ok(chain) = self.chain_mut(slot) {
            *chain.standings.at_mut(level) = standing;
        }
        anew
    }

    /// Goes through the messages once for what needs no look-up (`supervisor.md` 7.2, 1 to 4),
    /// and for what they claim of which chain.
    fn survey(&self, slot: Slot, block: BlockId) -> Option<Standing> {
        let open = self.chain(slot)?.logs.open(block.number).ok()?;
        let (needs, verdict) = (Vec::new(), Verdict::Waits(slot));
        let mut standing = Standing { block, scope: 0, needs, all_at: 0, bad_at: 0, verdict };
        let mut places = [None; 128];
        for message in open.executing {
            let of = message.chain.filter(|of| self.may_execute(slot, &open, *of, message));
            let fits = of.is_some_and(|of| standing.claim(of, message, &open, &mut places));
            if !fits {
                standing.verdict = Verdict::Bad;
                break;
            }
        }
        Some(standing)
    }

    /// The rules that need no look-up (`supervisor.md` 7.2, 1 to 4): a violation is final.
    fn may_execute(
        &self,
        executing: Slot,
        block: &OpenBlock<'_>,
        initiating: Slot,
        message: &ExecutingLog,
    ) -> bool {
        let timestamp = block.seal.timestamp;
        self.is_active(executing, timestamp)
            && self.is_active(initiating, message.timestamp)
            && timely_in_block(message.timestamp, timestamp, self.config.expiry_window.0).is_ok()
    }

    fn has_reached(&self, standing: &Standing, of: Slot, level: Level) -> bool {
        let need = standing.needs.iter().find(|need| need.slot == of);
        let front = self.front(of, level);
        need.zip(front).is_some_and(|(need, front)| front.reaches(need.number, need.timestamp))
    }

    /// What there is to a block that was undecided when a candidate was looked at, in a scope.
    pub(super) fn edge(&self, need: &Need, scope: u64, level: Level) -> Edge {
        let Some((block, chain)) = need.seen.zip(self.chain(need.slot)) else {
            return Edge::Settled;
        };
        let Some(front) = self.front(need.slot, level) else { return Edge::Open { same: false } };
        // What is claimed of later blocks of that time is no matter of scopes.
        let later = need.number > block.number;
        if front.head.number >= block.number {
            let same = chain.logs.find(block.number).is_ok_and(|seal| seal.id() == block);
            if need.wrong || later || !same {
                return Edge::Anew;
            }
            let source = chain.safe_at(block.number, &front, level, scope);
            let beyond = source.is_some_and(|source| source > scope);
            return if beyond { Edge::Beyond } else { Edge::Settled };
        }
        let next = front.next.filter(|next| next.seal.id() == block);
        let source = next.map_or(front.source, |next| next.source.max(front.source));
        if level == Level::Safe && source > scope && !later {
            return Edge::Beyond;
        }
        Edge::Open { same: next.is_some() }
    }

    /// What is known of a candidate in this scope: by what it was looked at for, if that tells it.
    fn weigh(&self, mut standing: Standing, slot: Slot, scope: u64, level: Level) -> Standing {
        let looked = !matches!(standing.verdict, Verdict::Waits(_));
        standing.scope = scope;
        match self.weighed(&standing, level) {
            Some(verdict) if looked => standing.verdict = verdict,
            _ => self.look(&mut standing, slot, level),
        }
        standing
    }

    /// `None` if it has to be looked at again.
    fn weighed(&self, standing: &Standing, level: Level) -> Option<Verdict> {
        if standing.verdict == Verdict::Bad {
            return Some(Verdict::Bad);
        }
        if standing.scope >= standing.bad_at {
            return None;
        }
        let (mut open, mut out) = (false, standing.all_at > standing.scope);
        for need in standing.seen() {
            match self.edge(need, standing.scope, level) {
                Edge::Settled => {}
                Edge::Anew => return None,
                Edge::Beyond => out = true,
                Edge::Open { .. } => open = true,
            }
        }
        Some(match out {
            _ if open => Verdict::Open,
            true => Verdict::OutOfScope,
            false => Verdict::Valid,
        })
    }

    /// True if it claims something about blocks beyond its scope.
    pub(super) fn is_beyond(&self, standing: &Standing, level: Level) -> bool {
        standing.all_at > standing.scope
            || standing.seen().any(|need| self.edge(need, standing.scope, level) == Edge::Beyond)
    }

    /// Looks at a candidate, if every chain that it claims something of has got there.
    pub(super) fn look(&self, standing: &mut Standing, slot: Slot, level: Level) {
        let mut fronts = [None; 128];
        for need in &mut standing.needs {
            (need.seen, need.wrong) = (None, false);
            let front = self.front(need.slot, level);
            if !front.is_some_and(|front| front.reaches(need.number, need.timestamp)) {
                standing.verdict = Verdict::Waits(need.slot);
                return;
            }
            if let Some(place) = fronts.get_mut(need.slot.index()) {
                *place = front;
            }
        }
        let ended = self.examine(standing, slot, level, &fronts);
        let verdict = ended.or_else(|| self.weighed(standing, level));
        standing.verdict = verdict.unwrap_or(Verdict::Waits(slot));
    }

    /// Goes through the messages for what is known of each: a verdict if that ends it.
    fn examine(
        &self,
        standing: &mut Standing,
        slot: Slot,
        level: Level,
        fronts: &[Option<Front>; 128],
    ) -> Option<Verdict> {
        let chain = self.chain(slot);
        let block = chain.and_then(|chain| chain.logs.open(standing.block.number).ok());
        let Some(block) = block else { return Some(Verdict::Waits(slot)) };
        (standing.all_at, standing.bad_at) = (0, u64::MAX);
        let (mut seen, mut wrong, mut unknown) = (Chains::NONE, Chains::NONE, false);
        for message in block.executing {
            let of = message.chain.and_then(|of| Some((of, self.chain(of)?)));
            let front = message.chain.and_then(|of| fronts.get(of.index())?.as_ref());
            let Some(((of, chain), front)) = of.zip(front) else { return Some(Verdict::Bad) };
            match chain.look_up(message, front, level, standing.scope) {
                Found::Settled => {}
                Found::Undecided { matches } => {
                    seen = seen.and(Chains::one(of));
                    if !matches {
                        wrong = wrong.and(Chains::one(of));
                    }
                }
                Found::Contradicted => return Some(Verdict::Bad),
                Found::SafeAt { source, matches } => {
                    standing.all_at = standing.all_at.max(source);
                    if !matches {
                        standing.bad_at = standing.bad_at.min(source);
                    }
                }
                Found::Unknown => unknown = true,
            }
        }
        for need in &mut standing.needs {
            let front = fronts.get(need.slot.index()).and_then(Option::as_ref);
            let next = front.and_then(|front| front.next).filter(|_| seen.has(need.slot));
            need.seen = next.map(|next| next.seal.id());
            need.wrong = wrong.has(need.slot);
        }
        unknown.then_some(Verdict::Unknown)
    }
}

impl Standing {
    /// Takes in what a message claims; false if the block could only execute it along with one
    /// from another block of that chain and the same time (D-27).
    fn claim(
        &mut self,
        of: Slot,
        message: &ExecutingLog,
        block: &OpenBlock<'_>,
        places: &mut [Option<usize>; 128],
    ) -> bool {
        let Some(place) = places.get_mut(of.index()) else { return false };
        let ExecutingLog { block_number: number, timestamp, .. } = *message;
        let at = *place.get_or_insert_with(|| {
            let (same_time, seen, wrong) = (None, None, false);
            self.needs.push(Need { slot: of, number, timestamp, same_time, seen, wrong });
            self.needs.len() - 1
        });
        let Some(need) = self.needs.get_mut(at) else { return false };
        need.number = need.number.max(number);
        need.timestamp = need.timestamp.max(timestamp);
        timestamp != block.seal.timestamp || *need.same_time.get_or_insert(number) == number
    }
}

impl<K: Keccak256> Chain<K> {
    /// Forgets how the unsafe candidate stands, if it claims something of one of these chains.
    pub(super) fn forget_unsafe(&mut self, of: Chains) {
        let standing = self.standings.at_mut(Level::Unsafe);
        let claims = |it: &Standing| it.needs.iter().any(|need| of.has(need.slot));
        if standing.as_ref().is_some_and(claims) {
            *standing = None;
        }
    }
}
