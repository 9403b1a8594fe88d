//! One machine on a stream of frames.

use core::mem::{size_of, size_of_val};
use core::time::Duration;

use bytes::Bytes;

use super::framing::Framing;
use super::over_frames::OverFrames;
use super::pending::Pending;
use super::unsent::{MOST_PREFIX, Unsent};
use super::{Transport, is_crowded, too_much};
use crate::ask::AskId;
use crate::codec::{Malformed, MalformedKind, Source, Wire};
use crate::fault::{Ending, Fault, Refusal, Refused};
use crate::machine::{Action, Machine, Out};
use crate::outbox::Scratch;
use crate::time::Time;

/// A machine on a stream of frames.
///
/// A frame that is there as a whole is decoded in place; only an unfinished one is copied. Frames
/// are held back while the machine is saturated, up to [`FramedConfig::ingress`].
///
/// Endings: those of the machine, of which `Done` waits until everything has left, or turns into
/// `Congested` of `drain_timeout`; `Overrun` of a field of [`FramedConfig`], or `Congested` of
/// `egress` if it was our own side's input that had too much to send; `Truncated` when the
/// transport closes inside a frame; the one of [`OverFrames::partial_frame`]. A fault drops whatever
/// waits to leave. That the peer has finished is the end too, unless the machine is
/// [told](OverFrames::at_finish) and goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Framed<M: Machine, F> {
    framing: F,
    config: FramedConfig,
    /// `None` once it has ended, with or without bytes that still wait to leave.
    machine: Option<M>,
    scratch: Scratch<M>,
    ingress: Pending,
    heard: Heard,
    /// When the rest of the frame that has begun is to be here.
    frame_due: Option<Time>,
    egress: Unsent,
    credit: usize,
    /// Until when what waits may leave, once the machine is done.
    draining: Option<Time>,
}

/// What was heard of the end of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Heard {
    /// Nothing: more may come.
    More,
    /// The peer has finished; held frames are still to be taken.
    Finished,
    /// The machine knows that the peer has finished, and goes on.
    Told,
    /// The transport is no more.
    Closed,
}

impl Heard {
    /// True if the machine is told nothing more.
    fn is_end(self, machine: &impl OverFrames) -> bool {
        match self {
            Self::More | Self::Told => false,
            Self::Finished => machine.at_finish().is_none(),
            Self::Closed => true,
        }
    }
}

/// How much a [`Framed`] may hold, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct FramedConfig {
    /// Most bytes received and not consumed: at least the largest frame.
    pub ingress: usize,
    /// Most bytes waiting to leave, beyond what the transport takes.
    pub egress: usize,
    /// What waits to leave when the machine is done is to be gone so long afterwards.
    pub drain_timeout: Duration,
}

/// Bytes at which what may leave is handed out before the end of a call, and what may not is set
/// aside.
const WIRE_BUFFER: usize = 131_072;

impl Default for FramedConfig {
    fn default() -> Self {
        Self { ingress: 16_777_216, egress: 16_777_216, drain_timeout: Duration::from_secs(30) }
    }
}

impl<M: OverFrames, F: Framing> Framed<M, F> {
    /// `machine` before its first byte.
    #[must_use]
    pub fn new(machine: M, framing: F, config: FramedConfig) -> Self {
        Self {
            framing,
            config,
            machine: Some(machine),
            scratch: Scratch::new(),
            ingress: Pending::default(),
            heard: Heard::More,
            frame_due: None,
            egress: Unsent::default(),
            credit: 0,
            draining: None,
        }
    }

    /// The machine, until it closes.
    #[must_use]
    pub const fn machine(&self) -> Option<&M> {
        self.machine.as_ref()
    }

