//! Many machines by peer.

use alloc::collections::BTreeMap;
use core::mem::{size_of, size_of_val};

use crate::fault::{Refusal, Refused};
use crate::machine::{Action, Input, InputOf, Machine, Out};
use crate::outbox::Outbox;
use crate::time::{Deadlines, Time};
use crate::until_closed::UntilClosed;

/// Many machines by peer: hands input to the right one and knows whose deadline is next.
///
/// It adds no policy: no reconnecting, no scores, no selection. A machine that has closed stays
/// as an empty entry until it is removed, so that late input finds its ending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Peers<K, M> {
    peers: BTreeMap<K, Peer<M>>,
    due: Deadlines<K>,
}

/// What comes of an input to one of many: actions by peer.
pub type PeerOutbox<K, M> = alloc::vec::Vec<(
    K,
    Action<<M as Machine>::Send, <M as Machine>::Notice, <M as Machine>::Query>,
)>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Peer<M> {
    machine: UntilClosed<M>,
    /// Its deadline, as it stands in the index.
    due: Option<Time>,
}

impl<K: Ord + Clone, M: Machine> Peers<K, M> {
    /// Nobody.
    #[must_use]
    pub const fn new() -> Self {
        Self { peers: BTreeMap::new(), due: Deadlines::new() }
    }

    /// Adds a peer, or gives back the machine of the one that was there, if it was still running.
    pub fn insert(&mut self, peer: K, machine: M) -> Option<M> {
        let old = self.remove(&peer);
        let due = machine.deadline();
        self.due.shift(&peer, None, due);
        self.peers.insert(peer, Peer { machine: UntilClosed::new(machine), due });
        old
    }

    /// Takes a peer out, with its machine if that was still running.
    pub fn remove(&mut self, peer: &K) -> Option<M> {
        let Peer { machine, due } = self.peers.remove(peer)?;
        self.due.shift(peer, due, None);
        match machine {
            UntilClosed::Open(machine) => Some(machine),
            UntilClosed::Closed => None,
        }
    }

    /// The machine of a peer, while it runs.
    #[must_use]
    pub fn get(&self, peer: &K) -> Option<&M> {
        self.peers.get(peer)?.machine.get()
    }

    /// True if the peer is there, running or closed.
    #[must_use]
    pub fn contains(&self, peer: &K) -> bool {
        self.peers.contains_key(peer)
    }

    /// How many peers there are, running or closed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// True if there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// The peers in ascending order, each with its machine while that runs.
    pub fn iter(&self) -> impl Iterator<Item = (&K, Option<&M>)> {
        self.peers.iter().map(|(key, peer)| (key, peer.machine.get()))
    }

    /// One input for one peer. Remote input and timeouts of a peer that isn't there do nothing.
    ///
    /// # Errors
    /// A refusal of the machine, or [`Refused::Ended`] if there is no such peer any more.
    pub fn handle(
        &mut self,
        now: Time,
        peer: &K,
        input: InputOf<M>,
        out: &mut PeerOutbox<K, M>,
    ) -> Result<(), Refusal<M::Local>> {
        let Some(found) = self.peers.get_mut(peer) else {
            return match input {
                Input::Local(input) => Err(Refusal::new(Refused::Ended, input)),
                Input::Remote(_) | Input::Timeout => Ok(()),
            };
        };
        let mut inner: Out<M> = Outbox::new();
        found.machine.handle(now, input, &mut inner)?;
        out.extend(inner.drain().map(|action| (peer.clone(), action)));
        let due = found.machine.deadline();
        if due != found.due {
            self.due.shift(peer, found.due, due);
            found.due = due;
        }
        Ok(())
    }

    /// The next deadline and whose it is; ties go to the smallest key.
    #[must_use]
    pub fn deadline(&self) -> Option<(Time, &K)> {
        self.due.first()
    }

    /// Bytes held: the value itself and all the heap behind it. Looks at every machine.
    #[must_use]
    pub fn footprint(&self) -> usize {
        // Nodes of the tree are at least half full; one more entry each covers their heads.
        let entry = 2 * (size_of::<K>() + size_of::<Peer<M>>()) + size_of::<usize>();
        let index = 2 * size_of::<(Time, K)>() + size_of::<usize>();
        self.peers.values().fold(size_of_val(self) + index * self.due.len(), |sum, peer| {
            let heap = peer.machine.footprint().saturating_sub(size_of_val(&peer.machine));
            sum.saturating_add(entry).saturating_add(heap)
        })
    }
}

impl<K: Ord + Clone, M: Machine> Default for Peers<K, M> {
    fn default() -> Self {
        Self::new()
    }
}
