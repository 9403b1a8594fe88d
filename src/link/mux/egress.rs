//! The way out: a queue a channel, cut into segments under send credit.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

use bytes::{Buf, Bytes};

use super::config::MuxConfig;
use super::turns::Turns;
use crate::channel::{Channel, ChannelSpec, Class};
use crate::codec::{Mode, SegmentHeader, Source};
use crate::heap;
use crate::link::Transport;
use crate::table::Role;
use crate::time::Time;

/// What waits to leave, and how much may.
///
/// Whose turn it is is decided segment by segment, never message by message. A segment is no
/// longer than the credit, so that the next turn is not decided before it can be taken; but it has
/// [`LEAST`] bytes if they are there, and what of it exceeds the credit waits in `tail`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Egress {
    queues: Vec<Queue>,
    turns: Turns,
    /// Bytes the transport still takes; [`Transport::UNCOUNTED`] for good.
    credit: usize,
    /// The end of a segment that was cut already, and how long it was at first.
    tail: Bytes,
    tail_of: usize,
    /// Payload waiting in all queues.
    queued: usize,
    /// Payload that was cut and not told of yet, in all queues.
    untold: usize,
    sdu_size: usize,
}

/// Payload of a segment that little credit does not make shorter: headers are less than half a hundredth.
const LEAST: usize = 2_048;

/// A longer message has its own place in a queue, a shorter one is copied.
const SMALL: usize = 4_096;

/// What waits on one channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Queue {
    channel: Channel,
    /// Each message is one segment, whatever its length and the credit.
    whole: bool,
    messages: VecDeque<Bytes>,
    /// Small messages after those, in one buffer: many of them weigh no more than their bytes.
    small: Vec<u8>,
    /// Bytes of the first message that are gone already: its buffer is still there.
    gone: usize,
    queued: usize,
    untold: usize,
}

impl Egress {
    /// `whole` are the channels of which each message is one segment.
    pub fn new(config: &MuxConfig, specs: &[ChannelSpec], whole: impl Fn(Channel) -> bool) -> Self {
        let classes = specs.iter().map(|spec| spec.class).collect();
        let queue = |spec: &ChannelSpec| Queue {
            channel: spec.channel,
            whole: whole(spec.channel),
            messages: VecDeque::new(),
            small: Vec::new(),
            gone: 0,
            queued: 0,
            untold: 0,
        };
        Self {
            queues: specs.iter().map(queue).collect(),
            turns: Turns::new(config.policy, config.guard, classes),
            credit: 0,
            tail: Bytes::new(),
            tail_of: 0,
            queued: 0,
            untold: 0,
            sdu_size: usize::from(config.sdu_size.max(1)),
        }
    }

    /// Adds what the transport takes.
    pub const fn grant(&mut self, bytes: usize) {
        self.credit = self.credit.saturating_add(bytes);
    }

    /// What the transport still takes.
    pub const fn credit(&self) -> usize {
        self.credit
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queued == 0 && self.tail.is_empty()
    }

    /// What waits on a channel, in bytes; `None` for an unknown channel.
    pub fn waiting(&self, channel: Channel) -> Option<usize> {
        let queue = self.queues.iter().find(|queue| queue.channel == channel)?;
        Some(queue.queued)
    }

    /// Queues bytes on a channel.
    pub fn push(&mut self, channel: Channel, bytes: Bytes) {
        let queue = self.queues.iter_mut().find(|queue| queue.channel == channel);
        if let (Some(queue), false) = (queue, bytes.is_empty()) {
            queue.queued = queue.queued.saturating_add(bytes.len());
            self.queued = self.queued.saturating_add(bytes.len());
            if bytes.len() > SMALL || queue.whole {
                queue.freeze();
                queue.messages.push_back(bytes);
            } else {
                queue.small.extend_from_slice(&bytes);
            }
        }
    }

    /// Queues a message of our own on a channel: a long one takes its buffer with it, which is
    /// empty afterwards in any case.
    pub fn push_message(&mut self, channel: Channel, message: &mut Vec<u8>) {
        let queue = self.queues.iter_mut().find(|queue| queue.channel == channel);
        if message.len() > SMALL || queue.as_ref().is_some_and(|queue| queue.whole) {
            self.push(channel, Bytes::from(mem::take(message).into_boxed_slice()));
            return;
        }
        if let Some(queue) = queue {
            queue.queued = queue.queued.saturating_add(message.len());
            self.queued = self.queued.saturating_add(message.len());
            queue.small.extend_from_slice(message);
        }
        message.clear();
    }

    /// Writes what may leave to `wire`, until that has `full` bytes. True if there is more that
    /// may.
    pub fn cut(&mut self, now: Time, wire: &mut Vec<u8>, full: usize) -> bool {
        if wire.is_empty() && self.credit > 0 && self.queued > 0 {
            // What is queued is there, so this reserves by bytes at hand.
            let bytes = self.queued.min(self.credit);
            let segments = bytes.checked_div(self.sdu_size).unwrap_or(bytes).saturating_add(1);
            let headers = segments.saturating_mul(SegmentHeader::SIZE);
            let most = full.saturating_add(self.longest());
            wire.reserve(bytes.saturating_add(headers).min(most));
        }
        while self.credit > 0 && !self.is_empty() {
            if wire.len() >= full {
                return true;
            }
            if self.tail.is_empty() {
                let start = wire.len();
                if !self.segment(now, wire) {
                    return false;
                }
                let end = wire.len().min(start.saturating_add(self.credit));
                self.spend(end.saturating_sub(start));
                if let Some(tail) = wire.get(end..).filter(|tail| !tail.is_empty()) {
                    self.tail = Bytes::copy_from_slice(tail);
                    self.tail_of = tail.len();
                    wire.truncate(end);
                }
            } else {
                let sent = self.tail.split_to(self.tail.len().min(self.credit));
                self.spend(sent.len());
                wire.extend_from_slice(&sent);
                if self.tail.is_empty() {
                    // An empty rest would keep the whole buffer alive.
                    self.tail = Bytes::new();
                    self.tail_of = 0;
                }
            }
        }
        false
    }

