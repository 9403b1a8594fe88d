//! Values as text, for human-readable formats of serde: bytes as lower-case hex, large numbers as
//! strings.

use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex::unhex;

/// The largest integer that every JSON reader keeps exact.
const EXACT: u64 = 1 << 53;

/// A number: as such up to 2^53, as a string above. Both are accepted.
pub(crate) mod number {
    use core::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserialize, Deserializer, Serializer};

    use super::EXACT;

    pub(crate) fn serialize<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() && *value > EXACT {
            return to.collect_str(value);
        }
        to.serialize_u64(*value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        if from.is_human_readable() { from.deserialize_any(Number) } else { u64::deserialize(from) }
    }

    struct Number;

    impl Visitor<'_> for Number {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an unsigned 64-bit integer, as a number or as a string")
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
            Ok(value)
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
            u64::try_from(value).map_err(E::custom)
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<u64, E> {
            value.parse().map_err(E::custom)
        }
    }
}

/// Bytes of any length as hex.
pub(crate) mod hex_bytes {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Octets, hex_slice};

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        hex_slice::serialize(bytes, to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        Octets::deserialize(from).map(|octets| Bytes::from(octets.0))
    }
}

/// Bytes of a fixed length as hex.
pub(crate) mod hex_array {
    use alloc::vec::Vec;
    use core::fmt;

    use serde::de::{Error, Expected};
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Octets, hex_slice};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        hex_slice::serialize(bytes, to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        from: D,
    ) -> Result<[u8; N], D::Error> {
        let octets = Octets::deserialize(from)?.0;
        octets.try_into().map_err(|found: Vec<u8>| D::Error::invalid_length(found.len(), &Bytes(N)))
    }

    /// So many of them.
    struct Bytes(usize);

    impl Expected for Bytes {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} bytes", self.0)
        }
    }
}

mod hex_slice {
    use serde::Serializer;

    use crate::codec::hex::Hex;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(&Hex(bytes)) } else { to.serialize_bytes(bytes) }
    }
}

/// Transactions by index and hash.
#[cfg(feature = "leios")]
pub(crate) mod indexed_txs {
    use alloc::vec::Vec;

    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Octets, Shown};
    use crate::codec::leios::TxHash;

    type Tx = (u32, TxHash, Bytes);

    pub(crate) fn serialize<S: Serializer>(txs: &[Tx], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(txs.iter().map(|(index, hash, tx)| (index, hash, Shown(tx))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Tx>, D::Error> {
        let txs = Vec::<(u32, TxHash, Octets)>::deserialize(from)?;
        Ok(txs.into_iter().map(|(index, hash, tx)| (index, hash, Bytes::from(tx.0))).collect())
    }
}

/// Borrowed bytes, written as hex.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        hex_slice::serialize(self.0, to)
    }
}

/// Owned bytes, read from hex.
pub(crate) struct Octets(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            return from.deserialize_str(OctetsVisitor);
        }
        from.deserialize_byte_buf(OctetsVisitor)
    }
}

struct OctetsVisitor;

impl Visitor<'_> for OctetsVisitor {
    type Value = Octets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes, as hex in text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Octets, E> {
        unhex(text).map(Octets).ok_or_else(|| E::custom("not an even number of hex digits"))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Octets, E> {
        Ok(Octets(bytes.to_vec()))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Octets, E> {
        Ok(Octets(bytes))
    }
}

/// A bitmap: 16 hex digits in text, a number elsewhere.
pub(crate) mod bits {
    use alloc::string::String;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::unhex;

    pub(crate) fn serialize<S: Serializer>(bits: u64, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return to.collect_str(&format_args!("{bits:016x}"));
        }
        to.serialize_u64(bits)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        if !from.is_human_readable() {
            return u64::deserialize(from);
        }
        let text = String::deserialize(from)?;
        let octets = unhex(&text).and_then(|octets| <[u8; 8]>::try_from(octets).ok());
        octets.map(u64::from_be_bytes).ok_or_else(|| D::Error::custom("not 16 hex digits"))
    }
}
