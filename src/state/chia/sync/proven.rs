//! What a turn showed of a chain: whoever has the same blocks goes on from there (P-39, P-42).

use alloc::vec::Vec;
use core::time::Duration;

use super::examine::Digest;
use super::hashes::Theirs;
use super::window::past;
use crate::codec::chia::HeaderHash;
use crate::time::Time;

/// How a turn has fared that goes on with other hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Fared {
    /// How far it is behind its pace.
    pub behind: Duration,
    /// It showed something that others can go on from.
    pub has_gained: bool,
}

/// Headers that were weighed and found good, and blocks of theirs that were added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proven {
    /// The height of the block below the first of them.
    fork: u32,
    hashes: Vec<HeaderHash>,
    /// By which their blocks are known.
    digests: Vec<Digest>,
    /// How many of them our chain has blocks of.
    added: u32,
    /// Of the turn, if it goes on with other hashes.
    pub fared: Fared,
}

/// What holds for another chain too.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// The digests of headers right above the fork.
    pub digests: Vec<Digest>,
    /// How many of the blocks were added.
    pub added: u32,
    pub fared: Fared,
}

impl Proven {
    /// Of a chain that is no longer synced to.
    pub fn new(theirs: &mut Theirs, fork: u32, digests: Vec<Digest>, added: u32) -> Self {
        let mut hashes = theirs.above(fork);
        hashes.truncate(digests.len());
        hashes.shrink_to_fit();
        Self { fork, hashes, digests, added, fared: Fared::default() }
    }

    /// The turn goes on, and has fared so.
    pub const fn of_turn(mut self, fared: Fared) -> Self {
        self.fared = fared;
        self
    }

    /// When the turn is further behind its pace than that, if nothing came since.
    pub fn slow_at(&self, since: Time, patience: Duration) -> Time {
        past(since, patience.saturating_sub(self.fared.behind))
    }

    /// What holds for another chain, that leaves ours at `fork` and ends at `height`.
    ///
    /// The last header that both have is to come once more: that its challenge is its own shows in
    /// the one above. So there is one to be weighed in any case.
    pub fn of(self, theirs: &Theirs, fork: u32, height: u32) -> Carried {
        let nothing = Carried { fared: self.fared, ..Carried::default() };
        let Some(below) = fork.checked_sub(self.fork) else { return nothing };
        let most = height.saturating_sub(self.fork) as usize;
        let first = self.fork.saturating_add(1);
        let pairs = (first..).zip(&self.hashes).take(most);
        let common = pairs.take_while(|(at, hash)| theirs.at(*at) == Some(**hash)).count();
        let (skip, mut digests) = (below as usize, self.digests);
        digests.truncate(common.saturating_sub(1));
        if skip >= digests.len() {
            return nothing;
        }
        digests.drain(..skip);
        let all = u32::try_from(digests.len()).unwrap_or(u32::MAX);
        Carried { digests, added: self.added.saturating_sub(below).min(all), ..nothing }
    }

    /// Heap bytes held, with the place of it.
    pub fn heap_of(proven: Option<&Self>) -> usize {
        let Some(Self { hashes, digests, .. }) = proven else { return 0 };
        size_of::<Self>()
            .saturating_add(hashes.capacity().saturating_mul(size_of::<HeaderHash>()))
            .saturating_add(digests.capacity().saturating_mul(size_of::<Digest>()))
    }
}
