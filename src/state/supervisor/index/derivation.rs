//! What was derived from what: the local-safe and the cross-safe index of one chain
//! (`supervisor.md` 8.3).

use alloc::vec::Vec;

use super::pages::Pages;
use crate::codec::supervisor::{BlockId, BlockRef, Code, DerivedIdPair, Hash, Seal};

/// Pairs of a layer-one block and the last layer-two block derived from it, in order: each step
/// goes one block further on one side. The last may be a marker: its derived block is invalidated
/// and awaits its replacement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DerivationIndex {
    entries: Pages<Entry>,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The layer-one block.
    pub source: Seal,
    /// The layer-two block.
    pub derived: Seal,
    /// True for a marker.
    pub invalidated: bool,
}

impl Entry {
    /// Both ids.
    #[must_use]
    pub const fn ids(&self) -> DerivedIdPair {
        DerivedIdPair { source: self.source.id(), derived: self.derived.id() }
    }
}

impl DerivationIndex {
    /// True before the first entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// The first entry, which is the anchor until something is pruned.
    #[must_use]
    pub fn first(&self) -> Option<&Entry> {
        self.entries.first()
    }

    /// The last entry, also if it is a marker.
    #[must_use]
    pub fn end(&self) -> Option<&Entry> {
        self.entries.last()
    }

    /// The last entry.
    ///
    /// # Errors
    /// [`Code::Uninitialized`], or [`Code::AwaitingReplacement`] if it is a marker.
    pub fn last(&self) -> Result<&Entry, Code> {
        let last = self.entries.last().ok_or(Code::Uninitialized)?;
        if last.invalidated { Err(Code::AwaitingReplacement) } else { Ok(last) }
    }

    /// Appends what was derived from what. The first pair of all may be any.
    ///
    /// # Errors
    /// In the order of `supervisor.md` 8.3; nothing is changed then.
    pub fn add(&mut self, source: &BlockRef, derived: &BlockRef) -> Result<(), Code> {
        if !self.is_empty() {
            let last = *self.last()?;
            if self.fits(&last, source, derived)? {
                return Ok(());
            }
        }
        let (source, derived) = (source.seal(), derived.seal());
        self.entries.push(Entry { source, derived, invalidated: false });
        Ok(())
    }

    /// True if nothing is to be added.
    fn fits(&self, last: &Entry, source: &BlockRef, derived: &BlockRef) -> Result<bool, Code> {
        let (from, to) = (last.source, last.derived);
        let source_step = source.number.checked_sub(from.number);
        let derived_step = derived.number.checked_sub(to.number);
        if source_step == Some(1) && derived_step == Some(1) {
            return Err(Code::OutOfOrder);
        }
        if source.id() == from.id() && derived.id() == to.id() {
            return Ok(true);
        }
        match derived_step {
            Some(0) if derived.hash != to.hash => return Err(Code::ConflictingData),
            Some(1) if derived.parent_hash != to.hash => return Err(Code::ConflictingData),
            Some(0 | 1) => {}
            Some(_) => return Err(Code::FutureData),
            None => return Err(Code::OutOfOrder),
        }
        match source_step {
            Some(0) if source.hash != from.hash => Err(Code::ConflictingData),
            Some(1) if source.parent_hash != from.hash => Err(Code::ConflictingData),
            Some(0 | 1) => Ok(false),
            Some(_) => Err(Code::FutureData),
            None if derived.id() == to.id() => Err(self.repeated(source.id(), derived.id())),
            None => Err(Code::OutOfOrder),
        }
    }

    /// The entry at this place, counted from the first.
    pub(super) fn at(&self, place: usize) -> Option<&Entry> {
        self.entries.get(place)
    }

