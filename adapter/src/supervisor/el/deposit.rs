//! What two deposits of the protocol tell: the layer-one origin of a block, and the output of a
//! block that was replaced.

use nodewire::codec::supervisor::{Address, BlockRef, Hash, OutputV0};

use super::fault::Fault;
use super::json::{Block, Transaction};

/// The transaction type of deposits.
const DEPOSIT: u64 = 0x7e;

/// Who sends the deposit of layer-one attributes that every block but the first begins with.
const ATTRIBUTES_FROM: Address = protocol_sender(1);

/// The contract that keeps them: `0x42…15`.
const ATTRIBUTES_TO: Address = {
    let mut address = [0; 20];
    address[0] = 0x42;
    address[19] = 0x15;
    Address(address)
};

/// Who sends the deposit that a replacement ends with (`supervisor.md` 8.6).
const REPLACEMENT_FROM: Address = protocol_sender(2);

/// `setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)`: words.
const WORDS: [u8; 4] = [0x01, 0x5d, 0x8e, 0xb9];

/// `setL1BlockValuesEcotone()`, `…Isthmus()`, `…Interop()`, `…Jovian()`: packed, and alike as far
/// as we read.
const PACKED: [[u8; 4]; 4] = [
    [0x44, 0x0a, 0x5e, 0x20],
    [0x09, 0x89, 0x99, 0xbe],
    [0x76, 0x0e, 0xe0, 0x4d],
    [0x3d, 0xb6, 0xbe, 0x2b],
];

/// The layer-one block that `block` refers to, by its first transaction. The parent is not told:
/// it is zero.
///
/// # Errors
/// [`Fault::Wrong`] if the transaction is not the deposit of layer-one attributes of this block.
pub fn origin(block: &Block, first: &Transaction) -> Result<BlockRef, Fault> {
    if first.block_hash != block.id().hash || first.transaction_index.0 != 0 {
        return Err(Fault::Wrong("a transaction of another place"));
    }
    let is_attributes =
        first.kind.0 == DEPOSIT && first.from == ATTRIBUTES_FROM && first.to == Some(ATTRIBUTES_TO);
    if !is_attributes {
        return Err(Fault::Wrong("a first transaction that tells no layer-one block"));
    }
    let origin = attributes(&first.input.0)
        .ok_or(Fault::Wrong("layer-one attributes in a form that is not known"))?;
    if origin.timestamp > block.block_ref().timestamp {
        return Err(Fault::Wrong("a layer-one origin of a later time"));
    }
    Ok(origin)
}

/// The output before validation that `last`, the last transaction of a block, carries if the block
/// is a replacement.
#[must_use]
pub fn replaced_output(last: &Transaction) -> Option<OutputV0> {
    let is_marker = last.kind.0 == DEPOSIT
        && last.from == REPLACEMENT_FROM
        && last.to == Some(Address::default());
    if !is_marker {
        return None;
    }
    OutputV0::decode(&last.input.0).ok()
}

fn attributes(input: &[u8]) -> Option<BlockRef> {
    let (selector, rest) = input.split_first_chunk()?;
    let (number, timestamp, hash) = if *selector == WORDS {
        // number, time, base fee, hash: 32 bytes each.
        (wide(rest.get(..32)?)?, wide(rest.get(32..64)?)?, rest.get(96..128)?)
    } else if PACKED.contains(selector) {
        // Two scalars of 4 bytes and a sequence number, time, number, two fees, hash.
        (short(rest.get(24..32)?)?, short(rest.get(16..24)?)?, rest.get(96..128)?)
    } else {
        return None;
    };
    let hash = Hash(hash.try_into().ok()?);
    Some(BlockRef { hash, number, parent_hash: Hash::ZERO, timestamp })
}

/// A number of 8 bytes.
fn short(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

/// A number of 32 bytes, if 8 hold it.
fn wide(bytes: &[u8]) -> Option<u64> {
    let (zeros, number) = bytes.split_last_chunk::<8>()?;
    zeros.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(*number))
}

/// `0xdeaddead…000N`: nobody holds a key for it.
const fn protocol_sender(last: u8) -> Address {
    let mut address = [0; 20];
    let mut place = 0;
    while place < 18 {
        address[place] = [0xde, 0xad][place % 2];
        place += 1;
    }
    address[19] = last;
    Address(address)
}
