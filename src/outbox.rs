//! Where a machine puts its actions.

use alloc::collections::{VecDeque, vec_deque};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::mem;

use crate::ask::AskId;
use crate::fault::{Ending, Fault};
use crate::machine::{Action, ActionOf, Machine, Out};

/// An emptied list keeps this many places at most and gives the rest of its memory back.
pub(crate) const KEPT: usize = 32;

/// So many places a machine around another keeps for its actions between two calls.
const SPARE: usize = 2;

/// Where a machine puts its actions, in order. Owned and emptied by the caller.
///
/// Actions stand in the order of their causes, and a `Close` is a machine's last. A driver
/// carries out `Send` and `Close` in order; it may be lazy with `Notify` and `Ask`.
///
/// ```
/// use nodewire::{Action, Ending, Outbox};
///
/// let mut out: Outbox<&str, (), ()> = Outbox::new();
/// out.send("hello");
/// out.close(Ending::Done);
/// assert_eq!(out.pop(), Some(Action::Send("hello")));
/// assert_eq!(out.pop(), Some(Action::Close(Ending::Done)));
/// assert_eq!(out.pop(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use = "the actions in an outbox are what the machine wants done"]
pub struct Outbox<S, N, Q> {
    actions: VecDeque<Action<S, N, Q>>,
}

impl<S, N, Q> Outbox<S, N, Q> {
    /// An empty outbox; allocates nothing.
    pub const fn new() -> Self {
        Self { actions: VecDeque::new() }
    }

    /// Something is to be sent to the other side.
    pub fn send(&mut self, message: S) {
        self.push(Action::Send(message));
    }

    /// The application is told something.
    pub fn notify(&mut self, notice: N) {
        self.push(Action::Notify(notice));
    }

    /// Somebody else is asked something.
    pub fn ask(&mut self, id: AskId, query: Q) {
        self.push(Action::Ask(id, query));
    }

    /// The machine has ended.
    pub fn close(&mut self, ending: Ending) {
        self.push(Action::Close(ending));
    }

    /// The machine has ended by a fault.
    pub fn fail(&mut self, fault: Fault) {
        self.close(Ending::Fault(fault));
    }

    /// Any action.
    pub fn push(&mut self, action: Action<S, N, Q>) {
        self.actions.push_back(action);
    }

    /// Takes the oldest action. An outbox emptied so keeps little memory.
    pub fn pop(&mut self) -> Option<Action<S, N, Q>> {
        let action = self.actions.pop_front();
        if self.actions.is_empty() && self.actions.capacity() > KEPT {
            self.actions = VecDeque::new();
        }
        action
    }

    /// Takes all actions, oldest first, and gives the memory back when it was a burst.
    pub fn drain(&mut self) -> impl Iterator<Item = Action<S, N, Q>> + '_ {
        core::iter::from_fn(|| self.pop())
    }

    /// The actions, oldest first.
    #[must_use]
    #[expect(clippy::iter_without_into_iter, reason = "an outbox is emptied, not looped over")]
    pub fn iter(&self) -> vec_deque::Iter<'_, Action<S, N, Q>> {
        self.actions.iter()
    }

    /// How many actions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// True if there is no action.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// True if the newest action is a `Close`.
    #[must_use]
    pub fn ends(&self) -> bool {
        matches!(self.actions.back(), Some(Action::Close(_)))
    }

    /// Heap bytes of the list itself, not of what its actions own.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.actions.capacity().saturating_mul(size_of::<Action<S, N, Q>>())
    }
}

impl<S, N, Q> Default for Outbox<S, N, Q> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, N, Q> Extend<Action<S, N, Q>> for Outbox<S, N, Q> {
    fn extend<I: IntoIterator<Item = Action<S, N, Q>>>(&mut self, actions: I) {
        self.actions.extend(actions);
    }
}

/// The memory for the actions of a machine inside another, so that a step of few actions allocates
/// none.
///
/// Outside a call there is nothing in it: any two are equal, and a copy starts without memory.
pub(crate) struct Scratch<M: Machine>(Out<M>);

impl<M: Machine> Scratch<M> {
    pub const fn new() -> Self {
        Self(Outbox::new())
    }

    /// An empty outbox, to be [put back](Self::put).
    pub fn take(&mut self) -> Out<M> {
        if self.0.actions.capacity() == 0 {
            return Outbox { actions: VecDeque::with_capacity(SPARE) };
        }
        mem::take(&mut self.0)
    }

    /// Keeps the memory of an emptied outbox, if that isn't much.
    pub fn put(&mut self, out: Out<M>) {
        if out.is_empty() && out.actions.capacity() <= SPARE {
            self.0 = out;
        }
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        self.0.heap()
    }

    /// The most that there can be.
    pub const fn most_heap() -> usize {
        SPARE.saturating_mul(size_of::<ActionOf<M>>())
    }
}

impl<M: Machine> Clone for Scratch<M> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<M: Machine> fmt::Debug for Scratch<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch")
    }
}

impl<M: Machine> PartialEq for Scratch<M> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<M: Machine> Eq for Scratch<M> {}

impl<M: Machine> Hash for Scratch<M> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
