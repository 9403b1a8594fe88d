//! Chia connections: the handshake, who may say what, how much, and how it ends.

#![cfg(feature = "chia")]

mod given;
mod handshake;
mod honest;
mod limits;
mod running;
#[cfg(feature = "sim")]
mod sizes;
