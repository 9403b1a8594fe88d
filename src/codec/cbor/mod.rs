//! CBOR (RFC 8949) as these protocols use it: a scanner that finds where an item ends, a strict
//! reader and a canonical writer.

mod head;
mod reader;
mod scanner;
mod writer;

pub use scanner::Scanner;

pub(crate) use head::{ARRAY, BYTES};
pub(crate) use reader::{Count, Reader, leading_uint};
pub(crate) use writer::{Counter, Sink};
