//! Heads advance in passes: all chains are judged on the same state, then all verdicts are applied,
//! so that the order of chains does not matter (`supervisor.md` 8.6, D-15).

use alloc::vec::Vec;

use super::judge::{Chains, Mode, Verdict};
use super::{Chain, Consequence, Entry, Index, Slot};
use crate::codec::supervisor::{BlockId, BlockRef, Code, Keccak256, Seal};

/// What the candidates of a chain wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Stuck {
    pub(super) at_unsafe: Option<(BlockId, Chains)>,
    pub(super) at_safe: Option<(BlockId, Chains)>,
}

/// What to do with a chain's next block in the safe pass.
#[derive(Clone, Copy)]
enum Step {
    /// The cross-safe head stays, now at the next layer-one block.
    Bump(Seal),
    Promote(Entry),
    Invalidate {
        source: BlockId,
        block: Seal,
    },
    Nothing,
}

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
        true
    }

    /// How many candidates were judged.
    fn unsafe_pass(&mut self, changed: Chains, then: &mut Vec<Consequence>) -> usize {
        let mut verdicts = Vec::new();
        for slot in self.slots() {
            let Some(chain) = self.chain(slot) else { continue };
            let Some(candidate) = chain.unsafe_candidate() else { continue };
            if chain.stuck.at_unsafe.is_some_and(|stuck| still(stuck, candidate.id(), changed)) {
                continue;
            }
            verdicts.push((slot, candidate, self.judge(slot, candidate.number, Mode::Unsafe)));
        }
        let judged = verdicts.len();
        for (slot, candidate, verdict) in verdicts {
            let waits = match verdict {
                Verdict::Valid => None,
                Verdict::Wait(chains) => Some((candidate.id(), chains.and(Chains::one(slot)))),
                Verdict::Invalid | Verdict::OutOfScope => Some((candidate.id(), Chains::one(slot))),
            };
            let Ok(chain) = self.chain_mut(slot) else { continue };
            chain.stuck.at_unsafe = waits;
            if waits.is_none() {
                chain.cross_unsafe = Some(candidate);
                then.push(Consequence::CrossUnsafe(slot, candidate.id()));
                self.touch(slot);
            }
        }
        judged
    }

    fn safe_pass(&mut self, changed: Chains, then: &mut Vec<Consequence>) -> usize {
        let mut steps = Vec::new();
        let mut judged = 0;
        for slot in self.slots() {
            let Some(chain) = self.chain(slot) else { continue };
            let (step, stuck) = match chain.safe_candidate() {
                SafeCandidate::None => continue,
                SafeCandidate::Bump(source) => (Step::Bump(source), None),
                SafeCandidate::Block { source, next } => {
                    let id = next.derived.id();
                    if chain.stuck.at_safe.is_some_and(|stuck| still(stuck, id, changed)) {
                        continue;
                    }
                    judged += 1;
                    let scope = Mode::Safe { scope: source.number };
                    self.safe_step(slot, source, next, self.judge(slot, id.number, scope))
                }
            };
            steps.push((slot, step, stuck));
        }
        for (slot, step, stuck) in steps {
            if let Ok(chain) = self.chain_mut(slot) {
                chain.stuck.at_safe = stuck;
            }
            // Nothing an earlier step does can make a later one wrong: each was checked on the same
            // state, and invalidating lowers cross-unsafe heads only.
            let done = match step {
                Step::Bump(source) => self.bump(slot, source, then),
                Step::Promote(entry) => self.promote_to(slot, entry, then),
                Step::Invalidate { source, block } => self.invalidate(slot, source, block, then),
                Step::Nothing => Ok(()),
            };
            if let Err(code) = done {
                then.push(Consequence::Corrupted(slot, code));
            }
        }
        judged
    }

    fn safe_step(
        &self,
        slot: Slot,
        source: Seal,
        next: Entry,
        verdict: Verdict,
    ) -> (Step, Option<(BlockId, Chains)>) {
        let block = next.derived;
        match verdict {
            Verdict::Valid => {
                let entry = Entry { source, derived: block, invalidated: false };
                (Step::Promote(entry), None)
            }
            Verdict::Invalid => (Step::Invalidate { source: source.id(), block }, None),
            Verdict::Wait(chains) => {
                (Step::Nothing, Some((block.id(), chains.and(Chains::one(slot)))))
            }
            Verdict::OutOfScope => match self.chain(slot).and_then(Chain::next_source) {
                Some(next) => (Step::Bump(next), None),
                None => (Step::Nothing, Some((block.id(), Chains::one(slot)))),
            },
        }
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

/// True if a candidate still waits: it is the same, and nothing it waits for changed.
fn still((candidate, waits): (BlockId, Chains), now: BlockId, changed: Chains) -> bool {
    candidate == now && !waits.meets(changed)
}

enum SafeCandidate {
    None,
    Bump(Seal),
    Block { source: Seal, next: Entry },
}

impl<K: Keccak256> Chain<K> {
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
