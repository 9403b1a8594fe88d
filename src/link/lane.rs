//! The way in of one channel: bytes to whole items.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use bytes::{Buf, Bytes};

use super::is_crowded;
use super::rules::INGRESS_OVERFLOW;
use crate::channel::{ChannelSpec, OverChannels};
use crate::codec::cbor::Scanner;
use crate::codec::{MalformedKind, Source};
use crate::fault::Fault;
use crate::heap;

/// Most bytes of a head.
const HEAD: usize = 9;

/// How deep an item may nest: 64 inside raw items (`leios.md` section 4) and a few levels of
/// message around them. What is too deep inside a message is the decoder's to tell.
const DEPTH: u32 = 64 + 8;

/// The bytes of one channel that were received and not consumed.
///
/// An item that ends within the piece in which it began is decoded in place. Nothing is owned
/// between items.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lane {
    pub spec: ChannelSpec,
    kept: Option<Box<Kept>>,
}

/// What a lane holds between two pieces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kept {
    scanner: Scanner,
    /// The item under way: all of it has been scanned. The one buffer that grows.
    partial: Vec<u8>,
    /// Bytes held back, not scanned.
    front: Bytes,
    /// The size of the buffer that `front` is the rest of.
    front_of: usize,
    /// Bytes held back after those, not scanned.
    back: Vec<u8>,
}

impl Lane {
    pub const fn new(spec: ChannelSpec) -> Self {
        Self { spec, kept: None }
    }

