//! What objects and messages are declared with: their fields in order, once.

/// A composite type (`chia.md` 5): its Streamable form is its fields in order, and as a member of
/// a message it is a byte string that holds that form, decoded at once and as a whole (D-10).
macro_rules! object {
    (
        $(#[$doc:meta])*
        $name:ident { $( $(#[$field_doc:meta])* $field:ident: $type:ty, )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
        pub struct $name { $( $(#[$field_doc])* pub $field: $type, )* }

        impl $crate::codec::streamable::Streamable for $name {
            const MIN_LEN: usize =
                0 $( + <$type as $crate::codec::streamable::Streamable>::MIN_LEN )*;

            fn read(
                reader: &mut $crate::codec::streamable::Reader<'_>,
            ) -> Result<Self, $crate::codec::Malformed> {
                $( let $field = $crate::codec::streamable::Streamable::read(reader)?; )*
                Ok(Self { $($field),* })
            }

            fn write(&self, out: &mut impl $crate::codec::streamable::Put) {
                $( $crate::codec::streamable::Streamable::write(&self.$field, out); )*
            }
        }

        impl $crate::codec::chia::member::Member for $name {
            const MIN_LEN: usize = 1 + <Self as $crate::codec::streamable::Streamable>::MIN_LEN;

            fn read(
                reader: &mut $crate::codec::cbor::Reader<'_>,
                source: $crate::codec::Source<'_>,
            ) -> Result<Self, $crate::codec::Malformed> {
                let bytes = reader.bytes()?;
                let start = reader.at().saturating_sub(bytes.len());
                let read = $crate::codec::streamable::Streamable::from_source(bytes, source);
                read.map_err(|malformed: $crate::codec::Malformed| malformed.within(start))
            }

            fn write(&self, out: &mut impl $crate::codec::cbor::Sink) {
                use $crate::codec::streamable::Streamable;
                out.head($crate::codec::cbor::BYTES, self.stream_len() as u64);
                Streamable::write(self, &mut $crate::codec::chia::object::Into(out));
            }

            fn heap(&self) -> usize {
                $crate::codec::chia::object::Held::held(self)
            }
        }

        impl $crate::codec::chia::object::Held for $name {
            fn held(&self) -> usize {
                0_usize $( .saturating_add($crate::codec::chia::object::Held::held(&self.$field)) )*
            }
        }
    };
}

/// A message: its members, named and in order (`chia.md` 3.1, 8).
macro_rules! message {
    (
        $(#[$doc:meta])*
        $name:ident { $( $(#[$member_doc:meta])* $member:ident: $type:ty, )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
        pub struct $name { $( $(#[$member_doc])* pub $member: $type, )* }

        impl $crate::codec::chia::envelope::Members for $name {
            const NAMES: &'static [&'static str] = &[$( stringify!($member) ),*];

            fn read(
                members: &mut $crate::codec::chia::envelope::Pairs<'_, '_>,
            ) -> Result<Self, $crate::codec::Malformed> {
                $( let mut $member: Option<$type> = None; )*
                while let Some(name) = members.name()? {
                    match name {
                        $( stringify!($member) => members.value(&mut $member)?, )*
                        _ => return Err(members.unknown()),
                    }
                }
                Ok(Self { $( $member: members.there($member)?, )* })
            }

            fn write(&self, out: &mut impl $crate::codec::cbor::Sink) {
                $(
                    out.text(stringify!($member));
                    $crate::codec::chia::member::Member::write(&self.$member, out);
                )*
                let _ = out;
            }

            fn heap(&self) -> usize {
                0_usize $( .saturating_add(
                    $crate::codec::chia::member::Member::heap(&self.$member)
                ) )*
            }
        }
    };
}

pub(super) use {message, object};

use alloc::string::String;
use alloc::vec::Vec;

use super::primitive::Blob;
use crate::codec::Source;
use crate::codec::cbor::Sink;
use crate::codec::streamable::Put;

/// A Streamable form that becomes a part of a message.
pub(super) struct Into<'a, S>(pub(super) &'a mut S);

impl<S: Sink> Put for Into<'_, S> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.0.put(bytes);
    }
}

/// Heap bytes that a field of an object holds.
pub(super) trait Held {
    fn held(&self) -> usize;
}

/// Types that hold nothing.
macro_rules! holds_nothing {
    ($($type:ty),* $(,)?) => { $(
        impl Held for $type {
            fn held(&self) -> usize {
                0
            }
        }
    )* };
}

holds_nothing!(
    u8,
    u16,
    u32,
    u64,
    super::Bytes32,
    super::HeaderHash,
    super::HeaderDataHash,
    super::PublicKey,
    super::Signature,
    super::PrependSignature,
    super::Int1024,
);

impl Held for Blob {
    fn held(&self) -> usize {
        Source::heap(&self.0)
    }
}

impl Held for String {
    fn held(&self) -> usize {
        self.capacity()
    }
}

impl<T: Held> Held for Option<T> {
    fn held(&self) -> usize {
        self.as_ref().map_or(0, Held::held)
    }
}

impl<T: Held> Held for Vec<T> {
    fn held(&self) -> usize {
        let own = self.capacity().saturating_mul(size_of::<T>());
        self.iter().map(Held::held).fold(own, usize::saturating_add)
    }
}
