//! A ready-made world: two machines joined by queues, one for each channel and direction.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use crate::ask::AskId;
use crate::fault::Ending;
use crate::machine::{Machine, Out};
use crate::outbox::Outbox;
use crate::sim::World;
use crate::sim::side::{DuoMove, End, Joined, Side};
use crate::time::Time;

/// How two machines are joined: what one sends is what the other hears.
///
/// The channel numbers are free: messages keep their order within a channel of one direction, and
/// have none between channels. One channel for all is a plain stream.
pub trait Wiring: Sized + 'static {
    /// The first machine, the client as a rule.
    type A: Joined;
    /// The second machine.
    type B: Joined;

    /// The channel of what A sends, and what B hears; `None` if it doesn't reach B.
    fn to_b(message: <Self::A as Machine>::Send) -> Option<(u16, <Self::B as Machine>::Remote)>;

    /// The channel of what B sends, and what A hears; `None` if it doesn't reach A.
    fn to_a(message: <Self::B as Machine>::Send) -> Option<(u16, <Self::A as Machine>::Remote)>;

    /// What A hears when a message of its own has been delivered: that it has left.
    fn left_a(message: &<Self::B as Machine>::Remote) -> Option<<Self::A as Machine>::Remote> {
        let _ = message;
        None
    }

    /// What B hears when a message of its own has been delivered: that it has left.
    fn left_b(message: &<Self::A as Machine>::Remote) -> Option<<Self::B as Machine>::Remote> {
        let _ = message;
        None
    }

    /// All answers A may get to a question: each is tried.
    fn answers_a(
        id: AskId,
        query: &<Self::A as Machine>::Query,
    ) -> Vec<<Self::A as Machine>::Local>;

    /// All answers B may get to a question: each is tried.
    fn answers_b(
        id: AskId,
        query: &<Self::B as Machine>::Query,
    ) -> Vec<<Self::B as Machine>::Local>;

    /// What is wrong with a state; a fault of either side always is.
    fn wrong(duo: &Duo<Self>) -> Option<String> {
        let _ = duo;
        None
    }

    /// What is wrong with a state in which nothing can happen any more.
    fn stuck(duo: &Duo<Self>) -> Option<String> {
        let _ = duo;
        None
    }
}

/// Two machines joined by queues, with scripts of local input as a budget.
///
/// At each step: a side takes one of its local inputs, hears the oldest message of one channel,
/// gets one of its questions answered, or (within a budget) time jumps to its deadline. Build it
/// with [`new`](Self::new), give it scripts, and [`explore`](crate::sim::explore) it.
pub struct Duo<W: Wiring> {
    a: End<W::A>,
    b: End<W::B>,
    now: Time,
    timeouts: u8,
}

impl<W: Wiring> Duo<W> {
    /// Two machines with nothing to do, at time zero.
    pub fn new(a: W::A, b: W::B) -> Self {
        Self { a: End::new(a), b: End::new(b), now: Time::ZERO, timeouts: 0 }
    }

    /// What A may be told locally: in this order, or in any if not `ordered`. At most 64.
    ///
    /// An input that is refused stays to be tried later. One that is refused everywhere never
    /// happens: collect the moves seen, and look for it.
    #[must_use]
    pub fn script_a(
        mut self,
        ordered: bool,
        inputs: impl IntoIterator<Item = <W::A as Machine>::Local>,
    ) -> Self {
        self.a.script = inputs.into_iter().take(64).collect();
        self.a.ordered = ordered;
        self
    }

    /// The same for B.
    #[must_use]
    pub fn script_b(
        mut self,
        ordered: bool,
        inputs: impl IntoIterator<Item = <W::B as Machine>::Local>,
    ) -> Self {
        self.b.script = inputs.into_iter().take(64).collect();
        self.b.ordered = ordered;
        self
    }

    /// How often time may jump to a deadline; never unless said.
    #[must_use]
    pub const fn timeouts(mut self, most: u8) -> Self {
        self.timeouts = most;
        self
    }

    /// A, until it has closed.
    pub const fn a(&self) -> Option<&W::A> {
        self.a.machine.get()
    }

    /// B, until it has closed.
    pub const fn b(&self) -> Option<&W::B> {
        self.b.machine.get()
    }

    /// How a side ended, once it has.
    pub const fn ending(&self, side: Side) -> Option<Ending> {
        match side {
            Side::A => self.a.ending,
            Side::B => self.b.ending,
        }
    }

    /// True if no message is under way.
    pub fn is_quiet(&self) -> bool {
        self.a.inbox.is_empty() && self.b.inbox.is_empty()
    }

    /// True if a side's script is done.
    pub fn is_done(&self, side: Side) -> bool {
        match side {
            Side::A => self.a.is_done(),
            Side::B => self.b.is_done(),
        }
    }

    /// What A hears next on a channel.
    pub fn next_to_a(&self, channel: u16) -> Option<&<W::A as Machine>::Remote> {
        self.a.inbox.get(&channel).and_then(VecDeque::front)
    }

