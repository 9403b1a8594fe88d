//! Logs, and what the indexer makes of them (`supervisor.md` 6.1 and 6.4).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Address, ChainId, Hash, HexBytes, Identifier, Keccak256, Message};

/// A log as a receipt holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Log {
    /// The contract that emitted it.
    pub address: Address,
    /// Up to four topics.
    pub topics: Vec<Hash>,
    /// The rest of it.
    pub data: HexBytes,
}

/// What a log is to the indexer. Each is an initiating message too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// An initiating message only.
    Plain,
    /// It executes this message.
    Executing(Message),
    /// The inbox's event with data that the inbox cannot emit: a message nothing satisfies (D-13).
    Malformed,
}

/// Keccak-256 of `ExecutingMessage(bytes32,(address,uint256,uint256,uint256,uint256))`.
pub const EXECUTING_MESSAGE_TOPIC: Hash = Hash([
    0x5c, 0x37, 0x83, 0x2d, 0x2e, 0x8d, 0x10, 0xe3, 0x46, 0xe5, 0x5a, 0xd6, 0x20, 0x71, 0xa6, 0xa2,
    0xf9, 0xfa, 0x51, 0x30, 0x61, 0x4e, 0xf2, 0xec, 0x66, 0x17, 0x55, 0x5c, 0x6f, 0x46, 0x7b, 0xa7,
]);

impl Log {
    /// The message's payload: topics, then data.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let topics = self.topics.iter().flat_map(|topic| topic.0);
        topics.chain(self.data.0.iter().copied()).collect()
    }

    /// Keccak-256 of the [`payload`](Self::payload).
    #[must_use]
    pub fn payload_hash<K: Keccak256>(&self) -> Hash {
        let topics = self.topics.iter().map(|topic| topic.0.as_slice());
        match self.topics.as_slice() {
            // The usual number of topics, without a list of parts.
            [] => K::keccak256(&[&self.data.0]),
            [one] => K::keccak256(&[&one.0, &self.data.0]),
            [one, two] => K::keccak256(&[&one.0, &two.0, &self.data.0]),
            _ => {
                let parts: Vec<&[u8]> = topics.chain([self.data.0.as_ref()]).collect();
                K::keccak256(&parts)
            }
        }
    }

    /// What initiating messages are compared by: origin and payload.
    #[must_use]
    pub fn log_hash<K: Keccak256>(&self) -> Hash {
        log_hash::<K>(self.address, self.payload_hash::<K>())
    }

    /// What the log is to the indexer.
    #[must_use]
    pub fn kind(&self) -> LogKind {
        match self.topics.as_slice() {
            [event, payload_hash]
                if *event == EXECUTING_MESSAGE_TOPIC && self.address == Address::CROSS_L2_INBOX =>
            {
                match identifier(&self.data.0) {
                    Some(identifier) => {
                        LogKind::Executing(Message { identifier, payload_hash: *payload_hash })
                    }
                    None => LogKind::Malformed,
                }
            }
            _ => LogKind::Plain,
        }
    }
}

/// Keccak-256 of origin and payload hash.
#[must_use]
pub fn log_hash<K: Keccak256>(origin: Address, payload_hash: Hash) -> Hash {
    K::keccak256(&[&origin.0, &payload_hash.0])
}

/// Five words: origin, block number, log index, time, chain.
fn identifier(data: &[u8]) -> Option<Identifier> {
    let (origin, rest) = data.split_first_chunk::<32>()?;
    let (block_number, rest) = rest.split_first_chunk::<32>()?;
    let (log_index, rest) = rest.split_first_chunk::<32>()?;
    let (timestamp, rest) = rest.split_first_chunk::<32>()?;
    let chain_id = rest.try_into().ok()?;
    Some(Identifier {
        origin: Address(narrow(origin)?),
        block_number: u64::from_be_bytes(narrow(block_number)?),
        log_index: u32::from_be_bytes(narrow(log_index)?),
        timestamp: u64::from_be_bytes(narrow(timestamp)?),
        chain_id: ChainId(chain_id),
    })
}

/// The last `N` bytes of a word, if those before are zero.
fn narrow<const N: usize>(word: &[u8; 32]) -> Option<[u8; N]> {
    let (zeros, bytes) = word.split_last_chunk()?;
    zeros.iter().all(|byte| *byte == 0).then_some(*bytes)
}
