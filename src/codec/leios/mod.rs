//! The LeiosRequest/LeiosReply pair and its neighbours on the wire (`leios.md` sections 3, 4, 9,
//! 11; grammar in `leios.cddl` beside this file). "The seed" is the proposal of the mini-protocols
//! that all of this is after: names of messages and fields are its own.

#![expect(clippy::exhaustive_enums, reason = "the specification has these messages and no others")]

mod bitmap;
mod block;
mod deliverable;
mod handshake;
mod header;
mod keep_alive;
mod naive;
mod non_empty;
mod notification;
mod primitive;
mod reply;
mod request;
mod txs;
mod vote;

/// The grammar of all messages in this module, as CDDL (RFC 8610).
pub const CDDL: &str = include_str!("leios.cddl");

/// The outcome of reading.
type Read<T> = core::result::Result<T, crate::codec::Malformed>;

/// How deep a raw item may nest (`leios.md` section 4).
pub const RAW_DEPTH: u32 = 64;

/// How deep a message may nest: a raw item inside a message, a list and an element.
pub const MESSAGE_DEPTH: u32 = RAW_DEPTH + 3;

pub use bitmap::{Bitmap64, Index16, TxBitmaps};
pub use block::{LinearLeiosBlock, TxReference};
pub use deliverable::{Deliverable, DeliverableId, TxDelivery};
pub use handshake::{HandshakeMessage, RefuseReason, VersionData, VersionNumber};
pub use header::{Announced, HeaderView, RankingBlockHeader};
pub use keep_alive::KeepAliveMessage;
pub use naive::NaiveMessage;
pub use non_empty::NonEmpty;
pub use notification::{CountedNotification, Notification};
pub use primitive::{
    Hash32, LeiosBlockHash, LeiosPoint, NotificationBytes, PoolId, RequestNo, SlotNo, TxHash,
    VoteIssuer,
};
pub use reply::{CompletionFlag, MsgReplyPayload, ReplyMessage};
pub use request::{MsgRequestPayload, RequestMessage};
pub use txs::Txs;
pub use vote::LinearLeiosVote;
