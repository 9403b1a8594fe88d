//! Bytes to values and back. A file is an encoding, a folder is a family.
//!
//! Nothing here knows a machine. A decoder never allocates by a claimed length, never recurses
//! without a bound, and tells the offset of the first wrong byte.

mod malformed;
mod source;

#[cfg(feature = "leios")]
pub mod leios;

pub use malformed::{Malformed, MalformedKind};
pub use source::Source;
