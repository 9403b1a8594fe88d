//! A role that is recorded, below its node: what it hears and does as messages, not bytes.

use serde::Serialize;

use super::oracle::{Answers, Oracle};
use crate::ask::AskId;
use crate::codec::chia::NodeType;
use crate::machine::Machine;
use crate::sim::{Keep, Recorder};
use crate::state::chia::{ConnectionId, Role};
use crate::time::Time;

/// A recorded role is what it was.
impl<R, K: Keep> Role for Recorder<R, K>
where
    R: Role + Machine<Local: Serialize, Notice: Serialize, Query: Serialize>,
{
    fn node_type(&self) -> NodeType {
        self.machine().node_type()
    }

    fn is_busy_with(&self, from: ConnectionId) -> bool {
        self.machine().is_busy_with(from)
    }
}

/// Who answers a role, answering it recorded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "somebody in other clothes")]
pub struct OfRecorded<O>(pub O);

impl<R, K: Keep, O: Oracle<R>> Oracle<Recorder<R, K>> for OfRecorded<O>
where
    R: Machine<Local: Serialize, Remote: Serialize, Notice: Serialize, Query: Serialize>,
{
    fn asked(&mut self, now: Time, id: AskId, query: R::Query, answers: &mut Answers<R::Local>) {
        self.0.asked(now, id, query, answers);
    }

    fn told(&mut self, now: Time, notice: &R::Notice, answers: &mut Answers<R::Local>) {
        self.0.told(now, notice, answers);
    }
}
