//! Long lists of hashes, of which no more are kept than matter.

use alloc::vec::Vec;
use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};

use super::Hash;

/// Reads a list of hashes and keeps its first `most`; those after them have to be hashes too.
pub(super) struct Entries {
    pub(super) most: usize,
}

impl<'de> DeserializeSeed<'de> for Entries {
    type Value = Vec<Hash>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<Hash>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of hashes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            if entries.len() < self.most {
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}