    /// Adds an entry as another index told it.
    ///
    /// # Errors
    /// [`Code::DataCorruption`] unless it goes at most one block further on each side, on at least
    /// one, and names no other block of the same number; nothing is changed then.
    pub(super) fn restore(&mut self, entry: Entry) -> Result<(), Code> {
        if let Some(last) = self.entries.last() {
            // A replacement may stand where its block was found invalid: further on both sides.
            let step = |before: Seal, after: Seal| match after.number.checked_sub(before.number) {
                Some(0) if before.hash == after.hash => Some(false),
                Some(1) => Some(true),
                _ => None,
            };
            let steps = (step(last.source, entry.source), step(last.derived, entry.derived));
            let fits = matches!(steps, (Some(source), Some(derived)) if source || derived);
            if !fits || last.invalidated {
                return Err(Code::DataCorruption);
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    /// What it is to tell of the last derived block and an older source again.
    fn repeated(&self, source: BlockId, derived: BlockId) -> Code {
        let from = self.entries.partition_point(|entry| entry.source.number < source.number);
        let pair = (from..self.len())
            .map_while(|index| self.entries.get(index))
            .take_while(|entry| entry.source.number == source.number)
            .find(|entry| entry.derived.number == derived.number);
        match pair {
            Some(entry) if entry.source.hash == source.hash => Code::IneffectiveData,
            Some(_) => Code::ConflictingData,
            None => Code::MissedData,
        }
    }

    /// How many entries come after one of these blocks on either side.
    pub(super) fn count_after(&self, source: u64, derived: u64) -> usize {
        let up_to = self.entries.partition_point(|entry| {
            entry.source.number <= source && entry.derived.number <= derived
        });
        self.len().saturating_sub(up_to)
    }

    /// The last entry of a layer-one block.
    ///
    /// # Errors
    /// [`Code::Uninitialized`], [`Code::FutureData`] or [`Code::MissedData`];
    /// [`Code::ConflictingData`] if there is another block of this number.
    pub fn last_of_source(&self, source: BlockId) -> Result<&Entry, Code> {
        let after = self.entries.partition_point(|entry| entry.source.number <= source.number);
        let last = self.entries.last().ok_or(Code::Uninitialized)?;
        if last.source.number < source.number {
            return Err(Code::FutureData);
        }
        let at = after.checked_sub(1).ok_or(Code::MissedData)?;
        let entry = self.entries.get(at).ok_or(Code::MissedData)?;
        if entry.source.id() == source { Ok(entry) } else { Err(Code::ConflictingData) }
    }

    /// The last block derived from a layer-one block (S-23).
    ///
    /// # Errors
    /// As [`last_of_source`](Self::last_of_source), and [`Code::AwaitingReplacement`].
    pub fn last_derived(&self, source: BlockId) -> Result<Seal, Code> {
        let entry = self.last_of_source(source)?;
        if entry.invalidated { Err(Code::AwaitingReplacement) } else { Ok(entry.derived) }
    }

    /// The first entry of a layer-two block.
    ///
    /// # Errors
    /// [`Code::Uninitialized`], [`Code::FutureData`] or [`Code::MissedData`];
    /// [`Code::AwaitingReplacement`] if it is invalidated; [`Code::ConflictingData`] if there is
    /// another block of this number.
    pub fn first_of_derived(&self, derived: BlockId) -> Result<&Entry, Code> {
        let first = self.entries.first().ok_or(Code::Uninitialized)?;
        if derived.number < first.derived.number {
            return Err(Code::MissedData);
        }
        let at = self.entries.partition_point(|entry| entry.derived.number < derived.number);
        let entry = self.entries.get(at).ok_or(Code::FutureData)?;
        if entry.invalidated {
            return Err(Code::AwaitingReplacement);
        }
        if entry.derived.id() == derived { Ok(entry) } else { Err(Code::ConflictingData) }
    }

    /// The layer-one block that a layer-two block was first derived from (S-16). Its parent is the
    /// block before it in the index, or zero (D-21).
    ///
    /// # Errors
    /// As [`first_of_derived`](Self::first_of_derived).
    pub fn first_source(&self, derived: BlockId) -> Result<BlockRef, Code> {
        let source = self.first_of_derived(derived)?.source;
        let parent_hash = match self.previous_source(source.id()) {
            Ok(previous) => previous.hash,
            Err(Code::NoParentOfFirst) => Hash::ZERO,
            Err(other) => return Err(other),
        };
        let Seal { hash, number, timestamp } = source;
        Ok(BlockRef { hash, number, parent_hash, timestamp })
    }

    /// The layer-one block before `source`.
    ///
    /// # Errors
    /// As [`last_of_source`](Self::last_of_source), and [`Code::NoParentOfFirst`].
    pub fn previous_source(&self, source: BlockId) -> Result<Seal, Code> {
        self.last_of_source(source)?;
        let from = self.entries.partition_point(|entry| entry.source.number < source.number);
        let before = from.checked_sub(1).and_then(|at| self.entries.get(at));
        before.map(|entry| entry.source).ok_or(Code::NoParentOfFirst)
    }

    /// The layer-one block after `source`.
    ///
    /// # Errors
    /// As [`last_of_source`](Self::last_of_source).
    pub fn next_source(&self, source: BlockId) -> Result<Seal, Code> {
        self.last_of_source(source)?;
        let after = self.entries.partition_point(|entry| entry.source.number <= source.number);
        self.entries.get(after).map(|entry| entry.source).ok_or(Code::FutureData)
    }

    /// The layer-two block of this number, if it is not invalidated.
    ///
    /// # Errors
    /// As [`first_of_derived`](Self::first_of_derived) without a hash to compare.
    pub fn derived(&self, number: u64) -> Result<&Entry, Code> {
        let first = self.entries.first().ok_or(Code::Uninitialized)?;
        if number < first.derived.number {
            return Err(Code::MissedData);
        }
        let at = self.entries.partition_point(|entry| entry.derived.number < number);
        let entry = self.entries.get(at).ok_or(Code::FutureData)?;
        if entry.invalidated { Err(Code::AwaitingReplacement) } else { Ok(entry) }
    }

    /// The last entry whose layer-two block is not later than `timestamp`, markers aside.
    #[must_use]
    pub fn last_until(&self, timestamp: u64) -> Option<&Entry> {
        let after = self
            .entries
            .partition_point(|entry| entry.derived.timestamp <= timestamp && !entry.invalidated);
        self.entries.get(after.checked_sub(1)?)
    }

    /// The last entry whose source number is not above `number`, markers aside.
    #[must_use]
    pub fn last_up_to_source(&self, number: u64) -> Option<&Entry> {
        let after = self
            .entries
            .partition_point(|entry| entry.source.number <= number && !entry.invalidated);
        self.entries.get(after.checked_sub(1)?)
    }

    /// The last entry with a layer-one block that `canonical` says is still there, and what
    /// follows it nowhere: walks back from the end.
    pub fn last_canonical(&self, canonical: impl Fn(&Seal) -> bool) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| canonical(&entry.source))
    }

    /// Drops all that was derived from later blocks than `source`.
    ///
    /// # Errors
    /// As [`last_of_source`](Self::last_of_source); nothing is changed then.
    pub fn rewind_to_source(&mut self, source: BlockId) -> Result<(), Code> {
        self.last_of_source(source)?;
        let after = self.entries.partition_point(|entry| entry.source.number <= source.number);
        self.entries.truncate(after);
        Ok(())
    }

    /// Drops the layer-two block of this number and all that came after it, but not the first of
    /// all; false if there is nothing to drop.
    pub(super) fn drop_from(&mut self, number: u64) -> bool {
        let from = self.entries.partition_point(|entry| entry.derived.number < number);
        let any = from > 0 && from < self.len();
        if any {
            self.entries.truncate(from);
        }
        any
    }

    /// Drops every entry.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Marks `derived` as invalidated, found so at `source`, and drops it and all that came after.
    /// Layer-one blocks from its first source up to `source` stay, with the block before it.
    ///
    /// # Errors
    /// [`Code::Uninitialized`], [`Code::AwaitingReplacement`] after a marker, those of
    /// [`first_of_derived`](Self::first_of_derived) and [`last_of_source`](Self::last_of_source),
    /// and [`Code::ConflictingData`] for the first block of all, or one that is derived later.
    pub fn invalidate(&mut self, source: BlockId, derived: BlockId) -> Result<(), Code> {
        self.last()?;
        let found_at = self.last_of_source(source)?.source;
        let block = *self.first_of_derived(derived)?;
        let first = self.entries.partition_point(|entry| entry.derived.number < derived.number);
        let before = first.checked_sub(1).and_then(|before| self.entries.get(before)).copied();
        let before = before.ok_or(Code::ConflictingData)?;
        if block.source.number > source.number {
            return Err(Code::ConflictingData);
        }
        let later = (first..self.len()).filter_map(|at| self.entries.get(at));
        let between = later.map(|entry| entry.source).filter(|between| {
            (before.source.number.saturating_add(1)..found_at.number).contains(&between.number)
        });
        let mut between: Vec<Seal> = between.collect();
        between.dedup();
        self.entries.truncate(first);
        for source in between {
            self.entries.push(Entry { source, ..before });
        }
        self.entries.push(Entry { source: found_at, invalidated: true, ..block });
        Ok(())
    }

    /// Puts `replacement` in the place of the invalidated block.
    ///
    /// # Errors
    /// [`Code::ConflictingData`] unless the last entry is the marker of `invalidated` and the
    /// replacement has its number and parent.
    pub fn replace(&mut self, replacement: &BlockRef, invalidated: Hash) -> Result<(), Code> {
        let at = self.len().checked_sub(1).ok_or(Code::Uninitialized)?;
        let marker = *self.entries.get(at).ok_or(Code::Uninitialized)?;
        let before = at.checked_sub(1).and_then(|at| self.entries.get(at));
        let fits = marker.invalidated
            && marker.derived.hash == invalidated
            && marker.derived.number == replacement.number
            && before.is_some_and(|before| replacement.follows(before.derived.id()));
        if !fits {
            return Err(Code::ConflictingData);
        }
        self.entries.truncate(at);
        let derived = replacement.seal();
        self.entries.push(Entry { source: marker.source, derived, invalidated: false });
        Ok(())
    }

    /// Drops the entries of layer-two blocks before `number`, but never the last.
    pub fn prune(&mut self, number: u64) {
        let before = self.entries.partition_point(|entry| entry.derived.number < number);
        self.entries.drop_first(before.min(self.len().saturating_sub(1)));
    }

    /// Bytes on the heap, by capacity.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.entries.heap(|_| 0)
    }
}
