//! The small types that everything else is made of (`chia.md` 3.2, 4).

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::member::{Member, Read, read_each};
use crate::codec::cbor::{self, Sink};
use crate::codec::hex::Hex;
use crate::codec::streamable::{Put, Reader, Streamable, arrays, fill_each, write_count};
use crate::codec::{Malformed, MalformedKind, Source};

/// Newtypes of a fixed number of bytes (D-6), printed as hex. `check` says what is wrong with the
/// first.
macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident: $length:literal, $wrong:ident, $check:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        pub struct $name(
            #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_array"))]
            pub [u8; $length],
        );

        impl $name {
            /// As a byte string of CBOR.
            #[inline]
            fn item(&self, place: &mut [u8; $length + 2]) {
                let [head, length, bytes @ ..] = place;
                (*head, *length, *bytes) = (0x58, $length, self.0);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), Hex(&self.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Hex(&self.0).fmt(f)
            }
        }

        impl Streamable for $name {
            const MIN_LEN: usize = $length;

            #[inline]
            fn read(reader: &mut Reader<'_>) -> Read<Self> {
                let mut blank = Self([0; $length]);
                Streamable::read_over(&mut blank, reader).map(|()| blank)
            }

            #[inline]
            fn read_over(&mut self, reader: &mut Reader<'_>) -> Read<()> {
                let from = reader.at();
                let bytes: &[u8; $length] = reader.array()?;
                let check: Option<fn(u8) -> bool> = $check;
                if check.is_some_and(|check| !check(bytes[0])) {
                    return Err(Malformed::new(MalformedKind::BadSignatureFlag, from));
                }
                self.0 = *bytes;
                Ok(())
            }

            #[inline]
            fn write(&self, out: &mut impl Put) {
                out.put(&self.0);
            }

            fn read_list(reader: &mut Reader<'_>, count: usize) -> Read<Vec<Self>> {
                let from = reader.at();
                let bytes = reader.take(count.saturating_mul($length))?;
                let check: Option<fn(u8) -> bool> = $check;
                if let Some(check) = check {
                    let mut firsts = bytes.iter().step_by($length);
                    if let Some(wrong) = firsts.position(|first| !check(*first)) {
                        let at = from.saturating_add(wrong.saturating_mul($length));
                        return Err(Malformed::new(MalformedKind::BadSignatureFlag, at));
                    }
                }
                Ok(arrays(bytes, Self))
            }

            fn write_list(list: &[Self], out: &mut impl Put) {
                let fill = fill_each(list, |value: &Self, place| *place = value.0);
                out.put_with(list.len().saturating_mul($length), fill);
            }

            fn list_len(list: &[Self]) -> usize {
                list.len().saturating_mul($length)
            }
        }

        impl Member for $name {
            const MIN_LEN: usize = $length + if $length < 24 { 1 } else { 2 };

            #[inline]
            fn read(reader: &mut cbor::Reader<'_>, _: Source<'_>) -> Read<Self> {
                let from = reader.at();
                let bytes: [u8; $length] = reader.array_of(MalformedKind::$wrong)?;
                let check: Option<fn(u8) -> bool> = $check;
                if check.is_some_and(|check| !check(bytes[0])) {
                    return Err(Malformed::new(MalformedKind::BadSignatureFlag, from));
                }
                Ok(Self(bytes))
            }

            fn read_list(
                reader: &mut cbor::Reader<'_>,
                source: Source<'_>,
                count: usize,
            ) -> Read<Vec<Self>> {
                // As everybody writes them: the same head before each.
                const EACH: usize = $length + 2;
                let is_usual = |each: &[u8]| {
                    let check: Option<fn(u8) -> bool> = $check;
                    matches!(each, [0x58, $length, first, ..]
                        if check.is_none_or(|check| check(*first)))
                };
                let usual = reader.take_if(count.saturating_mul(EACH), |bytes| {
                    bytes.chunks_exact(EACH).all(is_usual)
                });
                let Some(bytes) = usual else { return read_each(reader, source, count) };
                let value = |each: &[u8]| Self(*each.last_chunk().unwrap_or(&[0; $length]));
                let mut list = Vec::with_capacity(count);
                list.extend(bytes.chunks_exact(EACH).map(value));
                Ok(list)
            }

            #[inline]
            fn write(&self, out: &mut impl Sink) {
                let mut item = [0; $length + 2];
                self.item(&mut item);
                out.put(&item);
            }

            fn write_list(list: &[Self], out: &mut impl Sink) {
                let bytes = list.len().saturating_mul($length + 2);
                out.put_with(bytes, fill_each(list, Self::item));
            }
        }

        #[cfg(feature = "arbitrary")]
        impl<'a> arbitrary::Arbitrary<'a> for $name {
            fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
                let mut bytes: [u8; $length] = u.arbitrary()?;
                let check: Option<fn(u8) -> bool> = $check;
                if check.is_some_and(|check| !check(bytes[0])) {
                    bytes[0] ^= PREPEND;
                }
                Ok(Self(bytes))
            }
        }
    )* };
}

