//! Two hashes: one for traces, the same on every target, and one for the states of an explorer.

use core::hash::Hasher;

/// A running FNV-1a hash: pinned in tests, the same on every target.
///
/// Numbers are taken as eight bytes, lowest first.
///
/// ```
/// use nodewire::sim::TraceHash;
///
/// let mut hash = TraceHash::new();
/// hash.bytes(b"a");
/// assert_eq!(hash.get(), 0xaf63_dc4c_8601_ec8c);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceHash(u64);

impl TraceHash {
    /// The hash of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Takes in bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Takes in a number.
    pub fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// The hash so far.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Default for TraceHash {
    fn default() -> Self {
        Self::new()
    }
}

/// A fast 64-bit hasher without keys, for telling states apart.
///
/// Two of n different states share a fingerprint with a chance of about n²/2⁶⁵: three in a million
/// for ten million states. It is the same in every run on one kind of target; slices of integers
/// make it differ where the byte order does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fingerprint(u64);

impl Fingerprint {
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a number")]
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15)
            .wrapping_mul(0xd6e8_feb8_6659_fd93_a076_1d64_78bd_642f);
        // Both halves, so that no bit of the word is lost.
        self.0 = ((product >> 64) as u64) ^ (product as u64).rotate_left(23);
    }
}

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        let mut z = self.0;
        z = (z ^ (z >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        z = (z ^ (z >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        z ^ (z >> 33)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
            self.mix(word);
        }
        self.mix(bytes.len() as u64);
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.mix(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use core::hash::{Hash, Hasher};

    use super::{Fingerprint, TraceHash};

    fn print(value: impl Hash) -> u64 {
        let mut hasher = Fingerprint::default();
        value.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn near_values_have_different_fingerprints() {
        let mut prints = BTreeSet::new();
        for a in 0..100_u8 {
            for b in 0..100_u32 {
                for c in [0_u64, 1, u64::MAX] {
                    prints.insert(print((a, b, c)));
                }
            }
        }
        assert_eq!(prints.len(), 30_000);
    }

    #[test]
    fn order_and_length_count() {
        assert_ne!(print((1_u8, 2_u8)), print((2_u8, 1_u8)));
        assert_ne!(print([0_u8; 3].as_slice()), print([0_u8; 4].as_slice()));
        assert_ne!(print(0_u8), print((0_u8, 0_u8)));
    }

    #[test]
    fn the_hash_of_a_trace_is_fnv_1a() {
        // Published with the function.
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            let mut running = TraceHash::new();
            running.bytes(text.as_bytes());
            assert_eq!(running.get(), hash, "{text}");
        }
    }

    #[test]
    fn the_last_step_is_the_finaliser_of_murmur3() {
        assert_eq!(Fingerprint(0).finish(), 0);
        assert_eq!(Fingerprint(1).finish(), 0xb456_bcfc_34c2_cb2c);
    }

    #[test]
    fn a_change_in_one_word_is_not_undone_by_one_in_the_next() {
        let (a, b) = (0x0123_4567_89ab_cdef_u64, 0xfedc_ba98_7654_3210_u64);
        let mut prints = BTreeSet::from([print((a, b))]);
        for at in 0..64 {
            prints.insert(print((a ^ (1 << at), b)));
            prints.insert(print((a, b ^ (1 << at))));
            for next in 0..64 {
                prints.insert(print((a ^ (1 << at), b ^ (1 << next))));
            }
        }
        assert_eq!(prints.len(), 1 + 64 + 64 + 64 * 64);
    }

    #[test]
    fn bytes_and_sizes_count_each_by_itself() {
        assert_ne!(print([1_u8, 2, 3].as_slice()), print([1_u8, 2, 4].as_slice()));
        assert_ne!(print(1_usize), print(2_usize));
    }
}
