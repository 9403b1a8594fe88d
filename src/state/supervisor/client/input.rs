//! What goes into the client of the RPC, and what comes out.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::codec::supervisor::json_rpc::{MalformedReply, ResponseError, ServerError};
use crate::codec::supervisor::{Answer, Call};
use crate::state::supervisor::text_form;

/// Names a call for the application, which may use any number, also twice.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(transparent)]
pub struct CallToken(pub u64);

/// Names a request text of a client. Never used again by that client.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// What is to be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ClientCommand {
    /// One call in a text.
    Call(CallToken, Call),
    /// Calls in one text, which are answered from one state of a server that keeps D-30.
    Batch(Vec<(CallToken, Call)>),
}

/// A text to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct RequestText {
    /// Its name, for [`ClientRemote`].
    pub request: RequestId,
    /// The text.
    #[serde(with = "text_form")]
    pub text: Bytes,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ClientRemote {
    /// A text from the server.
    Reply {
        /// What it replies to, where the transport tells: over HTTP, not in a stream of messages.
        request: Option<RequestId>,
        /// The text.
        #[serde(with = "text_form")]
        text: Bytes,
    },
    /// No reply will come: the connection failed, or HTTP answered with an error of its own.
    Lost(RequestId),
}

/// What the application is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ClientNotice {
    /// A call has its outcome. Each has one, once.
    Outcome(CallToken, Result<Answer, CallError>),
    /// Something that came belongs to no open call; nothing follows from it.
    Ignored(Ignored),
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CallError {
    /// The server answered with an error. No definite verdict on an access list (S-32).
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The reply can't be used.
    #[error(transparent)]
    Malformed(#[from] MalformedReply),
    /// No reply within `call_deadline`.
    #[error("no reply in time")]
    TimedOut,
    /// The transport lost the request or its reply.
    #[error("the transport lost the request or its reply")]
    Lost,
}

/// What is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Ignored {
    /// A response to a call that is not open: late, twice, made up, or another request's.
    Response,
    /// A response without a usable id.
    WithoutId,
    /// A text that is no reply, of which nothing tells what it replies to.
    Text(MalformedReply),
    /// Word of a request of which no call is open.
    Request(RequestId),
}

impl From<ResponseError> for CallError {
    fn from(error: ResponseError) -> Self {
        match error {
            ResponseError::Server(error) => Self::Server(error),
            ResponseError::Malformed(error) => Self::Malformed(error),
        }
    }
}
