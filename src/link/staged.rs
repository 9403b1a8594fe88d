//! One link after the other on the same stream: a handshake first, then the running link.

use core::mem::{self, size_of, size_of_val};

use bytes::Bytes;

use super::Transport;
use crate::ask::AskId;
use crate::fault::{Ending, Fault, Refusal, Refused};
use crate::machine::{Action, Machine, Out};
use crate::outbox::{Outbox, Scratch};
use crate::time::Time;

/// Most bytes that a finished link keeps for the next one.
///
/// A peer that keeps to a handshake sends what follows once it has all of our part, and by then
/// our side has moved on: of honest bytes no more than the rest of one read waits here.
pub(super) const UNREAD: usize = 65_536;

/// A link that can hand its stream on.
pub trait Stage: Machine<Remote = Transport, Send = Bytes> + Sized {
    /// What it has come to.
    type Outcome;

    /// What it leaves behind; `None` unless it has closed as `Done`.
    fn into_parts(self) -> Option<Parts<Self::Outcome>>;
}

/// What a finished link leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parts<T> {
    /// What it has come to.
    pub outcome: T,
    /// Bytes received and not looked at; `None` if there were more than it keeps.
    pub unread: Option<Bytes>,
    /// Bytes the transport still takes.
    pub credit: usize,
    /// True if no bytes follow.
    pub finished: bool,
    /// True if the transport takes none any more either.
    pub closed: bool,
}

/// Knows the link that follows on an outcome.
pub trait Follow<T> {
    /// The link that follows.
    type Next: Machine<Remote = Transport, Send = Bytes>;

    /// What the first stage is called where a command for the second comes too early.
    const FIRST: &'static str = "the first stage";

    /// The link that follows on `outcome`.
    ///
    /// # Errors
    /// How it ends, if nothing is to follow.
    fn follow(self, outcome: T) -> Result<Self::Next, Ending>;

    /// Heap bytes it holds until then.
    fn heap(&self) -> usize {
        0
    }
}

/// A link, and the one that follows on its outcome.
///
/// When the first closes as `Done`, the second takes over what was received and not read, and the
/// credit left. If the first ends by a fault, or the stream has ended by then, so does the whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Staged<A, F, B: Machine> {
    at: At<A, F, B>,
    scratch: Scratch<B>,
}

