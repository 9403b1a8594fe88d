//! An adversary made of any honest machine: what it sends is dropped, delayed, repeated, changed.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::mem::size_of;
use core::time::Duration;

use bytes::Bytes;

use crate::ask::AskId;
use crate::fault::Refusal;
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::Rng;
use crate::time::Time;

/// What happens to one message that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TwistOp<S> {
    /// It goes out unchanged.
    Pass,
    /// It never goes out.
    Drop,
    /// It goes out later; what is sent meanwhile overtakes it.
    Delay(Duration),
    /// It and all that follows go out later, in order: what a byte stream allows.
    Stall(Duration),
    /// It goes out so many times more.
    Repeat(u8),
    /// The message sent so many before it goes out again, after it.
    Replay(u8),
    /// It goes out changed.
    Change(Change<S>),
    /// These go out before it.
    Insert(Vec<S>),
    /// Neither it nor anything after it goes out.
    Silence,
}

/// A named way to change a message; equal where the names are.
///
/// The function gets the message and a random number, and returns what goes out instead.
#[derive(Clone, Copy)]
pub struct Change<S> {
    name: &'static str,
    apply: fn(S, u64) -> S,
}

impl<S> Change<S> {
    /// A change.
    pub const fn new(name: &'static str, apply: fn(S, u64) -> S) -> Self {
        Self { name, apply }
    }
}

impl Change<Bytes> {
    /// Flips one bit of the bytes.
    pub const FLIP: Self = Self::new("flip", |bytes, random| {
        let mut bytes = Vec::from(bytes);
        let at = (random >> 3).checked_rem(bytes.len() as u64).unwrap_or(0) as usize;
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << (random & 7);
        }
        Bytes::from(bytes)
    });

    /// Cuts some of the bytes off at the end.
    pub const CUT: Self = Self::new("cut", |bytes, random| {
        let keep = random.checked_rem(bytes.len() as u64).unwrap_or(0);
        let keep = usize::try_from(keep).unwrap_or_default();
        bytes.slice(..keep)
    });
}

impl<S> fmt::Debug for Change<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<S> PartialEq for Change<S> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl<S> Eq for Change<S> {}

impl<S> Hash for Change<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// How often what happens in a seeded twist, of a million messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TwistRates<S> {
    /// [`TwistOp::Drop`].
    pub drop: u32,
    /// [`TwistOp::Delay`], by up to [`longest`](Self::longest).
    pub delay: u32,
    /// [`TwistOp::Stall`], by up to [`longest`](Self::longest).
    pub stall: u32,
    /// The longest delay.
    pub longest: Duration,
    /// [`TwistOp::Replay`] of one of the last few messages.
    pub replay: u32,
    /// [`TwistOp::Change`], by one of [`changes`](Self::changes).
    pub change: u32,
    /// The ways to change a message.
    pub changes: Vec<Change<S>>,
}

impl<S> Default for TwistRates<S> {
    /// Nothing happens.
    fn default() -> Self {
        Self {
            drop: 0,
            delay: 0,
            stall: 0,
            longest: Duration::from_secs(1),
            replay: 0,
            change: 0,
            changes: Vec::new(),
        }
    }
}

/// How many sent messages are kept to be replayed.
const KEPT: usize = 8;

