//! Bytes that are nearly something.

use proptest::prelude::*;

/// Bytes that look like CBOR often enough to get deep into a decoder.
pub fn cborish() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => prop::sample::select(vec![
            0x00, 0x01, 0x02, 0x03, 0x18, 0x20, 0x40, 0x41, 0x5f, 0x61, 0x7f, 0x80, 0x81, 0x82,
            0x83, 0x84, 0x9f, 0xa0, 0xa1, 0xa2, 0xbf, 0xc1, 0xd8, 0xf4, 0xf5, 0xf6, 0xf8, 0xff,
        ]),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..120)
}

/// A change to an encoding.
#[derive(Clone, Debug)]
pub enum Mutation {
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
}

pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let at = any::<prop::sample::Index>;
    let one = prop_oneof![
        4 => (at(), 1..=255_u8).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        2 => at().prop_map(Mutation::Remove),
        1 => at().prop_map(Mutation::Cut),
    ];
    prop::collection::vec(one, 1..4)
}

pub fn mutate(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        if bytes.is_empty() {
            break;
        }
        match mutation {
            Mutation::Flip(at, bits) => *at.get_mut(&mut bytes) ^= bits,
            Mutation::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
            Mutation::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Mutation::Cut(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
    bytes
}
