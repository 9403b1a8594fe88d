//! What the Supervisor hears, says and asks.

#![expect(
    clippy::exhaustive_enums,
    reason = "a question or a message that a driver ignores stalls the cluster"
)]

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::ser::{SerializeStruct, Serializer};

use crate::ask::AskId;
use crate::codec::supervisor::{
    BlockId, BlockRef, ChainId, Code, DerivedRefPair, Hash, Log, NodeCommand, NodeEvent, Seal,
};
use crate::state::supervisor::{CallId, Outputs, RpcReply, RpcText};

/// Names a node of a chain, for whoever is connected to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// What comes from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum SupervisorRemote {
    /// A text of a client of the RPC.
    Rpc(RpcText),
    /// An event of a node.
    Node {
        /// Its chain.
        #[serde(rename = "chainID")]
        chain_id: ChainId,
        /// Which of the chain's nodes.
        node: NodeId,
        /// What it tells.
        event: Box<NodeEvent>,
    },
    /// A node is connected.
    NodeUp {
        /// Its chain.
        #[serde(rename = "chainID")]
        chain_id: ChainId,
        /// Which of the chain's nodes.
        node: NodeId,
    },
    /// A node is gone.
    NodeDown {
        /// Its chain.
        #[serde(rename = "chainID")]
        chain_id: ChainId,
        /// Which of the chain's nodes.
        node: NodeId,
    },
    /// The newest layer-one block.
    L1Tip(BlockRef),
    /// The newest finalized layer-one block.
    L1Finalized(BlockRef),
}

/// What the local side wants, and the answers to questions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum SupervisorCommand {
    /// Indexing of a chain starts here (`supervisor.md` 8.11).
    Anchor {
        /// The chain.
        #[serde(rename = "chainID")]
        chain_id: ChainId,
        /// The pair it starts with.
        anchor: Box<DerivedRefPair>,
    },
    /// The answer to a question.
    Answer(AskId, Box<SupervisorAnswer>),
    /// Drops a chain's unsafe blocks after this one.
    Rewind {
        /// The chain.
        #[serde(rename = "chainID")]
        chain_id: ChainId,
        /// The block that becomes the head.
        head: BlockId,
    },
    /// Switches the failsafe (D-25).
    Failsafe(bool),
    /// Nobody waits any more for the reply to this text: its open calls are refused at once, and
    /// give their places to others. Nothing happens if it has none, or was replied to.
    Abandon(CallId),
}

/// What has to be found out: from nodes of a chain, or from layer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SupervisorQuery {
    /// The block of this number on a chain: [`answered`](BlockQuery::answered).
    Block(BlockQuery),
    /// The logs of a block of a chain, all of them, in order.
    Logs(LogsQuery),
    /// The block of this number as one node of a chain knows it.
    NodeBlock(NodeBlockQuery),
    /// The outputs of a chain's block at a time.
    Outputs(OutputsQuery),
    /// The layer-one block of this number.
    L1(L1Query),
}

/// Asks for a block by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockQuery {
    /// The chain.
    #[serde(rename = "chainID")]
    pub chain_id: ChainId,
    /// The number.
    pub number: u64,
}

/// Asks for the logs of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogsQuery {
    /// The chain.
    #[serde(rename = "chainID")]
    pub chain_id: ChainId,
    /// The block's hash.
    pub hash: Hash,
}

/// Asks a node for a block by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeBlockQuery {
    /// The chain.
    #[serde(rename = "chainID")]
    pub chain_id: ChainId,
    /// Which of its nodes.
    pub node: NodeId,
    /// The number.
    pub number: u64,
}

/// Asks for the outputs of the last block up to a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputsQuery {
    /// The chain.
    #[serde(rename = "chainID")]
    pub chain_id: ChainId,
    /// The time, in seconds of Unix time.
    pub timestamp: u64,
}

/// Asks for a layer-one block by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct L1Query {
    /// The number.
    pub number: u64,
}

/// An answer; made by the question it is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SupervisorAnswer {
    /// To a [`BlockQuery`].
    Block(Option<BlockRef>),
    /// To a [`LogsQuery`].
    Logs(Option<Vec<Log>>),
    /// To a [`NodeBlockQuery`].
    NodeBlock(Option<BlockId>),
    /// To an [`OutputsQuery`].
    Outputs(Option<Outputs>),
    /// To an [`L1Query`].
    L1(Option<BlockRef>),
}