/// A decorator that makes an adversary of an honest machine, by a script or from a seed.
///
/// What the machine hears, notices and asks is left as it is. When the machine closes, what is
/// still held back goes out first.
///
/// ```
/// use nodewire::sim::{Twist, TwistOp};
/// # use core::convert::Infallible;
/// # use nodewire::{Action, Machine, Out, Outbox, Refusal, Time};
/// # struct Echo;
/// # impl Machine for Echo {
/// #     type Local = Infallible;
/// #     type Remote = u8;
/// #     type Send = u8;
/// #     type Notice = Infallible;
/// #     type Query = Infallible;
/// #     fn handle_local(&mut self, _: Time, i: Infallible, _: &mut Out<Self>)
/// #     -> Result<(), Refusal<Infallible>> { match i {} }
/// #     fn handle_remote(&mut self, _: Time, input: u8, out: &mut Out<Self>) { out.send(input); }
/// #     fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}
/// #     fn deadline(&self) -> Option<Time> { None }
/// # }
/// // The second message is dropped, the third sent twice.
/// let mut liar = Twist::script(Echo, [(1, TwistOp::Drop), (2, TwistOp::Repeat(1))]);
/// let mut out = Outbox::new();
/// for n in [1, 2, 3] {
///     liar.handle_remote(Time::ZERO, n, &mut out);
/// }
/// let sent: Vec<_> = out.drain().collect();
/// assert_eq!(sent, [Action::Send(1), Action::Send(3), Action::Send(3)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Twist<M: Machine> {
    machine: M,
    plan: Plan<M::Send>,
    rng: Rng,
    /// Messages the machine has sent.
    sent: u64,
    silent: bool,
    /// Messages held back so far: the order among those due at once.
    emitted: u64,
    stalled_until: Time,
    held: BTreeMap<(Time, u64), M::Send>,
    recent: Vec<M::Send>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Plan<S> {
    Script(BTreeMap<u64, TwistOp<S>>),
    Rates(TwistRates<S>),
}

impl<M: Machine<Send: Clone>> Twist<M> {
    /// Twists the messages with these numbers, counted from zero.
    pub fn script(machine: M, ops: impl IntoIterator<Item = (u64, TwistOp<M::Send>)>) -> Self {
        Self::new(machine, Plan::Script(ops.into_iter().collect()), 0)
    }

    /// Twists by chance.
    pub const fn seeded(machine: M, seed: u64, rates: TwistRates<M::Send>) -> Self {
        Self::new(machine, Plan::Rates(rates), seed)
    }

