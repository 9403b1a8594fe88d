//! How far a chain is, as claims about its blocks see it (`supervisor.md` 8.4).

use super::logged::ExecutingLog;
use super::{Chain, Index, Slot};
use crate::codec::supervisor::{Code, Keccak256, Seal};

/// The level that candidates are judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Cross-unsafe: by all that was logged, derived or not.
    Unsafe,
    /// Cross-safe: by what was derived, each candidate within the scope of a layer-one block.
    Safe,
}

/// How far a chain is on a level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Front {
    /// The newest block that has the level: all up to it is decided.
    pub(super) head: Seal,
    /// The number of the layer-one block that the head is safe at. The block after it cannot be
    /// safe at an earlier one, nor can its replacement.
    pub(super) source: u64,
    /// The block after the head, if it is there as it is to be judged.
    pub(super) next: Option<Next>,
}

/// The block after a head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub(super) seal: Seal,
    /// The number of the layer-one block it was derived from.
    pub(super) source: u64,
}

/// What is known of a claim.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    /// It is true, and its block has the level within the scope.
    Settled,
    /// It is about a block that is not decided yet, which has this log or not.
    Undecided { matches: bool },
    /// It is false.
    Contradicted,
    /// It is about a block that was found safe at the layer-one block of this number, beyond the
    /// scope, and has this log or not.
    SafeAt { source: u64, matches: bool },
    /// It cannot be told.
    Unknown,
}

impl<K: Keccak256> Index<K> {
    /// How far a chain is; `None` before its anchor.
    pub(super) fn front(&self, slot: Slot, level: Level) -> Option<Front> {
        let chain = self.chain(slot)?;
        match level {
            Level::Unsafe => {
                let next = chain.unsafe_candidate().map(|seal| Next { seal, source: 0 });
                Some(Front { head: chain.cross_unsafe()?, source: 0, next })
            }
            Level::Safe => {
                let end = chain.cross_safe.end()?;
                let (head, source) = (end.derived, end.source.number);
                let next = head.number.checked_add(1).and_then(|number| chain.derived(number));
                Some(Front { head, source, next })
            }
        }
    }
}

impl Front {
    /// True if every claim about blocks up to `number` with times up to `timestamp` can be told,
    /// once the block after the head is decided.
    pub(super) fn reaches(&self, number: u64, timestamp: u64) -> bool {
        let reached = |block: Seal| block.number >= number;
        reached(self.head)
            || self.head.timestamp > timestamp
            || self.next.is_some_and(|next| reached(next.seal) || next.seal.timestamp >= timestamp)
    }
}

impl<K: Keccak256> Chain<K> {
    /// The local-safe block of this number, if it is logged.
    fn derived(&self, number: u64) -> Option<Next> {
        let entry = self.local_safe.derived(number).ok()?;
        let logged = self.logs.find(number).ok()?;
        let seal = entry.derived;
        (logged.hash == seal.hash).then_some(Next { seal, source: entry.source.number })
    }

    /// What is known of a claim about this chain, which is as far as `front` says.
    ///
    /// Nothing here depends on which chain gets on first (D-15): numbers have the same times
    /// whether a block is replaced or not, a block is within the scope if it is safe there, and
    /// what a block has logged counts once it is decided.
    pub(super) fn look_up(
        &self,
        message: &ExecutingLog,
        front: &Front,
        level: Level,
        scope: u64,
    ) -> Found {
        let ExecutingLog { block_number, timestamp, .. } = *message;
        let first = self.logs.first().map_or(0, |first| first.number);
        if block_number <= first {
            // The first block's logs are not known, nor what was before it.
            let contradicted = self.contains(message) == Err(Code::ConflictingData);
            return if contradicted { Found::Contradicted } else { Found::Unknown };
        }
        if block_number <= front.head.number {
            return self.look_up_decided(message, front, level, scope);
        }
        let Some(next) = front.next else {
            let passed = front.head.timestamp > timestamp;
            return if passed { Found::Contradicted } else { Found::Unknown };
        };
        if next.seal.timestamp > timestamp {
            return Found::Contradicted;
        }
        if block_number > next.seal.number {
            // A later block of the same time would depend on this one.
            let same = next.seal.timestamp == timestamp;
            return if same { Found::Undecided { matches: false } } else { Found::Unknown };
        }
        Found::Undecided { matches: self.contains(message).is_ok() }
    }

    fn look_up_decided(
        &self,
        message: &ExecutingLog,
        front: &Front,
        level: Level,
        scope: u64,
    ) -> Found {
        // Times first: that a block is later than claimed does not take its logs.
        let later = self.logs.find(message.block_number).map(|seal| seal.timestamp);
        if later.is_ok_and(|later| later > message.timestamp) {
            return Found::Contradicted;
        }
        let matches = self.contains(message).is_ok();
        match self.safe_at(message.block_number, front, level, scope) {
            Some(source) if source > scope => return Found::SafeAt { source, matches },
            Some(_) => {}
            None => return Found::Unknown,
        }
        if matches { Found::Settled } else { Found::Contradicted }
    }

    /// The number of the layer-one block that a decided block is safe at, if that is beyond the
    /// scope; else any within it.
    pub(super) fn safe_at(
        &self,
        number: u64,
        front: &Front,
        level: Level,
        scope: u64,
    ) -> Option<u64> {
        if level == Level::Unsafe || front.source <= scope {
            return Some(front.source);
        }
        self.cross_safe.derived(number).ok().map(|entry| entry.source.number)
    }

    /// The block of the claimed log, if there is such a log.
    pub(super) fn contains(&self, message: &ExecutingLog) -> Result<Seal, Code> {
        let ExecutingLog { block_number, log_index, timestamp, checksum, .. } = message;
        self.logs.contains(*block_number, *log_index, *timestamp, checksum)
    }
}
