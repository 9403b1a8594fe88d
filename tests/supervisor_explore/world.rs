//! A Supervisor and everybody around it, as a state with what can happen next.

use std::hash::{Hash, Hasher};

use nodewire::codec::supervisor::Seal;
use nodewire::sim::World;
use nodewire::sim::supervisor::{Feed, Move, Order};
use nodewire::state::supervisor::{
    Heads, Limits, Supervisor, SupervisorCommand, SupervisorMessage, SupervisorNotice,
    SupervisorQuery, SupervisorRemote,
};
use nodewire::{Input, Machine, Outbox, Time};

use crate::clusters::Tiny;

/// A Supervisor, or a wrapper with something wrong.
pub trait Subject:
    Machine<
        Local = SupervisorCommand,
        Remote = SupervisorRemote,
        Send = SupervisorMessage,
        Notice = SupervisorNotice,
        Query = SupervisorQuery,
    > + Clone
    + Hash
{
    fn of(supervisor: Supervisor) -> Self;
    fn inner(&self) -> &Supervisor;
    /// The heads of the chain at this place, as they are told.
    fn heads(&self, chain: usize) -> Heads;
    /// All that has to be the same at the end, whatever the order was: the index with its heads,
    /// what is still wanted, and who is there. Not: names of questions, the time, how often a node
    /// had to be reset.
    fn end(&self) -> String {
        let supervisor = self.inner();
        let index = supervisor.index();
        let targets: Vec<_> = index.slots().map(|slot| supervisor.target(slot)).collect();
        let questions = supervisor.questions().count();
        format!("{index:?} {targets:?} {:?} {questions} open", supervisor.nodes())
    }
}

impl Subject for Supervisor {
    fn of(supervisor: Supervisor) -> Self {
        supervisor
    }

    fn inner(&self) -> &Supervisor {
        self
    }

    fn heads(&self, chain: usize) -> Heads {
        let index = self.index();
        index.slots().nth(chain).map(|slot| index.heads(slot)).expect("a chain")
    }
}

/// A state of the whole.
#[derive(Clone)]
pub struct Whole<S> {
    pub supervisor: S,
    pub feed: Feed,
    now: Time,
    /// Nodes tell at once what they have to tell.
    prompt: bool,
    /// History goes on whatever is still to be heard.
    free: bool,
}

impl<S: Hash> Hash for Whole<S> {
    fn hash<H: Hasher>(&self, to: &mut H) {
        self.supervisor.hash(to);
        self.feed.hash(to);
        self.now.hash(to);
    }
}

impl<S: Subject> Whole<S> {
    /// After `first` moves in turn: what comes before is of no interest.
    pub fn new(tiny: &Tiny) -> Self {
        let Tiny { cluster, first, built, prompt, free, .. } = tiny;
        let supervisor = Supervisor::new(cluster.config(), Limits::default()).expect("few chains");
        let feed = Feed::new(cluster, Order::InTurn);
        let mut whole = Self {
            supervisor: S::of(supervisor),
            feed,
            now: Time::ZERO,
            prompt: *prompt,
            free: *free,
        };
        for _ in 0..*first {
            let mut moves = Vec::new();
            whole.moves(&mut moves);
            whole = whole.after(moves.first().expect("more to come")).expect("a move");
        }
        for _ in 0..*built {
            assert_eq!(whole.feed.make(Move::Step), None);
        }
        whole
    }

    fn hears(&mut self, input: Input<SupervisorCommand, SupervisorRemote>) {
        let mut out = Outbox::new();
        // An answer that came too late is refused by nobody.
        self.supervisor.handle(self.now, input, &mut out).expect("never refused");
        out.drain().for_each(|action| self.feed.hear(action));
    }

    /// What is wrong with the heads of a chain.
    fn wrong(&self, chain: usize) -> Option<String> {
        let heads = self.supervisor.heads(chain);
        let number = |seal: Option<Seal>| seal.map(|seal| seal.number);
        let local_unsafe = heads.local_unsafe.map(|block| block.seal());
        let local_safe = heads.local_safe.map(|entry| entry.derived);
        let cross_safe = heads.cross_safe.map(|entry| entry.derived);
        let ordered = number(heads.cross_unsafe) <= number(local_unsafe)
            && number(cross_safe) <= number(heads.cross_unsafe)
            && number(heads.finalized) <= number(cross_safe)
            && (local_safe.is_none() || number(cross_safe) <= number(local_safe));
        let index = self.supervisor.inner().index();
        let logs = index.slots().nth(chain).and_then(|slot| index.chain(slot))?.logs();
        let lower = [heads.cross_unsafe, cross_safe, heads.finalized].into_iter().flatten();
        let parted = lower
            .into_iter()
            .find(|seal| logs.find(seal.number).map(|block| block.hash) != Ok(seal.hash));
        if !ordered {
            return Some(format!("chain {chain}: out of order: {heads:?}"));
        }
        parted.map(|seal| format!("chain {chain}: {seal:?} is of another branch: {heads:?}"))
    }
}

impl<S: Subject> World for Whole<S> {
    type Move = Move;

    fn moves(&self, moves: &mut Vec<Move>) {
        let deadline = self.supervisor.deadline();
        if deadline.is_some_and(|due| due <= self.now) {
            return moves.push(Move::Wait);
        }
        self.feed.moves(deadline.is_some(), moves);
        // Commands are obeyed at once, and so is told what there is to tell, unless all orders are
        // asked for: what follows from it waits to be heard.
        let prompt = |it: &Move| match it {
            Move::Obey(_) => true,
            Move::Derive(_) | Move::TellHead(_) => self.prompt,
            _ => false,
        };
        if moves.iter().any(prompt) {
            moves.retain(prompt);
            moves.truncate(1);
        }
        // Time passes when nothing else goes on.
        if moves.len() > 1 {
            moves.retain(|it| *it != Move::Wait);
        }
        if moves.len() > 1 && !self.free {
            moves.retain(|it| *it != Move::Step);
        }
    }

    fn after(&self, step: &Move) -> Option<Self> {
        let mut next = self.clone();
        if *step == Move::Wait {
            next.now = next.now.max(next.supervisor.deadline()?);
            next.hears(Input::Timeout);
        } else if let Some(input) = next.feed.make(*step) {
            next.hears(input);
        }
        Some(next)
    }

    fn fault(&self) -> Option<String> {
        if self.feed.strange() > 0 {
            return Some("a reply or a command to nobody".into());
        }
        (0..self.feed.truth().chain_ids().count()).find_map(|chain| self.wrong(chain))
    }

    /// Everything is indexed, derived and verified.
    fn stuck(&self) -> Option<String> {
        let truth = self.feed.truth();
        let behind = (0..truth.chain_ids().count()).find(|chain| {
            let heads = self.supervisor.heads(*chain);
            let safe = heads.cross_safe.map(|entry| entry.derived);
            let head = truth.head(*chain);
            heads.local_unsafe != head || safe != head.map(|head| head.seal())
        });
        behind
            .map(|chain| format!("chain {chain} stays behind: {:?}", self.supervisor.heads(chain)))
    }
}
