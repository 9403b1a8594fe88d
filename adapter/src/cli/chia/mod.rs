//! The commands of the Chia family.

pub mod codec;
