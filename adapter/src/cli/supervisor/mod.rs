//! The commands of the Supervisor family.

pub mod codec;
pub mod demo;
pub mod levels;
pub mod serve;
