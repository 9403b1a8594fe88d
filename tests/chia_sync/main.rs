//! A full node that syncs, and those that it syncs from.

#![cfg(all(feature = "chia", feature = "sim"))]

#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;

mod chains;
mod fork_point;
mod honest;
mod world;