/// Something of the first or of the second stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[expect(clippy::exhaustive_enums, reason = "there are two stages")]
pub enum StagedOf<A, B> {
    /// Of the first.
    First(A),
    /// Of the second.
    Second(B),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At<A, F, B> {
    First(A, F),
    Second(B),
    Over,
}

impl<A, F, B> Staged<A, F, B>
where
    A: Stage,
    F: Follow<A::Outcome, Next = B>,
    B: Machine<Remote = Transport, Send = Bytes>,
{
    /// `first`, and what knows the link after it.
    #[must_use]
    pub const fn new(first: A, follow: F) -> Self {
        Self { at: At::First(first, follow), scratch: Scratch::new() }
    }

    /// The first link, while it runs.
    #[must_use]
    pub const fn first(&self) -> Option<&A> {
        match &self.at {
            At::First(first, _) => Some(first),
            _ => None,
        }
    }

    /// The second link, while it runs.
    #[must_use]
    pub const fn second(&self) -> Option<&B> {
        match &self.at {
            At::Second(second) => Some(second),
            _ => None,
        }
    }

    /// The most that [`footprint`](Machine::footprint) can be, if that of the first link is at most
    /// `first`, that of the second `second`, and what knows the second has `follow` bytes on the
    /// [heap](Follow::heap).
    #[must_use]
    pub fn most_footprint(first: usize, follow: usize, second: usize) -> usize {
        let first = first.saturating_sub(size_of::<A>()).saturating_add(follow);
        let second = second.saturating_sub(size_of::<B>());
        size_of::<Self>()
            .saturating_add(first.max(second))
            .saturating_add(Scratch::<B>::most_heap())
    }

    /// Takes one input; of a long read of the first link a part, and returns what follows.
    fn take(&mut self, now: Time, input: Transport, out: &mut Out<Self>) -> Option<Transport> {
        match &mut self.at {
            At::First(first, _) => {
                let (input, later) = parted(input);
                let mut inner = Outbox::new();
                first.handle_remote(now, input, &mut inner);
                self.after_first(now, &mut inner, out);
                return later;
            }
            At::Second(second) => {
                let mut inner = self.scratch.take();
                second.handle_remote(now, input, &mut inner);
                self.after_second(inner, out);
            }
            At::Over => {}
        }
        None
    }

    /// Passes the first link's actions on, and moves to the second when it is done.
    fn after_first(&mut self, now: Time, inner: &mut Out<A>, out: &mut Out<Self>) {
        while let Some(action) = inner.pop() {
            match action {
                Action::Send(bytes) => out.send(bytes),
                Action::Notify(notice) => out.notify(StagedOf::First(notice)),
                Action::Ask(id, query) => out.ask(id, StagedOf::First(query)),
                Action::Close(Ending::Done) => {
                    if let Err(ending) = self.follow(now, out) {
                        self.at = At::Over;
                        out.close(ending);
                    }
                }
                Action::Close(ending) => {
                    self.at = At::Over;
                    out.close(ending);
                }
            }
        }
    }

    fn follow(&mut self, now: Time, out: &mut Out<Self>) -> Result<(), Ending> {
        let At::First(first, follow) = mem::replace(&mut self.at, At::Over) else { return Ok(()) };
        let Some(Parts { outcome, unread, credit, finished, closed }) = first.into_parts() else {
            return Err(Ending::Done);
        };
        let mut second = follow.follow(outcome)?;
        let unread = unread.ok_or(Ending::Fault(Fault::overrun("unread")))?;
        let mut inner = Outbox::new();
        let inputs = [
            (credit > 0).then_some(Transport::Writable(credit)),
            (!unread.is_empty()).then_some(Transport::Received(unread)),
            finished.then_some(if closed { Transport::Closed } else { Transport::Finished }),
        ];
        for input in inputs.into_iter().flatten() {
            if !inner.ends() {
                second.handle_remote(now, input, &mut inner);
            }
        }
        self.at = At::Second(second);
        self.after_second(inner, out);
        Ok(())
    }

    /// Passes the second link's actions on.
    fn after_second(&mut self, mut inner: Out<B>, out: &mut Out<Self>) {
        while let Some(action) = inner.pop() {
            out.push(match action {
                Action::Send(bytes) => Action::Send(bytes),
                Action::Notify(notice) => Action::Notify(StagedOf::Second(notice)),
                Action::Ask(id, query) => Action::Ask(id, StagedOf::Second(query)),
                Action::Close(ending) => {
                    self.at = At::Over;
                    Action::Close(ending)
                }
            });
        }
        match self.at {
            At::Second(_) => self.scratch.put(inner),
            At::First(..) | At::Over => self.scratch = Scratch::new(),
        }
    }
}

/// What a link keeps of a read that it ends in, and the rest of the read: how much the driver reads
/// at once is nobody's fault.
fn parted(input: Transport) -> (Transport, Option<Transport>) {
    match input {
        Transport::Received(mut bytes) if bytes.len() > UNREAD => {
            let first = bytes.split_to(UNREAD);
            (Transport::Received(first), Some(Transport::Received(bytes)))
        }
        input => (input, None),
    }
}

impl<A, F, B> Machine for Staged<A, F, B>
where
    A: Stage,
    F: Follow<A::Outcome, Next = B>,
    B: Machine<Remote = Transport, Send = Bytes>,
{
    type Local = StagedOf<A::Local, B::Local>;
    type Remote = Transport;
    type Send = Bytes;
    type Notice = StagedOf<A::Notice, B::Notice>;
    type Query = StagedOf<A::Query, B::Query>;

    fn handle_local(
        &mut self,
        now: Time,
        input: Self::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>> {
        match (&mut self.at, input) {
            (At::First(first, _), StagedOf::First(input)) => {
                let mut inner = Outbox::new();
                first.handle_local(now, input, &mut inner).map_err(|r| r.map(StagedOf::First))?;
                self.after_first(now, &mut inner, out);
            }
            (At::Second(second), StagedOf::Second(input)) => {
                let mut inner = self.scratch.take();
                let accepted = second.handle_local(now, input, &mut inner);
                self.after_second(inner, out);
                accepted.map_err(|refusal| refusal.map(StagedOf::Second))?;
            }
            (At::First(..), input) => {
                return Err(Refusal::new(Refused::wrong_phase(F::FIRST), input));
            }
            (_, input) => return Err(Refusal::new(Refused::Ended, input)),
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: Transport, out: &mut Out<Self>) {
        let mut next = Some(input);
        while let Some(input) = next {
            next = self.take(now, input, out);
        }
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        match &mut self.at {
            At::First(first, _) => {
                let mut inner = Outbox::new();
                first.handle_timeout(now, &mut inner);
                self.after_first(now, &mut inner, out);
            }
            At::Second(second) => {
                let mut inner = self.scratch.take();
                second.handle_timeout(now, &mut inner);
                self.after_second(inner, out);
            }
            At::Over => {}
        }
    }

    fn deadline(&self) -> Option<Time> {
        match &self.at {
            At::First(first, _) => first.deadline(),
            At::Second(second) => second.deadline(),
            At::Over => None,
        }
    }

    fn saturated(&self) -> bool {
        match &self.at {
            At::First(first, _) => first.saturated(),
            At::Second(second) => second.saturated(),
            At::Over => false,
        }
    }

    fn awaits(&self, id: AskId) -> bool {
        match &self.at {
            At::First(first, _) => first.awaits(id),
            At::Second(second) => second.awaits(id),
            At::Over => false,
        }
    }

    fn footprint(&self) -> usize {
        let heap = match &self.at {
            At::First(first, follow) => {
                let first = first.footprint().saturating_sub(size_of_val(first));
                first.saturating_add(follow.heap())
            }
            At::Second(second) => second.footprint().saturating_sub(size_of_val(second)),
            At::Over => 0,
        };
        size_of_val(self).saturating_add(heap).saturating_add(self.scratch.heap())
    }
}
