//! NaiveLeios, the baseline the proposal argues against (mini-protocol 26, `leios.md` 5.1).

use alloc::vec::Vec;

use bytes::Bytes;

use super::primitive::write_vote_id;
use super::{
    LeiosPoint, LinearLeiosBlock, LinearLeiosVote, RankingBlockHeader, Read, SlotNo, VoteIssuer,
};
use crate::codec::cbor::{Counter, Reader, Sink};
use crate::codec::{Malformed, Source};

/// A message of NaiveLeios.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NaiveMessage {
    /// The client asks for one notification.
    MsgLeiosNotificationRequest,
    /// A header that announces an endorser block.
    MsgLeiosAnnouncement(RankingBlockHeader),
    /// The server can deliver this block.
    MsgLeiosBlockOffer(LeiosPoint),
    /// The server can deliver every transaction of this block.
    MsgLeiosBlockTxsOffer(LeiosPoint),
    /// The server can deliver this vote.
    MsgLeiosVoteOffer(SlotNo, VoteIssuer),
    /// The client asks for a block.
    MsgLeiosBlockRequest(LeiosPoint),
    /// The block.
    MsgLeiosBlock(LinearLeiosBlock),
    /// The client asks for one transaction of a block, by index.
    MsgLeiosBlockTxRequest(LeiosPoint, u16),
    /// The transaction.
    MsgLeiosBlockTx(
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::codec::from_fuzzer::bytes))]
        #[cfg_attr(feature = "serde", serde(with = "crate::codec::text::hex_bytes"))]
        Bytes,
    ),
    /// The client asks for a vote.
    MsgLeiosVoteRequest(SlotNo, VoteIssuer),
    /// The vote.
    MsgLeiosVote(LinearLeiosVote),
    /// The client ends the protocol.
    MsgDone,
}

impl NaiveMessage {
    /// Reads one message that all of `item` must make up. Payloads are taken from `source`.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    pub fn decode(item: &[u8], source: Source<'_>) -> Result<Self, Malformed> {
        Reader::whole(item, |reader| Self::read(reader, source))
    }

    /// Appends the canonical encoding; raw items go out as they came.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    /// Bytes of the canonical encoding.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        Counter::of(|out| self.write(out))
    }

    /// Heap bytes held; a shared read counts as [`Source::heap`] says.
    #[must_use]
    pub const fn heap(&self) -> usize {
        match self {
            Self::MsgLeiosAnnouncement(header) => header.heap(),
            Self::MsgLeiosBlock(block) => block.heap(),
            Self::MsgLeiosBlockTx(tx) => Source::heap(tx),
            Self::MsgLeiosVote(vote) => vote.heap(),
            _ => 0,
        }
    }

    fn read(reader: &mut Reader<'_>, source: Source<'_>) -> Read<Self> {
        let tag = reader.variant(|tag| match tag {
            0 | 11 => Some(1),
            1..=3 | 5 | 6 | 8 | 10 => Some(2),
            4 | 7 | 9 => Some(3),
            _ => None,
        })?;
        Ok(match tag {
            0 => Self::MsgLeiosNotificationRequest,
            1 => Self::MsgLeiosAnnouncement(RankingBlockHeader::read(reader, source)?),
            2 => Self::MsgLeiosBlockOffer(LeiosPoint::read(reader)?),
            3 => Self::MsgLeiosBlockTxsOffer(LeiosPoint::read(reader)?),
            4 => Self::MsgLeiosVoteOffer(SlotNo(reader.u64()?), VoteIssuer(reader.u16()?)),
            5 => Self::MsgLeiosBlockRequest(LeiosPoint::read(reader)?),
            6 => Self::MsgLeiosBlock(LinearLeiosBlock::read(reader, source)?),
            7 => Self::MsgLeiosBlockTxRequest(LeiosPoint::read(reader)?, reader.u16()?),
            8 => Self::MsgLeiosBlockTx(source.bytes(reader.bytes()?)),
            9 => Self::MsgLeiosVoteRequest(SlotNo(reader.u64()?), VoteIssuer(reader.u16()?)),
            10 => Self::MsgLeiosVote(LinearLeiosVote::read(reader, source)?),
            _ => Self::MsgDone,
        })
    }

    fn write(&self, out: &mut impl Sink) {
        match self {
            Self::MsgLeiosNotificationRequest => out.put(&[0x81, 0]),
            Self::MsgLeiosAnnouncement(header) => {
                out.put(&[0x82, 1]);
                out.put(header.raw());
            }
            Self::MsgLeiosBlockOffer(point) => {
                out.put(&[0x82, 2]);
                point.write(out);
            }
            Self::MsgLeiosBlockTxsOffer(point) => {
                out.put(&[0x82, 3]);
                point.write(out);
            }
            Self::MsgLeiosVoteOffer(slot, issuer) => write_vote_id(4, *slot, *issuer, out),
            Self::MsgLeiosBlockRequest(point) => {
                out.put(&[0x82, 5]);
                point.write(out);
            }
            Self::MsgLeiosBlock(block) => {
                out.put(&[0x82, 6]);
                out.put(block.raw());
            }
            Self::MsgLeiosBlockTxRequest(point, index) => {
                out.put(&[0x83, 7]);
                point.write(out);
                out.uint(u64::from(*index));
            }
            Self::MsgLeiosBlockTx(tx) => {
                out.put(&[0x82, 8]);
                out.bytes(tx);
            }
            Self::MsgLeiosVoteRequest(slot, issuer) => write_vote_id(9, *slot, *issuer, out),
            Self::MsgLeiosVote(vote) => {
                out.put(&[0x82, 10]);
                out.put(vote.raw());
            }
            Self::MsgDone => out.put(&[0x81, 11]),
        }
    }
}
