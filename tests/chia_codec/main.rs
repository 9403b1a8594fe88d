//! Chia's frames and Streamable forms against the shared vectors.

#![cfg(all(feature = "chia", feature = "serde"))]

#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;

mod chain;
mod data;
mod invalid;
mod messages;
mod streamable;
