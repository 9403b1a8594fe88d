//! Addresses, transactions, and what a pool signs in advance (`chia.md` 5).

use alloc::string::String;
use core::cmp::Ordering;

use super::member::{Member, Read};
use super::object::object;
use super::{Blob, CoinbaseInfo, PrependSignature};
use crate::codec::Source;
use crate::codec::cbor::{Reader, Sink};

object! {
    /// Where a node listens.
    PeerInfo {
        /// An IP address or a host name.
        host: String,
        /// The TCP port.
        port: u16,
    }
}

impl PartialOrd for PeerInfo {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PeerInfo {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.host, self.port).cmp(&(&other.host, other.port))
    }
}

object! {
    /// A coinbase that the pool allows.
    SignedCoinbase {
        /// What is allowed.
        coinbase: CoinbaseInfo,
        /// The pool's signature of its 44 bytes.
        coinbase_signature: PrependSignature,
    }
}

/// A transaction: opaque bytes, none in the node that the seed describes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Transaction(pub Blob);

impl Member for Transaction {
    const MIN_LEN: usize = 1;

    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        Member::read(reader, source).map(Self)
    }

    fn write(&self, out: &mut impl Sink) {
        Member::write(&self.0, out);
    }

    fn heap(&self) -> usize {
        Member::heap(&self.0)
    }
}
