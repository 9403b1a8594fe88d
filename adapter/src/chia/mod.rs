//! Chia nodes over TCP.
//!
//! [`Hub`] drives a whole node: its listener, its streams, its timers. Every byte that leaves comes
//! out of machines; hosts answer questions, and nothing else.

pub mod chain_file;
pub mod demo;
mod friends;
mod hub;
pub mod setup;
mod stream;

pub use hub::{Hub, HubNews, Stop};
