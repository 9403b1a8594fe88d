//! A cluster to measure on.

use std::collections::BTreeMap;

use nodewire::codec::supervisor::{
    Access, Address, BlockRef, ChainId, ChecksumArgs, DerivedRefPair, Hash, HexBytes, Log,
    RustCryptoKeccak256 as Keccak,
};
use nodewire::state::supervisor::{
    ChainConfig, Claim, Config, ExpiryWindow, Index, IndexedLog, Limits, Slot,
};

/// The anchor's number on every chain, and that of its layer-one block.
pub const ANCHOR: u64 = 1_000;

/// Seconds from block to block.
pub const BLOCK_TIME: u64 = 2;

/// A hash that tells its three numbers.
pub fn hash(kind: u8, number: u64, position: u32) -> Hash {
    let mut bytes = [kind; 32];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    bytes[16..20].copy_from_slice(&position.to_be_bytes());
    Hash(bytes)
}

/// The id of the chain at this place.
pub fn chain_id(chain: u8) -> ChainId {
    ChainId::from(u64::from(chain) + 10)
}

/// Block `number` of a chain.
pub fn block(chain: u8, number: u64) -> BlockRef {
    BlockRef {
        hash: hash(chain, number, 0),
        number,
        parent_hash: hash(chain, number - 1, 0),
        timestamp: BLOCK_TIME * number,
    }
}

/// The layer-one block of this number.
pub fn l1(number: u64) -> BlockRef {
    BlockRef { timestamp: 12 * number, ..block(255, number) }
}

/// The hash of a log.
pub fn log_hash(chain: u8, number: u64, position: u32) -> Hash {
    hash(chain ^ 0x80, number, position + 1)
}

/// A log that executes nothing.
pub fn plain(chain: u8, number: u64, position: u32) -> IndexedLog {
    IndexedLog { log_hash: log_hash(chain, number, position), executing: None }
}

/// The declaration of a log in an access list.
pub fn access(chain: u8, block_number: u64, log_index: u32) -> Access {
    let log_hash = log_hash(chain, block_number, log_index);
    let (chain_id, timestamp) = (chain_id(chain), BLOCK_TIME * block_number);
    let args = ChecksumArgs { block_number, log_index, timestamp, chain_id, log_hash };
    let checksum = args.checksum::<Keccak>();
    Access { chain_id, block_number, timestamp, log_index, checksum }
}

/// What there is to say of a log.
pub fn claim(chain: u8, block_number: u64, log_index: u32) -> Claim {
    let Access { chain_id, timestamp, checksum, .. } = access(chain, block_number, log_index);
    Claim::Message { chain_id, block_number, timestamp, log_index, checksum }
}

/// A log as an execution layer tells it: a token's transfer.
pub fn raw(chain: u8, number: u64, position: u32) -> Log {
    let topics = (0..3).map(|topic| hash(topic, number, position)).collect();
    let address = Address([chain; 20]);
    Log { address, topics, data: HexBytes(hash(9, number, position).0.to_vec().into()) }
}

/// An index of so many chains, each with its anchor.
pub fn index(chains: u8, limits: Limits) -> Index {
    let config = ChainConfig { activation: 0, block_time: BLOCK_TIME };
    let set: BTreeMap<_, _> = (0..chains).map(|chain| (chain_id(chain), config)).collect();
    let config = Config::new(set, ExpiryWindow::EXPIRY_CURRENT);
    let mut index = Index::new(config, limits).expect("few chains");
    for chain in 0..chains {
        let anchor = DerivedRefPair { source: l1(ANCHOR), derived: block(chain, ANCHOR) };
        index.anchor(Slot(chain), &anchor).expect("the first pair");
    }
    index
}
