//! Faults planted on purpose: the explorer finds each.

use nodewire::codec::supervisor::Seal;
use nodewire::state::supervisor::{
    Heads, Supervisor, SupervisorCommand, SupervisorMessage, SupervisorNotice, SupervisorQuery,
    SupervisorRemote,
};
use nodewire::{Machine, Out, Outbox, Refusal, Time};

use crate::clusters::all;
use crate::report::ends;
use crate::world::{Subject, Whole};

/// A Supervisor with something wrong that is noted by `N` after every input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Faulty<N> {
    inner: Supervisor,
    note: N,
}

trait Note: Clone + std::fmt::Debug + Eq + std::hash::Hash + Default + Send + 'static {
    fn note(&mut self, supervisor: &Supervisor);
    fn spoil(&self, chain: usize, heads: &mut Heads);
}

impl<N: Note> Machine for Faulty<N> {
    type Local = SupervisorCommand;
    type Remote = SupervisorRemote;
    type Send = SupervisorMessage;
    type Notice = SupervisorNotice;
    type Query = SupervisorQuery;

    fn handle_local(
        &mut self,
        now: Time,
        input: SupervisorCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<SupervisorCommand>> {
        let mut said = Outbox::new();
        self.inner.handle_local(now, input, &mut said)?;
        self.pass(said, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: SupervisorRemote, out: &mut Out<Self>) {
        let mut said = Outbox::new();
        self.inner.handle_remote(now, input, &mut said);
        self.pass(said, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let mut said = Outbox::new();
        self.inner.handle_timeout(now, &mut said);
        self.pass(said, out);
    }

    fn deadline(&self) -> Option<Time> {
        self.inner.deadline()
    }
}

impl<N: Note> Faulty<N> {
    fn pass(&mut self, mut said: Out<Supervisor>, out: &mut Out<Self>) {
        said.drain().for_each(|action| out.push(action));
        self.note.note(&self.inner);
    }
}

impl<N: Note> Subject for Faulty<N> {
    fn of(inner: Supervisor) -> Self {
        Self { inner, note: N::default() }
    }

    fn inner(&self) -> &Supervisor {
        &self.inner
    }

    fn heads(&self, chain: usize) -> Heads {
        let mut heads = self.inner.heads(chain);
        self.note.spoil(chain, &mut heads);
        heads
    }

    fn end(&self) -> String {
        format!("{} {:?}", self.inner.end(), self.note)
    }
}

/// Cross-unsafe heads never go back, whatever is reorganised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Stubborn([Option<Seal>; 2]);

impl Note for Stubborn {
    fn note(&mut self, supervisor: &Supervisor) {
        for (chain, highest) in self.0.iter_mut().enumerate() {
            let now = supervisor.heads(chain).cross_unsafe;
            if now.map(|seal| seal.number) > highest.map(|seal| seal.number) {
                *highest = now;
            }
        }
    }

    fn spoil(&self, chain: usize, heads: &mut Heads) {
        heads.cross_unsafe = self.0[chain];
    }
}

/// What is derived counts as verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Hasty;

impl Note for Hasty {
    fn note(&mut self, _: &Supervisor) {}

    fn spoil(&self, _: usize, heads: &mut Heads) {
        heads.cross_safe = heads.local_safe;
    }
}

/// Which chain had a block first is remembered for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Partial(Option<usize>);

impl Note for Partial {
    fn note(&mut self, supervisor: &Supervisor) {
        let grown = |chain: &usize| {
            let head = supervisor.heads(*chain).local_unsafe;
            head.is_some_and(|head| head.number % 100 == 1)
        };
        self.0 = self.0.or_else(|| (0..2).find(grown));
    }

    fn spoil(&self, _: usize, _: &mut Heads) {}
}

#[test]
fn heads_that_ought_to_have_gone_back_are_found() {
    let (explored, _) = ends(Whole::<Faulty<Stubborn>>::new(&all()[3]), 40_000);
    println!("{explored}");
    let found = explored.found.expect("a fault was planted");
    assert!(found.fault.contains("out of order"), "{}", found.fault);
}

#[test]
fn heads_that_go_too_far_are_found() {
    let cycle = &all()[1];
    let (explored, _) = ends(Whole::<Faulty<Hasty>>::new(cycle), 40_000);
    println!("{explored}");
    let found = explored.found.expect("a fault was planted");
    assert!(found.fault.contains("out of order"), "{}", found.fault);
}

#[test]
fn an_end_that_depends_on_the_order_is_found() {
    let (explored, ends) = ends(Whole::<Faulty<Partial>>::new(&all()[0]), 40_000);
    assert!(explored.complete, "{explored}");
    assert_eq!(ends.len(), 2, "one for each chain");
}
