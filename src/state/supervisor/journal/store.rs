//! What is asked of a disk, and within which bounds.

use bytes::Bytes;

use crate::codec::supervisor::journal::{FileKind, StoreFile};

/// What a disk is to do. One question about a journal and one about snapshots are open at a time;
/// each is answered when it is done *and durable*, or has failed ([`StoreAnswer`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "what is passed over is never acknowledged")]
pub enum Store {
    /// Begin a journal: create its file, or empty it, write these bytes, sync the file and its
    /// directory, and every file that was recovered from.
    Begin {
        /// The journal's generation.
        generation: u64,
        /// Its first bytes.
        bytes: Bytes,
    },
    /// Append these bytes to a journal and sync it.
    Append {
        /// The journal's generation.
        generation: u64,
        /// Its next bytes.
        bytes: Bytes,
    },
    /// Write these bytes of a snapshot, at this place: zero creates its file, or empties it. It
    /// counts when the last are written: sync file and directory then. It may have another name
    /// until then.
    Snapshot {
        /// The snapshot's generation.
        generation: u64,
        /// Where the bytes belong.
        offset: u64,
        /// Its next bytes.
        bytes: Bytes,
        /// True for the last.
        last: bool,
    },
    /// Remove all files of generations before this one. Whether that succeeds is of no weight.
    Remove {
        /// The oldest generation that is needed.
        before: u64,
    },
}

impl Store {
    /// The file it is about.
    #[must_use]
    pub const fn file(&self) -> Option<StoreFile> {
        match *self {
            Self::Begin { generation, .. } | Self::Append { generation, .. } => {
                Some(StoreFile { kind: FileKind::Journal, generation })
            }
            Self::Snapshot { generation, .. } => {
                Some(StoreFile { kind: FileKind::Snapshot, generation })
            }
            Self::Remove { .. } => None,
        }
    }
}

/// What became of a question to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between")]
pub enum StoreAnswer {
    /// It is done and will outlive a crash.
    Durable,
    /// It failed, in whatever way: nobody knows what is on the disk.
    Failed,
}

/// The bounds of a [`Durable`](super::Durable). Start from `default()` and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DurableLimits {
    /// Most bytes of records that wait to be written: beyond, it is `saturated()`, commands and
    /// texts are refused, and events are dropped. Also most bytes of texts that wait for them or
    /// for nodes: beyond, texts are refused.
    pub max_waiting: usize,
    /// A snapshot is taken after so many bytes of journal, or as many as the last snapshot had if
    /// that is more.
    pub snapshot_after: u64,
    /// About so many bytes of a snapshot are written at once.
    pub snapshot_write: usize,
    /// The heads are recorded after so many inputs.
    pub heads_after: u64,
}

impl Default for DurableLimits {
    fn default() -> Self {
        Self {
            max_waiting: 64 * 1_048_576,
            snapshot_after: 256 * 1_048_576,
            snapshot_write: 4 * 1_048_576,
            heads_after: 1_024,
        }
    }
}
