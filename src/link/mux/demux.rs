//! The way in: headers of segments, and how much of the payload is still to come.

use super::config::MuxConfig;
use crate::channel::Channel;
use crate::codec::{Mode, SegmentHeader};
use crate::fault::Fault;
use crate::link::rules::{SEGMENT_TIMEOUT, ZERO_LENGTH_SEGMENT};
use crate::table::Role;
use crate::time::Time;

/// Where in a segment the stream is. Payload is never kept here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Demux {
    /// A header cut off by the end of a piece.
    header: [u8; SegmentHeader::SIZE],
    have: usize,
    /// The number and direction of the segment's channel, and how many bytes it still has.
    payload: Option<(Channel, u16)>,
    /// When the segment's first byte came.
    since: Option<Time>,
}

impl Demux {
    /// Takes the next piece off the front of `bytes`: payload of a channel, named from our side.
    /// `None`: the bytes end within a header.
    #[inline]
    pub fn next<'a>(
        &mut self,
        config: &MuxConfig,
        bytes: &mut &'a [u8],
    ) -> Result<Option<(Channel, &'a [u8])>, Fault> {
        let (channel, left) = match self.payload {
            Some(payload) => payload,
            None => match self.header(config, bytes)? {
                Some(payload) => payload,
                None => return Ok(None),
            },
        };
        let length = usize::from(left).min(bytes.len());
        let (piece, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
        *bytes = rest;
        let left = left.saturating_sub(u16::try_from(length).unwrap_or(left));
        self.payload = (left > 0).then_some((channel, left));
        if left == 0 {
            self.since = None;
        }
        Ok(Some((channel, piece)))
    }

    /// How many bytes of the segment under way are still to come.
    pub fn left(&self) -> usize {
        self.payload.map_or(0, |(_, left)| usize::from(left))
    }

    /// What is under way, if anything is.
    pub fn inside(&self) -> Option<&'static str> {
        (self.have > 0 || self.payload.is_some()).then_some("a segment")
    }

    /// Notes the time, if a segment is under way whose beginning is new. While we are `crowded`
    /// nobody reads, and a segment that isn't read is late by nobody's fault: its time begins anew
    /// afterwards.
    pub fn began(&mut self, now: Time, crowded: bool) {
        if crowded {
            self.since = None;
        } else if self.inside().is_some() && self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// When the segment under way is to be complete.
    pub fn deadline(&self, config: &MuxConfig) -> Option<Time> {
        self.since.map(|since| since.after(config.segment_timeout))
    }

    /// The fault of a segment that is not complete in time.
    pub const fn late() -> Fault {
        Fault::timeout(&SEGMENT_TIMEOUT, "the rest of a segment")
    }

    /// Reads a header, in one go or byte by byte.
    #[inline]
    fn header(
        &mut self,
        config: &MuxConfig,
        bytes: &mut &[u8],
    ) -> Result<Option<(Channel, u16)>, Fault> {
        let header = match bytes.split_first_chunk() {
            Some((header, rest)) if self.have == 0 => {
                *bytes = rest;
                *header
            }
            _ => match self.collect(bytes) {
                Some(header) => header,
                None => return Ok(None),
            },
        };
        let header = SegmentHeader::decode(header)
            .map_err(|_| Fault::violation(&ZERO_LENGTH_SEGMENT, "Ingress"))?;
        if header.length > config.sdu_max {
            return Err(Fault::overrun("sdu_max"));
        }
        let role = match header.mode {
            Mode::Initiator => Role::Responder,
            Mode::Responder => Role::Initiator,
        };
        let payload = (Channel::new(header.number, role), header.length);
        self.payload = Some(payload);
        Ok(Some(payload))
    }

    fn collect(&mut self, bytes: &mut &[u8]) -> Option<[u8; SegmentHeader::SIZE]> {
        let room = self.header.get_mut(self.have..)?;
        let length = room.len().min(bytes.len());
        let (new, rest) = bytes.split_at_checked(length)?;
        room.get_mut(..length)?.copy_from_slice(new);
        *bytes = rest;
        self.have = self.have.saturating_add(length);
        if self.have < SegmentHeader::SIZE {
            return None;
        }
        self.have = 0;
        Some(core::mem::take(&mut self.header))
    }
}
