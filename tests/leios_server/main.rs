//! The server of the Leios pair, through its public interface.
#![cfg(feature = "leios")]

mod bounds;
mod channels;
mod choice;
mod ending;
mod flags;
#[cfg(feature = "sim")]
mod laws;
mod news;
mod overlap;
mod requests;
#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;
mod support;
