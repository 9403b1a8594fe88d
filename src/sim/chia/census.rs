//! How many messages went out, and how often one of them.

use alloc::collections::BTreeMap;

use bytes::Bytes;

use crate::state::chia::ConnectionId;

/// Counts the frames of what goes out, however it is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Frames that have begun.
    messages: u64,
    /// The frame that is counted by itself, and how often it went out.
    watched: Option<Bytes>,
    hits: u64,
    /// Where each stream is within a frame.
    partial: BTreeMap<ConnectionId, Partial>,
}

/// A frame that has not gone out to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Partial {
    /// Bytes of it that went out.
    at: u64,
    /// Its length, as far as it is known.
    length: u32,
    /// All so far is as in the watched one.
    is_watched: bool,
}

/// Bytes of the length before a frame (FR-1).
const LENGTH: u64 = 4;

impl Census {
    /// How many messages went out, handshakes among them.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// How often the one that is counted by itself went out.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.hits
    }

    /// Counts this frame by itself, from nothing.
    pub(super) fn watch(&mut self, frame: Bytes) {
        self.watched = Some(frame);
        self.hits = 0;
        for partial in self.partial.values_mut() {
            partial.is_watched = false;
        }
    }

    /// These bytes went out.
    pub(super) fn sent(&mut self, connection: ConnectionId, bytes: &[u8]) {
        let partial = self.partial.entry(connection).or_default();
        let mut left = bytes;
        while let Some(first) = left.first() {
            if partial.at == 0 {
                self.messages = self.messages.saturating_add(1);
                *partial = Partial { is_watched: self.watched.is_some(), ..Partial::default() };
            }
            // The length byte by byte, the body at once.
            let size = if partial.at < LENGTH {
                partial.length = partial.length << 8 | u32::from(*first);
                1
            } else {
                let body = (u64::from(partial.length) + LENGTH).saturating_sub(partial.at);
                usize::try_from(body).unwrap_or(usize::MAX).min(left.len())
            };
            let (part, rest) = left.split_at(size.min(left.len()));
            if partial.is_watched {
                let from = usize::try_from(partial.at).unwrap_or(usize::MAX);
                let same = self.watched.as_ref().and_then(|it| it.get(from..));
                partial.is_watched = same.is_some_and(|same| same.starts_with(part));
            }
            partial.at = partial.at.saturating_add(part.len() as u64);
            left = rest;
            if partial.at >= LENGTH && partial.at >= u64::from(partial.length) + LENGTH {
                self.hits = self.hits.saturating_add(u64::from(partial.is_watched));
                partial.at = 0;
            }
        }
    }

    /// True if no frame has gone out in part.
    pub(super) fn is_between(&self, connection: ConnectionId) -> bool {
        self.partial.get(&connection).is_none_or(|partial| partial.at == 0)
    }

    /// The stream is no more.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.partial.remove(&connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let frames: [&[u8]; 4] =
            [b"\0\0\0\x02ab", b"\0\0\0\x03abc", b"\0\0\0\x02ab", b"\0\0\0\x02ax"];
        let all = frames.concat();
        for size in 1..all.len() {
            let mut census = Census::default();
            census.watch(Bytes::from_static(b"\0\0\0\x02ab"));
            for part in all.chunks(size) {
                census.sent(ConnectionId(1), part);
            }
            assert_eq!((census.messages(), census.hits()), (4, 2), "in parts of {size}");
            assert!(census.is_between(ConnectionId(1)));
            census.sent(ConnectionId(1), b"\0\0\0\x02a");
            assert!(!census.is_between(ConnectionId(1)) && census.is_between(ConnectionId(2)));
        }
    }
}
