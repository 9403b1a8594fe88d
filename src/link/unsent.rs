//! Bytes that wait to leave, in order, in buffers none of which has to grow for what waits.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use crate::codec::Source;
use crate::heap;

/// Bytes that a framing puts before a message, at most: so many may be left over in a buffer that
/// was made for one.
pub(super) const MOST_PREFIX: usize = 16;

/// Bytes that a buffer has beside those that wait: a control block, and what is left over.
const BESIDE: usize = Source::CONTROL + MOST_PREFIX;

/// Bytes that wait to leave. What waits long is in buffers of its own, so that nothing is copied
/// when more comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Unsent {
    /// The oldest bytes, taken from the front.
    front: Bytes,
    /// The size of the buffer that `front` is the rest of.
    front_of: usize,
    /// What comes after them, in whole buffers.
    set_aside: VecDeque<Bytes>,
    /// How many bytes these have.
    aside: usize,
    /// The newest bytes: the one buffer that grows.
    back: Vec<u8>,
}

impl Unsent {
    pub fn len(&self) -> usize {
        self.front.len().saturating_add(self.aside).saturating_add(self.back.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        let beside = if self.front_of > 0 { BESIDE } else { 0 };
        let buffers = self.set_aside.len().saturating_mul(BESIDE);
        let places = self.set_aside.capacity().saturating_mul(size_of::<Bytes>());
        self.front_of
            .saturating_add(beside)
            .saturating_add(buffers)
            .saturating_add(places)
            .saturating_add(self.aside)
            .saturating_add(self.back.capacity())
    }

    /// The most that [`heap`](Self::heap) can be, if `most` bytes wait at most, no buffer is longer
    /// than `longest`, and those that are set aside have `least` bytes or more.
    pub const fn most_heap(most: usize, longest: usize, least: usize) -> usize {
        let buffers = match most.checked_div(least) {
            Some(buffers) => heap::list(buffers.saturating_add(1)),
            None => 0,
        };
        let whole = longest.saturating_add(BESIDE).saturating_add(most);
        let beside = size_of::<Bytes>().saturating_add(BESIDE);
        whole.saturating_add(buffers.saturating_mul(beside)).saturating_add(heap::list(least))
    }

    /// The buffer to append to.
    pub const fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.back
    }

    /// Sets the newest bytes aside if they are as many as that.
    pub fn set_aside(&mut self, least: usize) {
        if self.back.len() >= least {
            let whole = frozen(mem::take(&mut self.back));
            self.aside = self.aside.saturating_add(whole.len());
            self.set_aside.push_back(whole);
        }
    }

    /// Takes up to so many bytes; empty if there are none.
    pub fn take(&mut self, bytes: usize) -> Bytes {
        if self.front.is_empty() {
            self.front = if let Some(oldest) = self.set_aside.pop_front() {
                self.aside = self.aside.saturating_sub(oldest.len());
                if self.set_aside.is_empty() {
                    self.set_aside = VecDeque::new();
                }
                oldest
            } else {
                Bytes::from(mem::take(&mut self.back).into_boxed_slice())
            };
            self.front_of = self.front.len();
        }
        let taken = self.front.split_to(bytes.min(self.front.len()));
        // An empty rest would keep its buffer alive.
        if self.front.is_empty() {
            self.front = Bytes::new();
            self.front_of = 0;
        }
        taken
    }
}

/// A buffer that grows no more. To give back next to nothing it is not copied.
fn frozen(buffer: Vec<u8>) -> Bytes {
    if buffer.capacity().saturating_sub(buffer.len()) > MOST_PREFIX {
        return Bytes::from(buffer.into_boxed_slice());
    }
    Bytes::from(buffer)
}
