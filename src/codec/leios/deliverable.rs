//! Deliverables: what a client can ask for by name, and the answers.

use alloc::vec::Vec;

use super::{
    Bitmap64, Index16, LeiosPoint, LinearLeiosBlock, LinearLeiosVote, NonEmpty, Read, SlotNo,
    TxBitmaps, Txs, VoteIssuer, bitmap::read_window, primitive::write_vote_id,
};
use crate::codec::cbor::{Counter, Reader, Sink};
use crate::codec::{Malformed, MalformedKind, Source};

/// Names something to be delivered (`LeiosDeliverableId` of the seed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DeliverableId {
    /// An endorser block.
    LinearLeiosBlockId(LeiosPoint),
    /// Transactions of an endorser block, by windows of 64.
    LeiosBlockTxsId(LeiosPoint, TxBitmaps),
    /// A vote.
    LinearLeiosVoteId(SlotNo, VoteIssuer),
}

/// Something delivered (`LeiosDeliverable` of the seed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Deliverable {
    /// An endorser block.
    LinearLeiosBlockDelivery(LinearLeiosBlock),
    /// Transactions of an endorser block: windows ascending, each a subset of the one asked for.
    LeiosBlockTxsDelivery(
        LeiosPoint,
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::codec::from_fuzzer::ascending))]
        NonEmpty<TxDelivery>,
    ),
    /// A vote.
    LinearLeiosVoteDelivery(LinearLeiosVote),
}

/// The delivered transactions of one window of 64. Whoever makes one sees to it that there is a
/// transaction for each bit; encoding doesn't check.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TxDelivery {
    /// The window: its first transaction has 64 times this index.
    pub window: Index16,
    /// Which transactions of the window; offset 0 is the most significant bit.
    pub bitmap: Bitmap64,
    /// Those transactions in ascending order, one for each bit.
    pub txs: Txs,
}

impl DeliverableId {
    /// Bytes of the canonical encoding.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        match self {
            Self::LeiosBlockTxsId(_, windows) => windows.heap(),
            Self::LinearLeiosBlockId(_) | Self::LinearLeiosVoteId(..) => 0,
        }
    }

    #[inline]
    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0 => Some(2),
            1 | 2 => Some(3),
            _ => None,
        })?;
        Ok(match tag {
            0 => Self::LinearLeiosBlockId(LeiosPoint::read(reader)?),
            1 => Self::LeiosBlockTxsId(LeiosPoint::read(reader)?, TxBitmaps::read(reader)?),
            _ => Self::LinearLeiosVoteId(SlotNo(reader.u64()?), VoteIssuer(reader.u16()?)),
        })
    }

    #[inline]
    pub(super) fn write(&self, out: &mut impl Sink) {
        match self {
            Self::LinearLeiosBlockId(point) => {
                out.put(&[0x82, 0]);
                point.write(out);
            }
            Self::LeiosBlockTxsId(point, windows) => {
                out.put(&[0x83, 1]);
                point.write(out);
                windows.write(out);
            }
            Self::LinearLeiosVoteId(slot, issuer) => write_vote_id(2, *slot, *issuer, out),
        }
    }
}

impl Deliverable {
    /// Bytes of the canonical encoding.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub fn heap(&self) -> usize {
        match self {
            Self::LinearLeiosBlockDelivery(block) => block.heap(),
            Self::LeiosBlockTxsDelivery(_, windows) => windows
                .iter()
                .fold(windows.heap(), |sum, window| sum.saturating_add(window.txs.heap())),
            Self::LinearLeiosVoteDelivery(vote) => vote.heap(),
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0 | 2 => Some(2),
            1 => Some(3),
            _ => None,
        })?;
        Ok(match tag {
            0 => Self::LinearLeiosBlockDelivery(LinearLeiosBlock::read(reader, source)?),
            1 => {
                let point = LeiosPoint::read(reader)?;
                Self::LeiosBlockTxsDelivery(point, read_windows(reader, source)?)
            }
            _ => Self::LinearLeiosVoteDelivery(LinearLeiosVote::read(reader, source)?),
        })
    }

    pub(super) fn write(&self, out: &mut impl Sink) {
        match self {
            Self::LinearLeiosBlockDelivery(block) => {
                out.put(&[0x82, 0]);
                out.put(block.raw());
            }
            Self::LeiosBlockTxsDelivery(point, windows) => {
                out.put(&[0x83, 1]);
                point.write(out);
                out.map(windows.len());
                for window in windows.iter() {
                    out.uint(u64::from(window.window));
                    out.array(2);
                    out.uint(window.bitmap.bits());
                    out.array(window.txs.len());
                    window.txs.iter().for_each(|tx| out.bytes(tx));
                }
            }
            Self::LinearLeiosVoteDelivery(vote) => {
                out.put(&[0x82, 2]);
                out.put(vote.raw());
            }
        }
    }
}

/// Reads the windows of a delivery. They are shared or copied as one, so that a reply of many
/// windows isn't copied piecemeal.
fn read_windows(reader: &mut Reader<'_>, source: Source<'_>) -> Read<NonEmpty<TxDelivery>> {
    let from = reader.at();
    let mut count = reader.map()?;
    let mut last = None;
    let mut windows = Vec::new();
    while reader.another(&mut count)? {
        let window = read_window(reader, &mut last)?;
        reader.array_exact(2)?;
        let bitmap = Bitmap64::read(reader)?;
        let txs = Txs::read(reader, from, bitmap.count())?;
        windows.push(TxDelivery { window, bitmap, txs });
    }
    let region = source.bytes(reader.since(from));
    windows.iter_mut().for_each(|window| window.txs.take_from(&region));
    NonEmpty::from_vec(windows).ok_or(Malformed::new(MalformedKind::EmptyBitmapMap, from))
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for TxDelivery {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let window = u.arbitrary()?;
        let mut bits = 1_u64 << u.int_in_range(0..=63)?;
        let mut txs = Vec::from([Vec::<u8>::arbitrary(u)?]);
        while !u.is_empty() && txs.len() < 64 && u.arbitrary()? {
            bits |= 1 << u.int_in_range(0..=63)?;
            if bits.count_ones() as usize > txs.len() {
                txs.push(u.arbitrary()?);
            }
        }
        let bitmap = Bitmap64::new(bits).ok_or(arbitrary::Error::EmptyChoose)?;
        Ok(Self { window, bitmap, txs: Txs::from_slices(txs) })
    }
}
