//! Oracles that take their time, or say something else.

use std::collections::BTreeSet;
use std::time::Duration;

use nodewire::sim::chia::{Answers, Oracle};
use nodewire::{AskId, Machine, Time};

/// What becomes of a question.
pub enum Mood<L> {
    /// It is answered so much later.
    After(Duration),
    /// Something else is said of it.
    Instead(L),
}

/// In which mood somebody is when a question comes.
pub type Moods<M> = Box<dyn FnMut(AskId, &<M as Machine>::Query) -> Mood<<M as Machine>::Local>>;

/// An oracle with moods, and all the questions that it was ever asked.
pub struct Moody<M: Machine, O> {
    pub oracle: O,
    pub moods: Moods<M>,
    pub asked: BTreeSet<AskId>,
}

impl<M: Machine, O> Moody<M, O> {
    /// Answers as the oracle does, at once if it does.
    pub fn even(oracle: O) -> Self {
        Self::new(oracle, |_, _| Mood::After(Duration::ZERO))
    }

    pub fn new(oracle: O, moods: impl FnMut(AskId, &M::Query) -> Mood<M::Local> + 'static) -> Self {
        Self { oracle, moods: Box::new(moods), asked: BTreeSet::new() }
    }
}

impl<M: Machine, O: Oracle<M>> Oracle<M> for Moody<M, O> {
    fn told(&mut self, now: Time, notice: &M::Notice, answers: &mut Answers<M::Local>) {
        self.oracle.told(now, notice, answers);
    }

    fn asked(&mut self, now: Time, id: AskId, query: M::Query, answers: &mut Answers<M::Local>) {
        self.asked.insert(id);
        match (self.moods)(id, &query) {
            Mood::After(span) => {
                let mut own = Answers::new();
                self.oracle.asked(now, id, query, &mut own);
                for (after, answer) in own.take() {
                    answers.give_after(after + span, answer);
                }
            }
            Mood::Instead(answer) => answers.give(answer),
        }
    }
}
