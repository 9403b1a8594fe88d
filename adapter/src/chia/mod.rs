//! Chia nodes over TCP.
//!
//! [`Hub`] drives a whole node: its listener, its streams, its timers. Every byte that leaves comes
//! out of machines; hosts answer questions, and nothing else.

mod hub;
mod stream;

pub use hub::{Hub, Stop};
