//! Numbers that a peer cannot foretell, from a seed that is handed in.

use crate::codec::chia::Bytes32;

/// A generator (`SplitMix64`): each nonce is new, none says anything. Not for secrets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Nonces(u64);

impl Nonces {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> Bytes32 {
        let mut nonce = [0; 32];
        for part in nonce.chunks_exact_mut(8) {
            part.copy_from_slice(&self.number().to_be_bytes());
        }
        Bytes32(nonce)
    }

    const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        // The part of 64 bits that it is of 2^64: nearly even, without a division.
        let part = u128::from(self.number()).saturating_mul(end as u128) >> 64;
        usize::try_from(part).unwrap_or(0)
    }
}
