//! The commands of the Chia family.

pub mod check;
pub mod codec;
pub mod demo;
pub mod feed;
mod narrator;
pub mod node;
mod options;
mod record;
pub mod sim;
mod told;
