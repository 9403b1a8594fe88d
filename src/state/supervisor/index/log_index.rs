//! The logs of one chain, by block (`supervisor.md` 8.2).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem::size_of;

use super::logged::{ExecutingLog, IndexedLog, OpenBlock};
use super::pages::Pages;
use crate::codec::supervisor::{
    BlockId, BlockRef, ChainId, ChecksumArgs, Code, Hash, Keccak256, RustCryptoKeccak256, Seal,
};

/// The logs of one chain: sealed blocks without a hole from the first on, and the logs of at most
/// one block that is not sealed.
///
/// The logs of the first block are not known. Of each other log the checksum is kept, so that a
/// look-up hashes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogIndex<K: Keccak256 = RustCryptoKeccak256> {
    chain_id: ChainId,
    /// The dependency set, ascending.
    set: Arc<[ChainId]>,
    blocks: Pages<Block>,
    unsealed: Vec<IndexedLog>,
    hasher: PhantomData<K>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Block {
    seal: Seal,
    parent: Hash,
    /// The checksum of each log, in order.
    checksums: Arc<[Hash]>,
    /// The executing logs, in order.
    executing: Arc<[ExecutingLog]>,
}

impl<K: Keccak256> LogIndex<K> {
    /// An index of `chain_id` without a block, in a dependency `set` that ascends.
    #[must_use]
    pub fn new(chain_id: ChainId, set: Arc<[ChainId]>) -> Self {
        let (blocks, unsealed) = (Pages::default(), Vec::new());
        Self { chain_id, set, blocks, unsealed, hasher: PhantomData }
    }

    /// The newest sealed block.
    #[must_use]
    pub fn head(&self) -> Option<Seal> {
        self.blocks.last().map(|block| block.seal)
    }

    /// The oldest block, whose logs are not known.
    #[must_use]
    pub fn first(&self) -> Option<Seal> {
        self.blocks.first().map(|block| block.seal)
    }

