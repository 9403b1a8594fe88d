//! The commands of the Chia family.

pub mod check;
pub mod codec;
pub mod demo;
pub mod feed;
pub mod node;
pub mod sim;
mod told;
