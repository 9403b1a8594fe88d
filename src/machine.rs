//! The one trait: inputs and the time go in, actions come out.

#[cfg(any(feature = "chia", feature = "leios", feature = "supervisor"))]
use core::fmt::Debug;
#[cfg(any(feature = "chia", feature = "leios", feature = "supervisor"))]
use core::hash::Hash;
use core::mem::size_of_val;

use crate::ask::AskId;
use crate::fault::{Ending, Refusal};
use crate::outbox::Outbox;
use crate::time::Time;

/// A deterministic state machine: inputs and the time go in, actions come out.
///
/// Same machine, same inputs, same times: same actions, same state, on any target. There is no
/// clock, no randomness, no hash order and no I/O behind it, and nothing to poll but the deadline.
///
/// Machines of this crate also are `Clone + Debug + Eq + Hash + Send + 'static`, which is what
/// recording, exploring and comparing them needs.
///
/// ```
/// use nodewire::{Action, Machine, Never, Out, Outbox, Refusal, Time};
///
/// /// Sends back what it hears.
/// struct Echo;
///
/// impl Machine for Echo {
///     type Local = Never;
///     type Remote = u8;
///     type Send = u8;
///     type Notice = Never;
///     type Query = Never;
///
///     fn handle_local(&mut self, _: Time, input: Never, _: &mut Out<Self>)
///     -> Result<(), Refusal<Never>> {
///         match input {}
///     }
///     fn handle_remote(&mut self, _: Time, input: u8, out: &mut Out<Self>) {
///         out.send(input);
///     }
///     fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}
///     fn deadline(&self) -> Option<Time> {
///         None
///     }
/// }
///
/// let mut out = Outbox::new();
/// Echo.handle_remote(Time::ZERO, 7, &mut out);
/// assert_eq!(out.pop(), Some(Action::Send(7)));
/// ```
pub trait Machine {
    /// What the local side wants: commands, and answers to the machine's questions.
    type Local;
    /// What reaches us from outside: bytes, messages, transport events.
    type Remote;
    /// What is to be sent to the other side.
    type Send;
    /// What the application is told.
    type Notice;
    /// What the machine needs somebody else to find out.
    type Query;

    /// Does what the local side wants, or refuses and changes nothing.
    ///
    /// # Errors
    /// A [`Refusal`] hands the input back; the machine and the outbox are exactly what they were.
    fn handle_local(
        &mut self,
        now: Time,
        input: Self::Local,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>>;

    /// Takes in what came from outside. A bad peer is an action, never an error.
    fn handle_remote(&mut self, now: Time, input: Self::Remote, out: &mut Out<Self>);

    /// Lets time pass. Early and repeated calls do nothing.
    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>);

    /// When `handle_timeout` next has something to do. Read it again after every call.
    fn deadline(&self) -> Option<Time>;

    /// True while more remote input would be a burden: links hold frames, drivers stop reading.
    fn saturated(&self) -> bool {
        false
    }

    /// False when nobody wants the answer to this question any more.
    fn awaits(&self, id: AskId) -> bool {
        let _ = id;
        true
    }

    /// Bytes held: the value itself and all the heap behind it, by capacity and with pinned
    /// buffers. The default is right for machines without a heap.
    fn footprint(&self) -> usize {
        size_of_val(self)
    }

    /// One input of any kind: what recording, replaying, fuzzing and exploring use.
    ///
    /// # Errors
    /// As [`handle_local`](Self::handle_local).
    fn handle(
        &mut self,
        now: Time,
        input: InputOf<Self>,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<Self::Local>> {
        match input {
            Input::Local(input) => self.handle_local(now, input, out)?,
            Input::Remote(input) => self.handle_remote(now, input, out),
            Input::Timeout => self.handle_timeout(now, out),
        }
        Ok(())
    }
}

/// The three kinds of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "the contract of all machines")]
pub enum Input<L, R> {
    /// From our own side.
    Local(L),
    /// From outside.
    Remote(R),
    /// The time has come.
    Timeout,
}

/// The four things a machine can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the contract of all machines: an action passed over is an error"
)]
pub enum Action<S, N, Q> {
    /// Send this to the other side.
    Send(S),
    /// Tell the application.
    Notify(N),
    /// Find this out and hand the answer in as local input, in any order, or never.
    Ask(AskId, Q),
    /// It is over; always the last action of a machine.
    Close(Ending),
}

/// The input type of a machine.
pub type InputOf<M> = Input<<M as Machine>::Local, <M as Machine>::Remote>;
/// The action type of a machine.
pub type ActionOf<M> = Action<<M as Machine>::Send, <M as Machine>::Notice, <M as Machine>::Query>;
/// The outbox type of a machine.
pub type Out<M> = Outbox<<M as Machine>::Send, <M as Machine>::Notice, <M as Machine>::Query>;

/// Compiles for what can be compared, explored, recorded and sent to a thread: every machine here.
// Rust 1.85 does not count a use in `const _`.
#[cfg(any(feature = "chia", feature = "leios", feature = "supervisor"))]
#[allow(dead_code)]
pub(crate) const fn kept<M: Clone + Debug + Eq + Hash + Send + 'static>() {}

/// For the types a machine has no use for: there is no value of it.
///
/// What `core::convert::Infallible` is to the language, with the data forms that traces and play
/// ask of every type of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "it has no value by definition")]
pub enum Never {}
