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

            #[inline]
            fn read(
                reader: &mut $crate::codec::streamable::Reader<'_>,
            ) -> Result<Self, $crate::codec::Malformed> {
                $crate::codec::chia::object::in_place(|blank: &mut Self| {
                    $crate::codec::streamable::Streamable::read_over(blank, reader)
                })
            }

            #[inline]
            fn read_over(
                &mut self,
                reader: &mut $crate::codec::streamable::Reader<'_>,
            ) -> Result<(), $crate::codec::Malformed> {
                $( $crate::codec::chia::object::Part::fill(&mut self.$field, reader)?; )*
                Ok(())
            }

            #[inline]
            fn from_source(
                bytes: &[u8],
                source: $crate::codec::Source<'_>,
            ) -> Result<Self, $crate::codec::Malformed> {
                let mut reader = $crate::codec::streamable::Reader::new(bytes, source);
                $crate::codec::chia::object::in_place(|blank: &mut Self| {
                    $crate::codec::streamable::Streamable::read_over(blank, &mut reader)?;
                    reader.finish()
                })
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
                let mut read = $crate::codec::streamable::Streamable::from_source(bytes, source);
                if let Err(malformed) = &mut read {
                    *malformed = $crate::codec::Malformed::within(*malformed, start);
                }
                read
            }

            fn read_over(
                &mut self,
                reader: &mut $crate::codec::cbor::Reader<'_>,
                source: $crate::codec::Source<'_>,
            ) -> Result<(), $crate::codec::Malformed> {
                let bytes = reader.bytes()?;
                let start = reader.at().saturating_sub(bytes.len());
                let mut inside = $crate::codec::streamable::Reader::new(bytes, source);
                $crate::codec::streamable::Streamable::read_over(self, &mut inside)
                    .and_then(|()| inside.finish())
                    .map_err(|malformed| malformed.within(start))
            }

            fn write(&self, out: &mut impl $crate::codec::cbor::Sink) {
                use $crate::codec::streamable::Streamable;
                let length = self.stream_len();
                out.head($crate::codec::cbor::BYTES, length as u64);
                out.make_room(length);
                Streamable::write(self, out);
            }

            fn heap(&self) -> usize {
                $crate::codec::chia::object::Held::held(self)
            }
        }

        impl $crate::codec::chia::object::Part for $name {
            const FIXED: bool =
                true $( && <$type as $crate::codec::chia::object::Part>::FIXED )*;

            #[inline]
            fn fill(
                &mut self,
                reader: &mut $crate::codec::streamable::Reader<'_>,
            ) -> Result<(), $crate::codec::Malformed> {
                const LEN: usize = <$name as $crate::codec::streamable::Streamable>::MIN_LEN;
                if !Self::FIXED {
                    return $crate::codec::streamable::Streamable::read_over(self, reader);
                }
                // All of it is looked for at once.
                let from = reader.at();
                let bytes: &[u8; LEN] = reader.array()?;
                let mut inside =
                    $crate::codec::streamable::Reader::new(bytes, $crate::codec::Source::COPY);
                $crate::codec::streamable::Streamable::read_over(self, &mut inside)
                    .map_err(|malformed| malformed.within(from))
            }
        }

        impl $crate::codec::chia::object::Blank for $name {
            const BLANK: Self =
                Self { $( $field: <$type as $crate::codec::chia::object::Blank>::BLANK, )* };
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

            const BLANK: Self =
                Self { $( $member: <$type as $crate::codec::chia::object::Blank>::BLANK, )* };

            fn read_over(
                &mut self,
                members: &mut $crate::codec::chia::envelope::Pairs<'_, '_>,
            ) -> Result<(), $crate::codec::Malformed> {
                $( let mut $member = false; )*
                while let Some(name) = members.name()? {
                    $(
                        if name == stringify!($member).as_bytes() {
                            members.value(&mut $member, &mut self.$member)?;
                            continue;
                        }
                    )*
                    return Err(members.unknown(name));
                }
                $( members.there($member)?; )*
                Ok(())
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
use crate::codec::streamable::{Reader, Streamable, is_there};
use crate::codec::{Malformed, Source};

/// A type with a value to begin with: what is read comes into its place, wherever that is, and is
/// not moved there afterwards. (Every field is read, so none of a blank is left.)
pub(super) trait Blank: Sized {
    const BLANK: Self;
}

/// A type that fields of objects may have.
pub(super) trait Part: Streamable {
    /// Every value takes as many bytes as any other.
    const FIXED: bool;

    /// Reads a value into the place of this one.
    #[inline]
    fn fill(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        self.read_over(reader)
    }
}

/// What is read into the place where it is returned.
#[inline]
pub(super) fn in_place<T: Blank>(
    read: impl FnOnce(&mut T) -> Result<(), Malformed>,
) -> Result<T, Malformed> {
    let mut place = Ok(T::BLANK);
    if let Err(malformed) = place.as_mut().map_or(Ok(()), read) {
        place = Err(malformed);
    }
    place
}

/// Types of which every value takes as many bytes, or not.
macro_rules! parts {
    ($($type:ty: $fixed:literal),* $(,)?) => { $(
        impl Part for $type {
            const FIXED: bool = $fixed;
        }
    )* };
}

parts!(
    u8: true, u16: true, u32: true, u64: true, super::Bytes32: true, super::HeaderHash: true,
    super::HeaderDataHash: true, super::PublicKey: true, super::Signature: true,
    super::PrependSignature: true, super::Int1024: true, Blob: false, String: false,
);

impl<T: Part + Blank> Part for Option<T> {
    const FIXED: bool = false;

    #[inline]
    fn fill(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        if !is_there(reader)? {
            *self = None;
            return Ok(());
        }
        match self {
            Some(blank) => blank.fill(reader),
            None => self.insert(T::BLANK).fill(reader),
        }
    }
}

/// Types of which one value is as good as another.
macro_rules! blank {
    ($($type:ty = $blank:expr),* $(,)?) => { $(
        impl Blank for $type {
            const BLANK: Self = $blank;
        }
    )* };
}

blank!(
    u8 = 0,
    u16 = 0,
    u32 = 0,
    u64 = 0,
    super::Bytes32 = super::Bytes32([0; 32]),
    super::HeaderHash = super::HeaderHash([0; 32]),
    super::HeaderDataHash = super::HeaderDataHash([0; 32]),
    super::NodeId = super::NodeId([0; 32]),
    super::TransactionId = super::TransactionId([0; 32]),
    super::PublicKey = super::PublicKey([0; 48]),
    super::Signature = super::Signature([0; 96]),
    super::PrependSignature = super::PrependSignature([0; 96]),
    super::Int1024 = super::Int1024([0; 129]),
    Blob = Self(bytes::Bytes::new()),
    super::Transaction = Self(Blob::BLANK),
    super::NodeType = Self::FullNode,
    String = Self::new(),
);

/// There already, as it mostly is: what is not there costs less to undo.
impl<T: Blank> Blank for Option<T> {
    const BLANK: Self = Some(T::BLANK);
}

impl<T> Blank for Vec<T> {
    const BLANK: Self = Self::new();
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
