//! Heads advance in passes: all chains are judged on the same state, then all verdicts are applied,
//! so that the order of chains does not matter (`supervisor.md` 8.6, D-15).

use alloc::vec::Vec;

use super::chains::Chains;
use super::front::Level;
use super::judge::Verdict;
use super::{Chain, Consequence, Entry, Index, Slot};
use crate::codec::supervisor::{BlockId, BlockRef, Code, Keccak256, Seal};

impl<K: Keccak256> Index<K> {
    /// Lets heads advance until nothing changes or the budget of [`Limits`](crate::state::supervisor::Limits)
    /// is spent; true if nothing is left to do.
    pub fn promote(&mut self, then: &mut Vec<Consequence>) -> bool {
        let mut budget = self.limits.promotion_budget;
        while self.changed != Chains::NONE {
            if budget == 0 {
                return false;
            }
            let changed = core::mem::take(&mut self.changed);
            budget = budget.saturating_sub(self.unsafe_pass(changed, then));
            let changed = changed.and(self.changed);
            budget = budget.saturating_sub(self.safe_pass(changed, then));
        }
        self.tell_finalized(then);
        self.prune();
        true
    }

    /// How many candidates were looked at.
    fn unsafe_pass(&mut self, changed: Chains, then: &mut Vec<Consequence>) -> usize {
        let candidates = self.chains.iter().map(Chain::unsafe_candidate);
        let candidates: Vec<_> = candidates.map(|block| block.map(|block| (block, 0))).collect();
        let looked = self.judge_all(&candidates, Level::Unsafe, changed);
        for (slot, candidate) in self.slots().zip(candidates) {
            let Some((candidate, _)) = candidate else { continue };
            let Ok(chain) = self.chain_mut(slot) else { continue };
            if chain.verdict(Level::Unsafe) == Some(Verdict::Valid) {
                chain.cross_unsafe = Some(candidate);
                then.push(Consequence::CrossUnsafe(slot, candidate.id()));
                self.touch(slot);
            }
        }
        looked
    }

    /// How many candidates were looked at, and how many heads moved.
    fn safe_pass(&mut self, changed: Chains, then: &mut Vec<Consequence>) -> usize {
        let candidates: Vec<_> = self.chains.iter().map(Chain::safe_candidate).collect();
        let blocks = candidates.iter().map(|candidate| match candidate {
            SafeCandidate::Block { source, next } => Some((next.derived, source.number)),
            SafeCandidate::None | SafeCandidate::Bump(_) => None,
        });
        let mut done = self.judge_all(&blocks.collect::<Vec<_>>(), Level::Safe, changed);
        for (slot, candidate) in self.slots().zip(candidates) {
            // Nothing an earlier step does can make a later one wrong: each was found on the same
            // state, and invalidating lowers cross-unsafe heads only.
            let step = match candidate {
                SafeCandidate::None => continue,
                SafeCandidate::Bump(source) => self.bump(slot, source, then),
                SafeCandidate::Block { source, next } => {
                    let Some(chain) = self.chain(slot) else { continue };
                    let block = next.derived;
                    match (chain.verdict(Level::Safe), chain.next_source()) {
                        (Some(Verdict::Valid), _) => {
                            let entry = Entry { source, derived: block, invalidated: false };
                            self.promote_to(slot, entry, then)
                        }
                        (Some(Verdict::Bad), _) => self.invalidate(slot, source.id(), block, then),
                        (Some(Verdict::OutOfScope), Some(next)) => self.bump(slot, next, then),
                        _ => continue,
                    }
                }
            };
            done += 1;
            if let Err(code) = step {
                then.push(Consequence::Corrupted(slot, code));
            }
        }
        done
    }

    /// Looks at the candidates of all chains on the same state: how many had anything new.
    fn judge_all(
        &mut self,
        candidates: &[Option<(Seal, u64)>],
        level: Level,
        changed: Chains,
    ) -> usize {
        let (mut new, mut looked) = (changed, 0);
        for (slot, candidate) in self.slots().zip(candidates) {
            if self.judge(slot, *candidate, level, changed) {
                new = new.and(Chains::one(slot));
                looked += 1;
            }
        }
        looked + self.decide_together(level, new)
    }

