//! A role whose questions are answered at once.

use nodewire::sim::chia::{Answers, Oracle};
use nodewire::state::chia::{Delivery, FromPeer};
use nodewire::{Action, Machine, Out, Outbox, Time};

/// A role whose questions are answered at once.
#[derive(Clone, Hash)]
pub struct Manned<M, O> {
    pub machine: M,
    pub oracle: O,
    pub now: Time,
    /// A fault planted on purpose.
    relapse: Option<Relapse<M>>,
}

/// A machine that forgets: once it has said the one it is again as it was before it said the
/// other.
#[derive(Clone, Hash)]
struct Relapse<M> {
    after: fn(&Delivery) -> bool,
    before: fn(&Delivery) -> bool,
    was: Option<Box<M>>,
}

impl<M, O> Manned<M, O>
where
    M: Machine<Remote = FromPeer, Send = Delivery> + Clone,
    O: Oracle<M>,
{
    pub const fn new(machine: M, oracle: O) -> Self {
        Self { machine, oracle, now: Time::ZERO, relapse: None }
    }

    /// With a machine that forgets what was since it first said what `before` knows, each time it
    /// says what `after` knows.
    pub fn forgetful(self, before: fn(&Delivery) -> bool, after: fn(&Delivery) -> bool) -> Self {
        Self { relapse: Some(Relapse { after, before, was: None }), ..self }
    }

    /// What it says to that; answers are changed by `edit` before it gets them.
    pub fn hear(&mut self, news: FromPeer, edit: impl Fn(&mut M::Local)) -> Vec<Delivery> {
        let before = self.relapse.as_ref().map(|_| self.machine.clone());
        let mut out = Outbox::new();
        self.machine.handle_remote(self.now, news, &mut out);
        let said = self.settle(&mut out, edit);
        if let (Some(relapse), Some(before)) = (&mut self.relapse, before) {
            if relapse.was.is_none() && said.iter().any(relapse.before) {
                relapse.was = Some(Box::new(before));
            }
            if said.iter().any(relapse.after) {
                let was = relapse.was.take();
                self.machine = *was.expect("it said the one before the other");
            }
        }
        said
    }

    pub fn command(&mut self, command: M::Local) -> Vec<Delivery> {
        let mut out = Outbox::new();
        assert!(self.machine.handle_local(self.now, command, &mut out).is_ok());
        self.settle(&mut out, |_| ())
    }

    /// Time has passed until its deadline.
    pub fn time_out(&mut self, edit: impl Fn(&mut M::Local)) -> Vec<Delivery> {
        self.now = self.machine.deadline().map_or(self.now, |due| due.max(self.now));
        let mut out = Outbox::new();
        self.machine.handle_timeout(self.now, &mut out);
        self.settle(&mut out, edit)
    }

    fn settle(&mut self, out: &mut Out<M>, edit: impl Fn(&mut M::Local)) -> Vec<Delivery> {
        let (mut sent, mut answers) = (Vec::new(), Answers::new());
        while let Some(action) = out.pop() {
            match action {
                Action::Send(delivery) => sent.push(delivery),
                Action::Ask(id, query) => self.oracle.asked(self.now, id, query, &mut answers),
                Action::Notify(notice) => self.oracle.told(self.now, &notice, &mut answers),
                Action::Close(_) => {}
            }
            for (_, mut answer) in answers.take() {
                edit(&mut answer);
                assert!(self.machine.handle_local(self.now, answer, out).is_ok());
            }
        }
        sent
    }
}
