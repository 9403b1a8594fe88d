//! The Supervisor's values against the shared vectors.

#![cfg(feature = "supervisor")]

#[path = "../shared_vectors/mod.rs"]
mod shared_vectors;

mod forms;
mod messages;
mod roots;
mod text;
