//! What is kept on a disk: files of frames, each with its length and its checksum.
//!
//! ```text
//! file  = magic (8 bytes)  frame (the header)  frame …
//! frame = length (4 bytes, big-endian)  CRC-32C of length and payload (4 bytes)  payload
//! ```
//!
//! A payload is one item of canonical CBOR: shortest heads, definite lengths, arrays in place of
//! maps, one form for each value. What cannot be read ends what is read, and says why: the frames
//! before it count, none after it does.

mod file;
pub(crate) mod form;
mod frame;

pub use file::{FileHeader, FileKind, StoreFile, StoreFileError};
pub use frame::{Frames, Stop};

pub(crate) use frame::write_frame;

/// The version of these forms. Raise it whenever bytes come to mean something else.
pub const FORMAT_VERSION: u32 = 4;
