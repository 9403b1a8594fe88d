//! What a robust implementation must survive (`leios.md` section 18), in bytes through whole
//! sessions: each adversary meets a fault that names what it broke, within bounded memory, after
//! everything good it sent was told; another connection of the same node goes on.
//!
//! Item 24, who offers first and delivers last, is an adversary of the decision logic: see the
//! tests of `Fetch`.
#![cfg(feature = "leios")]

mod colluding;
#[path = "../heap/mod.rs"]
mod heap;
mod mutants;
mod news;
mod phases;
mod replies;
mod requests;
mod segments;
mod site;
mod times;
mod wire;
