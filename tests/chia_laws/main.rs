//! What holds for every message of the Chia family, every object in them, and for any bytes.
#![cfg(all(feature = "chia", feature = "arbitrary", feature = "serde"))]

mod envelopes;
#[path = "../heap/mod.rs"]
mod heap;
mod memory;
mod messages;
mod objects;
mod rules;

use arbitrary::{Arbitrary, Unstructured};
use nodewire::codec::chia::{Function, Message};
use proptest::prelude::*;

/// A message of this function, made of random bytes.
fn message_of(function: Function, bytes: &[u8]) -> Option<Message> {
    // Values choose their variant by the first four bytes, as a share of 2^32.
    let place = Function::ALL.iter().position(|other| *other == function)? as u64;
    let share = (place << 32).div_ceil(Function::ALL.len() as u64) as u32;
    let bytes = [&share.to_le_bytes(), bytes].concat();
    Message::arbitrary(&mut Unstructured::new(&bytes)).ok()
}

fn functions() -> impl Strategy<Value = Function> {
    prop::sample::select(Function::ALL)
}

/// Any message, each function as often as any other.
fn any_message() -> impl Strategy<Value = Message> {
    let bytes = prop::collection::vec(any::<u8>(), 1_600..4_000);
    (functions(), bytes).prop_filter_map("too few bytes", |(function, bytes)| {
        let message = message_of(function, &bytes)?;
        assert_eq!(message.function(), function);
        Some(message)
    })
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out);
    out
}
