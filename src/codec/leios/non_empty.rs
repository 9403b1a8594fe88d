//! `NonEmptyList` of the seed.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Deref;

/// A list of at least one item; a single one is held inline, without allocation.
///
/// One item is always `One`, so that equal lists are equal values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NonEmpty<T>(Items<T>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Items<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> NonEmpty<T> {
    /// A list of one item.
    #[must_use]
    pub const fn one(item: T) -> Self {
        Self(Items::One(item))
    }

    /// A list of these items, unless there are none.
    #[must_use]
    pub fn from_vec(mut items: Vec<T>) -> Option<Self> {
        match items.len() {
            0 => None,
            1 => items.pop().map(Self::one),
            _ => Some(Self(Items::Many(items))),
        }
    }

    /// The items.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match &self.0 {
            Items::One(item) => core::slice::from_ref(item),
            Items::Many(items) => items,
        }
    }

    /// The items as a vector.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            Items::One(item) => vec![item],
            Items::Many(items) => items,
        }
    }

    /// Heap bytes of the list itself, not of what its items own.
    #[must_use]
    pub fn heap(&self) -> usize {
        match &self.0 {
            Items::One(_) => 0,
            Items::Many(items) => items.capacity().saturating_mul(size_of::<T>()),
        }
    }
}

impl<T> Deref for NonEmpty<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}
