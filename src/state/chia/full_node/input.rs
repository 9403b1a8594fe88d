//! What goes into a full node and what comes out of it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::ask::AskId;
use crate::codec::chia::messages::RequestHeaderHash;
use crate::codec::chia::{
    Body, Bytes32, FullBlock, HeaderData, HeaderHash, ProofOfSpace, ProofOfTime, PublicKey,
    SignedCoinbase,
};
use crate::state::chia::addresses::AddressesCommand;
use crate::state::chia::chain::{Added, Tip};
use crate::state::chia::farmer::Signed;
use crate::state::chia::serving::{ServingCommand, ServingQuery};
use crate::state::chia::sync::{SyncCommand, SyncNotice, SyncQuery};
use crate::state::chia::transactions::{TransactionsCommand, TransactionsQuery};

/// The answers to a full node's questions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FullNodeCommand {
    /// The answer to [`FullNodeQuery::ReadBlocks`], in the order asked: what is not there is left
    /// out.
    Blocks(AskId, Vec<FullBlock>),
    /// The answer to [`FullNodeQuery::AddBlock`]. These answers come in the order in which the
    /// blocks were added, as each says where the chain stands: that counts even if the question was
    /// given up meanwhile, so whoever added a block says so in any case.
    Added(AskId, Added),
    /// The answer to [`FullNodeQuery::ValidateUnfinished`]; `None`: it is invalid.
    Validated(AskId, Option<Proven>),
    /// The answer to [`FullNodeQuery::VerifyProofOfTime`], [`FullNodeQuery::VerifyCoinbase`] and
    /// [`FullNodeQuery::VerifySignature`].
    Verdict(AskId, bool),
    /// The answer to [`FullNodeQuery::VerifyProofOfSpace`]: the quality; `None`: it is no proof.
    Quality(AskId, Option<Bytes32>),
    /// The answer to [`FullNodeQuery::BuildCandidate`]; `None`: there is to be no block.
    Candidate(AskId, Option<Box<Candidate>>),
    /// The answer to [`FullNodeQuery::Sync`].
    Sync(SyncCommand),
    /// The answer to [`FullNodeQuery::Serving`].
    Serving(ServingCommand),
    /// The answer to [`FullNodeQuery::Transactions`].
    Transactions(TransactionsCommand),
    /// What is told about addresses.
    Addresses(AddressesCommand),
}

/// What a full node asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_enums, reason = "a question passed over would stall a peer")]
pub enum FullNodeQuery {
    /// The blocks of these header hashes, out of the chain (`chia.md` 7.5).
    ReadBlocks(Vec<HeaderHash>),
    /// Add this block to the chain (P-3): it is finished, and its two heights are one.
    AddBlock(Box<FullBlock>),
    /// Is this unfinished block, a child of a tip, valid (P-20)?
    ValidateUnfinished(Box<FullBlock>),
    /// Is this a proof of time (T-22, P-23)?
    VerifyProofOfTime(Box<ProofOfTime>),
    /// Is this a proof for the challenge that it names, and of which quality (F-22)?
    VerifyProofOfSpace(Box<ProofOfSpace>),
    /// Is this a coinbase that the pool of this key signed (F-22)?
    VerifyCoinbase(Box<PooledCoinbase>),
    /// Is this a prepend signature of these 32 bytes by that key (F-24)?
    VerifySignature(Box<Signed>),
    /// A block on this tip with that proof (F-22).
    BuildCandidate(Box<CandidateRequest>),
    /// What a sync asks.
    Sync(SyncQuery),
    /// What is asked for out of the chain.
    Serving(ServingQuery),
    /// What the exchange of transactions asks.
    Transactions(TransactionsQuery),
}

/// What a full node tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FullNodeNotice {
    /// A block became a tip, and was announced (F-21).
    NewTip(Box<Tip>),
    /// An unfinished block was accepted, and handed on (P-20).
    Unfinished {
        /// The challenge of its parent.
        challenge_hash: Bytes32,
        /// Iterations that its proof of time needs.
        iterations: u64,
    },
    /// What a sync tells.
    Sync(SyncNotice),
}

/// What is known of an unfinished block that is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what follows from a proof of space")]
pub struct Proven {
    /// The quality of its proof of space.
    pub quality: Bytes32,
    /// Iterations that its proof of time needs, by the difficulty and the rate of a child of its
    /// parent (P-20 step 5).
    pub iterations: u64,
}

/// A coinbase, and whose signature it has to have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what verifying takes")]
pub struct PooledCoinbase {
    /// The key of the pool.
    pub pool_pubkey: PublicKey,
    /// The coinbase: its 44 bytes are signed (`chia.md` 6.3).
    pub signed: SignedCoinbase,
}

/// What a candidate is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what a block builder needs")]
pub struct CandidateRequest {
    /// The block that it is to follow.
    pub parent: Tip,
    /// What the farmer wants.
    pub request: RequestHeaderHash,
}

/// A block that is not signed yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "what a block is made of beside its proofs")]
pub struct Candidate {
    /// What it does, with the coinbase asked for.
    pub body: Body,
    /// What is to be signed: it names the parent, the proof and the body.
    pub header_data: HeaderData,
}