fn answer(id: AskId, answer: SupervisorAnswer) -> SupervisorCommand {
    SupervisorCommand::Answer(id, Box::new(answer))
}

impl BlockQuery {
    /// The block, or that nobody knows one.
    #[must_use]
    pub fn answered(id: AskId, block: Option<BlockRef>) -> SupervisorCommand {
        answer(id, SupervisorAnswer::Block(block))
    }
}

impl LogsQuery {
    /// The logs, or that nobody has them.
    #[must_use]
    pub fn answered(id: AskId, logs: Option<Vec<Log>>) -> SupervisorCommand {
        answer(id, SupervisorAnswer::Logs(logs))
    }
}

impl NodeBlockQuery {
    /// The block, or that the node knows none.
    #[must_use]
    pub fn answered(id: AskId, block: Option<BlockId>) -> SupervisorCommand {
        answer(id, SupervisorAnswer::NodeBlock(block))
    }
}

impl OutputsQuery {
    /// The outputs, or that no node could tell.
    #[must_use]
    pub fn answered(id: AskId, outputs: Option<Outputs>) -> SupervisorCommand {
        answer(id, SupervisorAnswer::Outputs(outputs))
    }
}

impl L1Query {
    /// The block, or that there is none yet.
    #[must_use]
    pub fn answered(id: AskId, block: Option<BlockRef>) -> SupervisorCommand {
        answer(id, SupervisorAnswer::L1(block))
    }
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SupervisorMessage {
    /// The reply to a text.
    Reply(RpcReply),
    /// A call to a node.
    Command {
        /// Its chain.
        #[serde(rename = "chainID")]
        chain_id: ChainId,
        /// Which of the chain's nodes.
        node: NodeId,
        /// What it is told.
        #[serde(rename = "call", serialize_with = "call")]
        command: Box<NodeCommand>,
    },
}

/// A call by its method's name and its parameters.
fn call<S: Serializer>(command: &NodeCommand, to: S) -> Result<S::Ok, S::Error> {
    let mut call = to.serialize_struct("call", 2)?;
    call.serialize_field("method", command.method())?;
    call.serialize_field("params", command)?;
    call.end()
}

/// What operators are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum SupervisorNotice {
    /// A block was indexed: the local-unsafe head.
    LocalUnsafe(ChainId, BlockId),
    /// The cross-unsafe head advanced.
    CrossUnsafe(ChainId, BlockId),
    /// The local-safe head advanced.
    LocalSafe(ChainId, BlockId),
    /// The cross-safe head advanced.
    CrossSafe(ChainId, BlockId),
    /// The finalized head advanced.
    Finalized(ChainId, BlockId),
    /// A local-safe block can never be cross-safe: a trigger for the failsafe.
    Invalidated(ChainId, Seal),
    /// An invalidated block was replaced.
    Replaced(ChainId, BlockId),
    /// A node tells that this block replaced one that was not seen to be invalidated: the pending
    /// output of a super root could not be compared (S-11).
    UnseenReplacement(ChainId, BlockId),
    /// Indexed blocks after this one were dropped.
    Rewound(ChainId, BlockId),
    /// The cross-unsafe head fell back.
    CrossUnsafeLowered(ChainId, BlockId),
    /// The chain has to be anchored again.
    Uninitialized(ChainId),
    /// Layer one was reorganised: all derived after this block is dropped.
    L1Reorganised(BlockId),
    /// Something was not taken in, for this reason.
    Dropped {
        /// What it was.
        what: Dropped,
        /// Of which chain, if it was of one.
        #[serde(rename = "chainID")]
        chain_id: Option<ChainId>,
        /// Why.
        code: Code,
    },
    /// A node is being reset.
    ResetStarted(ChainId, NodeId),
    /// A node can't be reset: it shares no block with us.
    ResetImpossible(ChainId, NodeId),
    /// What is stored contradicts itself.
    Corrupted(ChainId, Code),
    /// The failsafe was switched.
    Failsafe(bool),
}

/// What was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Dropped {
    /// An event before the chain's anchor, or of a chain that is not in the set.
    Event,
    /// An unsafe block.
    UnsafeBlock,
    /// A derivation.
    Derivation,
    /// A replacement.
    Replacement,
    /// An anchor.
    Anchor,
    /// A node beyond the limit.
    Node,
    /// A finalized layer-one block.
    FinalizedL1,
    /// The answer to a question: it does not fit.
    Answer,
}
