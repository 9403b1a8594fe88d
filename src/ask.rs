//! Questions: how a machine asks for anything expensive or impure.

use alloc::vec::Vec;
use core::fmt;

use crate::fault::Refused;
use crate::ordered::Ordered;

/// Names one question a machine asked. Never reused by that machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(
    any(feature = "serde", feature = "supervisor"),
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct AskId(u64);

impl AskId {
    /// The id with this number, for traces and remote procedure calls.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number, counted from zero in the order of asking.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for AskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The open questions of one machine, each with what to remember until its answer comes.
///
/// The context `C` is the continuation, as data: it is visible in `Debug`, counted and bounded.
/// A full `Asks` is backpressure: the machine says `saturated()`, links hold frames, drivers stop
/// reading.
///
/// ```
/// use nodewire::{Asks, Refused};
///
/// let mut asks = Asks::new(1);
/// let id = asks.open("the block").unwrap();
/// assert_eq!(asks.open("another"), Err("another"));
/// assert_eq!(asks.close(id), Ok(Some("the block")));
/// assert_eq!(asks.close(id), Ok(None)); // stale: ignored
/// assert_eq!(asks.close(nodewire::AskId::from_u64(7)), Err(Refused::UnknownAsk));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asks<C> {
    next: u64,
    limit: usize,
    open: Ordered<AskId, C>,
}

impl<C> Asks<C> {
    /// No questions, and room for `limit` open at once.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { next: 0, limit, open: Ordered::new() }
    }

    /// How many questions are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// True if no question is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// True if as many questions are open as may be.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.open.len() >= self.limit
    }

    /// Opens a question.
    ///
    /// # Errors
    /// Gives the context back when too many questions are open.
    pub fn open(&mut self, context: C) -> Result<AskId, C> {
        if self.is_full() {
            return Err(context);
        }
        let id = AskId(self.next);
        self.open.push(id, context)?;
        self.next = self.next.saturating_add(1);
        Ok(id)
    }

    /// Closes a question: `None` when it was cancelled or answered before.
    ///
    /// # Errors
    /// [`Refused::UnknownAsk`] if the question was never asked.
    pub fn close(&mut self, id: AskId) -> Result<Option<C>, Refused> {
        self.known(id)?;
        Ok(self.open.remove(id))
    }

    /// What is remembered for an open question; `None` when it was cancelled or answered before.
    ///
    /// Look with this before changing anything: an answer of the wrong kind is
    /// [`Refused::Invalid`] and must leave the question open.
    ///
    /// # Errors
    /// [`Refused::UnknownAsk`] if the question was never asked.
    pub fn context(&self, id: AskId) -> Result<Option<&C>, Refused> {
        self.known(id)?;
        Ok(self.open.get(id))
    }

    /// True while somebody still wants the answer.
    #[must_use]
    pub fn awaits(&self, id: AskId) -> bool {
        self.open.get(id).is_some()
    }

    /// Forgets the open questions that `pick` picks, oldest first, and returns their contexts.
    pub fn cancel(&mut self, mut pick: impl FnMut(&C) -> bool) -> Vec<C> {
        let mut picked = Vec::new();
        let mut kept = Ordered::new();
        while let Some((id, context)) = self.open.pop_first() {
            if pick(&context) {
                picked.push(context);
            } else if kept.push(id, context).is_err() {
                debug_assert!(false, "ids ascend");
            }
        }
        self.open = kept;
        picked
    }

    /// The open questions, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (AskId, &C)> + '_ {
        self.open.iter()
    }

    /// Heap bytes of the list itself, not of what its contexts own.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.open.heap()
    }

    /// The number of the next question.
    #[cfg(feature = "supervisor")]
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Puts in place of all questions those that were open elsewhere, where `next` was the number
    /// of the next. False, and nothing changes, unless their ids ascend up to it.
    #[cfg(feature = "supervisor")]
    pub(crate) fn reopen(&mut self, next: u64, questions: Vec<(AskId, C)>) -> bool {
        let mut open = Ordered::new();
        for (id, context) in questions {
            if id.0 >= next || open.push(id, context).is_err() {
                return false;
            }
        }
        (self.next, self.open) = (next, open);
        true
    }

    fn known(&self, id: AskId) -> Result<(), Refused> {
        if id.0 < self.next { Ok(()) } else { Err(Refused::UnknownAsk) }
    }
}