    /// What has been cut of a channel since it was last told.
    pub fn told(&mut self) -> Option<(Channel, usize)> {
        if self.untold == 0 {
            return None;
        }
        let queue = self.queues.iter_mut().find(|queue| queue.untold > 0)?;
        let bytes = mem::take(&mut queue.untold);
        self.untold = self.untold.saturating_sub(bytes);
        Some((queue.channel, bytes))
    }

    /// When more may leave without any input.
    pub fn deadline(&self) -> Option<Time> {
        if self.credit == 0 || !self.tail.is_empty() || self.queued == 0 {
            return None;
        }
        self.turns.paused_until(|at| self.queues.get(at).is_some_and(|queue| queue.queued > 0))
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        let queue = |queue: &Queue| {
            queue
                .messages
                .capacity()
                .saturating_mul(size_of::<Bytes>())
                .saturating_add(queue.gone.saturating_add(queue.queued))
                .saturating_add(queue.small.capacity().saturating_sub(queue.small.len()))
        };
        let queues = self.queues.iter().map(queue).fold(0_usize, usize::saturating_add);
        let list = self.queues.capacity().saturating_mul(size_of::<Queue>());
        // A buffer that was split has a control block beside it.
        let of = self.tail_of.saturating_add(Source::CONTROL);
        let tail = if self.tail.is_empty() { 0 } else { of };
        queues.saturating_add(list).saturating_add(tail).saturating_add(self.turns.heap())
    }

    /// The most that [`heap`](Self::heap) can be, on channels that may have so many bytes waiting
    /// each.
    pub fn most_heap(waiting: impl Iterator<Item = usize>) -> usize {
        let tail = usize::from(u16::MAX)
            .saturating_add(SegmentHeader::SIZE)
            .saturating_add(Source::CONTROL);
        let queue = |most: usize| {
            // Between two long messages there may be a buffer of small ones.
            let messages = (most / SMALL).saturating_add(1).saturating_mul(2);
            // What waits, as much that is gone of the first, and the room for more small ones.
            most.saturating_mul(2)
                .saturating_add(heap::list(most))
                .saturating_add(heap::list(messages).saturating_mul(size_of::<Bytes>()))
                .saturating_add(size_of::<(Queue, Class)>())
        };
        waiting.map(queue).fold(tail, usize::saturating_add)
    }

    /// Cuts one segment; false if it is nobody's turn.
    fn segment(&mut self, now: Time, wire: &mut Vec<u8>) -> bool {
        let queues = &self.queues;
        let has = |at: usize| queues.get(at).is_some_and(|queue| queue.queued > 0);
        let Some(queue) = self.turns.next(now, has).and_then(|at| self.queues.get_mut(at)) else {
            return false;
        };
        let room = self.credit.saturating_sub(SegmentHeader::SIZE).max(LEAST);
        let length = match queue.messages.front() {
            Some(message) if queue.whole => message.len().min(usize::from(u16::MAX)),
            _ => queue.queued.min(self.sdu_size).min(room),
        };
        let header = SegmentHeader {
            time: (now.as_micros() & 0xffff_ffff) as u32,
            mode: match queue.channel.role {
                Role::Initiator => Mode::Initiator,
                Role::Responder => Mode::Responder,
            },
            number: queue.channel.number,
            // At most 16 bits, as `sdu_size` is.
            length: u16::try_from(length).unwrap_or(u16::MAX),
        };
        wire.reserve(SegmentHeader::SIZE.saturating_add(length));
        wire.extend_from_slice(&header.encode());
        queue.take(length, wire);
        self.queued = self.queued.saturating_sub(length);
        self.untold = self.untold.saturating_add(length);
        true
    }

    /// Bytes of a segment at most.
    const fn longest(&self) -> usize {
        self.sdu_size.saturating_add(SegmentHeader::SIZE)
    }

    const fn spend(&mut self, bytes: usize) {
        if self.credit != Transport::UNCOUNTED {
            self.credit = self.credit.saturating_sub(bytes);
        }
    }
}

impl Queue {
    /// Moves `length` bytes to `wire`.
    fn take(&mut self, length: usize, wire: &mut Vec<u8>) {
        let mut left = length;
        if self.messages.is_empty() && left == self.small.len() {
            wire.append(&mut self.small);
            left = 0;
        }
        while left > 0 {
            if self.messages.is_empty() {
                self.freeze();
            }
            let Some(message) = self.messages.front_mut() else { break };
            let part = left.min(message.len());
            wire.extend_from_slice(message.get(..part).unwrap_or(&[]));
            left = left.saturating_sub(part);
            if part == message.len() {
                self.messages.pop_front();
                self.gone = 0;
            } else {
                message.advance(part);
                self.gone = self.gone.saturating_add(part);
            }
        }
        if self.messages.is_empty() {
            self.messages = VecDeque::new();
        }
        if self.small.is_empty() {
            self.small = Vec::new();
        }
        self.queued = self.queued.saturating_sub(length);
        self.untold = self.untold.saturating_add(length);
    }

    /// Gives the small messages a place in the queue.
    fn freeze(&mut self) {
        if !self.small.is_empty() {
            self.messages.push_back(Bytes::from(mem::take(&mut self.small).into_boxed_slice()));
        }
    }
}
