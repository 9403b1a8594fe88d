//! Made-up logs, messages and outputs of the real form.

use alloc::vec;
use alloc::vec::Vec;

use crate::codec::supervisor::{
    Access, Address, BlockRef, ChainId, EXECUTING_MESSAGE_TOPIC, Hash, HexBytes, Identifier,
    Keccak256, Log, Message, OutputV0, RustCryptoKeccak256 as Keccak,
};

pub(super) fn hash(parts: &[&[u8]]) -> Hash {
    Keccak::keccak256(parts)
}

/// A log that executes nothing: equal texts are equal logs.
#[must_use]
pub fn plain(text: &str) -> Log {
    let data = HexBytes(text.as_bytes().to_vec().into());
    Log { address: Address([0x11; 20]), topics: vec![hash(&[b"Said(string)"])], data }
}

/// The inbox's log of executing `message`.
#[must_use]
pub fn executing(message: &Message) -> Log {
    let Identifier { origin, block_number, log_index, timestamp, chain_id } = message.identifier;
    let mut data = vec![0; 12];
    data.extend_from_slice(&origin.0);
    for number in [block_number, u64::from(log_index), timestamp] {
        data.extend_from_slice(&[0; 24]);
        data.extend_from_slice(&number.to_be_bytes());
    }
    data.extend_from_slice(&chain_id.0);
    Log {
        address: Address::CROSS_L2_INBOX,
        topics: vec![EXECUTING_MESSAGE_TOPIC, message.payload_hash],
        data: HexBytes(data.into()),
    }
}

/// The message that `log` is, at this position of a block of this number and time.
#[must_use]
pub fn message_of(
    chain_id: ChainId,
    (block_number, timestamp): (u64, u64),
    log_index: u32,
    log: &Log,
) -> Message {
    let origin = log.address;
    let identifier = Identifier { origin, block_number, log_index, timestamp, chain_id };
    Message { identifier, payload_hash: log.payload_hash::<Keccak>() }
}

/// The inbox entries that declare `message` in an access list.
#[must_use]
pub fn entries(message: &Message) -> Vec<Hash> {
    let mut entries = Vec::new();
    Access::of::<Keccak>(message).encode(&mut entries);
    entries
}

/// The output of a block: its roots are made of its hash.
#[must_use]
pub fn output_of(block: &BlockRef) -> OutputV0 {
    OutputV0 {
        state_root: hash(&[b"state", &block.hash.0]),
        message_passer_storage_root: hash(&[b"passer", &block.hash.0]),
        block_hash: block.hash,
    }
}