    /// The machine inside.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    const fn new(machine: M, plan: Plan<M::Send>, seed: u64) -> Self {
        Self {
            machine,
            plan,
            rng: Rng::new(seed),
            sent: 0,
            silent: false,
            emitted: 0,
            stalled_until: Time::ZERO,
            held: BTreeMap::new(),
            recent: Vec::new(),
        }
    }

    /// Passes on what the machine wants, twisted.
    fn pass_on(&mut self, now: Time, inner: &mut Out<M>, out: &mut Out<Self>) {
        for action in inner.drain() {
            match action {
                Action::Send(message) => self.twist(now, message, out),
                Action::Close(ending) => {
                    self.flush(None, out);
                    out.close(ending);
                }
                other => out.push(other),
            }
        }
    }

    fn twist(&mut self, now: Time, message: M::Send, out: &mut Out<Self>) {
        let op = self.op();
        self.sent = self.sent.saturating_add(1);
        let before = match &op {
            TwistOp::Replay(back) => {
                let at = self.recent.len().checked_sub(usize::from(*back).max(1));
                at.and_then(|at| self.recent.get(at)).cloned()
            }
            _ => None,
        };
        if self.recent.len() == KEPT {
            self.recent.remove(0);
        }
        self.recent.push(message.clone());
        match op {
            TwistOp::Pass => self.emit(now, now, message, out),
            TwistOp::Drop => {}
            TwistOp::Delay(span) => self.emit(now, now.after(span), message, out),
            TwistOp::Stall(span) => {
                self.stalled_until = self.stalled_until.max(now.after(span));
                self.emit(now, now, message, out);
            }
            TwistOp::Repeat(times) => {
                for _ in 0..times {
                    self.emit(now, now, message.clone(), out);
                }
                self.emit(now, now, message, out);
            }
            TwistOp::Replay(_) => {
                self.emit(now, now, message, out);
                if let Some(before) = before {
                    self.emit(now, now, before, out);
                }
            }
            TwistOp::Change(change) => {
                let message = (change.apply)(message, self.rng.next());
                self.emit(now, now, message, out);
            }
            TwistOp::Insert(others) => {
                for other in others {
                    self.emit(now, now, other, out);
                }
                self.emit(now, now, message, out);
            }
            TwistOp::Silence => self.silent = true,
        }
    }

    fn op(&mut self) -> TwistOp<M::Send> {
        if self.silent {
            return TwistOp::Drop;
        }
        let Self { plan, rng, sent, .. } = self;
        match plan {
            Plan::Script(ops) => ops.remove(sent).unwrap_or(TwistOp::Pass),
            Plan::Rates(rates) => {
                // Drawn always, so that one rate doesn't shift the others.
                let longest = u64::try_from(rates.longest.as_micros()).unwrap_or(u64::MAX);
                let span = Duration::from_micros(rng.between(0, longest));
                let back = u8::try_from(rng.between(1, KEPT as u64)).unwrap_or(u8::MAX);
                let which = rng.below(rates.changes.len() as u64);
                let which = usize::try_from(which).unwrap_or_default();
                let [drop, delay, stall, replay, change] =
                    [rates.drop, rates.delay, rates.stall, rates.replay, rates.change]
                        .map(|rate| rng.chance(rate));
                match rates.changes.get(which) {
                    _ if drop => TwistOp::Drop,
                    Some(how) if change => TwistOp::Change(Change { ..*how }),
                    _ if replay => TwistOp::Replay(back),
                    _ if delay => TwistOp::Delay(span),
                    _ if stall => TwistOp::Stall(span),
                    _ => TwistOp::Pass,
                }
            }
        }
    }

    /// Sends at once, or holds back what is due later or stalled.
    fn emit(&mut self, now: Time, due: Time, message: M::Send, out: &mut Out<Self>) {
        let due = due.max(self.stalled_until);
        if due <= now {
            // What is due goes first: a stall keeps the order.
            self.flush(Some(now), out);
            out.send(message);
        } else {
            let number = self.emitted;
            self.emitted += 1;
            self.held.insert((due, number), message);
        }
    }

    /// Sends what is held and due; all of it without a time.
    fn flush(&mut self, now: Option<Time>, out: &mut Out<Self>) {
        while let Some(((due, _), _)) = self.held.first_key_value() {
            if now.is_some_and(|now| *due > now) {
                return;
            }
            if let Some((_, message)) = self.held.pop_first() {
                out.send(message);
            }
        }
    }
}

impl<M: Machine<Send: Clone>> Machine for Twist<M> {
    type Local = M::Local;
    type Remote = M::Remote;
    type Send = M::Send;
    type Notice = M::Notice;
    type Query = M::Query;

    fn handle_local(
        &mut self,
        now: Time,
        input: Self::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>> {
        let mut inner = Outbox::new();
        let result = self.machine.handle_local(now, input, &mut inner);
        self.pass_on(now, &mut inner, out);
        result
    }

    fn handle_remote(&mut self, now: Time, input: Self::Remote, out: &mut Out<Self>) {
        let mut inner = Outbox::new();
        self.machine.handle_remote(now, input, &mut inner);
        self.pass_on(now, &mut inner, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        self.flush(Some(now), out);
        let mut inner = Outbox::new();
        self.machine.handle_timeout(now, &mut inner);
        self.pass_on(now, &mut inner, out);
    }

    fn deadline(&self) -> Option<Time> {
        let held = self.held.first_key_value().map(|((due, _), _)| *due);
        [held, self.machine.deadline()].into_iter().flatten().min()
    }

    fn saturated(&self) -> bool {
        self.machine.saturated()
    }

    fn awaits(&self, id: AskId) -> bool {
        self.machine.awaits(id)
    }

    /// The machine's and the twist's own lists, without what held messages own: an adversary's
    /// memory is nobody's limit.
    fn footprint(&self) -> usize {
        let own = size_of::<Self>() - size_of::<M>();
        let held = (self.held.len() + self.recent.capacity()) * size_of::<M::Send>();
        self.machine.footprint() + own + held
    }
}
