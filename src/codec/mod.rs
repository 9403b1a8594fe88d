//! Bytes to values and back. A file is an encoding, a folder is a family.
//!
//! Nothing here knows a machine. A decoder never allocates by a claimed length, never recurses
//! without a bound, and tells the offset of the first wrong byte.

// Here and in the links bytes of a peer become numbers. Elsewhere what is counted is at hand, and
// the lint finds sums of a hundred sizes and nothing else.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

#[cfg(all(feature = "arbitrary", feature = "leios"))]
pub(crate) mod from_fuzzer;
#[cfg(any(feature = "chia", feature = "leios", feature = "serde"))]
#[cfg_attr(not(feature = "leios"), allow(dead_code))]
pub(crate) mod hex;
mod malformed;
#[cfg(any(feature = "chia", feature = "leios", feature = "supervisor"))]
#[cfg_attr(not(feature = "chia"), allow(dead_code, unreachable_pub))]
mod put;
mod segment;
mod source;
#[cfg(feature = "serde")]
#[cfg_attr(not(feature = "leios"), allow(dead_code))]
pub(crate) mod text;
mod wire;

#[cfg(any(feature = "chia", feature = "leios", feature = "supervisor"))]
#[cfg_attr(not(feature = "leios"), allow(dead_code, unused_imports))]
pub mod cbor;
#[cfg(feature = "chia")]
pub mod chia;
#[cfg(feature = "leios")]
pub mod leios;
#[cfg(feature = "chia")]
pub mod streamable;
#[cfg(feature = "supervisor")]
pub mod supervisor;

#[cfg(feature = "leios")]
pub(crate) use malformed::wrong_head;
pub use malformed::{Malformed, MalformedKind};
pub use segment::{Mode, SegmentHeader};
pub use source::Source;
pub use wire::Wire;
