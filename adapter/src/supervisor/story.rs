//! Two made-up chains and their nodes, for a demonstration: told step by step, asked at any time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nodewire::AskId;
use nodewire::codec::supervisor::{
    BlockRef, BlockReplacement, ChainId, DerivedRefPair, Hash, Keccak256, Log, Message,
    NodeCommand, NodeEvent, RustCryptoKeccak256 as Keccak,
};
use nodewire::sim::supervisor::{message_of, output_of};
use nodewire::state::supervisor::{
    BlockQuery, ChainConfig, L1Query, LogsQuery, NodeBlockQuery, NodeId, Outputs, OutputsQuery,
    SupervisorAnswer, SupervisorCommand, SupervisorQuery, SupervisorRemote,
};

use super::{Link, Source};

/// The one node of each chain.
const NODE: NodeId = NodeId(0);
/// When layer-two blocks come, in seconds.
pub const BLOCK_TIME: u64 = 2;
/// The time of the first block of each chain.
pub const FIRST_TIME: u64 = 1_700_000_000;

/// What there is to know; clones know the same.
#[derive(Clone, Default)]
pub struct Story(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    chains: BTreeMap<ChainId, Vec<(BlockRef, Vec<Log>)>>,
    l1: BTreeMap<u64, BlockRef>,
    commands: Vec<(ChainId, NodeCommand)>,
}

impl Story {
    /// A chain that begins with a block of this number, and how it is configured.
    pub fn begin(&self, chain_id: ChainId, number: u64) -> ChainConfig {
        let first = BlockRef {
            hash: named(&format!("{chain_id} {number}")),
            number,
            parent_hash: Hash::default(),
            timestamp: FIRST_TIME,
        };
        self.known().chains.insert(chain_id, vec![(first, Vec::new())]);
        ChainConfig { activation: 0, block_time: BLOCK_TIME }
    }

    /// Adds a block to a chain; `branch` tells it apart from others of its number.
    pub fn grow(&self, chain_id: ChainId, branch: &str, logs: Vec<Log>) -> Option<BlockRef> {
        let mut known = self.known();
        let blocks = known.chains.get_mut(&chain_id)?;
        let parent = blocks.last()?.0;
        let number = parent.number + 1;
        let block = BlockRef {
            hash: named(&format!("{chain_id} {number} {branch}")),
            number,
            parent_hash: parent.hash,
            timestamp: parent.timestamp + BLOCK_TIME,
        };
        blocks.push((block, logs));
        Some(block)
    }

    /// Drops the blocks of a chain after a number.
    pub fn cut(&self, chain_id: ChainId, number: u64) {
        if let Some(blocks) = self.known().chains.get_mut(&chain_id) {
            blocks.retain(|(block, _)| block.number <= number);
        }
    }

    /// The message that a log of a block is.
    #[must_use]
    pub fn message(&self, chain_id: ChainId, number: u64, index: u32) -> Option<Message> {
        let known = self.known();
        let (block, logs) = known.block(chain_id, number)?;
        let log = logs.get(usize::try_from(index).ok()?)?;
        Some(message_of(chain_id, (number, block.timestamp), index, log))
    }

    /// Where the indexing of a chain starts.
    #[must_use]
    pub fn anchor(&self, chain_id: ChainId) -> Option<SupervisorCommand> {
        let known = self.known();
        let source = *known.l1.values().next()?;
        let derived = known.chains.get(&chain_id)?.first()?.0;
        let anchor = Box::new(DerivedRefPair { source, derived });
        Some(SupervisorCommand::Anchor { chain_id, anchor })
    }

    /// That a chain's node has a new head.
    #[must_use]
    pub fn unsafe_head(&self, chain_id: ChainId) -> Option<SupervisorRemote> {
        let unsafe_block = Some(self.known().chains.get(&chain_id)?.last()?.0);
        Some(event(chain_id, NodeEvent { unsafe_block, ..NodeEvent::default() }))
    }

