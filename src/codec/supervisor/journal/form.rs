//! The one form of each value: canonical CBOR.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use crate::codec::cbor::{Put, Reader, Sink};
use crate::codec::supervisor::json_rpc::Id;
use crate::codec::supervisor::{
    Address, BlockId, BlockRef, BlockReplacement, ChainId, DerivedIdPair, DerivedRefPair, Hash,
    HexBytes, Log, NodeEvent, OutputV0, Seal,
};
use crate::codec::{Malformed, MalformedKind};

/// A value with one form.
pub(crate) trait Form: Sized {
    /// Writes it.
    fn write<S: Sink>(&self, to: &mut S);

    /// Reads it. Never allocates more than was read.
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed>;
}

/// The value whose one form these bytes are.
pub(crate) fn canonical<T: Form>(bytes: &[u8]) -> Result<T, Malformed> {
    let value = Reader::whole(bytes, T::read)?;
    let mut same = Same(Some(bytes));
    value.write(&mut same);
    match same.0 {
        Some([]) => Ok(value),
        _ => Err(Malformed::new(MalformedKind::NotWellFormed, 0)),
    }
}

/// Compares what is written with what is there; `None` once it differs.
struct Same<'a>(Option<&'a [u8]>);

impl Put for Same<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.0 = self.0.and_then(|rest| rest.strip_prefix(bytes));
    }
}

/// A record as the array of its fields, in this order.
macro_rules! fields {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::codec::supervisor::journal::form::Form for $type {
            fn write<S: $crate::codec::cbor::Sink>(&self, to: &mut S) {
                to.array([$(stringify!($field)),+].len());
                $($crate::codec::supervisor::journal::form::Form::write(&self.$field, to);)+
            }

            fn read(
                from: &mut $crate::codec::cbor::Reader<'_>,
            ) -> Result<Self, $crate::codec::Malformed> {
                from.array_exact([$(stringify!($field)),+].len() as u64)?;
                Ok(Self {
                    $($field: $crate::codec::supervisor::journal::form::Form::read(from)?),+
                })
            }
        }
    };
}

/// A value as the only thing in it.
macro_rules! wrapped {
    ($type:ident) => {
        impl $crate::codec::supervisor::journal::form::Form for $type {
            fn write<S: $crate::codec::cbor::Sink>(&self, to: &mut S) {
                $crate::codec::supervisor::journal::form::Form::write(&self.0, to);
            }

            fn read(
                from: &mut $crate::codec::cbor::Reader<'_>,
            ) -> Result<Self, $crate::codec::Malformed> {
                $crate::codec::supervisor::journal::form::Form::read(from).map(Self)
            }
        }
    };
}

pub(crate) use {fields, wrapped};

wrapped!(Hash);
wrapped!(Address);
wrapped!(HexBytes);
fields!(BlockId { hash, number });
fields!(BlockRef { hash, number, parent_hash, timestamp });
fields!(Seal { hash, number, timestamp });
fields!(DerivedIdPair { source, derived });
fields!(DerivedRefPair { source, derived });
fields!(BlockReplacement { replacement, invalidated });
fields!(Log { address, topics, data });
fields!(OutputV0 { state_root, message_passer_storage_root, block_hash });
fields!(NodeEvent {
    reset,
    unsafe_block,
    derivation_update,
    exhaust_l1,
    replace_block,
    derivation_origin_update,
});

