//! The messages, a file for each sub-protocol (`chia.md` 8).
//!
//! A struct is a message, its fields are the members in the order they are sent in.

mod farmer;
mod harvester;
mod peer;
mod pool;
mod shared;
mod timelord;
mod wallet;

pub use farmer::{
    HeaderHash, HeaderSignature, ProofOfSpaceArrived, ProofOfSpaceFinalized, ProofOfTimeRate,
    RequestHeaderHash,
};
pub use harvester::{
    ChallengeResponse, HarvesterHandshake, NewChallenge, RequestHeaderSignature,
    RequestPartialProof, RequestProofOfSpace, RespondHeaderSignature, RespondPartialProof,
    RespondProofOfSpace,
};
pub use peer::{
    AllHeaderHashes, Block, HeaderBlocks, NewProofOfTime, NewTransaction, Peers,
    RequestAllHeaderHashes, RequestBlock, RequestHeaderBlocks, RequestPeers, RequestSyncBlocks,
    RequestTransaction, SyncBlocks, TransactionId, UnfinishedBlock,
};
pub use pool::{Partial, PartialAck, RequestData, RespondData};
pub use shared::{Handshake, HandshakeAck, Ping, Pong};
pub use timelord::{ChallengeStart, ProofOfSpaceInfo, ProofOfTimeFinished};
pub use wallet::{
    Ancestors, Header, NewLca, RequestAncestors, RequestBody, RequestHeader, RespondBody,
    SendTransaction,
};
