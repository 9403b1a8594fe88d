//! Which of a server's blocks are told, and which branch is not followed.

use nodewire::codec::supervisor::{BlockId, BlockRef};

/// What a server says of its chain at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tags {
    /// Its newest block.
    pub latest: BlockRef,
    /// What it calls safe.
    pub safe: Option<BlockId>,
    /// What it calls finalized.
    pub finalized: Option<BlockId>,
}

/// What a server's word is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was heard of it yet.
    #[default]
    Starting,
    /// It cannot be reached, or what it says cannot be used.
    Failing,
    /// It is followed.
    Following,
    /// It is not as high as it was when a block of it was final.
    Behind,
    /// It is on another branch than the block that it called final: nothing of it is believed
    /// until it is back.
    Refused,
}

/// Follows one server.
///
/// The *floor* is the newest block that is known to be final: where indexing starts, then what the
/// server calls finalized. A branch without it is not followed.
#[derive(Clone, Debug, Default)]
pub struct Follower {
    floor: Option<BlockId>,
    seen: Option<BlockRef>,
    refused: bool,
}

impl Follower {
    /// The newest block known to be final.
    #[must_use]
    pub const fn floor(&self) -> Option<BlockId> {
        self.floor
    }

    /// Raises the floor to this block, if it is higher.
    pub fn raise(&mut self, block: BlockId) {
        if self.floor.is_none_or(|floor| block.number > floor.number) {
            self.floor = Some(block);
        }
    }

    /// The number of the block to look at before these tags can be judged: the floor's, unless the
    /// chain just grew by one block.
    #[must_use]
    pub fn doubt(&self, tags: &Tags) -> Option<u64> {
        let floor = self.floor.filter(|floor| floor.number < tags.latest.number)?;
        let grown = self
            .seen
            .is_some_and(|seen| tags.latest.hash == seen.hash || tags.latest.follows(seen.id()));
        let risen = tags.finalized.is_some_and(|block| block.number > floor.number);
        (self.refused || risen || !grown).then_some(floor.number)
    }

    /// The number of the block that is to become the floor: to be looked at after the floor.
    ///
    /// The server may change its branch between one answer and the next. What it called final
    /// counts if the floor is there later than that, and it is still there later than the floor.
    #[must_use]
    pub fn rising(&self, tags: &Tags) -> Option<u64> {
        // A finalized block above the newest: the tags are of different moments.
        let finalized = tags.finalized.filter(|block| block.number <= tags.latest.number)?;
        let higher = self.floor.is_none_or(|floor| finalized.number > floor.number);
        higher.then_some(finalized.number)
    }

    /// Judges tags. `looked` and `risen` are what is at the floor's height and at the one that is
    /// [`rising`](Self::rising), if those were looked at.
    pub fn judge(
        &mut self,
        tags: &Tags,
        looked: Option<BlockId>,
        risen: Option<BlockId>,
    ) -> Standing {
        if let Some(floor) = self.floor {
            if tags.latest.number < floor.number {
                return Standing::Behind;
            }
            let others = [Some(tags.latest.id()), tags.finalized, tags.safe, looked];
            let there = |block: &BlockId| block.number == floor.number;
            let others = others.into_iter().flatten().filter(there);
            let (agree, differ): (Vec<_>, Vec<_>) = others.partition(|block| *block == floor);
            if !differ.is_empty() {
                self.refused = true;
            } else if !agree.is_empty() {
                self.refused = false;
            } else if self.doubt(tags).is_some() {
                // It was looked for and is not there.
                return Standing::Behind;
            }
            if self.refused {
                return Standing::Refused;
            }
        }
        if let Some(block) = risen.filter(|risen| tags.finalized == Some(*risen)) {
            self.raise(block);
        }
        self.seen = Some(tags.latest);
        Standing::Following
    }
}

/// The block to tell next: the newest, or one so far after what is indexed.
#[must_use]
pub fn goal(latest: u64, indexed: u64, most: u64) -> u64 {
    latest.min(indexed.saturating_add(most))
}
