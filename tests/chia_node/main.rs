//! Chia nodes: who is connected, who is kept out, who gets what, and who is blamed.

#![cfg(feature = "chia")]

mod addresses;
mod bans;
mod delivery;
mod duplicates;
mod given;
mod half_open;
mod honest;
#[cfg(feature = "sim")]
mod laws;
#[allow(dead_code, reason = "the fuzzed network does more with it")]
#[path = "../given/chia/net.rs"]
mod net;
mod registry;
#[cfg(feature = "sim")]
mod staffed;
