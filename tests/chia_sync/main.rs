//! A full node that syncs, and those that it syncs from.

#![cfg(all(feature = "chia", feature = "sim"))]

#[cfg(feature = "serde")]
#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;

#[path = "../heap/mod.rs"]
mod heap;

mod adversaries;
mod chains;
mod drip;
#[cfg(feature = "serde")]
mod flows;
#[cfg(feature = "serde")]
mod fork_point;
mod honest;
mod laws;
mod memory;
mod serving;
mod times;
#[cfg(feature = "serde")]
mod whole;
mod world;
