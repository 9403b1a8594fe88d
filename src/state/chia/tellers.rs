//! What each full node says of one thing.

use alloc::vec::Vec;

use crate::state::chia::role::ConnectionId;

/// Who told: a full node, or one that is gone.
pub(super) type Teller = Option<ConnectionId>;

/// Values by who told them, those first that are gone, then the others in the order they came in.
/// Mostly it is one: a list, without room for more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ByTeller<V>(Vec<(Teller, V)>);

impl<V> ByTeller<V> {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, teller: Teller) -> Option<&V> {
        let at = self.find(teller).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, teller: Teller) -> Option<&mut V> {
        let at = self.find(teller).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// The value of a teller, made first if it has none.
    pub fn entry(&mut self, teller: Teller) -> Option<&mut V>
    where
        V: Default,
    {
        if self.find(teller).is_err() {
            self.insert(teller, V::default());
        }
        self.get_mut(teller)
    }

    /// Puts a value in; that it takes the place of.
    pub fn insert(&mut self, teller: Teller, value: V) -> Option<V> {
        match self.find(teller) {
            Ok(at) => self.0.get_mut(at).map(|(_, old)| core::mem::replace(old, value)),
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (teller, value));
                None
            }
        }
    }

    pub fn remove(&mut self, teller: Teller) -> Option<V> {
        let at = self.find(teller).ok()?;
        let (_, value) = self.0.remove(at);
        self.0.shrink_to_fit();
        Some(value)
    }

    pub fn first(&self) -> Option<(Teller, &V)> {
        self.iter().next()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Teller, &V)> + '_ {
        self.0.iter().map(|(teller, value)| (*teller, value))
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> + '_ {
        self.0.iter_mut().map(|(_, value)| value)
    }

    pub fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.0.retain(|(_, value)| keep(value));
        self.0.shrink_to_fit();
    }

    /// Heap bytes of the list, not of what its values own.
    pub fn heap(&self) -> usize {
        self.0.capacity().saturating_mul(size_of::<(Teller, V)>())
    }

    fn find(&self, teller: Teller) -> Result<usize, usize> {
        self.0.binary_search_by_key(&teller, |(of, _)| *of)
    }
}
