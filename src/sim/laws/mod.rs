//! The laws every machine and link keeps, as checks for machines of one's own.

mod cuts;

pub use cuts::{Uncut, cut_invariance, cut_invariance_by};

use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::mem::size_of;

use crate::ask::AskId;
use crate::fault::{Refusal, Refused};
use crate::machine::{Action, Input, InputOf, Machine, Out};
use crate::outbox::Outbox;
use crate::time::Time;

/// One law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Law {
    /// 1: the same input on a clone gives the same actions and the same state.
    Determinism,
    /// 2: only local input is refused; a refusal hands it back, changes nothing, says nothing.
    Refusal,
    /// 3: a timeout before the deadline does nothing; one at the deadline moves the deadline on.
    Deadline,
    /// 4: a machine closes at most once, as its last action; nothing comes after it.
    Close,
    /// 5: however the bytes are cut, a link does the same.
    Cuts,
    /// 6: the footprint stays within the limit.
    Footprint,
    /// 7: an answer counts once; a stale one does nothing; an unknown one is refused.
    Answers,
}

/// A broken law: which, at which input, and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("law {} ({law:?}) is broken at step {step}: {detail}", *law as u8 + 1)]
pub struct Broken {
    /// The law.
    pub law: Law,
    /// The input at which it showed, counted from one.
    pub step: u64,
    /// What was seen.
    pub detail: String,
}

/// What a lawful step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stepped<S, N, Q> {
    /// The actions, in order.
    pub actions: Outbox<S, N, Q>,
    /// Why local input was refused, if it was.
    pub refused: Option<Refused>,
}

type SteppedOf<M> = Stepped<<M as Machine>::Send, <M as Machine>::Notice, <M as Machine>::Query>;

type Answering<M> = Box<dyn Fn(AskId, &<M as Machine>::Query) -> Option<<M as Machine>::Local>>;

/// A machine under the eye of the law: give it inputs, and it tells of the first broken law.
///
/// Costs about seven clones an input: for tests and fuzzing.
///
/// ```
/// use core::convert::Infallible;
/// use nodewire::sim::{Law, Laws};
/// use nodewire::{Input, Machine, Out, Refusal, Refused, Time};
///
/// /// Counts, and refuses too late.
/// #[derive(Clone, Debug, PartialEq)]
/// struct Careless(u8);
///
/// impl Machine for Careless {
///     type Local = u8;
///     type Remote = ();
///     type Send = u8;
///     type Notice = Infallible;
///     type Query = Infallible;
///     fn handle_local(&mut self, _: Time, n: u8, _: &mut Out<Self>) -> Result<(), Refusal<u8>> {
///         self.0 = self.0.wrapping_add(n);
///         if n > 9 { Err(Refusal::new(Refused::invalid("too much"), n)) } else { Ok(()) }
///     }
///     fn handle_remote(&mut self, _: Time, _: (), out: &mut Out<Self>) {
///         out.send(self.0);
///     }
///     fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}
///     fn deadline(&self) -> Option<Time> { None }
/// }
///
/// let mut laws = Laws::new(Careless(0));
/// assert!(laws.step(Time::ZERO, Input::Local(3)).is_ok());
/// assert!(laws.step(Time::ZERO, Input::Remote(())).is_ok());
/// let broken = laws.step(Time::ZERO, Input::Local(10)).unwrap_err();
/// assert_eq!((broken.law, broken.step), (Law::Refusal, 3));
/// ```
pub struct Laws<M: Machine> {
    machine: M,
    step: u64,
    closed: bool,
    lasting: bool,
    limit: usize,
    timeouts: u32,
    asked: BTreeSet<AskId>,
    answering: Option<Answering<M>>,
    /// Answers to the questions that were asked last.
    answers: VecDeque<(AskId, M::Local)>,
}

/// So many of them.
const REMEMBERED: usize = 16;

