//! Bytes that wait, in order: taken from a frozen buffer, added to a growing one.

use alloc::vec::Vec;
use core::mem;

use bytes::{Buf, Bytes};

use crate::codec::Source;
use crate::heap;

/// Bytes that wait. Each is copied a few times at most, however they come and go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Pending {
    /// The older bytes, taken from the front.
    front: Bytes,
    /// The size of the buffer that `front` is the rest of.
    front_of: usize,
    /// The newer bytes: the one buffer that grows.
    back: Vec<u8>,
}

impl Pending {
    pub fn len(&self) -> usize {
        self.front.len().saturating_add(self.back.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        // A buffer that was split has a control block beside it.
        let control = if self.front_of > 0 { Source::CONTROL } else { 0 };
        self.front_of.saturating_add(control).saturating_add(self.back.capacity())
    }

    /// The most that [`heap`](Self::heap) can be, if `most` bytes wait at most and no buffer that
    /// is taken from was longer than `front`.
    pub const fn most_heap(most: usize, front: usize) -> usize {
        front.saturating_add(Source::CONTROL).saturating_add(heap::list(most))
    }

    /// The size of the buffer that the older bytes are what is left of.
    pub const fn whole(&self) -> usize {
        self.front_of
    }

    /// Adds bytes: as they are if nothing waits, so that what is taken soon is not copied.
    pub fn push(&mut self, bytes: Bytes) {
        if self.is_empty() {
            self.front_of = bytes.len();
            self.front = bytes;
        } else {
            self.back.extend_from_slice(&bytes);
        }
    }

    /// The bytes up to the end of what `find` finds, with what it found.
    ///
    /// `find` looks at the older bytes alone first, then at all of them.
    pub fn find<T, E>(
        &mut self,
        mut find: impl FnMut(&[u8], bool) -> Result<Option<T>, E>,
    ) -> Result<Option<(Bytes, T)>, E> {
        if !self.front.is_empty() {
            let found = find(&self.front, self.back.is_empty())?;
            if let Some(found) = found {
                return Ok(Some((self.front.clone(), found)));
            }
            self.thaw();
        }
        if self.back.is_empty() {
            return Ok(None);
        }
        let found = find(&self.back, true)?;
        Ok(found.map(|found| {
            self.freeze();
            (self.front.clone(), found)
        }))
    }

    /// Drops the first bytes.
    pub fn advance(&mut self, bytes: usize) {
        self.front.advance(bytes.min(self.front.len()));
        self.relax();
    }

    /// An empty rest would keep its buffer alive.
    fn relax(&mut self) {
        if self.front.is_empty() {
            self.front = Bytes::new();
            self.front_of = 0;
        }
    }

    /// The newer bytes become the older ones, of which there are none.
    fn freeze(&mut self) {
        self.front = Bytes::from(mem::take(&mut self.back).into_boxed_slice());
        self.front_of = self.front.len();
    }

    /// All bytes go into the growing buffer.
    fn thaw(&mut self) {
        let mut all = self.front.to_vec();
        all.append(&mut self.back);
        self.back = all;
        self.front = Bytes::new();
        self.front_of = 0;
    }
}