    /// How many bytes wait to leave.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.egress.len()
    }

    /// The most that [`footprint`](Machine::footprint) can be, if the machine's is at most
    /// `machine` and `largest` is the size of the largest read that is handed in or, if that is
    /// larger, of the largest frame that is sent: the end of either keeps all of it alive.
    #[must_use]
    pub fn most_footprint(machine: usize, config: &FramedConfig, largest: usize) -> usize {
        let FramedConfig { ingress, egress, .. } = *config;
        let longest = WIRE_BUFFER.saturating_add(largest);
        let least = egress.min(WIRE_BUFFER);
        size_of::<Self>()
            .saturating_add(machine.saturating_sub(size_of::<M>()))
            .saturating_add(Scratch::<M>::most_heap())
            .saturating_add(Pending::most_heap(ingress, ingress.saturating_add(largest)))
            .saturating_add(Unsent::most_heap(egress, longest, least))
    }

    /// Takes what is there, hands out what may leave, and ends what has ended.
    fn finish(&mut self, now: Time, inner: &mut Out<M>, out: &mut Out<Self>) {
        let flow = self.pass_on(inner, out, true).and_then(|()| self.take(now, inner, out));
        self.conclude(now, flow, out);
    }

    fn conclude(&mut self, now: Time, flow: Result<(), Ending>, out: &mut Out<Self>) {
        if let Err(ending) = flow {
            self.machine = None;
            self.frame_due = None;
            self.ingress = Pending::default();
            if let Ending::Fault(fault) = ending {
                // What was sent before the fault leaves as far as it may, the rest is dropped.
                self.hand_out(out);
                self.egress = Unsent::default();
                out.fail(fault);
                return;
            }
            self.draining = Some(now.after(self.config.drain_timeout));
        }
        self.hand_out(out);
        self.drain(now, out);
    }

    /// Closes once nothing is left, nobody is there to take it, or it took too long.
    fn drain(&mut self, now: Time, out: &mut Out<Self>) {
        let Some(due) = self.draining else { return };
        let over = self.egress.is_empty() || self.heard == Heard::Closed;
        if over || due <= now {
            self.draining = None;
            self.egress = Unsent::default();
            out.close(if over {
                Ending::Done
            } else {
                Ending::Fault(Fault::congested("drain_timeout"))
            });
        }
    }

    /// Hands whole frames to the machine while it takes them.
    fn take(&mut self, now: Time, inner: &mut Out<M>, out: &mut Out<Self>) -> Result<(), Ending> {
        loop {
            let Some(machine) = &mut self.machine else { return Ok(()) };
            if machine.saturated() {
                self.frame_due = None;
                // It is held back from nothing more: nothing is left, and nothing comes.
                let is_over = self.ingress.is_empty() && self.heard.is_end(machine);
                return if is_over { Err(machine.at_eof()) } else { Ok(()) };
            }
            let (framing, ended) = (&self.framing, self.heard != Heard::More);
            let most = machine.most_frame();
            let Some((read, split)) = self
                .ingress
                .find(|bytes, all| {
                    if framing.claim(bytes).is_some_and(|length| length > most) {
                        return Err(Malformed::new(MalformedKind::FrameTooLarge, 0));
                    }
                    framing.split(bytes, all && ended)
                })
                .map_err(|malformed| Ending::Fault(machine.malformed(malformed)))?
            else {
                if ended && !self.ingress.is_empty() {
                    return Err(Ending::Fault(Fault::truncated("a frame")));
                }
                if self.ingress.is_empty() {
                    self.frame_due = None;
                } else if self.frame_due.is_none() {
                    self.frame_due =
                        machine.partial_frame().map(|(patience, _)| now.after(patience));
                }
                match self.heard {
                    Heard::More | Heard::Told => return Ok(()),
                    Heard::Closed => return Err(machine.at_eof()),
                    Heard::Finished => {}
                }
                let Some(message) = machine.at_finish() else { return Err(machine.at_eof()) };
                self.heard = Heard::Told;
                machine.handle_remote(now, message, inner);
                self.pass_on(inner, out, false)?;
                continue;
            };
            // The same as if it had come byte by byte.
            if split.end > self.config.ingress {
                return Err(Ending::Fault(Fault::overrun("ingress")));
            }
            let frame = read.get(split.start..split.end).unwrap_or(&[]);
            let source = Source::within(&read, self.ingress.whole());
            let message = M::Remote::decode(frame, source)
                .map_err(|malformed| Ending::Fault(machine.malformed(malformed)))?;
            drop(read);
            self.ingress.advance(split.end);
            self.frame_due = None;
            machine.handle_remote(now, message, inner);
            self.pass_on(inner, out, false)?;
        }
    }

    /// A frame that has begun is to be here by now.
    fn await_frame(&self, now: Time) -> Result<(), Ending> {
        let late = self.machine.as_ref().filter(|_| self.frame_due.is_some_and(|due| due <= now));
        let fault = late.and_then(M::partial_frame).map(|(_, fault)| fault);
        fault.map_or(Ok(()), |fault| Err(Ending::Fault(fault)))
    }

    /// Encodes what the machine sends and passes the rest on. `ours`: it comes of our own side's
    /// input, not of the peer's.
    fn pass_on(
        &mut self,
        inner: &mut Out<M>,
        out: &mut Out<Self>,
        ours: bool,
    ) -> Result<(), Ending> {
        while let Some(action) = inner.pop() {
            match action {
                Action::Send(message) => {
                    if self.egress.len() >= self.credit {
                        self.make_room(&message, ours)?;
                    }
                    let wrapped =
                        self.framing.wrap(self.egress.tail(), &mut |out| message.encode(out));
                    // What the credit covers doesn't wait: it leaves at the end of the call.
                    let waiting = self.egress.len().saturating_sub(self.credit);
                    if wrapped.is_err() || waiting > self.config.egress {
                        self.egress = Unsent::default();
                        return Err(Ending::Fault(too_much("egress", ours)));
                    }
                    if self.egress.len() >= WIRE_BUFFER {
                        self.hand_out(out);
                        self.egress.set_aside(WIRE_BUFFER);
                    }
                }
                Action::Notify(notice) => out.notify(notice),
                Action::Ask(id, query) => out.ask(id, query),
                Action::Close(ending) => return Err(ending),
            }
        }
        Ok(())
    }

    /// Makes room for a message that has to wait, if it says how long it is: then it is not encoded
    /// to find out that it is too much, and its buffer need not grow.
    fn make_room(&mut self, message: &M::Send, ours: bool) -> Result<(), Ending> {
        let Some(length) = message.encoded_len() else { return Ok(()) };
        let waiting = self.egress.len().saturating_sub(self.credit);
        if waiting.saturating_add(length) > self.config.egress {
            self.egress = Unsent::default();
            return Err(Ending::Fault(too_much("egress", ours)));
        }
        if length >= WIRE_BUFFER {
            self.egress.tail().reserve_exact(length.saturating_add(MOST_PREFIX));
        }
        Ok(())
    }

    /// Hands out what the credit allows.
    fn hand_out(&mut self, out: &mut Out<Self>) {
        while self.credit > 0 && !self.egress.is_empty() {
            let sent = self.egress.take(self.credit);
            if self.credit != Transport::UNCOUNTED {
                self.credit = self.credit.saturating_sub(sent.len());
            }
            out.send(sent);
        }
    }
}