    /// True while bytes are held back.
    pub fn is_waiting(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.waiting() > 0)
    }

    /// True inside an item.
    pub fn is_inside(&self) -> bool {
        self.kept.is_some()
    }

    /// True while bytes are held back and there is little room for more.
    pub fn is_crowded(&self) -> bool {
        self.is_waiting() && is_crowded(self.held(), self.spec.ingress)
    }

    /// Bytes received and not consumed.
    fn held(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.partial.len().saturating_add(kept.waiting()))
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| {
            let front = if kept.front_of > 0 { Source::CONTROL } else { 0 };
            [
                kept.scanner.heap(),
                kept.partial.capacity(),
                kept.front_of,
                front,
                kept.back.capacity(),
            ]
            .into_iter()
            .fold(size_of::<Kept>(), usize::saturating_add)
        })
    }

    /// The most that a lane of this ingress limit takes: the limit counts an item under way and
    /// the bytes held back together, each in a buffer that doubles, and what those are the rest
    /// of may have been as much once more.
    pub const fn most_heap(ingress: usize) -> usize {
        heap::list(ingress)
            .saturating_add(heap::LEAST)
            .saturating_add(ingress)
            .saturating_add(Source::CONTROL)
            .saturating_add(size_of::<Kept>())
            .saturating_add(Scanner::most_heap(DEPTH))
    }

    /// Holds bytes back.
    pub fn hold(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.admit(self.held().saturating_add(bytes.len()))?;
        self.kept.get_or_insert_with(Kept::new).back.extend_from_slice(bytes);
        Ok(())
    }

    /// The message of the next item in `bytes`, a slice of `source`, and `bytes` without it. `None`:
    /// the item goes on after them, and what there is of it is kept.
    #[inline]
    pub fn next<M: OverChannels>(
        &mut self,
        machine: &M,
        source: Source<'_>,
        bytes: &mut &[u8],
    ) -> Result<Option<M::Remote>, Fault> {
        if self.kept.as_ref().is_some_and(|kept| !kept.partial.is_empty()) {
            return self.go_on(machine, bytes);
        }
        let mut scanner = Scanner::new(DEPTH);
        let channel = self.spec.channel;
        match scanner.feed(bytes, usize::MAX) {
            Ok(Some(end)) => {
                let Some((item, rest)) = bytes.split_at_checked(end) else { return Ok(None) };
                self.check_whole(machine, item)?;
                *bytes = rest;
                machine.decode(channel, item, source).map(Some)
            }
            Ok(None) => {
                self.check_part(machine, bytes)?;
                let kept = self.kept.get_or_insert_with(Kept::new);
                kept.scanner = scanner;
                kept.partial.extend_from_slice(bytes);
                *bytes = &[];
                Ok(None)
            }
            Err(malformed) => {
                Err(self.malformed(machine, malformed, good_part(bytes, malformed.offset)))
            }
        }
    }

    /// Goes on with an item of which a part is kept.
    fn go_on<M: OverChannels>(
        &mut self,
        machine: &M,
        bytes: &mut &[u8],
    ) -> Result<Option<M::Remote>, Fault> {
        let Some(kept) = self.kept.as_mut() else { return Ok(None) };
        let (new, end) = match kept.scanner.feed(bytes, usize::MAX) {
            Ok(end) => (end.unwrap_or(bytes.len()), end.is_some()),
            Err(malformed) => {
                let mut item = mem::take(&mut kept.partial);
                item.extend_from_slice(bytes);
                return Err(self.malformed(machine, malformed, good_part(&item, malformed.offset)));
            }
        };
        let (new, rest) = bytes.split_at_checked(new).unwrap_or((bytes, &[]));
        kept.partial.extend_from_slice(new);
        *bytes = rest;
        let partial = mem::take(&mut kept.partial);
        if !end {
            self.check_part(machine, &partial)?;
            if let Some(kept) = self.kept.as_mut() {
                kept.partial = partial;
            }
            return Ok(None);
        }
        if kept.waiting() == 0 {
            self.kept = None;
        }
        self.check_whole(machine, &partial)?;
        let whole = partial.capacity();
        let item = Bytes::from(partial);
        machine.decode(self.spec.channel, &item, Source::within(&item, whole)).map(Some)
    }

    /// The message of the next item among the bytes held back, if it is there as a whole.
    pub fn resume<M: OverChannels>(&mut self, machine: &M) -> Result<Option<M::Remote>, Fault> {
        while let Some(kept) = self.kept.as_mut() {
            if kept.front.is_empty() {
                if kept.back.is_empty() {
                    return Ok(None);
                }
                kept.front = Bytes::from(mem::take(&mut kept.back).into_boxed_slice());
                kept.front_of = kept.front.len();
            }
            // Taken out as a whole, so that the lane counts nothing twice meanwhile.
            let read = mem::take(&mut kept.front);
            let read_of = mem::take(&mut kept.front_of);
            let mut rest: &[u8] = &read;
            let message = self.next(machine, Source::within(&read, read_of), &mut rest)?;
            let taken = read.len().saturating_sub(rest.len());
            let left = !rest.is_empty();
            if left {
                let kept = self.kept.get_or_insert_with(Kept::new);
                kept.front = read;
                kept.front.advance(taken);
                kept.front_of = read_of;
            } else if self.kept.as_ref().is_some_and(|kept| kept.is_empty()) {
                self.kept = None;
            }
            if message.is_some() {
                return Ok(message);
            }
        }
        Ok(None)
    }

    /// Checks an item that is there as a whole. As for the other checks: the outcome is the same
    /// as if it had come byte by byte.
    #[inline]
    fn check_whole<M: OverChannels>(&self, machine: &M, item: &[u8]) -> Result<(), Fault> {
        if item.len() > machine.item_limit(self.spec.channel, item)? {
            return Err(machine.too_large(self.spec.channel));
        }
        self.admit(item.len())
    }

    /// Checks an item of which a part is there.
    fn check_part<M: OverChannels>(&self, machine: &M, head: &[u8]) -> Result<(), Fault> {
        if head.is_empty() {
            return Ok(());
        }
        if head.len() >= machine.item_limit(self.spec.channel, head)? {
            return Err(machine.too_large(self.spec.channel));
        }
        let waiting = self.kept.as_ref().map_or(0, |kept| kept.waiting());
        self.admit(head.len().saturating_add(waiting))
    }

    /// The fault of an item of which `head` was still good.
    fn malformed<M: OverChannels>(
        &self,
        machine: &M,
        malformed: crate::codec::Malformed,
        head: &[u8],
    ) -> Fault {
        if let Err(fault) = self.check_part(machine, head) {
            return fault;
        }
        match malformed.kind {
            MalformedKind::TooLarge => machine.too_large(self.spec.channel),
            _ => machine.malformed(self.spec.channel, malformed),
        }
    }

    /// L-63: so many bytes may be held.
    fn admit(&self, bytes: usize) -> Result<(), Fault> {
        if bytes > self.spec.ingress {
            return Err(overflow());
        }
        Ok(())
    }
}

/// What of an item there is nothing wrong with yet, where the scanner names `offset`: the start of
/// a head or its end, while the fault shows with the byte that makes it one.
fn good_part(item: &[u8], offset: usize) -> &[u8] {
    let certain = offset.saturating_sub(HEAD);
    let (before, after) = item.split_at_checked(certain).unwrap_or((item, &[]));
    let mut scanner = Scanner::new(DEPTH);
    let mut good = 0_usize;
    for piece in core::iter::once(before).chain(after.chunks(1)) {
        if scanner.feed(piece, usize::MAX).is_err() {
            break;
        }
        good = good.saturating_add(piece.len());
    }
    item.get(..good).unwrap_or(item)
}

/// The fault of a channel that was sent more than its limit (L-63).
pub(super) const fn overflow() -> Fault {
    Fault::violation(&INGRESS_OVERFLOW, "Ingress")
}

impl Kept {
    fn new() -> Box<Self> {
        Box::new(Self {
            scanner: Scanner::new(DEPTH),
            partial: Vec::new(),
            front: Bytes::new(),
            front_of: 0,
            back: Vec::new(),
        })
    }

    /// Bytes held back.
    fn waiting(&self) -> usize {
        self.front.len().saturating_add(self.back.len())
    }

    fn is_empty(&self) -> bool {
        self.partial.is_empty() && self.waiting() == 0
    }
}
