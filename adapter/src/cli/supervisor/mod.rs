//! The commands of the Supervisor family.

pub mod check;
pub mod codec;
pub mod demo;
pub mod feed;
pub mod levels;
pub mod serve;
