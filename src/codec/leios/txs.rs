//! Lists of transactions in one buffer.

use alloc::vec::Vec;

use bytes::Bytes;

use super::Read;
use crate::codec::cbor::{Count, Reader};
use crate::codec::{Malformed, MalformedKind, Source};

/// A list of transactions in one buffer: one allocation however many there are.
#[derive(Clone, Debug)]
pub struct Txs {
    bytes: Bytes,
    spans: Vec<(u32, u32)>,
}

impl Txs {
    /// These transactions, copied into one buffer.
    ///
    /// What doesn't fit into 4 GiB is left out, which no message can hold anyway.
    #[must_use]
    pub fn from_slices(txs: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut bytes = Vec::new();
        let mut spans = Vec::new();
        for tx in txs {
            let from = bytes.len();
            let Some(to) = from.checked_add(tx.as_ref().len()) else { break };
            let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(to)) else { break };
            bytes.extend_from_slice(tx.as_ref());
            spans.push((from, to));
        }
        Self { bytes: Bytes::from(bytes), spans }
    }

    /// How many transactions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The transactions, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + '_ {
        self.spans
            .iter()
            .map(|&(from, to)| self.bytes.get(from as usize..to as usize).unwrap_or_default())
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub fn heap(&self) -> usize {
        let spans = self.spans.capacity().saturating_mul(size_of::<(u32, u32)>());
        spans.saturating_add(Source::heap(&self.bytes))
    }

    /// One transaction, sharing the buffer with the others: copy what is to be kept for long.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Bytes> {
        let &(from, to) = self.spans.get(at)?;
        Some(self.bytes.slice(from as usize..to as usize))
    }
}

impl Txs {
    /// Reads a list of `bits` transactions. Until [`take_from`](Self::take_from) it has no bytes,
    /// and its spans count from offset `start`.
    #[expect(clippy::arithmetic_side_effects, reason = "what was read ends where the reader is")]
    pub(super) fn read(reader: &mut Reader<'_>, start: usize, bits: u32) -> Read<Self> {
        let at = reader.at();
        let mut count = reader.list()?;
        let wrong = Malformed::new(MalformedKind::BitmapCountMismatch, at);
        match count {
            Count::Definite(0) => return Err(Malformed::new(MalformedKind::EmptyList, at)),
            Count::Definite(txs) if txs != u64::from(bits) => return Err(wrong),
            Count::Definite(_) | Count::UntilBreak => {}
        }
        let too_large = |_| Malformed::new(MalformedKind::TooLarge, at);
        let mut spans = Vec::with_capacity(bits.min(64) as usize);
        while reader.another(&mut count)? {
            if spans.len() >= bits as usize {
                return Err(wrong);
            }
            let length = reader.bytes()?.len();
            let to = reader.at() - start;
            let from = u32::try_from(to - length).map_err(too_large)?;
            spans.push((from, u32::try_from(to).map_err(too_large)?));
        }
        match spans.len() {
            0 => Err(Malformed::new(MalformedKind::EmptyList, at)),
            txs if txs != bits as usize => Err(wrong),
            _ => Ok(Self { bytes: Bytes::new(), spans }),
        }
    }

    /// Takes the bytes from the region that the spans count in.
    pub(super) fn take_from(&mut self, region: &Bytes) {
        let (Some(&(from, _)), Some(&(_, to))) = (self.spans.first(), self.spans.last()) else {
            return;
        };
        if from > to || to as usize > region.len() {
            return;
        }
        self.bytes = region.slice(from as usize..to as usize);
        for span in &mut self.spans {
            *span = (span.0.saturating_sub(from), span.1.saturating_sub(from));
        }
    }
}

impl PartialEq for Txs {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Txs {}

impl core::hash::Hash for Txs {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|tx| tx.hash(state));
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Txs {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(crate::codec::text::Shown))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Txs {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let txs = Vec::<crate::codec::text::Octets>::deserialize(from)?;
        Ok(Self::from_slices(txs.into_iter().map(|tx| tx.0)))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Txs {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self::from_slices(Vec::<Vec<u8>>::arbitrary(u)?))
    }
}