    /// How many blocks there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.blocks.len()
    }

    /// True before the first block.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Adds a log to the block after `parent`, at `position`.
    ///
    /// # Errors
    /// [`Code::OutOfOrder`] unless `parent` is the head and `position` the next one.
    pub fn add_log(&mut self, parent: BlockId, position: u32, log: IndexedLog) -> Result<(), Code> {
        let on_head = self.head().is_some_and(|head| head.id() == parent);
        if !on_head || usize::try_from(position) != Ok(self.unsealed.len()) {
            return Err(Code::OutOfOrder);
        }
        self.unsealed.push(log);
        Ok(())
    }

    /// Seals the block whose logs were added. The first block of all may be any block.
    ///
    /// # Errors
    /// [`Code::ConflictingData`] unless it follows the head and is no older.
    pub fn seal(&mut self, block: &BlockRef) -> Result<(), Code> {
        self.fits(block)?;
        let logs = core::mem::take(&mut self.unsealed);
        self.apply(block, &logs);
        Ok(())
    }

    /// Adds a whole block, in place of what is not sealed.
    ///
    /// # Errors
    /// As [`seal`](Self::seal), and [`Code::OutOfOrder`] for more logs than have positions;
    /// nothing is changed then.
    pub fn append(&mut self, block: &BlockRef, logs: &[IndexedLog]) -> Result<(), Code> {
        self.fits(block)?;
        if u32::try_from(logs.len()).is_err() {
            return Err(Code::OutOfOrder);
        }
        self.unsealed = Vec::new();
        self.apply(block, logs);
        Ok(())
    }

    fn fits(&self, block: &BlockRef) -> Result<(), Code> {
        match self.head() {
            Some(head) if !block.follows(head.id()) || block.timestamp < head.timestamp => {
                Err(Code::ConflictingData)
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, block: &BlockRef, logs: &[IndexedLog]) {
        let positions = 0_u32..;
        let checksums = positions.clone().zip(logs).map(|(log_index, log)| {
            let BlockRef { number: block_number, timestamp, .. } = *block;
            let (chain_id, log_hash) = (self.chain_id, log.log_hash);
            ChecksumArgs { block_number, log_index, timestamp, chain_id, log_hash }.checksum::<K>()
        });
        let executing = positions.zip(logs).filter_map(|(position, log)| {
            log.executing.map(|claim| ExecutingLog::new(position, claim, &self.set))
        });
        let entry = Block {
            seal: block.seal(),
            parent: block.parent_hash,
            checksums: checksums.collect(),
            executing: executing.collect(),
        };
        self.blocks.push(entry);
    }

    /// The block of this number.
    ///
    /// # Errors
    /// [`Code::Uninitialized`], [`Code::FutureData`] or [`Code::MissedData`].
    pub fn find(&self, number: u64) -> Result<Seal, Code> {
        self.block(number).map(|block| block.seal)
    }

    /// All that is known of the block of this number.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn open(&self, number: u64) -> Result<OpenBlock<'_>, Code> {
        let block = self.block(number)?;
        Ok(OpenBlock {
            seal: block.seal,
            parent_hash: block.parent,
            logs: block.checksums.len(),
            executing: &block.executing,
        })
    }

    #[inline]
    fn block(&self, number: u64) -> Result<&Block, Code> {
        let first = self.first().ok_or(Code::Uninitialized)?;
        let index = number.checked_sub(first.number).ok_or(Code::MissedData)?;
        let index = usize::try_from(index).map_err(|_| Code::FutureData)?;
        self.blocks.get(index).ok_or(Code::FutureData)
    }

    /// The checksums of a block's logs, in order.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub(super) fn checksums(&self, number: u64) -> Result<&[Hash], Code> {
        self.block(number).map(|block| &*block.checksums)
    }

    /// Adds a block as another index told it.
    ///
    /// # Errors
    /// As [`seal`](Self::seal), and [`Code::DataCorruption`] for an executing log that is none of
    /// the block's or of a chain that is not in the set; nothing is changed then.
    pub(super) fn restore(
        &mut self,
        block: &BlockRef,
        checksums: Vec<Hash>,
        executing: Vec<ExecutingLog>,
    ) -> Result<(), Code> {
        self.fits(block)?;
        let in_order = executing.windows(2).all(|pair| match pair {
            [before, after] => before.position < after.position,
            _ => false,
        });
        let known = |log: &ExecutingLog| {
            usize::try_from(log.position).is_ok_and(|position| position < checksums.len())
                && log.chain.is_none_or(|slot| slot.index() < self.set.len())
        };
        if !in_order || !executing.iter().all(known) || u32::try_from(checksums.len()).is_err() {
            return Err(Code::DataCorruption);
        }
        self.blocks.push(Block {
            seal: block.seal(),
            parent: block.parent_hash,
            checksums: checksums.into(),
            executing: executing.into(),
        });
        Ok(())
    }

    /// The block with log `log_index`, if its block has number and time as given and the log this
    /// checksum.
    ///
    /// # Errors
    /// [`Code::Uninitialized`]; [`Code::ConflictingData`] if there can be no such log;
    /// [`Code::FutureData`] if there is no such block yet; [`Code::MissedData`] if its logs are
    /// not known.
    #[inline]
    pub fn contains(
        &self,
        block_number: u64,
        log_index: u32,
        timestamp: u64,
        checksum: &Hash,
    ) -> Result<Seal, Code> {
        let first = self.first().ok_or(Code::Uninitialized)?;
        // A block number beyond the head can no longer have a time that has passed, genesis has no
        // logs, and what was before the first block was not later than it.
        let index = match block_number.checked_sub(first.number) {
            Some(index) if index > 0 && block_number > 0 => index,
            _ if block_number == 0 || timestamp > first.timestamp => {
                return Err(Code::ConflictingData);
            }
            Some(_) if timestamp != first.timestamp => return Err(Code::ConflictingData),
            _ => return Err(Code::MissedData),
        };
        let block = usize::try_from(index).ok().and_then(|index| self.blocks.get(index));
        let Some(block) = block else {
            let passed = self.head().is_some_and(|head| head.timestamp > timestamp);
            return Err(if passed { Code::ConflictingData } else { Code::FutureData });
        };
        let found = usize::try_from(log_index).ok().and_then(|at| block.checksums.get(at));
        if block.seal.timestamp == timestamp && found == Some(checksum) {
            return Ok(block.seal);
        }
        Err(Code::ConflictingData)
    }

    /// The newest block with a time before `timestamp`, or the first of all.
    #[must_use]
    pub fn last_before(&self, timestamp: u64) -> Option<Seal> {
        let later = self.blocks.partition_point(|block| block.seal.timestamp < timestamp);
        self.blocks.get(later.saturating_sub(1)).map(|block| block.seal)
    }

    /// The newest block with a time up to `timestamp`.
    #[must_use]
    pub fn last_until(&self, timestamp: u64) -> Option<Seal> {
        let later = self.blocks.partition_point(|block| block.seal.timestamp <= timestamp);
        self.blocks.get(later.checked_sub(1)?).map(|block| block.seal)
    }

    /// Drops all that comes after `block`, and what is not sealed.
    ///
    /// # Errors
    /// As [`find`](Self::find), and [`Code::ConflictingData`] if there is another block of this
    /// number; nothing is changed then.
    pub fn rewind(&mut self, block: BlockId) -> Result<(), Code> {
        if self.find(block.number)?.hash != block.hash {
            return Err(Code::ConflictingData);
        }
        self.unsealed = Vec::new();
        let kept = self.blocks.partition_point(|entry| entry.seal.number <= block.number);
        self.blocks.truncate(kept);
        Ok(())
    }

    /// Forgets every block.
    pub fn clear(&mut self) {
        *self = Self::new(self.chain_id, self.set.clone());
    }

    /// Drops the blocks before `number`, but never the head. The logs of the new first block are
    /// no longer answered for.
    pub fn prune(&mut self, number: u64) {
        let before = self.blocks.partition_point(|block| block.seal.number < number);
        self.blocks.drop_first(before.min(self.blocks.len().saturating_sub(1)));
    }

    /// Bytes on the heap, by capacity.
    #[must_use]
    pub fn heap(&self) -> usize {
        // Two counters stand before a shared slice.
        let shared = 2 * size_of::<usize>();
        let blocks = self.blocks.heap(|block| {
            size_of_val(&*block.checksums) + size_of_val(&*block.executing) + 2 * shared
        });
        blocks.saturating_add(self.unsealed.capacity() * size_of::<IndexedLog>())
    }
}
