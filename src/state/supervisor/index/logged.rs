//! What is known of a log and of a block, and which chain is which.

use core::mem::size_of;

use crate::codec::supervisor::{
    BlockRef, ChainId, ChecksumArgs, Hash, Keccak256, Log, LogKind, Message, Seal,
};

/// What the index needs to know of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct IndexedLog {
    /// The log's hash: origin and payload.
    pub log_hash: Hash,
    /// The message it executes, if it does.
    pub executing: Option<Claim>,
}

/// What an executing log claims about the log it executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Claim {
    /// There is this log.
    Message {
        /// The chain it was initiated on.
        chain_id: ChainId,
        /// The block it is in.
        block_number: u64,
        /// The block's time, in seconds of Unix time.
        timestamp: u64,
        /// Its position among all logs of the block.
        log_index: u32,
        /// The checksum of the message.
        checksum: Hash,
    },
    /// Nothing that could be true (D-13).
    Malformed,
}

impl IndexedLog {
    /// What the index needs to know of `log`.
    #[must_use]
    pub fn of<K: Keccak256>(log: &Log) -> Self {
        let executing = match log.kind() {
            LogKind::Plain => None,
            LogKind::Executing(message) => Some(Claim::of::<K>(&message)),
            LogKind::Malformed => Some(Claim::Malformed),
        };
        Self { log_hash: log.log_hash::<K>(), executing }
    }
}

impl Claim {
    /// That there is `message`.
    #[must_use]
    pub fn of<K: Keccak256>(message: &Message) -> Self {
        let args = ChecksumArgs::of::<K>(message);
        Self::Message {
            chain_id: args.chain_id,
            block_number: args.block_number,
            timestamp: args.timestamp,
            log_index: args.log_index,
            checksum: args.checksum::<K>(),
        }
    }
}
/// An executing log: where it is, and what it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExecutingLog {
    /// Its position among all logs of its block.
    pub position: u32,
    /// The chain that the message was initiated on; `None`: the claim cannot be true (D-13), since
    /// it is malformed or the chain is not in the dependency set.
    pub chain: Option<Slot>,
    /// The block of the initiating log.
    pub block_number: u64,
    /// That block's time, in seconds of Unix time.
    pub timestamp: u64,
    /// The initiating log's position in that block.
    pub log_index: u32,
    /// The checksum of the message.
    pub checksum: Hash,
}

const _: () = assert!(size_of::<ExecutingLog>() <= 64);

impl ExecutingLog {
    pub(super) fn new(position: u32, claim: Claim, set: &[ChainId]) -> Self {
        match claim {
            Claim::Message { chain_id, block_number, timestamp, log_index, checksum } => {
                let chain = Slot::of(chain_id, set);
                Self { position, chain, block_number, timestamp, log_index, checksum }
            }
            Claim::Malformed => Self {
                position,
                chain: None,
                block_number: 0,
                timestamp: 0,
                log_index: 0,
                checksum: Hash::ZERO,
            },
        }
    }
}

/// A chain's place in the dependency set, by ascending id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u8);

impl Slot {
    /// The place of `chain_id` in `set`, which ascends.
    #[must_use]
    pub fn of(chain_id: ChainId, set: &[ChainId]) -> Option<Self> {
        let place = set.binary_search(&chain_id).ok()?;
        u8::try_from(place).ok().map(Self)
    }

    /// The place as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A sealed block as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenBlock<'a> {
    /// Its id and time.
    pub seal: Seal,
    /// The hash of the block before.
    pub parent_hash: Hash,
    /// How many logs it has.
    pub logs: usize,
    /// Its executing logs, in order.
    pub executing: &'a [ExecutingLog],
}

impl OpenBlock<'_> {
    /// The block as its parent knows it.
    #[must_use]
    pub const fn reference(&self) -> BlockRef {
        let Seal { hash, number, timestamp } = self.seal;
        BlockRef { hash, number, parent_hash: self.parent_hash, timestamp }
    }
}