    /// What B hears next on a channel.
    pub fn next_to_b(&self, channel: u16) -> Option<&<W::B as Machine>::Remote> {
        self.b.inbox.get(&channel).and_then(VecDeque::front)
    }

    /// A move in words, with the message or the input it is about.
    pub fn describe(&self, step: &DuoMove) -> String {
        let about = match *step {
            DuoMove::Local(Side::A, at) => format!("{:?}", self.a.script.get(usize::from(at))),
            DuoMove::Local(Side::B, at) => format!("{:?}", self.b.script.get(usize::from(at))),
            DuoMove::Hears(Side::A, channel) => format!("{:?}", self.next_to_a(channel)),
            DuoMove::Hears(Side::B, channel) => format!("{:?}", self.next_to_b(channel)),
            DuoMove::Answer(Side::A, at, _) => format!("{:?}", self.a.asked.get(usize::from(at))),
            DuoMove::Answer(Side::B, at, _) => format!("{:?}", self.b.asked.get(usize::from(at))),
            DuoMove::Timeout(_) => String::new(),
        };
        format!("{step:?} {about}")
    }

    /// Carries out what A wants; what it sends is put under way.
    fn carry_a(&mut self, out: &mut Out<W::A>) {
        for message in self.a.absorb(out) {
            if let Some((channel, message)) = W::to_b(message) {
                self.b.inbox.entry(channel).or_default().push_back(message);
            }
        }
    }

    fn carry_b(&mut self, out: &mut Out<W::B>) {
        for message in self.b.absorb(out) {
            if let Some((channel, message)) = W::to_a(message) {
                self.a.inbox.entry(channel).or_default().push_back(message);
            }
        }
    }

    fn step_a(&mut self, step: &DuoMove) -> Option<()> {
        let mut out = Outbox::new();
        let now = self.now;
        match *step {
            DuoMove::Local(_, at) => self.a.local(now, at, &mut out)?,
            DuoMove::Answer(_, at, which) => {
                self.a.answer(now, at, which, W::answers_a, &mut out)?;
            }
            DuoMove::Hears(_, channel) => {
                let message = self.a.next(channel)?;
                let left = W::left_b(&message);
                self.a.machine.handle_remote(now, message, &mut out);
                if let Some(left) = left {
                    let mut out = Outbox::new();
                    self.b.machine.handle_remote(now, left, &mut out);
                    self.carry_b(&mut out);
                }
            }
            DuoMove::Timeout(_) => {
                self.now = now.max(self.a.machine.deadline()?);
                self.a.machine.handle_timeout(self.now, &mut out);
            }
        }
        self.carry_a(&mut out);
        Some(())
    }

    fn step_b(&mut self, step: &DuoMove) -> Option<()> {
        let mut out = Outbox::new();
        let now = self.now;
        match *step {
            DuoMove::Local(_, at) => self.b.local(now, at, &mut out)?,
            DuoMove::Answer(_, at, which) => {
                self.b.answer(now, at, which, W::answers_b, &mut out)?;
            }
            DuoMove::Hears(_, channel) => {
                let message = self.b.next(channel)?;
                let left = W::left_a(&message);
                self.b.machine.handle_remote(now, message, &mut out);
                if let Some(left) = left {
                    let mut out = Outbox::new();
                    self.a.machine.handle_remote(now, left, &mut out);
                    self.carry_a(&mut out);
                }
            }
            DuoMove::Timeout(_) => {
                self.now = now.max(self.b.machine.deadline()?);
                self.b.machine.handle_timeout(self.now, &mut out);
            }
        }
        self.carry_b(&mut out);
        Some(())
    }
}

impl<W: Wiring> World for Duo<W> {
    type Move = DuoMove;

    fn moves(&self, moves: &mut Vec<DuoMove>) {
        self.a.moves(Side::A, W::answers_a, moves);
        self.b.moves(Side::B, W::answers_b, moves);
        if self.timeouts > 0 {
            moves.extend([DuoMove::Timeout(Side::A), DuoMove::Timeout(Side::B)]);
        }
    }

    fn after(&self, step: &DuoMove) -> Option<Self> {
        let mut next = self.clone();
        if matches!(step, DuoMove::Timeout(_)) {
            next.timeouts = next.timeouts.checked_sub(1)?;
        }
        match step.side() {
            Side::A => next.step_a(step)?,
            Side::B => next.step_b(step)?,
        }
        Some(next)
    }

    fn fault(&self) -> Option<String> {
        for (side, ending) in [(Side::A, self.a.ending), (Side::B, self.b.ending)] {
            if let Some(Ending::Fault(fault)) = ending {
                return Some(format!("{side:?} ended: {fault}"));
            }
        }
        W::wrong(self)
    }

    fn stuck(&self) -> Option<String> {
        W::stuck(self)
    }
}

impl<W: Wiring> Clone for Duo<W> {
    fn clone(&self) -> Self {
        Self { a: self.a.clone(), b: self.b.clone(), now: self.now, timeouts: self.timeouts }
    }
}

impl<W: Wiring> Hash for Duo<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.a.hash(state);
        self.b.hash(state);
        (self.now, self.timeouts).hash(state);
    }
}
