//! Transactions, which nobody here looks into.

use super::Blob;
use super::member::{Member, Read};
use crate::codec::Source;
use crate::codec::cbor::{Reader, Sink};

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
