//! Canonical items: shortest heads, definite lengths.

use super::head::{ARRAY, BYTES, MAP, TEXT, UNSIGNED};
use crate::codec::put::Put;

/// Items, to where bytes go.
pub(crate) trait Sink: Put {
    /// A head with its shortest argument.
    #[inline]
    #[expect(clippy::decimal_bitwise_operands, reason = "RFC 8949 counts these in decimal")]
    fn head(&mut self, major: u8, value: u64) {
        let initial = major << 5;
        let [b0, b1, b2, b3, b4, b5, b6, b7] = value.to_be_bytes();
        match value {
            0..=23 => self.put(&[initial | b7]),
            24..=0xff => self.put(&[initial | 24, b7]),
            0x100..=0xffff => self.put(&[initial | 25, b6, b7]),
            0x1_0000..=0xffff_ffff => self.put(&[initial | 26, b4, b5, b6, b7]),
            _ => self.put(&[initial | 27, b0, b1, b2, b3, b4, b5, b6, b7]),
        }
    }

    #[inline]
    fn uint(&mut self, value: u64) {
        self.head(UNSIGNED, value);
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.put(bytes);
    }

    fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.put(text.as_bytes());
    }

    #[inline]
    fn array(&mut self, count: usize) {
        self.head(ARRAY, count as u64);
    }

    #[inline]
    fn map(&mut self, count: usize) {
        self.head(MAP, count as u64);
    }

    fn bool(&mut self, value: bool) {
        self.put(&[if value { 0xf5 } else { 0xf4 }]);
    }

    fn null(&mut self) {
        self.put(&[0xf6]);
    }
}

impl<T: Put> Sink for T {}
