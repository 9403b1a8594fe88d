//! Blocks that wait for each other are decided together (`supervisor.md` 8.5, D-15 and D-19).
//!
//! A candidate that waits for an undecided block waits for that chain's candidate. Where that goes
//! round, and nothing else is waited for, all is known: who claims a log that is not there, or has
//! a log on a cycle, is bad; if none is, all are good.

use alloc::vec::Vec;

use super::chains::Chains;
use super::cycles::{CycleBlock, CycleRole, Link, cycles};
use super::front::Level;
use super::judge::{Edge, Need, Standing, Verdict};
use super::{Index, Slot};
use crate::codec::supervisor::Keccak256;

impl<K: Keccak256> Index<K> {
    /// Decides the candidates that wait for nothing but each other, if there is anything new to
    /// those that wait: how many were looked at again.
    pub(super) fn decide_together(&mut self, level: Level, new: Chains) -> usize {
        let mut looked = 0;
        let open =
            |slot| self.open_standing(slot, level).map(|it| it.awaits().and(Chains::one(slot)));
        if !self.slots().filter_map(open).any(|open| open.meets(new)) {
            return looked;
        }
        loop {
            let reach = self.reach(level);
            let stale = self.stale(level, &reach);
            for slot in stale.iter() {
                self.look_again(slot, level);
                looked += 1;
            }
            if stale == Chains::NONE {
                self.decide(level, &reach);
                return looked;
            }
        }
    }

    /// Of each chain: those that its candidate waits for, and those that these wait for.
    fn reach(&self, level: Level) -> Vec<Chains> {
        let mut reach: Vec<Chains> = self.slots().map(|slot| self.waits_for(slot, level)).collect();
        for through in self.slots() {
            let beyond = reach.get(through.index()).copied().unwrap_or_default();
            if beyond == Chains::NONE {
                continue;
            }
            for one in reach.iter_mut().filter(|one| one.has(through)) {
                *one = one.and(beyond);
            }
        }
        reach
    }

    /// The chains whose undecided block a chain's candidate waits for.
    fn waits_for(&self, slot: Slot, level: Level) -> Chains {
        let Some(standing) = self.open_standing(slot, level) else { return Chains::NONE };
        let open = self.open_edges(standing, level).map(|(need, _)| need);
        open.fold(Chains::NONE, |all, need| all.and(Chains::one(need.slot)))
    }

    fn open_standing(&self, slot: Slot, level: Level) -> Option<&Standing> {
        let standing = self.chain(slot)?.standings.at(level)?;
        (standing.verdict == Verdict::Open).then_some(standing)
    }

    /// The undecided blocks that a candidate waits for, and whether each is as it was looked at.
    fn open_edges<'a>(
        &'a self,
        standing: &'a Standing,
        level: Level,
    ) -> impl Iterator<Item = (&'a Need, bool)> {
        let edges =
            standing.seen().map(move |need| (need, self.edge(need, standing.scope(), level)));
        edges.filter_map(|(need, edge)| match edge {
            Edge::Open { same } => Some((need, same)),
            _ => None,
        })
    }

    /// Those that wait for nothing but each other, but were looked at when others were not as they
    /// are now.
    fn stale(&self, level: Level, reach: &[Chains]) -> Chains {
        let stale = self.slots().filter(|slot| {
            let standing = self.open_standing(*slot, level).filter(|_| closed(*slot, reach));
            standing.is_some_and(|it| self.open_edges(it, level).any(|(_, same)| !same))
        });
        stale.fold(Chains::NONE, |all, slot| all.and(Chains::one(slot)))
    }

    fn decide(&mut self, level: Level, reach: &[Chains]) {
        let mut done = Chains::NONE;
        for slot in self.slots() {
            let group = reach.get(slot.index()).copied().unwrap_or_default();
            if !done.has(slot) && closed(slot, reach) {
                done = done.and(group);
                self.decide_group(group, level);
            }
        }
    }

    fn decide_group(&mut self, group: Chains, level: Level) {
        let standings = group.iter().filter_map(|slot| {
            let standing = self.open_standing(slot, level)?;
            let wrong = self.open_edges(standing, level).any(|(need, _)| need.wrong);
            let beyond = self.is_beyond(standing, level);
            Some(Member { slot, number: standing.number(), wrong, beyond })
        });
        let members: Vec<_> = standings.collect();
        let roles = self.roles(&members);
        let bad: Vec<bool> = members
            .iter()
            .enumerate()
            .map(|(at, member)| member.wrong || roles.get(at) == Some(&CycleRole::Member))
            .collect();
        let any_bad = bad.contains(&true);
        let any_beyond = members.iter().any(|member| member.beyond);
        for (member, bad) in members.iter().zip(bad) {
            let verdict = match bad {
                true => Verdict::Bad,
                // Who depends on what is replaced is judged again after it (D-17).
                false if any_bad => continue,
                false if member.beyond => Verdict::OutOfScope,
                false if any_beyond => continue,
                false => Verdict::Valid,
            };
            let chain = self.chain_mut(member.slot).ok();
            if let Some(standing) = chain.and_then(|it| it.standings.at_mut(level).as_mut()) {
                standing.verdict = verdict;
            }
        }
    }

    /// What each is to the cycles among the logs of all.
    fn roles(&self, members: &[Member]) -> Vec<CycleRole> {
        let mut places = [None; 128];
        for (at, member) in members.iter().enumerate() {
            if let Some(place) = places.get_mut(member.slot.index()) {
                *place = Some((at, member.number));
            }
        }
        let block = |member: &Member| {
            let chain = self.chain(member.slot);
            let block = chain.and_then(|chain| chain.logs.open(member.number).ok());
            let Some(block) = block else { return CycleBlock::default() };
            let links = block.executing.iter().filter_map(|log| {
                let (target, number) = (*places.get(log.chain?.index())?)?;
                let of_member = log.block_number == number;
                let found = of_member && self.chain(log.chain?)?.contains(log).is_ok();
                let (position, target_position) = (log.position, log.log_index);
                found.then_some(Link { position, target, target_position })
            });
            CycleBlock { logs: block.logs, links: links.collect() }
        };
        let graph: Vec<_> = members.iter().map(block).collect();
        cycles(&graph).unwrap_or_default()
    }

    fn look_again(&mut self, slot: Slot, level: Level) {
        let Ok(chain) = self.chain_mut(slot) else { return };
        let Some(mut standing) = chain.standings.at_mut(level).take() else { return };
        self.look(&mut standing, slot, level);
        if let Ok(chain) = self.chain_mut(slot) {
            *chain.standings.at_mut(level) = Some(standing);
        }
    }
}

/// A candidate among those that wait for each other.
struct Member {
    slot: Slot,
    number: u64,
    /// It claims what the block of another has not.
    wrong: bool,
    /// It claims something about blocks beyond its scope.
    beyond: bool,
}

/// True if all that a chain's candidate waits for waits for it.
fn closed(slot: Slot, reach: &[Chains]) -> bool {
    let of = |slot: Slot| reach.get(slot.index()).copied().unwrap_or_default();
    of(slot).has(slot) && of(slot).iter().all(|other| of(other).has(slot))
}
