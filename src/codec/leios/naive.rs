//! NaiveLeios, the baseline the proposal argues against (mini-protocol 26, `leios.md` 5.1).

use bytes::Bytes;

use super::{
    LeiosPoint, LinearLeiosBlock, LinearLeiosVote, RankingBlockHeader, SlotNo, VoteIssuer,
};

/// A message of NaiveLeios.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    MsgLeiosBlockTx(Bytes),
    /// The client asks for a vote.
    MsgLeiosVoteRequest(SlotNo, VoteIssuer),
    /// The vote.
    MsgLeiosVote(LinearLeiosVote),
    /// The client ends the protocol.
    MsgDone,
}
