//! The members of an object and the elements of an array, not looked into.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The members of an object, in order, repeated ones included.
pub(in crate::codec::supervisor) struct Members<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            members.push((key, map.next_value()?));
        }
        Ok(Members(members))
    }
}

/// A name, borrowed where it has no escapes.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.into())))
    }
}

/// The first elements of an array, and how many there are.
pub(in crate::codec::supervisor) struct Elements<'a> {
    pub first: Vec<&'a RawValue>,
    pub count: usize,
}

impl<'a> Elements<'a> {
    /// Reads an array and keeps its first `most` elements.
    pub(in crate::codec::supervisor) fn read(
        text: &'a str,
        most: usize,
    ) -> Result<Self, serde_json::Error> {
        let mut from = serde_json::Deserializer::from_str(text);
        let elements = Most(most).deserialize(&mut from)?;
        from.end()?;
        Ok(elements)
    }
}

struct Most(usize);

impl<'de> DeserializeSeed<'de> for Most {
    type Value = Elements<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Most {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Elements<'de>, A::Error> {
        let mut first = Vec::new();
        while first.len() < self.0 {
            let Some(element) = list.next_element()? else { break };
            first.push(element);
        }
        let mut count = first.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            count = count.saturating_add(1);
        }
        Ok(Elements { first, count })
    }
}

/// A member that may be there once.
#[derive(Default)]
pub(super) struct Once<'a> {
    pub(super) value: Option<&'a RawValue>,
    pub(super) repeated: bool,
}

impl<'a> Once<'a> {
    pub(super) fn set(&mut self, value: &'a RawValue) {
        self.repeated = self.value.replace(value).is_some();
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.map(RawValue::get)
    }
}
