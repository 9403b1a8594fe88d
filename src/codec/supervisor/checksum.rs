//! Checksums: what ties an access-list entry to one log of one block (`supervisor.md` 6.1).

use super::{ChainId, Hash, Identifier, Keccak256, Message, log_hash};

/// All that the checksum of a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ChecksumArgs {
    /// The block the log is in.
    pub block_number: u64,
    /// The log's position among all logs of its block.
    pub log_index: u32,
    /// The block's time, in seconds of Unix time.
    pub timestamp: u64,
    /// The chain the block is of.
    pub chain_id: ChainId,
    /// The log's hash ([`log_hash`]).
    pub log_hash: Hash,
}

/// The first byte of a checksum, which is the third type of access-list entry.
pub(super) const CHECKSUM_TYPE: u8 = 3;

impl ChecksumArgs {
    /// Those of a message.
    #[must_use]
    pub fn of<K: Keccak256>(message: &Message) -> Self {
        let Identifier { origin, block_number, log_index, timestamp, chain_id } =
            message.identifier;
        let log_hash = log_hash::<K>(origin, message.payload_hash);
        Self { block_number, log_index, timestamp, chain_id, log_hash }
    }

    /// Twelve zero bytes, block number, time, log index.
    #[must_use]
    pub fn id_packed(&self) -> Hash {
        let mut packed = [0; 32];
        packed[12..20].copy_from_slice(&self.block_number.to_be_bytes());
        packed[20..28].copy_from_slice(&self.timestamp.to_be_bytes());
        packed[28..].copy_from_slice(&self.log_index.to_be_bytes());
        Hash(packed)
    }

    /// Keccak-256 of the log's hash and [`id_packed`](Self::id_packed).
    #[must_use]
    pub fn id_log_hash<K: Keccak256>(&self) -> Hash {
        K::keccak256(&[&self.log_hash.0, &self.id_packed().0])
    }

    /// Keccak-256 of [`id_log_hash`](Self::id_log_hash) and the chain.
    #[must_use]
    pub fn bare_checksum<K: Keccak256>(&self) -> Hash {
        K::keccak256(&[&self.id_log_hash::<K>().0, &self.chain_id.0])
    }

    /// The [`bare_checksum`](Self::bare_checksum) with its first byte replaced by 3.
    #[must_use]
    pub fn checksum<K: Keccak256>(&self) -> Hash {
        let mut checksum = self.bare_checksum::<K>();
        checksum.0[0] = CHECKSUM_TYPE;
        checksum
    }
}
