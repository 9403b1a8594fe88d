//! Streamable: a deterministic, self-delimiting concatenation without names, tags or alignment
//! (`chia.md` 4).
//!
//! Numbers are big-endian, a list has its count before it, an optional value a byte that says
//! whether it is there. There is exactly one byte string for each value (S-4).
//!
//! Implement [`Streamable`] for structs of your own: read the fields in order, write them in
//! order, and add up the least that they take.
//!
//! ```
//! use nodewire::codec::streamable::{Put, Reader, Streamable};
//! use nodewire::codec::{Malformed, MalformedKind};
//!
//! #[derive(Debug, PartialEq)]
//! struct Coin {
//!     parent: [u8; 32],
//!     amount: u64,
//!     memo: Option<String>,
//! }
//!
//! impl Streamable for Coin {
//!     const MIN_LEN: usize = 32 + u64::MIN_LEN + Option::<String>::MIN_LEN;
//!
//!     fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
//!         let parent = Streamable::read(reader)?;
//!         Ok(Self { parent, amount: Streamable::read(reader)?, memo: Streamable::read(reader)? })
//!     }
//!
//!     fn write(&self, out: &mut impl Put) {
//!         self.parent.write(out);
//!         self.amount.write(out);
//!         self.memo.write(out);
//!     }
//! }
//!
//! let coin = Coin { parent: [7; 32], amount: 5, memo: Some("tea".to_string()) };
//! let bytes = coin.to_bytes();
//! assert_eq!(bytes.len(), 32 + 8 + 1 + 4 + 3);
//! assert_eq!(Coin::from_bytes(&bytes), Ok(coin));
//! let cut = Coin::from_bytes(&bytes[..40]).unwrap_err();
//! assert_eq!((cut.kind, cut.offset), (MalformedKind::UnexpectedEnd, 40));
//! ```

mod of;
mod reader;
mod sha256;

use alloc::vec::Vec;

use super::put::Counter;
use super::{Malformed, Source};

pub use super::put::Put;
pub(crate) use of::{arrays, fill_each, is_there, write_count};
pub use reader::Reader;
pub use sha256::{RustCryptoSha256, Sha256};

/// A value with a Streamable form.
pub trait Streamable: Sized {
    /// The fewest bytes that a value takes: counts of lists are checked against it before
    /// anything is allocated.
    const MIN_LEN: usize;

    /// Reads a value from where the reader stands.
    ///
    /// # Errors
    /// `UnexpectedEnd` if it goes on after the last byte (S-2), or what is wrong with it.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed>;

    /// Writes the value.
    fn write(&self, out: &mut impl Put);

    /// Reads a value into the place of this one, as large values are read without being moved.
    /// After an error it is neither the one nor the other.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    #[inline]
    fn read_over(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = Self::read(reader)?;
        Ok(())
    }

    /// Reads so many values; there are bytes enough for the smallest ones.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    fn read_list(reader: &mut Reader<'_>, count: usize) -> Result<Vec<Self>, Malformed> {
        // So many may be there; if they are not, little was reserved in vain.
        let mut list = Vec::with_capacity(count.min(MOST_RESERVED));
        for _ in 0..count {
            list.push(Self::read(reader)?);
        }
        Ok(list)
    }

    /// Writes these values, one after the other.
    fn write_list(list: &[Self], out: &mut impl Put) {
        for value in list {
            value.write(out);
        }
    }

    /// Bytes of the forms of these values, one after the other.
    fn list_len(list: &[Self]) -> usize {
        list.iter().map(Self::stream_len).fold(0, usize::saturating_add)
    }

    /// The value that all of `bytes` make up (S-1).
    ///
    /// # Errors
    /// As for [`read`](Self::read), and `TrailingBytes`.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::from_source(bytes, Source::COPY)
    }

    /// The same; `source` is where byte strings inside it come from.
    ///
    /// # Errors
    /// As for [`from_bytes`](Self::from_bytes).
    fn from_source(bytes: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes, source);
        // Returned where it was read to: a block is not moved for nothing.
        let mut read = Self::read(&mut reader);
        if let (Ok(_), Err(trailing)) = (&read, reader.finish()) {
            read = Err(trailing);
        }
        read
    }

    /// Bytes of the form.
    fn stream_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }

    /// The form as bytes.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.stream_len());
        self.write(&mut bytes);
        bytes
    }

    /// SHA-256 of the form (S-3).
    fn get_hash<H: Sha256>(&self) -> [u8; 32] {
        H::sha256(&self.to_bytes())
    }
}

/// Most entries of a list that are reserved before one of them is read.
const MOST_RESERVED: usize = 64;
