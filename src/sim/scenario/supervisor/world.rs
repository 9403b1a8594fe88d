//! Who answers the questions of the tested side: the content, on the branches that hold now.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};

use super::content::{Block, Branch, Content};
use crate::codec::supervisor::{BlockRef, ChainId};
use crate::state::supervisor::{
    BlockQuery, L1Query, LogsQuery, NodeBlockQuery, Outputs, OutputsQuery, SupervisorAnswer,
    SupervisorQuery,
};

/// The content, and what of it holds now.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub content: Content,
    /// The branch of each chain.
    branches: BTreeMap<ChainId, String>,
    l1: String,
}

impl World {
    /// At first the chains hold that are no forks, and the layer one called so.
    pub fn new(content: Content) -> Self {
        let branches = content.chains.iter().filter(|(_, branch)| !branch.fork);
        let branches = branches.map(|(name, branch)| (branch.chain_id, name.clone())).collect();
        Self { content, branches, l1: "l1".to_string() }
    }

    /// From now on these branches hold.
    pub fn turn(&mut self, names: &[String]) -> Result<(), String> {
        for name in names {
            if let Some(branch) = self.content.chains.get(name) {
                self.branches.insert(branch.chain_id, name.clone());
            } else if self.content.l1.contains_key(name) {
                self.l1.clone_from(name);
            } else {
                return Err(format!("the content has no {name}"));
            }
        }
        Ok(())
    }

    /// The layer-one block of this number.
    pub fn l1(&self, number: u64) -> Option<BlockRef> {
        let blocks = self.content.l1.get(&self.l1)?;
        blocks.iter().find(|block| block.number == number).copied()
    }

    /// The true answer.
    pub fn answer(&self, query: &SupervisorQuery) -> SupervisorAnswer {
        match query {
            SupervisorQuery::Block(BlockQuery { chain_id, number }) => {
                SupervisorAnswer::Block(self.block(*chain_id, *number).map(|block| block.reference))
            }
            // Logs are asked for by hash: what held once is still known.
            SupervisorQuery::Logs(LogsQuery { chain_id, hash }) => {
                let branches = self.content.chains.values();
                let mut blocks = branches
                    .filter(|branch| branch.chain_id == *chain_id)
                    .flat_map(|branch| &branch.blocks);
                let block = blocks.find(|block| block.reference.hash == *hash);
                SupervisorAnswer::Logs(
                    block.map(|block| block.logs.iter().flatten().cloned().collect()),
                )
            }
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, number, .. }) => {
                let block = self.block(*chain_id, *number);
                SupervisorAnswer::NodeBlock(block.map(|block| block.reference.id()))
            }
            SupervisorQuery::Outputs(OutputsQuery { chain_id, timestamp }) => {
                let blocks = self.branch(*chain_id).map(|branch| branch.blocks.iter().rev());
                let block = blocks
                    .and_then(|mut it| it.find(|block| block.reference.timestamp <= *timestamp));
                SupervisorAnswer::Outputs(block.map(|block| Outputs {
                    canonical: block.output,
                    pending: block.replaced.unwrap_or(block.output),
                }))
            }
            SupervisorQuery::L1(L1Query { number }) => SupervisorAnswer::L1(self.l1(*number)),
        }
    }

    fn branch(&self, chain_id: ChainId) -> Option<&Branch> {
        self.content.chains.get(self.branches.get(&chain_id)?)
    }

    fn block(&self, chain_id: ChainId, number: u64) -> Option<&Block> {
        self.branch(chain_id)?.block(number)
    }
}
