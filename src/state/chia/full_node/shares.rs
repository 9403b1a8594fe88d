//! A table with an end that everybody has a share of: whoever has the most makes room.

use alloc::collections::BTreeMap;

use super::peers::Peers;
use crate::heap;
use crate::state::chia::role::ConnectionId;

/// Whose a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Owner {
    /// Our own: nobody else has it, and a farmer signs it once.
    Own,
    /// A peer's that is gone.
    Gone,
    /// This peer's.
    Peer(ConnectionId),
}

impl Owner {
    /// The peer, even if it is gone since.
    pub const fn peer(self) -> Option<ConnectionId> {
        match self {
            Self::Peer(from) => Some(from),
            Self::Own | Self::Gone => None,
        }
    }

    /// Whose it is now.
    pub fn now(self, peers: &Peers) -> Self {
        match self {
            Self::Peer(from) if !peers.is_there(from) => Self::Gone,
            owner => owner,
        }
    }
}

/// Values by number, in order of insertion, each somebody's. What is the gone's counts as one
/// owner's: it makes room like anybody's. What is our own makes room for nobody, as long as it is no
/// more than half of the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shares<V> {
    next: u64,
    all: BTreeMap<u64, (Owner, V)>,
    owned: BTreeMap<Owner, usize>,
}

/// The number of a value that was added, and what made room for it.
pub(super) type Inserted<V> = (u64, Option<(u64, V)>);

impl<V> Shares<V> {
    pub const fn new() -> Self {
        Self { next: 0, all: BTreeMap::new(), owned: BTreeMap::new() }
    }

    /// The number of the next value.
    pub const fn upcoming(&self) -> u64 {
        self.next
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How many are somebody's.
    pub fn owned_by(&self, owner: Owner) -> usize {
        self.owned.get(&owner).copied().unwrap_or(0)
    }

    /// Adds a value. In a full table the newest of whoever has the most makes room; for our own, if
    /// nobody has more, the oldest that is not. What made room is handed back.
    ///
    /// # Errors
    /// The value, if nobody makes room for its owner.
    pub fn insert(&mut self, owner: Owner, value: V, most: usize) -> Result<Inserted<V>, V> {
        let mut displaced = None;
        if self.all.len() >= most {
            let newest = self.newest_of_greedy(owner, most);
            let Some(number) = newest.or_else(|| self.oldest_for(owner)) else { return Err(value) };
            displaced = self.remove(number).map(|value| (number, value));
        }
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.all.insert(number, (owner, value));
        let count = self.owned.entry(owner).or_default();
        *count = count.saturating_add(1);
        Ok((number, displaced))
    }

    /// The newest of whoever has the most, if that is more than this one has.
    fn newest_of_greedy(&self, owner: Owner, most: usize) -> Option<u64> {
        let makes_room = self.owned.iter().filter(|(of, _)| !self.is_spared(**of, most));
        let (&greedy, &count) = makes_room.max_by_key(|(_, count)| **count)?;
        if count <= self.owned_by(owner) {
            return None;
        }
        self.all.iter().rev().find(|(_, (of, _))| *of == greedy).map(|(number, _)| *number)
    }

    /// What makes room for our own.
    fn oldest_for(&self, owner: Owner) -> Option<u64> {
        if owner != Owner::Own {
            return None;
        }
        self.all.iter().find(|(_, (of, _))| *of != Owner::Own).map(|(number, _)| *number)
    }

    /// Our own makes room only where it fills the table: whoever says that it farms is a peer too.
    fn is_spared(&self, of: Owner, most: usize) -> bool {
        of == Owner::Own && self.owned_by(of) <= most / 2
    }

    pub fn get(&self, number: u64) -> Option<&V> {
        self.all.get(&number).map(|(_, value)| value)
    }

    pub fn remove(&mut self, number: u64) -> Option<V> {
        self.take(number).map(|(_, value)| value)
    }

    /// Takes a value out; it, and whose it was.
    pub fn take(&mut self, number: u64) -> Option<(Owner, V)> {
        let (owner, value) = self.all.remove(&number)?;
        self.take_from(owner, 1);
        heap::relax_map(&mut self.all);
        Some((owner, value))
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> + '_ {
        self.all.iter().map(|(number, (_, value))| (*number, value))
    }

    /// The oldest of all that make room.
    pub fn oldest(&self, most: usize) -> Option<u64> {
        let mut all = self.all.iter();
        all.find(|(_, (of, _))| !self.is_spared(*of, most)).map(|(number, _)| *number)
    }

    /// The oldest of somebody's.
    pub fn oldest_of(&self, owner: Owner) -> Option<(u64, &V)> {
        let mut of_it = self.all.iter().filter(|(_, (of, _))| *of == owner);
        of_it.next().map(|(number, (_, value))| (*number, value))
    }

    /// Whoever owns these is gone.
    pub fn disown(&mut self, peer: ConnectionId) {
        let owner = Owner::Peer(peer);
        let count = self.owned_by(owner);
        if count == 0 {
            return;
        }
        for (of, _) in self.all.values_mut() {
            if *of == owner {
                *of = Owner::Gone;
            }
        }
        self.take_from(owner, count);
        let of_gone = self.owned.entry(Owner::Gone).or_default();
        *of_gone = of_gone.saturating_add(count);
    }

    /// Keeps what `keep` keeps.
    pub fn retain(&mut self, mut keep: impl FnMut(Owner, &V) -> bool) {
        let owned = &mut self.owned;
        self.all.retain(|_, (owner, value)| {
            let stays = keep(*owner, value);
            if !stays {
                take(owned, *owner, 1);
            }
            stays
        });
        heap::relax_map(&mut self.all);
        heap::relax_map(&mut self.owned);
    }

    /// Heap bytes of the table, not of what its values own.
    pub fn heap(&self) -> usize {
        let owned = size_of::<(Owner, usize)>();
        heap::tree(self.all.len(), size_of::<(u64, (Owner, V))>())
            .saturating_add(heap::tree(self.owned.len(), owned))
    }

    fn take_from(&mut self, owner: Owner, count: usize) {
        take(&mut self.owned, owner, count);
        heap::relax_map(&mut self.owned);
    }
}

fn take(owned: &mut BTreeMap<Owner, usize>, owner: Owner, count: usize) {
    if let Some(left) = owned.get_mut(&owner) {
        *left = left.saturating_sub(count);
        if *left == 0 {
            owned.remove(&owner);
        }
    }
}
