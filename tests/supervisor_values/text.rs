//! What the vectors are written in.

#![allow(dead_code, reason = "each test uses some of it")]

use nodewire::codec::supervisor::{ChainId, Hash, HexBytes, HexUint64};
use serde_json::Value;

pub fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

pub fn hash(value: &Value) -> Hash {
    Hash::parse(text(value)).expect("a hash")
}

pub fn bytes(value: &Value) -> Vec<u8> {
    HexBytes::parse(text(value)).expect("bytes").0.to_vec()
}

pub fn number(value: &Value) -> u64 {
    HexUint64::parse(text(value)).expect("a quantity").0
}

pub fn chain(value: &Value) -> ChainId {
    ChainId::parse(text(value)).expect("a chain id")
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}
