//! What a turn showed of a chain: whoever has the same blocks goes on from there (P-39, P-42).

use alloc::vec::Vec;

use super::hashes::Theirs;
use crate::codec::chia::{Bytes32, HeaderHash};

/// Headers that were weighed and found good, and blocks of theirs that were added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proven {
    /// The height of the block below the first of them.
    fork: u32,
    hashes: Vec<HeaderHash>,
    /// SHA-256 of all of each.
    digests: Vec<Bytes32>,
    /// How many of them our chain has blocks of.
    added: u32,
}

impl Proven {
    /// Of a chain that is no longer synced to.
    pub fn new(theirs: &mut Theirs, fork: u32, digests: Vec<Bytes32>, added: u32) -> Self {
        let mut hashes = theirs.above(fork);
        hashes.truncate(digests.len());
        hashes.shrink_to_fit();
        Self { fork, hashes, digests, added }
    }

    /// What holds for another chain, that leaves ours at `fork` and ends at `height`: the digests
    /// of headers right above the fork, and how many of the blocks were added.
    ///
    /// The last header that both have is to come once more: that its challenge is its own shows in
    /// the one above. So there is one to be weighed in any case.
    pub fn of(self, theirs: &Theirs, fork: u32, height: u32) -> (Vec<Bytes32>, u32) {
        let Some(below) = fork.checked_sub(self.fork) else { return (Vec::new(), 0) };
        let most = height.saturating_sub(self.fork) as usize;
        let first = self.fork.saturating_add(1);
        let pairs = (first..).zip(&self.hashes).take(most);
        let common = pairs.take_while(|(at, hash)| theirs.at(*at) == Some(**hash)).count();
        let (skip, mut digests) = (below as usize, self.digests);
        digests.truncate(common.saturating_sub(1));
        if skip >= digests.len() {
            return (Vec::new(), 0);
        }
        digests.drain(..skip);
        let all = u32::try_from(digests.len()).unwrap_or(u32::MAX);
        (digests, self.added.saturating_sub(below).min(all))
    }

    /// Heap bytes held, with the place of it.
    pub fn heap_of(proven: Option<&Self>) -> usize {
        let Some(Self { hashes, digests, .. }) = proven else { return 0 };
        let each = hashes.capacity().saturating_add(digests.capacity());
        size_of::<Self>().saturating_add(each.saturating_mul(size_of::<Bytes32>()))
    }
}
