//! One function for each fuzz target: bytes in, and a panic when a promise is broken.

#![allow(dead_code)]

mod decode;
mod frames;
mod pair;
mod script;

pub use decode::decode;
pub use frames::frames;
pub use pair::pair;
pub use script::script;
