//! Chia's roles, each played by hand.

#![cfg(feature = "chia")]

#[cfg(feature = "serde")]
#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;

mod farmer;
#[cfg(feature = "sim")]
mod full_node;
mod given;
mod gossip;
mod harvester;
#[cfg(feature = "serde")]
mod iterations;
mod pool;
mod timelord;
mod transactions;
mod wallet;
