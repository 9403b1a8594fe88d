//! Access lists, roots and the JSON of values, both ways.

use std::fmt::Debug;

use nodewire::codec::supervisor::{
    Access, Accesses, Address, BlockId, BlockRef, BlockReplacement, ChainId, DerivedIdPair,
    DerivedRefPair, ExecutingDescriptor, Hash, HexBytes, HexUint64, Identifier, Log, Message,
    NodeEvent, OutputV0, RustCryptoKeccak256, SafetyLevel, Seal, SuperRootResponse, SuperV1,
    SupervisorSyncStatus,
};
use nodewire::state::supervisor::{Config, SupervisorCommand, SupervisorRemote};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first byte picks the form, the rest is its input.
pub fn forms(data: &[u8]) {
    let Some((&which, item)) = data.split_first() else { return };
    match which % 25 {
        0..=4 => access_list(item),
        5 => super_root(item),
        6 => output(item),
        7 => text::<HexUint64>(item),
        8 => text::<ChainId>(item),
        9 => text::<Hash>(item),
        10 => text::<HexBytes>(item),
        11 => text::<Address>(item),
        12 => text::<SafetyLevel>(item),
        13 => text::<Identifier>(item),
        14 => text::<Message>(item),
        15 => text::<BlockRef>(item),
        16 => text::<DerivedRefPair>(item),
        17 => text::<NodeEvent>(item),
        18 => text::<Log>(item),
        19 => text::<Config>(item),
        20 => text::<SupervisorCommand>(item),
        21 => text::<SupervisorRemote>(item),
        22 => one_way::<SuperRootResponse>(item),
        23 => one_way::<SupervisorSyncStatus>(item),
        _ => {
            text::<DerivedIdPair>(item);
            text::<Seal>(item);
            text::<BlockId>(item);
            text::<BlockReplacement>(item);
            one_way::<ExecutingDescriptor>(item);
        }
    }
}

/// Entries are read as messages or not at all, and messages written are entries again.
fn access_list(item: &[u8]) {
    // The type of each entry is drawn near the ones there are, so that lists are long.
    let entries: Vec<_> = item
        .chunks(32)
        .map(|chunk| {
            let mut entry = [0; 32];
            entry[..chunk.len()].copy_from_slice(chunk);
            entry[0] &= 7;
            if entry[0] & 4 == 0 && entry[1] & 0x80 == 0 {
                // Mostly reserved bytes as they have to be.
                entry[1..4].fill(0);
                if entry[0] == 2 {
                    entry[4..8].fill(0);
                }
            }
            Hash(entry)
        })
        .collect();
    let mut messages = Vec::new();
    let mut used = 0;
    for access in Accesses::new(&entries) {
        match access {
            Ok(access) => {
                let mut written = Vec::new();
                access.encode(&mut written);
                let again: Vec<_> = Accesses::new(&written).collect();
                assert_eq!(again, [Ok(access)]);
                // An extension of nothing may be left out; all else is as it was.
                let taken =
                    if entries[used].0[0] == 1 && entries[used + 1].0[0] == 2 { 3 } else { 2 };
                let there = &entries[used..used + taken];
                assert!(there == written || taken == 3 && written.len() == 2);
                used += taken;
                messages.push(access);
            }
            Err(error) => {
                assert!(error.index >= used && error.index <= entries.len());
                return assert!(error.index < used + 3, "{error}");
            }
        }
    }
    assert_eq!(used, entries.len(), "entries without a message");
    let mut all = Vec::new();
    messages.iter().for_each(|access: &Access| access.encode(&mut all));
    let read: Result<Vec<_>, _> = Accesses::new(&all).collect();
    assert_eq!(read, Ok(messages));
}

fn super_root(item: &[u8]) {
    let Ok(root) = SuperV1::decode(item) else { return };
    assert_eq!(root.encode(), item, "one form");
    assert!(root.chains().windows(2).all(|pair| pair[0].0 < pair[1].0));
    let again = SuperV1::new(root.timestamp(), root.chains().to_vec()).expect("ids differ");
    assert_eq!(again.root::<RustCryptoKeccak256>(), root.root::<RustCryptoKeccak256>());
}

fn output(item: &[u8]) {
    match OutputV0::decode(item) {
        Ok(output) => assert_eq!(output.preimage(), item),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What is read is written as something that is read as the same.
fn text<T: Serialize + DeserializeOwned + PartialEq + Debug>(item: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(item) else { return };
    let written = serde_json::to_vec(&value).expect("data");
    let again: T = serde_json::from_slice(&written).expect("what is written is read");
    assert_eq!(again, value);
    assert_eq!(serde_json::to_vec(&again).expect("data"), written);
}

/// What is only read here is read alike each time.
fn one_way<T: DeserializeOwned + PartialEq + Debug>(item: &[u8]) {
    let read = |item: &[u8]| serde_json::from_slice::<T>(item).ok();
    assert_eq!(read(item), read(item));
}
