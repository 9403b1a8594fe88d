//! How large a message and its parts may be (`chia.md` 14.4).

use alloc::string::String;

use super::limits::Limits;
use crate::codec::chia::messages::Handshake;
use crate::codec::chia::{FullBlock, HeaderBlock, Message, ProofOfSpace, ProofOfTime, Transaction};
use crate::codec::streamable::Streamable;

/// The limit that a message overruns which came in a body of so many bytes, if it does one.
pub(super) fn overrun(message: &Message, body: usize, limits: &Limits) -> Option<&'static str> {
    let of_members = match message {
        Message::Handshake(it) => names(it, limits),
        Message::HarvesterHandshake(it) => {
            over(it.pool_pubkeys.len(), limits.max_pool_pubkeys, "max_pool_pubkeys")
        }
        Message::RespondProofOfSpace(it) => space(&it.proof, limits),
        Message::RequestHeaderHash(it) => space(&it.proof_of_space, limits),
        Message::ProofOfTimeFinished(it) => time(&it.proof, limits),
        Message::NewProofOfTime(it) => time(&it.proof, limits),
        Message::UnfinishedBlock(it) => block(&it.block, limits),
        Message::Block(it) => block(&it.block, limits),
        Message::Peers(it) => over(it.peer_list.len(), limits.max_peer_list, "max_peer_list"),
        Message::AllHeaderHashes(it) => {
            over(it.header_hashes.len(), limits.max_header_hashes, "max_header_hashes")
        }
        Message::HeaderBlocks(it) => it.header_blocks.iter().find_map(|it| headers(it, limits)),
        Message::SyncBlocks(it) => it.blocks.iter().find_map(|it| block(it, limits)),
        Message::NewTransaction(it) => transaction(&it.transaction, limits),
        Message::SendTransaction(it) => transaction(&it.transaction, limits),
        Message::Header(it) => headers(&it.header_block, limits),
        Message::RequestData(it) => {
            let farmer_id = it.farmer_id.as_ref().map_or(0, String::len);
            over(farmer_id, limits.max_farmer_id, "max_farmer_id")
        }
        Message::RespondData(it) => {
            over(it.posting_url.len(), limits.max_posting_url, "max_posting_url")
        }
        Message::Partial(it) => {
            over(it.farmer_target.len(), limits.max_farmer_target, "max_farmer_target")
                .or_else(|| space(&it.proof_of_space, limits))
        }
        // The heights that may be asked for are the roles' (P-43, W-3).
        Message::RequestHeaderBlocks(_)
        | Message::RequestSyncBlocks(_)
        | Message::RequestAncestors(_)
        | Message::Ancestors(_)
        | Message::RespondBody(_) => None,
        // What has no list, block or blob.
        Message::HandshakeAck(_)
        | Message::Ping(_)
        | Message::Pong(_)
        | Message::NewChallenge(_)
        | Message::ChallengeResponse(_)
        | Message::RequestProofOfSpace(_)
        | Message::RequestHeaderSignature(_)
        | Message::RespondHeaderSignature(_)
        | Message::RequestPartialProof(_)
        | Message::RespondPartialProof(_)
        | Message::ProofOfSpaceFinalized(_)
        | Message::ProofOfSpaceArrived(_)
        | Message::HeaderHash(_)
        | Message::HeaderSignature(_)
        | Message::ProofOfTimeRate(_)
        | Message::ChallengeStart(_)
        | Message::ProofOfSpaceInfo(_)
        | Message::RequestBlock(_)
        | Message::RequestPeers(_)
        | Message::RequestAllHeaderHashes(_)
        | Message::TransactionId(_)
        | Message::RequestTransaction(_)
        | Message::PartialAck(_)
        | Message::NewLca(_)
        | Message::RequestHeader(_)
        | Message::RequestBody(_) => over(body, limits.max_fixed_frame, "max_fixed_frame"),
    };
    of_members.or_else(|| over(body, limits.max_frame, "max_frame"))
}

fn names(handshake: &Handshake, limits: &Limits) -> Option<&'static str> {
    let longest = handshake.network_id.len().max(handshake.version.len());
    over(longest, limits.max_name, "max_name")
}

fn space(proof: &ProofOfSpace, limits: &Limits) -> Option<&'static str> {
    over(proof.proof.0.len(), limits.max_proof, "max_proof")
}

fn time(proof: &ProofOfTime, limits: &Limits) -> Option<&'static str> {
    over(proof.witness.0.len(), limits.max_witness, "max_witness")
}

fn headers(header_block: &HeaderBlock, limits: &Limits) -> Option<&'static str> {
    let of_time = header_block.proof_of_time.as_ref().and_then(|proof| time(proof, limits));
    space(&header_block.proof_of_space, limits).or(of_time)
}

fn block(block: &FullBlock, limits: &Limits) -> Option<&'static str> {
    headers(&block.header_block, limits)
        .or_else(|| over(block.stream_len(), limits.max_block, "max_block"))
}

fn transaction(transaction: &Transaction, limits: &Limits) -> Option<&'static str> {
    over(transaction.0.0.len(), limits.max_transaction, "max_transaction")
}

const fn over(found: usize, most: usize, limit: &'static str) -> Option<&'static str> {
    if found > most { Some(limit) } else { None }
}
