//! One direction of a connection of a simulated network: what waits, leaves, flies and lies unread.

use alloc::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::sim::node::LinkSpec;
use crate::time::Time;

/// The direction away from one end.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) node: u32,
    pub(super) spec: LinkSpec,
    pub(super) open: bool,
    /// This end has asked to close: the end follows the last piece.
    pub(super) closing: bool,
    pub(super) unsent: VecDeque<(u16, Bytes)>,
    /// The piece that is leaving: its lane and bytes.
    pub(super) leaving: Option<(u16, Bytes)>,
    /// Nanoseconds: pieces shorter than a microsecond add up exactly.
    pub(super) free_at: u64,
    /// What was left of the last division by the rate.
    pub(super) rest: u64,
    /// On their way or unread.
    pub(super) window: usize,
    pub(super) lanes: BTreeMap<u16, Lane>,
    /// Arrived across, and not read yet.
    pub(super) unread: VecDeque<(u16, Bytes)>,
    /// In the list of what waits for its reader.
    pub(super) held: bool,
    /// Bytes that have left, over the connection's life.
    pub(super) sent: u64,
}

#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) latest: Time,
    pub(super) flying: VecDeque<Bytes>,
}

/// Stands for the end of the stream among the pieces: no lane of a user's.
pub(super) const FIN: u16 = u16::MAX;

impl Way {
    pub(super) const fn new(node: u32, spec: LinkSpec) -> Self {
        Self {
            node,
            spec,
            open: false,
            closing: false,
            unsent: VecDeque::new(),
            leaving: None,
            free_at: 0,
            rest: 0,
            window: 0,
            lanes: BTreeMap::new(),
            unread: VecDeque::new(),
            held: false,
            sent: 0,
        }
    }

    /// The lane with this number, made where it is new: there are as many as the user names.
    pub(super) fn lane(&mut self, number: u16) -> &mut Lane {
        self.lanes.entry(number).or_default()
    }

    /// When the last piece under way arrives.
    pub(super) fn latest(&self) -> Time {
        self.lanes.values().map(|lane| lane.latest).max().unwrap_or(Time::ZERO)
    }

    /// Forgets all that is under way.
    pub(super) fn clear(&mut self) {
        let node = self.node;
        let open = self.open;
        let held = self.held;
        let sent = self.sent;
        let spec = core::mem::take(&mut self.spec);
        *self = Self { open, held, sent, ..Self::new(node, spec) };
    }
}
