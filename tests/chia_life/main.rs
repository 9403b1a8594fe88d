//! Whole networks of Chia nodes that live long: every table that has an end is filled several times
//! over, and all goes on as it did before.
#![cfg(all(feature = "chia", feature = "sim", feature = "arbitrary"))]
#![cfg(all(feature = "leios", feature = "supervisor"))]

mod calm;
#[path = "../given/mod.rs"]
mod given;
mod limits;
mod looks;
mod mood;
mod people;
mod restless;
mod village;
