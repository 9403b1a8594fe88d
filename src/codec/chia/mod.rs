//! The Chia protocol of December 2019: messages as CBOR envelopes, and in them everything hashable
//! in its Streamable form (`chia.md` 3 to 6, 8).
//!
//! A [`Message`] is the body of a frame; the frame is a length of four bytes and the body
//! (`LengthPrefixed`). [`Function`] names what a message asks for, [`messages`] has the members of
//! each. Objects that the messages carry are here: [`FullBlock`] and its parts, proofs, addresses.
//! Numbers of rules in brackets, as FR-, E-, D-, S- and R-, are those of `chia.md`.
//!
//! ```
//! use nodewire::codec::Source;
//! use nodewire::codec::chia::{HeaderHash, Message, messages::RequestBlock};
//!
//! let request = Message::from(RequestBlock { header_hash: HeaderHash([7; 32]) });
//! let mut body = Vec::new();
//! request.encode(&mut body);
//! assert!(body.starts_with(b"\xa2\x61f\x6drequest_block\x61d\xa1\x6bheader_hash\x58\x20"));
//! assert_eq!(Message::decode(&body, Source::COPY), Ok(request));
//! ```

mod block;
mod envelope;
mod member;
mod message;
mod object;
mod peer_info;
mod primitive;
mod transaction;

pub mod messages;

pub use block::{
    Body, Challenge, ClassgroupElement, CoinbaseInfo, FeesTarget, FullBlock, Header, HeaderBlock,
    HeaderData, ProofOfSpace, ProofOfTime, Shape, SignedCoinbase,
};
pub use envelope::SKIP_DEPTH;
pub use message::{Function, Message, SubProtocol};
pub use peer_info::PeerInfo;
pub use primitive::{
    Blob, Bytes32, HeaderDataHash, HeaderHash, Int1024, NodeId, NodeType, PrependSignature,
    PublicKey, Signature, TransactionId,
};
pub use transaction::Transaction;
