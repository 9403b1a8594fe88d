//! CBOR (RFC 8949) as these protocols use it: a scanner that finds where an item ends, a strict
//! reader and a canonical writer.

mod head;
mod reader;
mod scanner;
mod short;
mod writer;

pub use scanner::Scanner;

pub(crate) use super::put::{Counter, Put};
pub(crate) use head::{ARRAY, BYTES, leading_uint};
pub(crate) use reader::{Count, Reader};
pub(crate) use writer::Sink;
