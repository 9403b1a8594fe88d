//! Who may send what (`chia.md` 7.4, R-9).

use crate::codec::chia::{Function, NodeType};

use Function::{
    AllHeaderHashes, Ancestors, Block, ChallengeResponse, ChallengeStart, HarvesterHandshake,
    Header, HeaderBlocks, HeaderHash, HeaderSignature, NewChallenge, NewLca, NewProofOfTime,
    NewTransaction, Peers, ProofOfSpaceArrived, ProofOfSpaceFinalized, ProofOfSpaceInfo,
    ProofOfTimeFinished, ProofOfTimeRate, RequestAllHeaderHashes, RequestAncestors, RequestBlock,
    RequestBody, RequestHeader, RequestHeaderBlocks, RequestHeaderHash, RequestHeaderSignature,
    RequestPartialProof, RequestPeers, RequestProofOfSpace, RequestSyncBlocks, RequestTransaction,
    RespondBody, RespondHeaderSignature, RespondPartialProof, RespondProofOfSpace, SendTransaction,
    SyncBlocks, TransactionId, UnfinishedBlock,
};
use NodeType::{Farmer, FullNode, Harvester, Introducer, Timelord, Wallet};

/// What one kind of node takes from another.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// Who takes it.
    pub receiver: NodeType,
    /// Who sends it.
    pub from: NodeType,
    /// What.
    pub functions: &'static [Function],
}

/// Every row; pings and pongs are for everybody.
pub static SENDERS: &[Row] = &[
    row(
        Harvester,
        Farmer,
        &[
            HarvesterHandshake,
            NewChallenge,
            RequestProofOfSpace,
            RequestHeaderSignature,
            RequestPartialProof,
        ],
    ),
    row(
        Farmer,
        Harvester,
        &[ChallengeResponse, RespondProofOfSpace, RespondHeaderSignature, RespondPartialProof],
    ),
    row(
        Farmer,
        FullNode,
        &[ProofOfSpaceFinalized, ProofOfSpaceArrived, HeaderHash, ProofOfTimeRate],
    ),
    row(FullNode, Farmer, &[RequestHeaderHash, HeaderSignature]),
    row(FullNode, Timelord, &[ProofOfTimeFinished]),
    row(
        FullNode,
        FullNode,
        &[
            NewProofOfTime,
            UnfinishedBlock,
            RequestBlock,
            Block,
            RequestPeers,
            Peers,
            RequestAllHeaderHashes,
            AllHeaderHashes,
            RequestHeaderBlocks,
            HeaderBlocks,
            RequestSyncBlocks,
            SyncBlocks,
            TransactionId,
            RequestTransaction,
            NewTransaction,
        ],
    ),
    row(FullNode, Introducer, &[Peers]),
    row(FullNode, Wallet, &[SendTransaction, RequestHeader, RequestAncestors, RequestBody]),
    row(Timelord, FullNode, &[ChallengeStart, ProofOfSpaceInfo]),
    row(Introducer, FullNode, &[RequestPeers]),
    row(Wallet, FullNode, &[NewLca, Header, Ancestors, RespondBody]),
];

/// True if `receiver` takes this from `from`.
#[must_use]
pub fn may_send(from: NodeType, receiver: NodeType, function: Function) -> bool {
    if matches!(function, Function::Ping | Function::Pong) {
        return true;
    }
    let row = SENDERS.iter().find(|row| row.receiver == receiver && row.from == from);
    row.is_some_and(|row| row.functions.contains(&function))
}

/// True if we take something of a node of this type (`chia.md` 7.4, last sentence). As the table is
/// symmetric, it then takes something of ours.
#[must_use]
pub fn is_useful(us: NodeType, peer: NodeType) -> bool {
    SENDERS.iter().any(|row| row.receiver == us && row.from == peer)
}

const fn row(receiver: NodeType, from: NodeType, functions: &'static [Function]) -> Row {
    Row { receiver, from, functions }
}
