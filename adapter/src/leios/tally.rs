//! Counts what passes on a multiplexed stream, by mini-protocol.

use std::collections::BTreeMap;

use nodewire::codec::cbor::Scanner;
use nodewire::codec::leios::MESSAGE_DEPTH;
use nodewire::codec::{Mode, SegmentHeader};

/// What has passed on one mini-protocol in one direction.
#[derive(Clone, Debug)]
pub struct Count {
    /// Whole messages.
    pub messages: u64,
    /// Segments begun.
    pub segments: u64,
    /// Bytes of payload.
    pub bytes: u64,
    scanner: Scanner,
}

/// Reads along with one direction of a stream of segments.
///
/// A stream that is not well-formed is counted as far as it is: judging it is the link's.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: BTreeMap<(u16, Mode), Count>,
    header: Vec<u8>,
    /// The mini-protocol of the segment under way, and its bytes to come.
    segment: Option<((u16, Mode), usize)>,
}

impl Tally {
    /// Reads the next bytes of the stream.
    pub fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.segment {
                None => {
                    let missing = SegmentHeader::SIZE.saturating_sub(self.header.len());
                    let (head, rest) = bytes.split_at(missing.min(bytes.len()));
                    self.header.extend_from_slice(head);
                    bytes = rest;
                    if let Ok(header) = <[u8; SegmentHeader::SIZE]>::try_from(&*self.header) {
                        self.header.clear();
                        self.begin(header);
                    }
                }
                Some((key, left)) => {
                    let key = *key;
                    let (payload, rest) = bytes.split_at((*left).min(bytes.len()));
                    *left -= payload.len();
                    if *left == 0 {
                        self.segment = None;
                    }
                    bytes = rest;
                    if let Some(count) = self.counts.get_mut(&key) {
                        count.read(payload);
                    }
                }
            }
        }
    }

    /// What has passed, by number of the mini-protocol and by who sent it.
    pub fn counts(&self) -> impl Iterator<Item = (u16, Mode, &Count)> {
        self.counts.iter().map(|((number, mode), count)| (*number, *mode, count))
    }

    /// Everything that has passed, headers of segments included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let headers = SegmentHeader::SIZE as u64;
        self.counts.values().map(|count| count.bytes + headers * count.segments).sum()
    }

    fn begin(&mut self, header: [u8; SegmentHeader::SIZE]) {
        let Ok(header) = SegmentHeader::decode(header) else { return };
        let key = (header.number, header.mode);
        let scanner = Scanner::new(MESSAGE_DEPTH);
        let new = Count { messages: 0, segments: 0, bytes: 0, scanner };
        self.counts.entry(key).or_insert(new).segments += 1;
        self.segment = Some((key, usize::from(header.length)));
    }
}

impl Count {
    fn read(&mut self, mut payload: &[u8]) {
        self.bytes += payload.len() as u64;
        while !payload.is_empty() {
            match self.scanner.feed(payload, usize::MAX) {
                Ok(Some(end)) => {
                    self.messages += 1;
                    payload = &payload[end..];
                }
                Ok(None) | Err(_) => return,
            }
        }
    }
}
