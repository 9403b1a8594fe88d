//! Replies as a client reads them: the responses in a text, their results not looked into.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::raw::{Elements, Members, Once};
use super::whole::Whole;
use super::{Id, TextLimits};
use crate::codec::supervisor::failure::cut;
use crate::codec::supervisor::object::Only;
use crate::codec::supervisor::{Call, Code, Profile};

/// A response of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Received<'a> {
    /// Which call it answers.
    pub id: ReceivedId,
    /// The JSON of the result, or why there is none.
    pub outcome: Result<&'a str, ResponseError>,
}

/// The id of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReceivedId {
    /// A number as [`Id::number`] writes it.
    Number(u64),
    /// `null`, or none at all: the server could not tell what it answers.
    Null,
    /// Any other: it is not one of ours.
    Other,
}

/// Why a response holds no result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ResponseError {
    /// The server answered with an error.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// It is no response.
    #[error(transparent)]
    Malformed(#[from] MalformedReply),
}

/// The error that a server answered with.
///
/// An error of `supervisor_checkAccessList` is no definite verdict: the same list may pass later,
/// so nothing is to be remembered as invalid by it (S-32).
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, thiserror::Error,
)]
#[error("{number}: {message}")]
pub struct ServerError {
    /// The number, as it came.
    pub number: i64,
    /// What it means, if it is one of the table in either form: five digits are the
    /// specification's, six those of deployed services.
    #[serde(skip)]
    pub code: Option<Code>,
    /// The message, of which the first [`MESSAGE`](Self::MESSAGE) bytes are kept.
    pub message: Box<str>,
}

/// What is wrong with a reply.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, thiserror::Error,
)]
#[serde(rename_all = "camelCase")]
pub enum MalformedReply {
    /// It is longer than replies may be.
    #[error("too long a reply")]
    TooLong,
    /// It is not JSON, not UTF-8, or nested too deeply.
    #[error("no JSON, or nested too deeply")]
    NoJson,
    /// It is a batch of more responses than batches may have.
    #[error("more responses than a batch may have")]
    TooMany,
    /// It is not an object, or one with another version or a repeated member; an empty batch.
    #[error("not a response of JSON-RPC 2.0")]
    NoResponse,
    /// It has a result and an error, or neither.
    #[error("not exactly one of result and error")]
    NotOneOutcome,
    /// The error has no number or no message.
    #[error("an error without a number or a message")]
    ErrorForm,
    /// The result is not what the method answers with.
    #[error("a result of another form")]
    ResultForm,
    /// The reply to a request says nothing of a call in it.
    #[error("no response to this call")]
    LeftOut,
}

/// The responses in a reply, in order: one, or those of a batch.
///
/// # Errors
/// What is wrong with the reply as a whole. What is wrong with one response stands in it.
pub fn read_reply<'a>(
    text: &'a [u8],
    limits: &TextLimits,
) -> Result<Vec<Received<'a>>, MalformedReply> {
    let whole = Whole::read(text, limits).map_err(|failure| match failure.code {
        Code::LimitExceeded => MalformedReply::TooLong,
        _ => MalformedReply::NoJson,
    })?;
    match whole {
        Whole::One(value) => Ok(alloc::vec![received(value)]),
        Whole::Many(Elements { count: 0, .. }) => Err(MalformedReply::NoResponse),
        Whole::Many(Elements { first, count }) if count > first.len() => {
            Err(MalformedReply::TooMany)
        }
        Whole::Many(Elements { first, .. }) => Ok(first.into_iter().map(received).collect()),
    }
}

/// Appends the text of a request.
pub fn write_request(id: &Id, call: &Call, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id.as_str().as_bytes());
    out.extend_from_slice(b",\"method\":\"");
    out.extend_from_slice(call.method().as_bytes());
    out.extend_from_slice(b"\",\"params\":");
    call.write_params(out);
    out.push(b'}');
}

#[derive(Default)]
struct Object<'a> {
    jsonrpc: Once<'a>,
    id: Once<'a>,
    result: Once<'a>,
    error: Once<'a>,
}

fn received(value: &RawValue) -> Received<'_> {
    let Ok(Members(members)) = serde_json::from_str(value.get()) else {
        return Received { id: ReceivedId::Other, outcome: Err(MalformedReply::NoResponse.into()) };
    };
    let mut object = Object::default();
    for (name, value) in members {
        match &*name {
            "jsonrpc" => object.jsonrpc.set(value),
            "id" => object.id.set(value),
            "result" => object.result.set(value),
            "error" => object.error.set(value),
            _ => {}
        }
    }
    Received { id: object.received_id(), outcome: object.outcome() }
}

impl<'a> Object<'a> {
    fn received_id(&self) -> ReceivedId {
        let token = self.id.text().unwrap_or("null");
        match (token, token.parse::<u64>()) {
            _ if self.id.repeated => ReceivedId::Other,
            ("null", _) => ReceivedId::Null,
            (_, Ok(number)) => ReceivedId::Number(number),
            _ => ReceivedId::Other,
        }
    }

    fn outcome(&self) -> Result<&'a str, ResponseError> {
        let repeated = [&self.jsonrpc, &self.result, &self.error].iter().any(|it| it.repeated);
        let version: Option<String> = self.jsonrpc.text().and_then(read);
        if repeated || version.as_deref() != Some("2.0") {
            return Err(MalformedReply::NoResponse.into());
        }
        match (self.result.text(), self.error.text()) {
            (Some(result), None) => Ok(result),
            (None, Some(error)) => Err(ServerError::read(error)
                .map_or_else(|| MalformedReply::ErrorForm.into(), ResponseError::Server)),
            _ => Err(MalformedReply::NotOneOutcome.into()),
        }
    }
}

impl ServerError {
    /// Most bytes of a message: it may become the outcome of every call of a batch.
    pub const MESSAGE: usize = 1_024;

    fn read(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Form {
            code: i64,
            message: String,
        }
        let Only(Form { code: number, message }) = read(text)?;
        // The two forms share no number but those that mean the same in both.
        let code = i32::try_from(number).ok().and_then(|number| {
            [Profile::Seed, Profile::Deployed]
                .into_iter()
                .find_map(|profile| Code::from_number(number, profile))
        });
        let message = cut(&message, Self::MESSAGE).into();
        Some(Self { number, code, message })
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}
