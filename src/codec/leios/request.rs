//! LeiosRequest: what the client sends.

use super::{DeliverableId, NonEmpty, NotificationBytes, RequestNo};

/// A message of LeiosRequest (mini-protocol 24, `leios.md` 5.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RequestMessage {
    /// Asks for something.
    MsgLeiosRequest(MsgRequestPayload),
    /// Ends LeiosRequest.
    MsgLeiosDoneRequest,
}

/// What a request asks for (`MsgRequestPayload` of the seed).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MsgRequestPayload {
    /// So many bytes of notifications.
    LeiosNotificationBytes(RequestNo, NotificationBytes),
    /// These things, in one reply.
    LeiosDeliverableIds(RequestNo, NonEmpty<DeliverableId>),
}
