//! Three short chains and layer one, each in two branches: what scripts tell of.

use std::sync::OnceLock;

use arbitrary::Result;
use nodewire::codec::supervisor::{
    Address, BlockRef, ChainId, EXECUTING_MESSAGE_TOPIC, Hash, HexBytes, Log, OutputV0,
    RustCryptoKeccak256 as Keccak,
};

use crate::given::Script;

/// The chains' ids, ascending.
pub const CHAINS: [u64; 3] = [10, 20, 30];

/// The time of the first block of each chain.
pub const BEGAN: u64 = 1_000;

/// From here on the branches of a chain differ.
const FORK: u64 = 4;

/// How many blocks of a chain have logs.
const TOLD: u64 = 12;

/// Mostly the first branch.
pub fn branch(script: &mut Script<'_>) -> Result<bool> {
    script.ratio(1, 10)
}

fn hash(of: u8, number: u64, other: bool) -> Hash {
    let mut bytes = [of; 32];
    bytes[0] = u8::from(other && number >= FORK);
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    Hash(bytes)
}

fn block(of: u8, number: u64, other: bool, timestamp: u64) -> BlockRef {
    let parent_hash = number.checked_sub(1).map_or(Hash::ZERO, |parent| hash(of, parent, other));
    BlockRef { hash: hash(of, number, other), number, parent_hash, timestamp }
}

/// A block of layer one.
pub fn l1(number: u64, other: bool) -> BlockRef {
    block(1, number, other, 900_u64.saturating_add(number.saturating_mul(4)))
}

/// A block of a chain, and its logs.
pub fn l2(slot: usize, number: u64, other: bool) -> (BlockRef, &'static [Log]) {
    let timestamp = BEGAN.saturating_add(number.saturating_mul(2));
    let block = block(2 + slot as u8, number, other, timestamp);
    (block, logs_of(slot, number, other))
}

/// The logs of the block with this hash.
pub fn logs(slot: usize, hash: Hash) -> Option<Vec<Log>> {
    let both = [false, true].into_iter();
    let mut blocks = both.flat_map(|other| (0..TOLD).map(move |number| (number, other)));
    let (number, other) =
        blocks.find(|(number, other)| self::hash(2 + slot as u8, *number, *other) == hash)?;
    Some(logs_of(slot, number, other).to_vec())
}

pub fn output(block_hash: Hash) -> OutputV0 {
    OutputV0 { state_root: Hash([7; 32]), message_passer_storage_root: Hash([8; 32]), block_hash }
}

fn logs_of(slot: usize, number: u64, other: bool) -> &'static [Log] {
    static ALL: OnceLock<Vec<Vec<Log>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let places = (0..2).flat_map(|other| {
            (0..3).flat_map(move |slot| (0..TOLD).map(move |number| (slot, number, other == 1)))
        });
        places.map(|(slot, number, other)| make(slot, number, other)).collect()
    });
    let at = (usize::from(other) * 3 + slot) * TOLD as usize + number.min(TOLD - 1) as usize;
    &all[at]
}

/// A plain log, and in some blocks logs that execute: of the block before, of the same time in a
/// ring, of a block that never was, of a chain outside the set, with data that means nothing.
fn make(slot: usize, number: u64, other: bool) -> Vec<Log> {
    let mut logs = vec![plain(slot, number)];
    if number == 0 {
        return logs;
    }
    let next = (slot + 1) % CHAINS.len();
    match (number + slot as u64) % 6 {
        0 => logs.push(executing(CHAINS[next], number - 1, next)),
        1 => logs.push(executing(CHAINS[next], number, next)),
        2 if other => logs.push(executing(99, number, next)),
        3 if other => logs.push(Log { data: HexBytes::default(), ..executing(10, number, next) }),
        // The next chain's block of the same time executes that of the one after it: with `1` of
        // this chain and `5` of the next there are rings.
        5 => logs.insert(0, executing(CHAINS[next], number, next)),
        4 if other => logs.push(executing(CHAINS[next], number + 1, next)),
        _ => {}
    }
    if other && number >= FORK {
        logs.push(plain(slot, 1_000 + number));
    }
    logs
}

fn plain(slot: usize, number: u64) -> Log {
    let data = HexBytes(format!("{slot} {number}").into_bytes().into());
    Log { address: Address([0x11; 20]), topics: vec![Hash([5; 32])], data }
}

/// The log that executes the plain log of a block, where it is the first.
fn executing(chain: u64, number: u64, slot: usize) -> Log {
    let message = plain(slot, number);
    let mut data = vec![0; 12];
    data.extend_from_slice(&message.address.0);
    for word in [number, 0, BEGAN + 2 * number] {
        data.extend_from_slice(&[0; 24]);
        data.extend_from_slice(&word.to_be_bytes());
    }
    data.extend_from_slice(&ChainId::from(chain).0);
    Log {
        address: Address::CROSS_L2_INBOX,
        topics: vec![EXECUTING_MESSAGE_TOPIC, message.payload_hash::<Keccak>()],
        data: HexBytes(data.into()),
    }
}