    /// That a chain's node derived a block from a layer-one block.
    #[must_use]
    pub fn derived(
        &self,
        chain_id: ChainId,
        source: BlockRef,
        number: u64,
    ) -> Option<SupervisorRemote> {
        let derived = self.known().block(chain_id, number)?.0;
        let derivation_update = Some(DerivedRefPair { source, derived });
        Some(event(chain_id, NodeEvent { derivation_update, ..NodeEvent::default() }))
    }

    /// That a chain's node replaced a block.
    #[must_use]
    pub fn replaced(&self, chain_id: ChainId, by: BlockRef, invalidated: Hash) -> SupervisorRemote {
        let replace_block = Some(BlockReplacement { replacement: by, invalidated });
        event(chain_id, NodeEvent { replace_block, ..NodeEvent::default() })
    }

    /// Another layer-one block of this number.
    pub fn grow_l1(&self, number: u64) -> BlockRef {
        let hash = |number: u64| named(&format!("layer one {number}"));
        let timestamp = FIRST_TIME + 12 * number;
        let parent_hash = hash(number.wrapping_sub(1));
        let block = BlockRef { hash: hash(number), number, parent_hash, timestamp };
        self.known().l1.insert(number, block);
        block
    }

    /// What the nodes were told, in order.
    #[must_use]
    pub fn commands(&self) -> Vec<(ChainId, NodeCommand)> {
        self.known().commands.clone()
    }

    /// The source that answers by what there is to know.
    #[must_use]
    pub fn source(&self, link: Link) -> impl Source + use<> {
        Teller { story: self.clone(), link }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn block(&self, chain_id: ChainId, number: u64) -> Option<&(BlockRef, Vec<Log>)> {
        self.chains.get(&chain_id)?.iter().find(|(block, _)| block.number == number)
    }

    fn answer(&self, query: &SupervisorQuery) -> SupervisorAnswer {
        match query {
            SupervisorQuery::Block(BlockQuery { chain_id, number }) => {
                SupervisorAnswer::Block(self.block(*chain_id, *number).map(|(block, _)| *block))
            }
            SupervisorQuery::Logs(LogsQuery { chain_id, hash }) => {
                let blocks = self.chains.get(chain_id).map_or(&[][..], Vec::as_slice);
                let found = blocks.iter().find(|(block, _)| block.hash == *hash);
                SupervisorAnswer::Logs(found.map(|(_, logs)| logs.clone()))
            }
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, number, .. }) => {
                let block = self.block(*chain_id, *number);
                SupervisorAnswer::NodeBlock(block.map(|(block, _)| block.id()))
            }
            SupervisorQuery::Outputs(OutputsQuery { chain_id, timestamp }) => {
                let blocks = self.chains.get(chain_id).map_or(&[][..], Vec::as_slice);
                let blocks = blocks.iter().rev().map(|(block, _)| block);
                let block = { blocks }.find(|block| block.timestamp <= *timestamp);
                SupervisorAnswer::Outputs(block.map(|block| {
                    let output = output_of(block);
                    Outputs { canonical: output, pending: output }
                }))
            }
            SupervisorQuery::L1(L1Query { number }) => {
                SupervisorAnswer::L1(self.l1.get(number).copied())
            }
        }
    }
}

/// Nothing that is made up here has a real hash.
fn named(text: &str) -> Hash {
    Keccak::keccak256(&[text.as_bytes()])
}

fn event(chain_id: ChainId, event: NodeEvent) -> SupervisorRemote {
    SupervisorRemote::Node { chain_id, node: NODE, event: Box::new(event) }
}

struct Teller {
    story: Story,
    link: Link,
}

impl Source for Teller {
    fn ask(&mut self, id: AskId, query: &SupervisorQuery) -> bool {
        let answer = self.story.known().answer(query);
        let link = self.link.clone();
        // A host that has stopped needs no answer.
        tokio::spawn(async move { link.answer(id, answer).await });
        true
    }

    fn command(&mut self, chain_id: ChainId, _: NodeId, command: &NodeCommand) {
        self.story.known().commands.push((chain_id, command.clone()));
    }
}
