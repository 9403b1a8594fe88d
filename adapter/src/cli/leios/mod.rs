//! The commands of the Leios family.

pub mod check;
pub mod codec;
pub mod demo;
pub mod node;
pub mod sim;
