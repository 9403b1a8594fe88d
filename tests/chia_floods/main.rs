//! One peer sends hostile items of every kind (`chia.md` 16, 17), as many as `NODEWIRE_FLOOD` says:
//! what a node holds, by an allocator that counts, stays below what its limits say, each item
//! costs what the ones before it did, and an honest peer is served all the while.

#![cfg(all(feature = "chia", feature = "sim"))]

mod addresses;
mod blocks;
mod bytes;
mod farming;
mod flood;
#[path = "../grouped/mod.rs"]
mod grouped;
#[path = "../heap/mod.rs"]
mod heap;
mod kinds;
mod machines;
mod opening;
mod requests;
mod syncs;
mod wallets;
