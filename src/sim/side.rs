//! One side of a world of two machines: its machine, its script, and what is under way to it.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::ask::AskId;
use crate::fault::Ending;
use crate::machine::{Action, Machine, Out};
use crate::time::Time;
use crate::until_closed::UntilClosed;

/// One of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two sides")]
pub enum Side {
    /// The first machine.
    A,
    /// The second machine.
    B,
}

/// What [`Duo`](crate::sim::Duo) asks of a machine and of its types.
pub trait Joined:
    Machine<
        Local: Clone + fmt::Debug,
        Remote: Clone + Hash + fmt::Debug,
        Query: Clone + Hash + fmt::Debug,
        Send: fmt::Debug,
        Notice: fmt::Debug,
    > + Clone
    + Hash
{
}

impl<M> Joined for M where
    M: Machine<
            Local: Clone + fmt::Debug,
            Remote: Clone + Hash + fmt::Debug,
            Query: Clone + Hash + fmt::Debug,
            Send: fmt::Debug,
            Notice: fmt::Debug,
        > + Clone
        + Hash
{
}

/// One thing that can happen in a [`Duo`](crate::sim::Duo).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DuoMove {
    /// A side gets the local input with this index in its script.
    Local(Side, u8),
    /// A side hears the oldest message on this channel.
    Hears(Side, u16),
    /// A side's open question with this index gets the answer with this index.
    Answer(Side, u8, u8),
    /// Time jumps to a side's deadline.
    Timeout(Side),
}

impl DuoMove {
    /// Whose move it is.
    #[must_use]
    pub const fn side(&self) -> Side {
        match self {
            Self::Local(side, _)
            | Self::Hears(side, _)
            | Self::Answer(side, _, _)
            | Self::Timeout(side) => *side,
        }
    }
}

pub(super) struct End<M: Machine> {
    pub(super) machine: UntilClosed<M>,
    pub(super) ending: Option<Ending>,
    pub(super) script: Arc<[M::Local]>,
    /// Which of the script are done.
    pub(super) done: u64,
    pub(super) ordered: bool,
    pub(super) inbox: BTreeMap<u16, VecDeque<M::Remote>>,
    pub(super) asked: Vec<(AskId, M::Query)>,
}

impl<M: Joined> End<M> {
    pub(super) fn new(machine: M) -> Self {
        Self {
            machine: UntilClosed::new(machine),
            ending: None,
            script: Arc::new([]),
            done: 0,
            ordered: true,
            inbox: BTreeMap::new(),
            asked: Vec::new(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.done.count_ones() as usize == self.script.len()
    }

    pub(super) fn moves(
        &self,
        side: Side,
        answers: impl Fn(AskId, &M::Query) -> Vec<M::Local>,
        moves: &mut Vec<DuoMove>,
    ) {
        let length = u8::try_from(self.script.len()).unwrap_or(u8::MAX);
        let open = (0..length).filter(|at| self.done & (1 << at) == 0);
        let most = if self.ordered { 1 } else { usize::MAX };
        moves.extend(open.take(most).map(|at| DuoMove::Local(side, at)));
        moves.extend(self.inbox.keys().map(|channel| DuoMove::Hears(side, *channel)));
        for (at, (id, query)) in (0..=u8::MAX).zip(&self.asked) {
            let count = u8::try_from(answers(*id, query).len()).unwrap_or(u8::MAX);
            moves.extend((0..count).map(|which| DuoMove::Answer(side, at, which)));
        }
    }

    pub(super) fn local(&mut self, now: Time, at: u8, out: &mut Out<M>) -> Option<()> {
        let input = self.script.get(usize::from(at))?.clone();
        self.done |= 1_u64.checked_shl(u32::from(at))?;
        self.machine.handle_local(now, input, out).ok()
    }

    pub(super) fn answer(
        &mut self,
        now: Time,
        at: u8,
        which: u8,
        answers: impl Fn(AskId, &M::Query) -> Vec<M::Local>,
        out: &mut Out<M>,
    ) -> Option<()> {
        let at = usize::from(at);
        let (id, query) = self.asked.get(at)?;
        let answer = answers(*id, query).into_iter().nth(usize::from(which))?;
        self.asked.remove(at);
        self.machine.handle_local(now, answer, out).ok()
    }

    /// Takes the oldest message of a channel. An emptied queue goes, so that equal states hash
    /// equally.
    pub(super) fn next(&mut self, channel: u16) -> Option<M::Remote> {
        let queue = self.inbox.get_mut(&channel)?;
        let message = queue.pop_front();
        if queue.is_empty() {
            self.inbox.remove(&channel);
        }
        message
    }

    /// Keeps what stays on this side and returns what is to be sent.
    pub(super) fn absorb(&mut self, out: &mut Out<M>) -> Vec<M::Send> {
        let mut sent = Vec::new();
        for action in out.drain() {
            match action {
                Action::Send(message) => sent.push(message),
                Action::Ask(id, query) => self.asked.push((id, query)),
                Action::Notify(_) => {}
                Action::Close(ending) => {
                    self.ending = Some(ending);
                    self.asked.clear();
                }
            }
        }
        sent
    }
}

impl<M: Joined> Clone for End<M> {
    fn clone(&self) -> Self {
        Self {
            machine: self.machine.clone(),
            ending: self.ending,
            script: self.script.clone(),
            done: self.done,
            ordered: self.ordered,
            inbox: self.inbox.clone(),
            asked: self.asked.clone(),
        }
    }
}

impl<M: Joined> Hash for End<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The script itself is the same in all states of one exploration.
        (&self.machine, self.ending, self.done).hash(state);
        (&self.inbox, &self.asked).hash(state);
    }
}
