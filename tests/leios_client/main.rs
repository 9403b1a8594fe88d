//! The client of the Leios pair, through its public interface.
#![cfg(feature = "leios")]

mod bounds;
mod channels;
mod ending;
mod flags;
mod flow;
#[cfg(feature = "sim")]
mod laws;
mod news;
mod overlap;
mod replies;
#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;
mod support;
mod times;
