//! The Chia family's: frames and objects; scripts.

mod decode;
mod script;

use super::script::drive;

pub use decode::decode;
pub use script::script;
