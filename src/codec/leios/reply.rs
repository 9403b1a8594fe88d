//! LeiosReply: what the server sends, and the client's opening message.

use alloc::vec::Vec;

use super::{CountedNotification, Deliverable, NonEmpty, RequestNo};

/// Whether a notification message completes its request, in the server's opinion.
pub type CompletionFlag = bool;

/// A message of LeiosReply (mini-protocol 25, `leios.md` 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ReplyMessage {
    /// The client's opening message.
    MsgLeiosInit,
    /// Answers one request, in full or in part.
    MsgLeiosReply(MsgReplyPayload),
    /// Ends LeiosReply.
    MsgLeiosDone,
}

/// What a reply carries (`MsgReplyPayload` of the seed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MsgReplyPayload {
    /// News.
    LeiosNotifications(RequestNo, CompletionFlag, NonEmpty<CountedNotification>),
    /// The whole answer to a request for deliverables; empty when all of it was in the answer to
    /// an overlapping request.
    LeiosDeliveries(RequestNo, Vec<Deliverable>),
}
