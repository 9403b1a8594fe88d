//! The laws of every machine and link: on inputs of any kind, and deep inside conversations of two
//! honest sides over any network, who never blame each other.
#![cfg(all(feature = "leios", feature = "sim", feature = "arbitrary"))]

mod clerk;
#[path = "../given/mod.rs"]
mod given;
#[path = "../heap/mod.rs"]
mod heap;
mod honest;
mod links;
mod odd;
mod sessions;
