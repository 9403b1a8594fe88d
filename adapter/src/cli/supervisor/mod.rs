//! The commands of the Supervisor family.

pub mod codec;
pub mod levels;
pub mod serve;
