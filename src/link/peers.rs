//! Many machines by peer.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::mem::{size_of, size_of_val};

use crate::fault::{Refusal, Refused};
use crate::heap;
use crate::machine::{Action, Input, InputOf, Machine};
use crate::outbox::Scratch;
use crate::time::{Deadlines, Time};

/// Many machines by peer: hands input to the right one and knows whose deadline is next.
///
/// It adds no policy: no reconnecting, no scores, no selection. A machine that has closed stays
/// as an empty entry until it is removed, so that late input finds its ending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_field_names, reason = "the peers are what it is about")]
pub struct Peers<K, M: Machine> {
    peers: BTreeMap<K, Peer<M>>,
    due: Deadlines<K>,
    scratch: Scratch<M>,
}

/// What comes of an input to one of many: actions by peer.
pub type PeerOutbox<K, M> = alloc::vec::Vec<(
    K,
    Action<<M as Machine>::Send, <M as Machine>::Notice, <M as Machine>::Query>,
)>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Peer<M> {
    /// Apart, so that the map stays small; none once it has closed.
    machine: Option<Box<M>>,
    /// Its deadline, as it stands in the index.
    due: Option<Time>,
}

impl<K: Ord + Clone, M: Machine> Peers<K, M> {
    /// Nobody.
    #[must_use]
    pub const fn new() -> Self {
        Self { peers: BTreeMap::new(), due: Deadlines::new(), scratch: Scratch::new() }
    }

    /// Adds a peer, or gives back the machine of the one that was there, if it was still running.
    pub fn insert(&mut self, peer: K, machine: M) -> Option<M> {
        let old = self.remove(&peer);
        let due = machine.deadline();
        self.due.shift(&peer, None, due);
        self.peers.insert(peer, Peer { machine: Some(Box::new(machine)), due });
        old
    }

    /// Takes a peer out, with its machine if that was still running.
    pub fn remove(&mut self, peer: &K) -> Option<M> {
        let Peer { machine, due } = self.peers.remove(peer)?;
        heap::relax_map(&mut self.peers);
        self.due.shift(peer, due, None);
        machine.map(|machine| *machine)
    }

    /// The machine of a peer, while it runs.
    #[must_use]
    pub fn get(&self, peer: &K) -> Option<&M> {
        self.peers.get(peer)?.machine.as_deref()
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
        self.peers.iter().map(|(key, peer)| (key, peer.machine.as_deref()))
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
        let Some(Peer { machine: place, due: known }) = self.peers.get_mut(peer) else {
            return ended(input);
        };
        let Some(machine) = place else { return ended(input) };
        let mut inner = self.scratch.take();
        let accepted = machine.handle(now, input, &mut inner);
        let due = if inner.ends() { None } else { machine.deadline() };
        if inner.ends() {
            *place = None;
        }
        out.extend(inner.drain().map(|action| (peer.clone(), action)));
        self.scratch.put(inner);
        if due != *known {
            self.due.shift(peer, *known, due);
            *known = due;
        }
        accepted
    }

    /// The next deadline and whose it is; ties go to the smallest key.
    #[must_use]
    pub fn deadline(&self) -> Option<(Time, &K)> {
        self.due.first()
    }

    /// Bytes held: the value itself and all the heap behind it. Looks at every machine.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let tree = heap::tree(self.peers.len(), size_of::<(K, Peer<M>)>());
        let lists = tree.saturating_add(self.due.heap()).saturating_add(self.scratch.heap());
        let machines = self.peers.values().filter_map(|peer| peer.machine.as_deref());
        machines.fold(size_of_val(self).saturating_add(lists), |sum, machine| {
            sum.saturating_add(machine.footprint())
        })
    }
}

impl<K: Ord + Clone, M: Machine> Peers<K, M> {
    /// The most that [`footprint`](Self::footprint) can be with so many peers, running or closed,
    /// if that of each machine is at most `machine`. Names of peers are counted without what they
    /// own.
    #[must_use]
    pub fn most_footprint(peers: usize, machine: usize) -> usize {
        size_of::<Self>()
            .saturating_add(heap::tree(peers, size_of::<(K, Peer<M>)>()))
            .saturating_add(heap::tree(peers, size_of::<(Time, K)>()))
            .saturating_add(peers.saturating_mul(machine))
            .saturating_add(Scratch::<M>::most_heap())
    }
}

impl<K: Ord + Clone, M: Machine> Default for Peers<K, M> {
    fn default() -> Self {
        Self::new()
    }
}

/// What an input comes to where nobody is any more.
fn ended<L, R>(input: Input<L, R>) -> Result<(), Refusal<L>> {
    match input {
        Input::Local(input) => Err(Refusal::new(Refused::Ended, input)),
        Input::Remote(_) | Input::Timeout => Ok(()),
    }
}
