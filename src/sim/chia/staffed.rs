//! A node together with whoever answers its role's questions.

use alloc::collections::BTreeMap;

use super::oracle::{Answers, Oracle};
use crate::chia::{Node, NodeCommand, NodeNotice, NodeRemote, NodeSend};
use crate::fault::Refusal;
use crate::machine::{Action, Machine, Never, Out};
use crate::outbox::Outbox;
use crate::state::chia::{ConnectionId, Role};
use crate::time::Time;

/// A [`Node`] and an [`Oracle`]: a machine that asks nothing.
///
/// What the oracle answers after a while is handed in when its time has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Staffed<R: Role, O> {
    node: Node<R>,
    oracle: O,
    /// Answers that wait, in order of time and of giving.
    later: BTreeMap<(Time, u64), R::Local>,
    given: u64,
    /// Answers that were refused: the oracle's mistake, or a question that nobody waits for.
    refused: u64,
}

impl<R: Role, O: Oracle<R>> Staffed<R, O> {
    /// A node whose questions are answered so.
    #[must_use]
    pub const fn new(node: Node<R>, oracle: O) -> Self {
        Self { node, oracle, later: BTreeMap::new(), given: 0, refused: 0 }
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &Node<R> {
        &self.node
    }

    /// Who answers.
    #[must_use]
    pub const fn oracle(&self) -> &O {
        &self.oracle
    }

    /// The same, to change what it knows.
    pub const fn oracle_mut(&mut self) -> &mut O {
        &mut self.oracle
    }

    /// How many of its answers were refused.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// True while nothing more of this stream should be read.
    #[must_use]
    pub fn holds_back(&self, connection: ConnectionId) -> bool {
        self.node.holds_back(connection)
    }

    /// Has questions answered, and answers handed in whose time has come, until all is quiet.
    fn settle(&mut self, now: Time, mut inner: Out<Node<R>>, out: &mut Out<Self>) {
        loop {
            self.pass_on(now, &mut inner, out);
            let is_due = |((at, _), _): (&(Time, u64), &R::Local)| *at <= now;
            if !self.later.first_key_value().is_some_and(is_due) {
                return;
            }
            let Some((_, answer)) = self.later.pop_first() else { return };
            if self.node.handle_local(now, NodeCommand::Role(answer), &mut inner).is_err() {
                self.refused = self.refused.saturating_add(1);
            }
        }
    }

    fn pass_on(&mut self, now: Time, inner: &mut Out<Node<R>>, out: &mut Out<Self>) {
        let mut answers = Answers::new();
        while let Some(action) = inner.pop() {
            match action {
                Action::Send(send) => out.send(send),
                Action::Notify(notice) => {
                    if let NodeNotice::Role(notice) = &notice {
                        self.oracle.told(now, notice, &mut answers);
                    }
                    out.notify(notice);
                }
                Action::Ask(id, query) => self.oracle.asked(now, id, query, &mut answers),
                Action::Close(ending) => out.close(ending),
            }
        }
        for (after, answer) in answers.take() {
            self.later.insert((now.after(after), self.given), answer);
            self.given = self.given.saturating_add(1);
        }
    }
}

impl<R: Role, O: Oracle<R>> Machine for Staffed<R, O> {
    type Local = NodeCommand<R::Local>;
    type Remote = NodeRemote;
    type Send = NodeSend;
    type Notice = NodeNotice<R::Notice>;
    type Query = Never;

    fn handle_local(
        &mut self,
        now: Time,
        input: NodeCommand<R::Local>,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<NodeCommand<R::Local>>> {
        let mut inner = Outbox::new();
        self.node.handle_local(now, input, &mut inner)?;
        self.settle(now, inner, out);
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, input: NodeRemote, out: &mut Out<Self>) {
        let mut inner = Outbox::new();
        self.node.handle_remote(now, input, &mut inner);
        self.settle(now, inner, out);
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let mut inner = Outbox::new();
        self.node.handle_timeout(now, &mut inner);
        self.settle(now, inner, out);
    }

    fn deadline(&self) -> Option<Time> {
        let later = self.later.first_key_value().map(|((at, _), _)| *at);
        later.into_iter().chain(self.node.deadline()).min()
    }

    fn saturated(&self) -> bool {
        self.node.saturated()
    }
}
