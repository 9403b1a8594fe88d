//! What a node of a simulated network sees of it, and how its links are described.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use crate::time::Time;

/// One end of a connection: what a node sends and receives by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End(pub(super) u32);

impl End {
    /// The last there can be.
    pub(super) const LAST: Self = Self(u32::MAX);

    /// The end across.
    #[must_use]
    pub const fn across(self) -> Self {
        Self(self.0 ^ 1)
    }

    /// A number for it, the same in every run.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What happens to a node at one of its connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a node is to see to all that happens")]
pub enum Event {
    /// The connection is open.
    Opened,
    /// The next bytes of a lane. Lane 0 is the stream; further lanes are ordered each by itself.
    Received(u16, Bytes),
    /// So many bytes more may be sent: the whole backlog at first, then what has left of it.
    Writable(usize),
    /// The connection has ended; no bytes follow.
    Closed,
}

/// A node of a [`Net`](crate::sim::Net): machines with whoever answers and instructs them.
///
/// [`Host`](crate::sim::Host) is one for connections with one machine each.
pub trait Node {
    /// Something happened at a connection.
    fn event(&mut self, now: Time, end: End, event: Event, wire: &mut Wire);

    /// Lets time pass.
    fn timeout(&mut self, now: Time, wire: &mut Wire);

    /// When `timeout` next has something to do. Read after every call.
    fn deadline(&self) -> Option<Time>;

    /// False while bytes of this connection are to wait: a driver that stops reading.
    fn reads(&self, end: End) -> bool {
        let _ = end;
        true
    }
}

/// What a node wants of the network, collected in one call.
#[derive(Debug, Default)]
pub struct Wire {
    pub(super) wants: Vec<(End, Want)>,
}

#[derive(Debug)]
pub(super) enum Want {
    Send(u16, Bytes),
    Close,
}

impl Wire {
    /// Sends bytes on the stream of a connection.
    pub fn send(&mut self, end: End, bytes: Bytes) {
        self.send_on(end, 0, bytes);
    }

    /// Sends bytes on a lane of a connection: lanes share the rate, not the order.
    pub fn send_on(&mut self, end: End, lane: u16, bytes: Bytes) {
        self.wants.push((end, Want::Send(lane, bytes)));
    }

    /// Closes a connection; what has been sent before still arrives.
    pub fn close(&mut self, end: End) {
        self.wants.push((end, Want::Close));
    }
}

/// One direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkSpec {
    /// Bytes a second.
    pub rate: u64,
    /// One way.
    pub delay: Duration,
    /// Up to so much is added to the delay of each piece. Within a lane order is kept.
    pub jitter: Duration,
    /// Bytes that may be accepted and not yet on their way.
    pub backlog: usize,
    /// Bytes that may be on their way or unread; no more leave meanwhile.
    pub window: usize,
    /// Bytes of a piece: at least, and at most.
    pub pieces: (usize, usize),
    /// How many of a million pieces break the connection.
    pub breaks: u32,
}

impl Default for LinkSpec {
    /// 10 Mb/s, 25 ms, no jitter, backlog 64 KiB, window 1 MiB, pieces of 1,448 bytes, no breaks.
    fn default() -> Self {
        Self {
            rate: 1_250_000,
            delay: Duration::from_millis(25),
            jitter: Duration::ZERO,
            backlog: 65_536,
            window: 1 << 20,
            pieces: (1_448, 1_448),
            breaks: 0,
        }
    }
}
