//! Messages that the role had no room for yet.

use alloc::collections::{BTreeMap, VecDeque};
use core::ops::Bound;

use crate::codec::chia::Message;
use crate::heap;
use crate::state::chia::ConnectionId;

/// Messages by connection, oldest first; connections without any are not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    queues: BTreeMap<ConnectionId, VecDeque<Message>>,
    /// Whose turn it was last.
    last: ConnectionId,
}

impl Waiting {
    pub fn has(&self, connection: ConnectionId) -> bool {
        self.queues.contains_key(&connection)
    }

    pub fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    pub fn push(&mut self, connection: ConnectionId, message: Message) {
        self.queues.entry(connection).or_default().push_back(message);
    }

    /// The next message of a connection that is not held back: those that wait take turns.
    pub fn next(
        &mut self,
        is_held: impl Fn(ConnectionId) -> bool,
    ) -> Option<(ConnectionId, Message)> {
        let after = self.queues.range((Bound::Excluded(self.last), Bound::Unbounded));
        let mut turns = after.chain(self.queues.range(..=self.last)).map(|(turn, _)| *turn);
        let turn = turns.find(|turn| !is_held(*turn))?;
        self.last = turn;
        let queue = self.queues.get_mut(&turn)?;
        let message = queue.pop_front();
        if queue.is_empty() {
            self.forget(turn);
        }
        message.map(|message| (turn, message))
    }

    pub fn forget(&mut self, connection: ConnectionId) {
        self.queues.remove(&connection);
        heap::relax_map(&mut self.queues);
    }

    /// Heap bytes.
    pub fn heap(&self) -> usize {
        let queue = |queue: &VecDeque<Message>| {
            let places = queue.capacity().saturating_mul(size_of::<Message>());
            queue.iter().fold(places, |sum, message| sum.saturating_add(message.heap()))
        };
        let tree = heap::tree(self.queues.len(), size_of::<(ConnectionId, VecDeque<Message>)>());
        self.queues.values().fold(tree, |sum, it| sum.saturating_add(queue(it)))
    }
}
