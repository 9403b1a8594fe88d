//! Requests, alone and in batches.

use alloc::vec::Vec;

use serde_json::value::RawValue;

use super::raw::{Elements, Key, Members, Once};
use super::whole::Whole;
use super::{Id, plain};
use crate::codec::supervisor::call::Served;
use crate::codec::supervisor::{Call, Code, Failure};

/// The limits on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextLimits {
    /// Longest text, in bytes.
    pub max_text: usize,
    /// Deepest nesting.
    pub max_depth: usize,
    /// Most requests in a batch.
    pub max_batch: usize,
}

/// What a text asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Document {
    /// One request, or what is to be answered with one error.
    Single(Request),
    /// Requests, in order.
    Batch(Vec<Request>),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The id of the answer; `None`: a notification, which is never answered.
    pub id: Option<Id>,
    /// What is called, or what the answer says instead.
    pub call: Result<Call, Failure>,
}

impl Request {
    fn refused(id: Id, failure: impl Into<Failure>) -> Self {
        Self { id: Some(id), call: Err(failure.into()) }
    }

    fn without_id(failure: impl Into<Failure>) -> Self {
        Self::refused(Id::null(), failure)
    }
}

impl Document {
    /// What `text` asks. Nothing fails: what is wrong becomes the error to be sent.
    #[must_use]
    pub fn read(text: &[u8], limits: &TextLimits, served: Served) -> Self {
        Self::parse(text, limits, served)
            .unwrap_or_else(|failure| Self::Single(Request::without_id(failure)))
    }

    fn parse(text: &[u8], limits: &TextLimits, served: Served) -> Result<Self, Failure> {
        let may_be_plain = text.len() <= limits.max_text && limits.max_depth >= plain::DEPTH;
        if let Some(request) = may_be_plain.then(|| plain::request(text, served)).flatten() {
            return Ok(Self::Single(request));
        }
        match Whole::read(text, limits)? {
            Whole::One(value) => Ok(Self::Single(request(value, served))),
            Whole::Many(Elements { count: 0, .. }) => {
                Err(Failure::new(Code::InvalidRequest, "an empty batch"))
            }
            Whole::Many(Elements { first, count }) if count > first.len() => {
                Err(Failure::new(Code::LimitExceeded, "too many requests in a batch"))
            }
            Whole::Many(Elements { first, .. }) => {
                Ok(Self::Batch(first.into_iter().map(|value| element(value, served)).collect()))
            }
        }
    }
}

/// The members of a request object that mean something, each as it came.
#[derive(Default)]
struct Object<'a> {
    jsonrpc: Once<'a>,
    id: Once<'a>,
    method: Once<'a>,
    params: Once<'a>,
}

/// An element of a batch.
fn element(value: &RawValue, served: Served) -> Request {
    plain::request(value.get().as_bytes(), served).unwrap_or_else(|| request(value, served))
}

fn request(value: &RawValue, served: Served) -> Request {
    let invalid = |detail: &'static str| Failure::new(Code::InvalidRequest, detail);
    let Ok(Members(members)) = serde_json::from_str(value.get()) else {
        return Request::without_id(invalid("not an object"));
    };
    let mut object = Object::default();
    for (name, value) in members {
        match &*name {
            "jsonrpc" => object.jsonrpc.set(value),
            "id" => object.id.set(value),
            "method" => object.method.set(value),
            "params" => object.params.set(value),
            _ => {}
        }
    }
    let id = match object.id.text().map(Id::of_token) {
        Some(None) => return Request::without_id(invalid("an id of another type")),
        _ if object.id.repeated => return Request::without_id(invalid("more than one id")),
        Some(Some(id)) => Some(id),
        None => None,
    };
    let method = match object.well_formed() {
        Ok(method) => method,
        Err(failure) => return Request::refused(id.unwrap_or_else(Id::null), failure),
    };
    // Null is as absent (D-4).
    let params = object.params.text().filter(|text| *text != "null");
    Request { id, call: Call::read(&method.0, params, served) }
}

impl<'a> Object<'a> {
    /// The method's name, if this is a request of version 2.0.
    fn well_formed(&self) -> Result<Key<'a>, Failure> {
        let invalid = |detail: &'static str| Failure::new(Code::InvalidRequest, detail);
        if self.jsonrpc.repeated || self.method.repeated || self.params.repeated {
            return Err(invalid("a repeated member"));
        }
        let method = self.method.text().and_then(|text| serde_json::from_str(text).ok());
        let method = method.ok_or_else(|| invalid("no method"))?;
        // Absent, null, an array or an object.
        let params = self.params.text().and_then(|text| text.bytes().next());
        if !matches!(params, None | Some(b'n' | b'[' | b'{')) {
            return Err(invalid("params of another type"));
        }
        let version = self.jsonrpc.text().and_then(|text| serde_json::from_str(text).ok());
        let Key(version) = version.ok_or_else(|| invalid("no version"))?;
        if version != "2.0" {
            return Err(Code::VersionNotSupported.into());
        }
        Ok(method)
    }
}
