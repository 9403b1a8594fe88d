//! What can happen next around a Supervisor, which of it is chosen, and what comes of it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::feed::{Feed, Told};
use crate::machine::Input;

/// In which order things happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "in turn or not")]
pub enum Order {
    /// All that follows from one step happens before the next.
    InTurn,
    /// Whatever this seed chooses: chains, nodes, layer one and answers overtake each other; what
    /// one node tells, and what it is told, stays in order.
    Mixed(u64),
}

/// One thing that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Move {
    /// The open question at this place is answered.
    Answer(usize),
    /// The node at this place does what it is told next.
    Obey(usize),
    /// What layer one told next arrives.
    HearL1,
    /// What the node at this place told next arrives.
    Hear(usize),
    /// The node at this place derives.
    Derive(usize),
    /// The node at this place tells its chain's head.
    TellHead(usize),
    /// The next step of history.
    Step,
    /// Time passes to the next deadline.
    Wait,
}

impl Feed {
    /// What can happen next, always in the same order. `waits`: the Supervisor has a deadline.
    pub fn moves(&self, waits: bool, moves: &mut Vec<Move>) {
        moves.extend((0..self.asked.len()).map(Move::Answer));
        let full = |queues: &[VecDeque<_>], at: usize| {
            queues.get(at).is_some_and(|queue| !queue.is_empty())
        };
        let places = 0..self.nodes.len();
        let busy = |at: &usize| self.commands.get(*at).is_some_and(|queue| !queue.is_empty());
        moves.extend(places.clone().filter(busy).map(Move::Obey));
        if !self.from_l1.is_empty() {
            moves.push(Move::HearL1);
        }
        moves.extend(places.filter(|at| full(&self.told, *at)).map(Move::Hear));
        let nodes = || self.nodes.iter().enumerate();
        let deriving = nodes().filter(|(_, node)| node.has_derivation_news(&self.truth));
        moves.extend(deriving.map(|(at, _)| Move::Derive(at)));
        let telling = nodes().filter(|(_, node)| node.has_unsafe_news(&self.truth));
        moves.extend(telling.map(|(at, _)| Move::TellHead(at)));
        if self.at < self.cluster.steps.len() {
            moves.push(Move::Step);
        }
        if waits {
            moves.push(Move::Wait);
        }
    }

    pub(super) fn choose(&mut self, moves: &[Move]) -> Option<Move> {
        let last = moves.last()?;
        let chosen = match self.order {
            // Short waits come before the next step of history, long ones after the last.
            Order::InTurn if *last == Move::Wait && self.waits < 20 => {
                moves.iter().find(|it| **it != Move::Step)
            }
            Order::InTurn => moves.first(),
            Order::Mixed(_) => {
                // Time passes when nothing else goes on.
                let others = moves.len() - usize::from(*last == Move::Wait && moves.len() > 1);
                let only_steps = others == 1 && moves.first() == Some(&Move::Step);
                let among = if only_steps { moves.len() } else { others };
                moves.get(usize::try_from(self.rng.below(among as u64)).unwrap_or(0))
            }
        };
        let chosen = *chosen?;
        if chosen == Move::Answer(0) && self.rng.below(4) == 0 {
            self.prepare();
        }
        Some(chosen)
    }

    /// Some answers are on their way for long: they tell what was true earlier.
    fn prepare(&mut self) {
        let at = usize::try_from(self.rng.below(self.asked.len() as u64)).unwrap_or(0);
        let Some((id, query, None)) = self.asked.get(at) else { return };
        let answer = self.answer(*id, *query);
        if let Some((_, _, place)) = self.asked.get_mut(at) {
            *place = Some(answer);
        }
    }

    /// Makes a move; what the Supervisor hears by it, if anything.
    pub fn make(&mut self, chosen: Move) -> Option<Told> {
        // Asking for what nobody has goes on for ever: it keeps nobody from anything.
        if !matches!(chosen, Move::Answer(_) | Move::Wait) {
            self.waits = 0;
        }
        match chosen {
            Move::Answer(at) => {
                let (id, query, answer) = (at < self.asked.len()).then(|| self.asked.remove(at))?;
                Some(Input::Local(answer.unwrap_or_else(|| self.answer(id, query))))
            }
            Move::Obey(at) => {
                let command = self.commands.get_mut(at)?.pop_front()?;
                self.obey(at, command);
                None
            }
            Move::HearL1 => self.from_l1.pop_front(),
            Move::Hear(at) => self.told.get_mut(at)?.pop_front().map(Input::Remote),
            Move::Derive(at) => {
                let event = self.nodes.get_mut(at)?.derive(&self.truth);
                self.tell(at, event);
                None
            }
            Move::TellHead(at) => {
                let event = self.nodes.get_mut(at)?.tell_unsafe(&self.truth);
                self.tell(at, event);
                None
            }
            Move::Step => {
                self.step();
                None
            }
            Move::Wait => None,
        }
    }
}
