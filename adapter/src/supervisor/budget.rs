//! Bytes of texts and replies: one budget for all requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use nodewire::bytes::Bytes;

/// How many bytes all requests together may hold, and how many they do. A quarter is for small
/// requests, one for each connection: however long others hold much, they find room.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    /// Bytes of a request that always finds room.
    small: usize,
    /// Bytes that larger ones leave free.
    reserved: usize,
    held: AtomicUsize,
    refused: AtomicU64,
}

impl Budget {
    pub(super) fn new(most: usize, connections: usize) -> Arc<Self> {
        let small = most / 4 / connections.max(1);
        let reserved = small.saturating_mul(connections);
        let (held, refused) = (AtomicUsize::new(0), AtomicU64::new(0));
        Arc::new(Self { most, small, reserved, held, refused })
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
        let Budget { most, small, reserved, held, refused } = &*self.budget;
        let is_small = self.bytes.checked_add(more).is_some_and(|sum| sum <= *small);
        let most = if is_small { *most } else { most - reserved };
        let fits = |now: usize| now.checked_add(more).filter(|sum| *sum <= most);
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
        // One connection more than bytes leaves nothing for small ones.
        let budget = Budget::new(10, 11);
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

    #[test]
    fn small_shares_find_room_on_every_connection() {
        let budget = Budget::new(1_000, 10);
        let mut shares: Vec<_> = (0..9).map(|_| budget.share()).collect();
        // Whatever the others do, each of these may hold a fortieth.
        while shares.iter_mut().any(|share| share.grow(26)) {}
        assert_eq!(budget.held(), 26 * 28);
        assert!(!shares[0].grow(25));
        let mut small = budget.share();
        assert!(small.grow(20) && small.grow(5) && !small.grow(1));
        shares.clear();
        shares.extend((0..9).map(|_| budget.share()));
        assert!(shares.iter_mut().all(|share| share.grow(25)));
        assert_eq!(budget.held(), 250);
    }
}
