//! May a block be promoted? (`supervisor.md` 7.2 and 8.4)

use alloc::vec::Vec;

use super::cycles::{CycleBlock, CycleRole, Link, cycles};
use super::log_index::{ExecutingLog, OpenBlock, Slot};
use super::validity::timely_in_block;
use super::{Chain, Index};
use crate::codec::supervisor::{Code, Keccak256, Seal};

/// What a candidate is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// All that was logged, derived or not.
    Unsafe,
    /// What was derived from layer-one blocks up to this number.
    Safe { scope: u64 },
}

/// What was found of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be promoted.
    Valid,
    /// It can never be promoted.
    Invalid,
    /// It cannot be told until one of these chains changes.
    Wait(Chains),
    /// It depends on what was derived beyond the scope.
    OutOfScope,
}

/// A set of chains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Chains(u128);

impl Chains {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(u128::MAX);

    pub(super) const fn one(slot: Slot) -> Self {
        Self(1_u128.wrapping_shl(slot.0 as u32))
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What is known of the block that a message claims.
enum Found {
    /// It is there, and has the level that is judged by if `level`.
    There {
        block: Seal,
        level: bool,
    },
    Unknown,
    Contradicted,
    OutOfScope,
}

/// The blocks of the candidate's time that it depends on, at most one of a chain.
struct Hazards {
    blocks: Vec<(Slot, u64)>,
}

impl Hazards {
    /// False if there is another block of this chain (D-27).
    fn add(&mut self, slot: Slot, number: u64) -> bool {
        match self.blocks.iter().find(|(of, _)| *of == slot) {
            Some((_, known)) => *known == number,
            None => {
                self.blocks.push((slot, number));
                true
            }
        }
    }
}

impl<K: Keccak256> Index<K> {
    /// Judges the sealed block `number` of a chain.
    pub(super) fn judge(&self, slot: Slot, number: u64, mode: Mode) -> Verdict {
        let candidate = (slot, number);
        let mut hazards = Hazards { blocks: Vec::new() };
        let mut seen = Seen::default();
        self.examine(candidate, mode, &mut hazards, &mut seen);
        if seen.bad {
            return Verdict::Invalid;
        }
        // Blocks may be added while the list is gone through; each is gone through once.
        let mut next = 0;
        while let Some(block) = hazards.blocks.get(next).copied() {
            next += 1;
            if block == candidate {
                continue;
            }
            let before = seen;
            self.examine(block, mode, &mut hazards, &mut seen);
            // A dependency that needs a later scope gets there by itself, or is replaced before:
            // only then it is told what becomes of the candidate.
            if seen.out_of_scope && !before.out_of_scope {
                seen.out_of_scope = false;
                seen.waits = seen.waits.and(Chains::one(block.0));
            }
            seen.bad |= before.bad;
        }
        let doomed = seen.bad;
        let beyond = hazards.blocks.iter().filter(|(of, number)| {
            let head = self.chain(*of).and_then(Chain::cross_unsafe);
            mode == Mode::Unsafe && head.is_none_or(|head| *number > head.number.saturating_add(1))
        });
        seen.waits = beyond.fold(seen.waits, |waits, (of, _)| waits.and(Chains::one(*of)));
        if seen.waits != Chains::NONE {
            return Verdict::Wait(seen.waits);
        }
        if seen.out_of_scope {
            return Verdict::OutOfScope;
        }
        let all = hazards.blocks.iter().map(|(of, _)| Chains::one(*of));
        let hazardous = Verdict::Wait(all.fold(Chains::one(slot), Chains::and));
        match self.on_a_cycle(candidate, &hazards) {
            CycleRole::Member => Verdict::Invalid,
            CycleRole::Dependant => hazardous,
            // The replacement may keep what is depended on (D-17).
            CycleRole::Apart if doomed => hazardous,
            CycleRole::Apart => Verdict::Valid,
        }
    }

    /// Goes through the messages of one block; `seen.bad` if one of them can never be executed.
    fn examine(&self, at: (Slot, u64), mode: Mode, hazards: &mut Hazards, seen: &mut Seen) {
        let (slot, number) = at;
        let Some(chain) = self.chain(slot) else { return };
        let Ok(block) = chain.logs.open(number) else {
            seen.waits = seen.waits.and(Chains::one(slot));
            return;
        };
        for message in block.executing {
            let Some(of) = message.chain.filter(|of| self.may_execute(slot, &block, *of, message))
            else {
                seen.bad = true;
                continue;
            };
            match self.look_up(of, message, mode) {
                Found::There { block: there, level } => {
                    if message.timestamp == block.seal.timestamp {
                        seen.bad |= !hazards.add(of, there.number);
                    } else if !level {
                        seen.waits = seen.waits.and(Chains::one(of));
                    }
                }
                Found::Unknown => seen.waits = seen.waits.and(Chains::one(of)),
                Found::Contradicted => {
                    // Nothing is invalidated by data that may change: it only waits.
                    if mode == Mode::Unsafe {
                        seen.waits = seen.waits.and(Chains::one(of)).and(Chains::one(slot));
                    } else {
                        seen.bad = true;
                    }
                }
                Found::OutOfScope => seen.out_of_scope = true,
            }
        }
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

    /// Where the message's block is, as far as the mode may look.
    fn look_up(&self, of: Slot, message: &ExecutingLog, mode: Mode) -> Found {
        let Some(chain) = self.chain(of) else { return Found::Unknown };
        match mode {
            Mode::Unsafe => chain.look_up_logged(message),
            Mode::Safe { scope } => chain.look_up_derived(message, scope),
        }
    }

    /// What the candidate is to cycles among the hazards. It is one of them if anything points
    /// back to it.
    fn on_a_cycle(&self, candidate: (Slot, u64), hazards: &Hazards) -> CycleRole {
        let mut blocks = hazards.blocks.clone();
        let at = blocks.iter().position(|block| *block == candidate).unwrap_or_else(|| {
            blocks.push(candidate);
            blocks.len() - 1
        });
        let links = |slot: Slot, number: u64| {
            let block = self.chain(slot).and_then(|chain| chain.logs.open(number).ok());
            let Some(block) = block else { return CycleBlock::default() };
            let same_time =
                block.executing.iter().filter(|log| log.timestamp == block.seal.timestamp);
            let links = same_time.filter_map(|log| {
                let wanted = (log.chain?, log.block_number);
                let target = blocks.iter().position(|block| *block == wanted)?;
                let (position, target_position) = (log.position, log.log_index);
                Some(Link { position, target, target_position })
            });
            CycleBlock { logs: block.logs, links: links.collect() }
        };
        let graph: Vec<_> = blocks.iter().map(|(slot, number)| links(*slot, *number)).collect();
        // A target outside its block was contradicted when it was looked up.
        match cycles(&graph) {
            Ok(roles) => roles.get(at).copied().map_or(CycleRole::Apart, |role| {
                let any = roles.contains(&CycleRole::Member);
                if role == CycleRole::Apart && any { CycleRole::Dependant } else { role }
            }),
            Err(_) => CycleRole::Dependant,
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Seen {
    bad: bool,
    out_of_scope: bool,
    waits: Chains,
}

impl<K: Keccak256> Chain<K> {
    /// In unsafe mode everything logged counts.
    fn look_up_logged(&self, message: &ExecutingLog) -> Found {
        let ExecutingLog { block_number, log_index, timestamp, checksum, .. } = message;
        match self.logs.contains(*block_number, *log_index, *timestamp, checksum) {
            Ok(block) => {
                let head = self.cross_unsafe();
                let level = head.is_some_and(|head| block.number <= head.number);
                Found::There { block, level }
            }
            Err(Code::ConflictingData) => Found::Contradicted,
            Err(_) => Found::Unknown,
        }
    }

    /// In safe mode only data that cannot change by itself counts: what is cross-safe, and the
    /// local-safe block right after it (D-14).
    ///
    /// A block is within the scope if it was derived there, and has the level if it was cross-safe
    /// there: neither depends on which chain gets on first (D-15).
    fn look_up_derived(&self, message: &ExecutingLog, scope: u64) -> Found {
        let ExecutingLog { block_number, log_index, timestamp, checksum, .. } = message;
        let (Some(first), Some(end)) = (self.cross_safe.first(), self.cross_safe.end()) else {
            return Found::Unknown;
        };
        let head = end.derived;
        let usable = *block_number <= head.number.saturating_add(1);
        let derived = self.local_safe.derived(*block_number).ok().filter(|_| usable);
        if *block_number > first.derived.number {
            let Some(derived) = derived else {
                let passed = head.timestamp > *timestamp;
                return if passed { Found::Contradicted } else { Found::Unknown };
            };
            if self.logs.find(*block_number).map(|seal| seal.hash) != Ok(derived.derived.hash) {
                return Found::Unknown;
            }
            if derived.source.number > scope {
                return Found::OutOfScope;
            }
        }
        match self.logs.contains(*block_number, *log_index, *timestamp, checksum) {
            Ok(block) => match self.cross_safe.derived(*block_number) {
                Ok(entry) if entry.source.number > scope => Found::OutOfScope,
                Ok(_) => Found::There { block, level: true },
                Err(_) => Found::There { block, level: false },
            },
            Err(Code::ConflictingData) => Found::Contradicted,
            // The first block's logs are not known, nor what was before it.
            Err(_) => Found::Unknown,
        }
    }
}
