//! The index behind the Supervisor against the shared vectors.

#![cfg(feature = "supervisor")]

#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;
#[path = "../supervisor_values/text.rs"]
mod text;

mod derivation;
mod heads;
mod limits;
mod logs;
mod orders;
mod promotion;
mod pruning;
mod rewinding;
mod rings;
mod steps;
mod together;
