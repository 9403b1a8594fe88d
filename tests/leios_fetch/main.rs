//! The decision logic over many peers, in worlds of links with a rate, a delay and a queue.

#![cfg(feature = "leios")]

mod choices;
mod distant;
mod edges;
mod eight_sources;
mod hostile;
mod limits;
mod questions;
mod tail;
mod world;
