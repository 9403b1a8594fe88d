//! Bytes of texts and replies: one budget for all requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use nodewire::bytes::Bytes;

/// How many bytes all requests together may hold, and how many they do.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    held: AtomicUsize,
    refused: AtomicU64,
}

impl Budget {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: AtomicUsize::new(0), refused: AtomicU64::new(0) })
    }

    /// Holds nothing yet.
    pub(super) fn share(self: &Arc<Self>) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }

    /// Bytes that are held now.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// How many requests found no room.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// What one request holds, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Share {
    /// Holds as many bytes more; false, and nothing changes, if all together would hold too many.
    pub(super) fn grow(&mut self, more: usize) -> bool {
        let Budget { most, held, refused } = &*self.budget;
        let fits = |now: usize| now.checked_add(more).filter(|sum| sum <= most);
        let grown = held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok();
        if grown {
            self.bytes += more;
        } else {
            refused.fetch_add(1, Ordering::Relaxed);
        }
        grown
    }

    /// Holds nothing any more.
    pub(super) fn release(&mut self) {
        self.settle(0);
    }

    /// Holds this many from now on, whatever the others hold: they are there already.
    fn settle(&mut self, bytes: usize) {
        self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }

    /// Holds these bytes alone, until the last part of them is dropped: written, that is.
    pub(super) fn around(mut self, bytes: Bytes) -> Bytes {
        self.settle(bytes.len());
        Bytes::from_owner(Held { bytes, _share: self })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Held {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_give_back_what_they_hold() {
        let budget = Budget::new(10);
        let mut share = budget.share();
        assert!(share.grow(4) && share.grow(6) && !share.grow(1));
        assert_eq!((budget.held(), budget.refused()), (10, 1));
        let mut other = budget.share();
        assert!(!other.grow(usize::MAX));
        let reply = share.around(Bytes::from_static(b"abc"));
        assert_eq!((reply.as_ref(), budget.held()), (&b"abc"[..], 3));
        assert!(other.grow(7));
        let part = reply.slice(1..);
        drop((reply, other));
        assert_eq!(budget.held(), 3);
        drop(part);
        assert_eq!(budget.held(), 0);
    }
}