impl Form for u64 {
    fn write<S: Sink>(&self, to: &mut S) {
        to.uint(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.u64()
    }
}

/// Narrower numbers, refused where they don't fit.
macro_rules! narrow {
    ($($type:ty: $wide:expr),+) => {$(
        impl Form for $type {
            fn write<S: Sink>(&self, to: &mut S) {
                to.uint($wide(*self));
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                let at = from.at();
                let wide = from.u64()?;
                Self::try_from(wide)
                    .map_err(|_| Malformed::new(MalformedKind::IntegerOutOfRange, at))
            }
        }
    )+};
}

narrow!(u8: u64::from, u32: u64::from, usize: |wide| wide as u64);

impl Form for u128 {
    fn write<S: Sink>(&self, to: &mut S) {
        to.bytes(&self.to_be_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        <[u8; 16]>::read(from).map(Self::from_be_bytes)
    }
}

impl Form for bool {
    fn write<S: Sink>(&self, to: &mut S) {
        to.bool(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.bool()
    }
}

impl<const N: usize> Form for [u8; N] {
    fn write<S: Sink>(&self, to: &mut S) {
        to.bytes(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array_of(MalformedKind::BadHashLength)
    }
}

/// Chain ids are short numbers as a rule: leading zeros are left out.
impl Form for ChainId {
    fn write<S: Sink>(&self, to: &mut S) {
        let zeros = self.0.iter().take_while(|byte| **byte == 0).count();
        to.bytes(self.0.get(zeros..).unwrap_or_default());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        let short = from.bytes()?;
        let mut bytes = [0; 32];
        let zeros = bytes.len().checked_sub(short.len());
        let Some(place) = zeros.and_then(|zeros| bytes.get_mut(zeros..)) else {
            return Err(Malformed::new(MalformedKind::IntegerOutOfRange, at));
        };
        place.copy_from_slice(short);
        Ok(Self(bytes))
    }
}

impl Form for Bytes {
    fn write<S: Sink>(&self, to: &mut S) {
        to.bytes(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.bytes().map(Self::copy_from_slice)
    }
}

impl Form for String {
    fn write<S: Sink>(&self, to: &mut S) {
        to.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.text().map(Self::from)
    }
}

impl Form for Id {
    fn write<S: Sink>(&self, to: &mut S) {
        to.text(self.as_str());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        let id = Self::of_token(from.text()?);
        id.ok_or(Malformed::new(MalformedKind::TypeMismatch, at))
    }
}

impl Form for Duration {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(2);
        self.as_secs().write(to);
        self.subsec_nanos().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array_exact(2)?;
        let secs = u64::read(from)?;
        let at = from.at();
        let nanos = u32::read(from)?;
        if nanos >= 1_000_000_000 {
            return Err(Malformed::new(MalformedKind::IntegerOutOfRange, at));
        }
        Ok(Self::new(secs, nanos))
    }
}

impl<T: Form> Form for Option<T> {
    fn write<S: Sink>(&self, to: &mut S) {
        match self {
            Some(value) => value.write(to),
            None => to.null(),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        if from.null() { Ok(None) } else { T::read(from).map(Some) }
    }
}

impl<T: Form> Form for Box<T> {
    fn write<S: Sink>(&self, to: &mut S) {
        (**self).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        T::read(from).map(Self::new)
    }
}

impl<A: Form, B: Form> Form for (A, B) {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(2);
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array_exact(2)?;
        Ok((A::read(from)?, B::read(from)?))
    }
}

impl<T: Form> Form for Vec<T> {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(self.len());
        self.iter().for_each(|item| item.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        // Grows by what was read: every item is a byte at least.
        (0..from.array()?).map(|_| T::read(from)).collect::<Result<_, _>>()
    }
}

impl<T: Form> Form for VecDeque<T> {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(self.len());
        self.iter().for_each(|item| item.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Vec::read(from).map(Self::from)
    }
}

/// Pairs in ascending order of their keys.
impl<V: Form> Form for BTreeMap<u64, V> {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(self.len());
        for (key, value) in self {
            to.array(2);
            key.write(to);
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        let mut map = Self::new();
        for (key, value) in Vec::<(u64, V)>::read(from)? {
            if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(Malformed::new(MalformedKind::KeysNotAscending, at));
            }
            map.insert(key, value);
        }
        Ok(map)
    }
}

/// What no leading integer stands for.
pub(crate) const fn unknown(at: usize) -> Malformed {
    Malformed::new(MalformedKind::UnknownMessage, at)
}
