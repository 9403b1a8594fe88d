//! `NonEmptyList` of the seed.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Deref;

use super::Read;
use crate::codec::cbor::Reader;
use crate::codec::{Malformed, MalformedKind};

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

    /// Reads a list of at least one item.
    #[inline]
    pub(super) fn read<'a>(
        reader: &mut Reader<'a>,
        mut item: impl FnMut(&mut Reader<'a>) -> Read<T>,
    ) -> Read<Self> {
        let at = reader.at();
        let mut count = reader.list()?;
        if !reader.another(&mut count)? {
            return Err(Malformed::new(MalformedKind::EmptyList, at));
        }
        let first = item(reader)?;
        if !reader.another(&mut count)? {
            return Ok(Self::one(first));
        }
        let mut items = vec![first, item(reader)?];
        while reader.another(&mut count)? {
            items.push(item(reader)?);
        }
        Ok(Self(Items::Many(items)))
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

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for NonEmpty<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.as_slice())
    }
}

#[cfg(feature = "serde")]
impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for NonEmpty<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::deserialize(from)?;
        Self::from_vec(items).ok_or_else(|| serde::de::Error::custom("an empty list"))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a, T: arbitrary::Arbitrary<'a>> arbitrary::Arbitrary<'a> for NonEmpty<T> {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut items = Vec::arbitrary(u)?;
        items.push(T::arbitrary(u)?);
        Self::from_vec(items).ok_or(arbitrary::Error::EmptyChoose)
    }
}
