//! Completion of notification requests: one byte string, consecutive windows (`leios.md` 8.1).

use alloc::collections::VecDeque;

use crate::codec::leios::{NotificationBytes, RequestNo};
use crate::fault::Rule;
use crate::state::leios::rules;

/// The notification requests of a connection that are not completed, as windows of one byte
/// string: all notifications of the connection, one after the other, without list or message
/// overhead. Both ends keep one and agree on it to the byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Windows {
    open: VecDeque<Window>,
    /// Bytes of notifications sent so far: where the next notification starts.
    position: u64,
    /// Bytes requested so far: where the last window ends.
    end: u64,
}

/// The bytes that one notification request owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Window {
    /// The request.
    pub no: RequestNo,
    /// Its length on the wire, for flow control (S-5).
    pub size: u32,
    /// Where the window ends: the offset behind its last byte.
    end: u64,
}

impl Windows {
    /// Heap bytes that a window takes in the list.
    pub const ENTRY: usize = size_of::<Window>();

    /// No windows.
    pub const fn new() -> Self {
        Self { open: VecDeque::new(), position: 0, end: 0 }
    }

    /// Opens a window of `bytes` bytes behind all others, for the request `no` that was `size`
    /// bytes long on the wire.
    pub fn open(&mut self, no: RequestNo, bytes: NotificationBytes, size: u32) {
        self.end = self.end.saturating_add(u64::from(bytes));
        self.open.push_back(Window { no, size, end: self.end });
    }

    /// How many bytes of notifications may still be sent (L-27).
    pub const fn credit(&self) -> u64 {
        self.end.saturating_sub(self.position)
    }

    /// The request that the next notification belongs to (L-28).
    pub fn current(&self) -> Option<RequestNo> {
        self.open.front().map(|window| window.no)
    }

    /// True if the window of request `no` is not completed.
    pub fn contains(&self, no: RequestNo) -> bool {
        self.open.binary_search_by_key(&no, |window| window.no).is_ok()
    }

    /// How many bytes of the current window are left.
    pub fn remaining(&self) -> u64 {
        self.open.front().map_or(0, |window| window.end.saturating_sub(self.position))
    }

    /// Which rule a notification of `size` bytes would break now, MaxNotificationSize being
    /// `max`. Of several it is the first of L-32, L-26, L-27 (`leios.md` section 15).
    pub fn check(&self, size: u32, max: u16) -> Result<(), &'static Rule> {
        let end = self.position.saturating_add(u64::from(size));
        if self.open.get(1).is_some_and(|second| end >= second.end) {
            return Err(&rules::NOTIFICATION_SPANS_TWO_REQUESTS);
        }
        if size > u32::from(max) {
            return Err(&rules::NOTIFICATION_TOO_LARGE);
        }
        if end > self.end {
            return Err(&rules::NOTIFICATION_CREDIT_EXCEEDED);
        }
        Ok(())
    }

    /// Takes a notification of `size` bytes, which [`check`](Self::check) allows, and returns the
    /// window that it completes: the one whose last byte it covers (L-29). What it spills is
    /// charged to the next window (L-31).
    pub fn advance(&mut self, size: u32) -> Option<Window> {
        self.position = self.position.saturating_add(u64::from(size));
        let completed = self.open.front().is_some_and(|window| self.position >= window.end);
        if !completed {
            return None;
        }
        let window = self.open.pop_front();
        if self.open.is_empty() && self.open.capacity() > crate::outbox::KEPT {
            self.open = VecDeque::new();
        }
        window
    }

    /// Forgets all windows: no notification is owed any more.
    pub fn clear(&mut self) {
        self.open = VecDeque::new();
        self.end = self.position;
    }

    /// Heap bytes held.
    pub fn heap(&self) -> usize {
        self.open.capacity().saturating_mul(size_of::<Window>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_windows_give_their_memory_back_and_a_few_keep_it() {
        for (count, kept) in [(3, true), (1_000, false)] {
            let mut windows = Windows::new();
            for no in 0..count {
                windows.open(RequestNo(no), 10, 4);
            }
            for no in 0..count {
                let open = usize::try_from(count - no).unwrap();
                assert!(windows.heap() >= open * Windows::ENTRY);
                assert_eq!(windows.advance(10).map(|window| window.no), Some(RequestNo(no)));
            }
            assert_eq!(windows.heap() > 0, kept, "{count} windows");
        }
    }
}
