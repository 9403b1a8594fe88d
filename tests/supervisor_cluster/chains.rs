//! Chains that are made block by block.

use nodewire::codec::supervisor::{
    Access, BlockRef, ChainId, ChecksumArgs, Hash, Identifier, Keccak256, Log, Message,
    RustCryptoKeccak256 as Keccak,
};
pub use nodewire::sim::supervisor::{executing, plain};

/// A chain: blocks with their logs, the first one the anchor's.
#[derive(Clone)]
pub struct Chain {
    pub id: ChainId,
    pub first: u64,
    pub blocks: Vec<(BlockRef, Vec<Log>)>,
}

pub fn hash(text: &str) -> Hash {
    Keccak::keccak256(&[text.as_bytes()])
}

impl Chain {
    /// A chain whose first block has this number and time.
    pub fn new(id: u64, number: u64, timestamp: u64) -> Self {
        let id = ChainId::from(id);
        let parent_hash = hash(&format!("{id} before"));
        let first = BlockRef { hash: hash(&format!("{id} first")), number, parent_hash, timestamp };
        Self { id, first: number, blocks: vec![(first, Vec::new())] }
    }

    pub fn head(&self) -> BlockRef {
        self.blocks.last().unwrap().0
    }

    pub fn block(&self, number: u64) -> Option<&(BlockRef, Vec<Log>)> {
        self.blocks.get(usize::try_from(number.checked_sub(self.first)?).unwrap())
    }

    pub fn find(&self, hash: Hash) -> Option<&(BlockRef, Vec<Log>)> {
        self.blocks.iter().find(|(block, _)| block.hash == hash)
    }

    /// Adds a block two seconds after the last.
    pub fn grow(&mut self, branch: &str, logs: Vec<Log>) -> BlockRef {
        let parent = self.head();
        let number = parent.number + 1;
        let block = BlockRef {
            hash: hash(&format!("{} {number} {branch}", self.id)),
            number,
            parent_hash: parent.hash,
            timestamp: parent.timestamp + 2,
        };
        self.blocks.push((block, logs));
        block
    }

    /// Drops the blocks after `number`.
    pub fn cut(&mut self, number: u64) {
        self.blocks.retain(|(block, _)| block.number <= number);
    }

    /// The message that log `index` of block `number` is.
    pub fn message(&self, number: u64, index: u32) -> Message {
        let (block, logs) = self.block(number).unwrap();
        let log = &logs[index as usize];
        Message {
            identifier: Identifier {
                origin: log.address,
                block_number: number,
                log_index: index,
                timestamp: block.timestamp,
                chain_id: self.id,
            },
            payload_hash: log.payload_hash::<Keccak>(),
        }
    }
}

/// The inbox entries that declare `message`.
pub fn entries(message: &Message) -> Vec<Hash> {
    let mut entries = Vec::new();
    Access::of::<Keccak>(message).encode(&mut entries);
    assert_eq!(entries.last(), Some(&ChecksumArgs::of::<Keccak>(message).checksum::<Keccak>()));
    entries
}
