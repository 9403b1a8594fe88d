//! One function for each fuzz target: bytes in, and a panic when a promise is broken.

#![allow(dead_code, unused_imports, reason = "each target takes one")]

pub mod chia;
mod decode;
mod fetch;
mod forms;
mod frames;
mod pair;
mod play;
mod script;
pub mod supervisor;

pub use decode::decode;
pub use fetch::fetch;
pub use forms::forms;
pub use frames::frames;
pub use pair::pair;
pub use play::play;
pub use script::script;
