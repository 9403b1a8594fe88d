//! The Chia family's: frames and objects; scripts; a whole network.

mod decode;
mod script;
mod town;

use super::script::drive;

pub use decode::decode;
pub use script::script;
pub use town::town;
