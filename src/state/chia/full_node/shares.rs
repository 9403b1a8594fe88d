//! A table with an end that everybody has a share of: whoever has the most makes room.

use alloc::collections::BTreeMap;

use crate::heap;
use crate::state::chia::role::ConnectionId;

/// Values by number, in order of insertion, each somebody's. Those of peers that are gone, and our
/// own, are nobody's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shares<V> {
    next: u64,
    all: BTreeMap<u64, (Option<ConnectionId>, V)>,
    owned: BTreeMap<Option<ConnectionId>, usize>,
}

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
    pub fn owned_by(&self, owner: Option<ConnectionId>) -> usize {
        self.owned.get(&owner).copied().unwrap_or(0)
    }

    /// Adds a value. In a full table the newest of whoever has the most makes room, and is handed
    /// back.
    ///
    /// # Errors
    /// The value, if nobody has more than its owner.
    pub fn insert(
        &mut self,
        owner: Option<ConnectionId>,
        value: V,
        most: usize,
    ) -> Result<(u64, Option<V>), V> {
        let mut displaced = None;
        if self.all.len() >= most {
            let largest = self.owned.iter().max_by_key(|(_, count)| **count);
            let Some((&greedy, &count)) = largest else { return Err(value) };
            if count <= self.owned_by(owner) {
                return Err(value);
            }
            let newest = self.all.iter().rev().find(|(_, (of, _))| *of == greedy);
            let newest = newest.map(|(number, _)| *number);
            displaced = newest.and_then(|number| self.remove(number));
        }
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.all.insert(number, (owner, value));
        let count = self.owned.entry(owner).or_default();
        *count = count.saturating_add(1);
        Ok((number, displaced))
    }

    pub fn get(&self, number: u64) -> Option<&V> {
        self.all.get(&number).map(|(_, value)| value)
    }

    pub fn remove(&mut self, number: u64) -> Option<V> {
        self.take(number).map(|(_, value)| value)
    }

    /// Takes a value out; it, and whose it was.
    pub fn take(&mut self, number: u64) -> Option<(Option<ConnectionId>, V)> {
        let (owner, value) = self.all.remove(&number)?;
        self.take_from(owner, 1);
        heap::relax_map(&mut self.all);
        Some((owner, value))
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> + '_ {
        self.all.iter().map(|(number, (_, value))| (*number, value))
    }

    /// The oldest of somebody's.
    pub fn oldest_of(&self, owner: Option<ConnectionId>) -> Option<(u64, &V)> {
        let mut of_it = self.all.iter().filter(|(_, (of, _))| *of == owner);
        of_it.next().map(|(number, (_, value))| (*number, value))
    }

    /// Whoever owns these is gone: they are nobody's now.
    pub fn disown(&mut self, owner: ConnectionId) {
        let count = self.owned_by(Some(owner));
        if count == 0 {
            return;
        }
        for (of, _) in self.all.values_mut() {
            if *of == Some(owner) {
                *of = None;
            }
        }
        self.take_from(Some(owner), count);
        let nobodys = self.owned.entry(None).or_default();
        *nobodys = nobodys.saturating_add(count);
    }

    /// Keeps what `keep` keeps.
    pub fn retain(&mut self, mut keep: impl FnMut(Option<ConnectionId>, &V) -> bool) {
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
        let owned = size_of::<(Option<ConnectionId>, usize)>();
        heap::tree(self.all.len(), size_of::<(u64, (Option<ConnectionId>, V))>())
            .saturating_add(heap::tree(self.owned.len(), owned))
    }

    fn take_from(&mut self, owner: Option<ConnectionId>, count: usize) {
        take(&mut self.owned, owner, count);
        heap::relax_map(&mut self.owned);
    }
}

fn take(
    owned: &mut BTreeMap<Option<ConnectionId>, usize>,
    owner: Option<ConnectionId>,
    count: usize,
) {
    if let Some(left) = owned.get_mut(&owner) {
        *left = left.saturating_sub(count);
        if *left == 0 {
            owned.remove(&owner);
        }
    }
}