fixed! {
    /// 32 bytes that are known by nothing more: challenges, qualities, hashes of members.
    Bytes32: 32, BadHashLength, None;
    /// SHA-256 of a whole [`Header`](super::Header): what blocks are known by among full nodes,
    /// and in `prev_header_hash` (`chia.md` 6.2).
    HeaderHash: 32, BadHashLength, None;
    /// SHA-256 of a [`HeaderData`](super::HeaderData): what the harvester signs, and what the
    /// farmer protocol calls the header hash (`chia.md` 6.2).
    HeaderDataHash: 32, BadHashLength, None;
    /// What a node calls itself for as long as its process runs. Not authenticated: anybody can
    /// claim any (`chia.md` 7.3).
    NodeId: 32, BadHashLength, None;
    /// What a transaction is known by.
    TransactionId: 32, BadHashLength, None;
    /// A BLS public key, opaque: 48 bytes, not checked to be a point (`chia.md` 6.3).
    PublicKey: 48, WrongLength, None;
    /// A BLS signature, opaque but for the flag that says that no key is prepended. The flag is
    /// checked when bytes are read: a message with one made otherwise is refused by who reads it.
    Signature: 96, BadSignatureLength, Some(|first| first & PREPEND == 0);
    /// A BLS signature of a message with the signer's key before it, opaque but for the flag that
    /// says so, which is checked as that of a [`Signature`].
    PrependSignature: 96, BadSignatureLength, Some(|first| first & PREPEND != 0);
}

/// The bit of a signature's first byte that says that the key is prepended.
const PREPEND: u8 = 0x40;

/// A number of 1024 bits and a sign, opaque: 129 bytes, big-endian, two's complement
/// (`chia.md` 4). Printed as hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Int1024(
    #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_array"))] pub [u8; 129],
);

impl fmt::Debug for Int1024 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Int1024({})", Hex(&self.0))
    }
}

impl Streamable for Int1024 {
    const MIN_LEN: usize = 129;

    #[inline]
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        reader.array().map(|bytes| Self(*bytes))
    }

    #[inline]
    fn read_over(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        self.0 = *reader.array()?;
        Ok(())
    }

    #[inline]
    fn write(&self, out: &mut impl Put) {
        out.put(&self.0);
    }
}

/// Bytes of any number: `List[uint8]` inside objects, `bytes` in messages. Shared with the frame
/// they came in, if that is worth it. Printed as hex.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Blob(
    #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))] pub Bytes,
);

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({})", Hex(&self.0))
    }
}

impl Streamable for Blob {
    const MIN_LEN: usize = 4;

    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let length = reader.count(1)?;
        reader.shared(length).map(Self)
    }

    #[inline]
    fn read_over(&mut self, reader: &mut Reader<'_>) -> Read<()> {
        let length = reader.count(1)?;
        reader.shared_over(length, &mut self.0)
    }

    fn write(&self, out: &mut impl Put) {
        write_count(self.0.len(), out);
        out.put(&self.0);
    }
}

impl Member for Blob {
    const MIN_LEN: usize = 1;

    fn read(reader: &mut cbor::Reader<'_>, source: Source<'_>) -> Read<Self> {
        reader.bytes().map(|bytes| Self(source.bytes(bytes)))
    }

    fn write(&self, out: &mut impl Sink) {
        out.bytes(&self.0);
    }

    fn heap(&self) -> usize {
        Source::heap(&self.0)
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Blob {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Vec::<u8>::arbitrary(u).map(|bytes| Self(bytes.into()))
    }
}

/// What a node is (`chia.md` 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "u8", try_from = "u8"))]
#[expect(clippy::exhaustive_enums, reason = "another number is no node")]
pub enum NodeType {
    /// 1: keeps the chain.
    FullNode = 1,
    /// 2: holds plots.
    Harvester = 2,
    /// 3: holds keys, and asks harvesters.
    Farmer = 3,
    /// 4: makes proofs of time.
    Timelord = 4,
    /// 5: knows addresses.
    Introducer = 5,
    /// 6: holds coins.
    Wallet = 6,
}

impl NodeType {
    /// Every type, by number.
    pub const ALL: [Self; 6] = [
        Self::FullNode,
        Self::Harvester,
        Self::Farmer,
        Self::Timelord,
        Self::Introducer,
        Self::Wallet,
    ];

    /// The name, as the seed has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullNode => "full node",
            Self::Harvester => "harvester",
            Self::Farmer => "farmer",
            Self::Timelord => "timelord",
            Self::Introducer => "introducer",
            Self::Wallet => "wallet",
        }
    }
}

impl From<NodeType> for u8 {
    fn from(node_type: NodeType) -> Self {
        node_type as Self
    }
}

impl TryFrom<u8> for NodeType {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        let found = Self::ALL.into_iter().find(|node_type| u8::from(*node_type) == number);
        found.ok_or("a node type is 1 to 6")
    }
}

impl Member for NodeType {
    const MIN_LEN: usize = 1;

    fn read(reader: &mut cbor::Reader<'_>, source: Source<'_>) -> Read<Self> {
        let from = reader.at();
        let number: u8 = Member::read(reader, source)?;
        number.try_into().map_err(|_| Malformed::new(MalformedKind::IntegerOutOfRange, from))
    }

    fn write(&self, out: &mut impl Sink) {
        out.uint(u64::from(u8::from(*self)));
    }
}
