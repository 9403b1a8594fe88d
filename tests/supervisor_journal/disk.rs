//! A disk in memory: what was synced stays, of the rest any first part may.

use std::collections::BTreeMap;

use nodewire::codec::supervisor::journal::{FileKind, StoreFile};
use nodewire::state::supervisor::{Store, StoreAnswer};

/// Numbers that look random.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    pub fn up_to(&mut self, most: usize) -> usize {
        usize::try_from(self.below(most as u64 + 1)).unwrap()
    }
}

/// What goes wrong with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// A part is written, then an error is told.
    Short,
    /// All is written, and the sync fails: nobody knows what stays.
    Sync,
    /// There is no room for so many bytes in all.
    Full(usize),
}

#[derive(Clone, Default)]
pub struct Disk {
    pub files: BTreeMap<StoreFile, Vec<u8>>,
}

impl Disk {
    pub fn names(&self) -> Vec<StoreFile> {
        self.files.keys().copied().collect()
    }

    pub fn bytes(&self) -> usize {
        self.files.values().map(Vec::len).sum()
    }

    /// Does what is asked for, if nothing goes wrong.
    pub fn carry_out(&mut self, store: &Store, trouble: Trouble, dice: &mut Dice) -> StoreAnswer {
        let size = bytes_of(store).map_or(0, <[u8]>::len);
        match trouble {
            Trouble::Full(room) if self.bytes() + size > room => {
                let fits = room.saturating_sub(self.bytes());
                self.part(store, fits);
                StoreAnswer::Failed
            }
            Trouble::None | Trouble::Full(_) => {
                self.part(store, usize::MAX);
                StoreAnswer::Durable
            }
            Trouble::Short => {
                self.part(store, dice.up_to(size));
                StoreAnswer::Failed
            }
            Trouble::Sync => {
                self.part(store, if dice.below(2) == 0 { usize::MAX } else { dice.up_to(size) });
                StoreAnswer::Failed
            }
        }
    }

    /// Does the first part of what is asked for: so many bytes of it, or so many removals.
    pub fn part(&mut self, store: &Store, count: usize) {
        let cut = |bytes: &[u8]| bytes[..count.min(bytes.len())].to_vec();
        match store {
            Store::Begin { bytes, .. } => {
                self.files.insert(store.file().unwrap(), cut(bytes));
            }
            Store::Append { bytes, .. } => {
                let file = self.files.get_mut(&store.file().unwrap()).expect("a journal begun");
                file.extend(cut(bytes));
            }
            Store::Snapshot { offset, bytes, .. } => {
                let file = self.files.entry(store.file().unwrap()).or_default();
                file.truncate(usize::try_from(*offset).unwrap());
                assert_eq!(file.len() as u64, *offset, "no hole");
                file.extend(cut(bytes));
            }
            Store::Remove { before } => {
                let old = self.files.keys().filter(|file| file.generation < *before);
                for file in old.copied().collect::<Vec<_>>().into_iter().take(count) {
                    self.files.remove(&file);
                }
            }
        }
    }

    /// The journal of the newest generation.
    pub fn newest_journal(&self) -> StoreFile {
        let journals = self.files.keys().filter(|file| file.kind == FileKind::Journal);
        *journals.max_by_key(|file| file.generation).expect("a journal")
    }
}

pub fn bytes_of(store: &Store) -> Option<&[u8]> {
    match store {
        Store::Begin { bytes, .. }
        | Store::Append { bytes, .. }
        | Store::Snapshot { bytes, .. } => Some(bytes),
        Store::Remove { .. } => None,
    }
}