impl<M> Laws<M>
where
    M: Machine + Clone + PartialEq + fmt::Debug,
    M::Local: Clone + PartialEq + fmt::Debug,
    M::Remote: Clone,
    M::Send: PartialEq + fmt::Debug,
    M::Notice: PartialEq + fmt::Debug,
    M::Query: PartialEq + fmt::Debug,
{
    /// Watches a machine. Once it has closed it is given nothing more, as
    /// [`UntilClosed`](crate::UntilClosed) does it.
    pub const fn new(machine: M) -> Self {
        Self {
            machine,
            step: 0,
            closed: false,
            lasting: false,
            limit: usize::MAX,
            timeouts: 64,
            asked: BTreeSet::new(),
            answering: None,
            answers: VecDeque::new(),
        }
    }

    /// The machine ends for good by itself, as links do: it is given input after its close too.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.lasting = true;
        self
    }

    /// Law 6: what the footprint may not exceed, in bytes.
    #[must_use]
    pub fn footprint_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Law 3: how many timeouts a driver may need at one instant; 64 unless said.
    #[must_use]
    pub fn timeouts_at_once(mut self, most: u32) -> Self {
        self.timeouts = most;
        self
    }

    /// Law 7: makes a good answer to a question.
    #[must_use]
    pub fn answering(
        mut self,
        answer: impl Fn(AskId, &M::Query) -> Option<M::Local> + 'static,
    ) -> Self {
        self.answering = Some(Box::new(answer));
        self
    }

    /// The machine.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// True once it has closed.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Gives it one input and checks all laws around it.
    ///
    /// # Errors
    /// The first broken law.
    pub fn step(&mut self, now: Time, input: InputOf<M>) -> Result<SteppedOf<M>, Broken> {
        self.step = self.step.saturating_add(1);
        if self.closed {
            return self.after_close(now, input);
        }
        self.early(now)?;
        let before = self.machine.clone();
        let mut twin = before.clone();

        let (actions, refusal) = run(&mut self.machine, now, input.clone());
        let (again, refusal_again) = run(&mut twin, now, input.clone());
        let same = actions == again && refusal == refusal_again && self.machine == twin;
        self.check(same, Law::Determinism, || {
            format!("{actions:?} and {again:?}, {:?} and {twin:?}", self.machine)
        })?;

        let refused = self.lawful_refusal(&before, input, &actions, refusal)?;
        self.lawful_close(&actions)?;
        let footprint = self.machine.footprint();
        self.check((size_of::<M>()..=self.limit).contains(&footprint), Law::Footprint, || {
            format!("{footprint} bytes, not {} to {}", size_of::<M>(), self.limit)
        })?;
        if !self.closed {
            self.early(now)?;
            self.due(now)?;
        }
        self.answers(now, &actions)?;
        Ok(Stepped { actions, refused })
    }

    fn lawful_refusal(
        &self,
        before: &M,
        input: InputOf<M>,
        actions: &Out<M>,
        refusal: Option<Refusal<M::Local>>,
    ) -> Result<Option<Refused>, Broken> {
        let Some(refusal) = refusal else { return Ok(None) };
        let Input::Local(input) = input else {
            return Err(self.broken(Law::Refusal, format!("no local input, yet {refusal}")));
        };
        self.check(self.machine == *before, Law::Refusal, || {
            format!("{refusal}, yet {before:?} became {:?}", self.machine)
        })?;
        self.check(actions.is_empty(), Law::Refusal, || format!("{refusal}, yet {actions:?}"))?;
        self.check(refusal.input == input, Law::Refusal, || {
            format!("{input:?} went in and {:?} was handed back", refusal.input)
        })?;
        Ok(Some(refusal.why))
    }

    fn lawful_close(&mut self, actions: &Out<M>) -> Result<(), Broken> {
        let closes = actions.iter().filter(|action| matches!(action, Action::Close(_))).count();
        self.closed = closes > 0;
        let last = closes == 0 || (closes == 1 && actions.ends());
        self.check(last, Law::Close, || format!("{closes} closes in {actions:?}"))
    }

    /// Law 4 after the close.
    fn after_close(&mut self, now: Time, input: InputOf<M>) -> Result<SteppedOf<M>, Broken> {
        let local = matches!(input, Input::Local(_));
        if !self.lasting {
            let refused = local.then_some(Refused::Ended);
            return Ok(Stepped { actions: Outbox::new(), refused });
        }
        let (actions, refusal) = run(&mut self.machine, now, input);
        let refused = refusal.map(|refusal| refusal.why);
        let silent = actions.is_empty() && self.machine.deadline().is_none();
        self.check(silent, Law::Close, || {
            format!("after the close {actions:?}, deadline {:?}", self.machine.deadline())
        })?;
        self.check(!local || refused == Some(Refused::Ended), Law::Close, || {
            format!("local input after the close gave {refused:?}, not Ended")
        })?;
        Ok(Stepped { actions, refused })
    }

    /// Law 3 before the deadline.
    fn early(&self, now: Time) -> Result<(), Broken> {
        let deadline = self.machine.deadline();
        if deadline.is_some_and(|due| due <= now) {
            return Ok(());
        }
        let mut twin = self.machine.clone();
        let (actions, _) = run(&mut twin, now, Input::Timeout);
        let idle = actions.is_empty() && twin == self.machine;
        self.check(idle, Law::Deadline, || {
            format!("a timeout at {now}, due {deadline:?}, gave {actions:?} and {twin:?}")
        })
    }

    /// Law 3 at the deadline.
    fn due(&self, now: Time) -> Result<(), Broken> {
        let Some(due) = self.machine.deadline() else { return Ok(()) };
        let instant = due.max(now);
        let mut twin = self.machine.clone();
        for _ in 0..self.timeouts {
            let (actions, _) = run(&mut twin, instant, Input::Timeout);
            if actions.ends() || twin.deadline().is_none_or(|next| next > instant) {
                return Ok(());
            }
        }
        Err(self.broken(
            Law::Deadline,
            format!("due at {due}, still due after {} timeouts at {instant}", self.timeouts),
        ))
    }

    /// Law 7, for the questions just asked, for one never asked, and for one of those before that
    /// nobody awaits any more.
    fn answers(&mut self, now: Time, actions: &Out<M>) -> Result<(), Broken> {
        if let Some((id, answer)) = self.answers.pop_front().filter(|_| !self.closed) {
            if !self.machine.awaits(id) {
                self.comes_too_late(now, id, answer.clone())?;
            }
            self.answers.push_back((id, answer));
        }
        for action in actions.iter() {
            let Action::Ask(id, query) = action else { continue };
            let fresh = self.asked.insert(*id);
            self.check(fresh, Law::Answers, || format!("the question {id} was asked before"))?;
            let Some(answering) = &self.answering else { continue };
            if self.closed {
                continue;
            }
            if let Some(answer) = answering(*id, query) {
                if self.answers.len() >= REMEMBERED {
                    self.answers.pop_front();
                }
                self.answers.push_back((*id, answer.clone()));
                if self.machine.awaits(*id) {
                    self.counts_once(now, *id, answer)?;
                } else {
                    self.comes_too_late(now, *id, answer)?;
                }
            }
            if let Some(answer) = answering(AskId::from_u64(u64::MAX), query) {
                let mut twin = self.machine.clone();
                let (actions, refusal) = run(&mut twin, now, Input::Local(answer));
                let untouched = actions.is_empty() && twin == self.machine;
                self.check(refusal.is_some() && untouched, Law::Answers, || {
                    format!("an answer to a question never asked gave {actions:?}, {refusal:?}")
                })?;
            }
        }
        Ok(())
    }

    /// For a question that was given up, or answered.
    fn comes_too_late(&self, now: Time, id: AskId, answer: M::Local) -> Result<(), Broken> {
        let mut twin = self.machine.clone();
        let (actions, _) = run(&mut twin, now, Input::Local(answer));
        let ignored = actions.is_empty() && twin == self.machine;
        self.check(ignored, Law::Answers, || {
            format!("the answer to {id}, which nobody awaits, gave {actions:?}, {twin:?}")
        })
    }

    fn counts_once(&self, now: Time, id: AskId, answer: M::Local) -> Result<(), Broken> {
        let mut twin = self.machine.clone();
        let (actions, refusal) = run(&mut twin, now, Input::Local(answer.clone()));
        self.check(refusal.is_none(), Law::Answers, || {
            format!("the answer {answer:?} to {id} was refused: {refusal:?}")
        })?;
        if actions.ends() {
            return Ok(());
        }
        let answered = twin.clone();
        let (actions, refusal) = run(&mut twin, now, Input::Local(answer));
        // The first may have ended what a link still drains.
        let over = refusal.as_ref().is_none_or(|refusal| refusal.why == Refused::Ended);
        let ignored = actions.is_empty() && over && twin == answered;
        self.check(ignored, Law::Answers, || {
            format!("the second answer to {id} gave {actions:?}, {refusal:?}, {twin:?}")
        })
    }

    fn check(&self, kept: bool, law: Law, detail: impl FnOnce() -> String) -> Result<(), Broken> {
        if kept { Ok(()) } else { Err(self.broken(law, detail())) }
    }

    const fn broken(&self, law: Law, detail: String) -> Broken {
        Broken { law, step: self.step, detail }
    }
}

type Ran<M> = (Out<M>, Option<Refusal<<M as Machine>::Local>>);

fn run<M: Machine>(machine: &mut M, now: Time, input: InputOf<M>) -> Ran<M> {
    let mut out = Outbox::new();
    let refusal = machine.handle(now, input, &mut out).err();
    (out, refusal)
}
