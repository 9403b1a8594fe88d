//! JSON-RPC 2.0: texts to requests, answers to texts (`supervisor.md` section 3).

mod id;
mod nesting;
mod plain;
mod raw;
mod reply;
mod request;
mod response;
mod whole;

pub use id::Id;
pub use reply::{
    MalformedReply, Received, ReceivedId, ResponseError, ServerError, read_reply, write_request,
};
pub use request::{Document, Request, TextLimits};
pub use response::{Response, write_batch};

pub(super) use plain::Plain;
pub(super) use raw::{Elements, Members};