impl<M: OverFrames, F: Framing> Machine for Framed<M, F> {
    type Local = M::Local;
    type Remote = Transport;
    type Send = Bytes;
    type Notice = M::Notice;
    type Query = M::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: M::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<M::Local>> {
        let Some(machine) = &mut self.machine else {
            return Err(Refusal::new(Refused::Ended, input));
        };
        let mut inner = self.scratch.take();
        let accepted = machine.handle_local(now, input, &mut inner);
        if accepted.is_ok() {
            self.finish(now, &mut inner, out);
        }
        self.scratch.put(inner);
        accepted
    }

    fn handle_remote(&mut self, now: Time, input: Transport, out: &mut Out<Self>) {
        if self.machine.is_none() && self.draining.is_none() {
            return;
        }
        match input {
            Transport::Received(_) if self.machine.is_none() || self.heard != Heard::More => return,
            Transport::Received(bytes) => self.ingress.push(bytes),
            Transport::Writable(bytes) => self.credit = self.credit.saturating_add(bytes),
            Transport::Finished if self.heard == Heard::More => self.heard = Heard::Finished,
            Transport::Finished => return,
            Transport::Closed => self.heard = Heard::Closed,
        }
        let mut inner = self.scratch.take();
        self.finish(now, &mut inner, out);
        self.scratch.put(inner);
        // What could be taken has been: the rest is what is held.
        if self.machine.is_some() && self.ingress.len() > self.config.ingress {
            self.machine = None;
            self.frame_due = None;
            self.ingress = Pending::default();
            self.egress = Unsent::default();
            out.fail(Fault::overrun("ingress"));
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        if let Some(machine) = &mut self.machine {
            let mut inner = self.scratch.take();
            machine.handle_timeout(now, &mut inner);
            let flow = self
                .pass_on(&mut inner, out, true)
                .and_then(|()| self.take(now, &mut inner, out))
                .and_then(|()| self.await_frame(now));
            self.conclude(now, flow, out);
            self.scratch.put(inner);
        } else {
            self.drain(now, out);
        }
    }

    fn deadline(&self) -> Option<Time> {
        match &self.machine {
            Some(machine) => machine.deadline().into_iter().chain(self.frame_due).min(),
            None => self.draining,
        }
    }

    fn saturated(&self) -> bool {
        let crowded = is_crowded(self.ingress.len(), self.config.ingress);
        // One that drains takes bytes and drops them: two such ends must not wait for each other.
        crowded && self.machine.as_ref().is_some_and(M::saturated)
    }

    fn awaits(&self, id: AskId) -> bool {
        self.machine.as_ref().is_some_and(|machine| machine.awaits(id))
    }

    fn footprint(&self) -> usize {
        let heap = |machine: &M| machine.footprint().saturating_sub(size_of_val(machine));
        size_of_val(self)
            .saturating_add(self.machine.as_ref().map_or(0, heap))
            .saturating_add(self.scratch.heap())
            .saturating_add(self.ingress.heap())
            .saturating_add(self.egress.heap())
    }
}