    fn bump(&mut self, slot: Slot, source: Seal, then: &mut Vec<Consequence>) -> Result<(), Code> {
        let chain = self.chain_mut(slot)?;
        let derived = chain.cross_safe.last()?.derived;
        self.promote_to(slot, Entry { source, derived, invalidated: false }, then)
    }

    fn promote_to(
        &mut self,
        slot: Slot,
        entry: Entry,
        then: &mut Vec<Consequence>,
    ) -> Result<(), Code> {
        let chain = self.chain_mut(slot)?;
        let last = *chain.cross_safe.last()?;
        let after = |block: Seal, before: Seal| BlockRef {
            hash: block.hash,
            number: block.number,
            parent_hash: before.hash,
            timestamp: block.timestamp,
        };
        let source = after(entry.source, last.source);
        chain.cross_safe.add(&source, &after(entry.derived, last.derived))?;
        // Cross-unsafe is never below cross-safe, nor on another branch.
        let behind = chain.cross_unsafe.is_some_and(|head| {
            head.number < entry.derived.number
                || chain.logs.find(head.number).map(|logged| logged.hash) != Ok(head.hash)
        });
        if behind {
            chain.cross_unsafe = Some(entry.derived);
        }
        then.push(Consequence::CrossSafe(slot, entry.ids()));
        self.touch(slot);
        Ok(())
    }

    /// The block can never be cross-safe: it and all after it go, a marker stays.
    fn invalidate(
        &mut self,
        slot: Slot,
        source: BlockId,
        block: Seal,
        then: &mut Vec<Consequence>,
    ) -> Result<(), Code> {
        self.chain_mut(slot)?.local_safe.invalidate(source, block.id())?;
        self.drop_logs_from(slot, block.number, then)?;
        then.push(Consequence::Invalidated(slot, block));
        self.touch(slot);
        Ok(())
    }
}

enum SafeCandidate {
    None,
    Bump(Seal),
    Block { source: Seal, next: Entry },
}

impl<K: Keccak256> Chain<K> {
    /// How the candidate stands.
    fn verdict(&self, level: Level) -> Option<Verdict> {
        self.standings.at(level).map(|standing| standing.verdict)
    }

    /// The sealed block after the cross-unsafe head, if it follows it.
    pub(super) fn unsafe_candidate(&self) -> Option<Seal> {
        let head = self.cross_unsafe()?;
        let block = self.logs.open(head.number.checked_add(1)?).ok()?;
        (block.parent_hash == head.hash).then_some(block.seal)
    }

    /// The block that is judged next for cross-safe, if there is one.
    pub(super) fn derived_candidate(&self) -> Option<BlockId> {
        match self.safe_candidate() {
            SafeCandidate::Block { next, .. } => Some(next.derived.id()),
            SafeCandidate::None | SafeCandidate::Bump(_) => None,
        }
    }

    fn safe_candidate(&self) -> SafeCandidate {
        let Ok(last) = self.cross_safe.last() else { return SafeCandidate::None };
        let derived_here = self.local_safe.last_of_source(last.source.id());
        let newer = derived_here.is_ok_and(|entry| entry.derived.number > last.derived.number);
        if !newer {
            return self.next_source().map_or(SafeCandidate::None, SafeCandidate::Bump);
        }
        let Some(number) = last.derived.number.checked_add(1) else { return SafeCandidate::None };
        // A marker awaits its replacement; a block that is not logged as derived is waited for.
        match self.local_safe.derived(number) {
            Ok(next) if self.logs.find(number).map(|seal| seal.hash) == Ok(next.derived.hash) => {
                SafeCandidate::Block { source: last.source, next: *next }
            }
            _ => SafeCandidate::None,
        }
    }

    /// The layer-one block after that of the cross-safe head, if anything was derived from it.
    fn next_source(&self) -> Option<Seal> {
        let last = self.cross_safe.last().ok()?;
        self.local_safe.next_source(last.source.id()).ok()
    }
}
