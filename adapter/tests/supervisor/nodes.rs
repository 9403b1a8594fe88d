//! Chains and who serves them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use nodewire::AskId;
use nodewire::codec::supervisor::{
    BlockRef, ChainId, DerivedRefPair, NodeCommand, NodeEvent, OutputV0,
};
use nodewire::state::supervisor::{
    BlockQuery, ChainConfig, Config, ExpiryWindow, L1Query, Limits, LogsQuery, NodeBlockQuery,
    NodeId, Outputs, OutputsQuery, Supervisor, SupervisorAnswer, SupervisorCommand,
    SupervisorNotice, SupervisorQuery, SupervisorRemote,
};
use nodewire_adapter::supervisor::{Handle, Link, Source};

use crate::chains::{Chain, hash};

pub const NODE: NodeId = NodeId(1);

/// What there is to know, and what was heard.
pub struct World {
    pub chains: BTreeMap<ChainId, Chain>,
    pub l1: Vec<BlockRef>,
    pub commands: Vec<(ChainId, NodeCommand)>,
    pub notices: Vec<SupervisorNotice>,
    pub replies: Vec<String>,
    pub asked: usize,
}

pub type Shared = Arc<Mutex<World>>;

pub fn world(ids: &[u64]) -> Shared {
    let chains = ids.iter().map(|id| (ChainId::from(*id), Chain::new(*id, 100 * id, 1_000)));
    Arc::new(Mutex::new(World {
        chains: chains.collect(),
        l1: (0..=20).map(l1_block).collect(),
        commands: vec![],
        notices: vec![],
        replies: vec![],
        asked: 0,
    }))
}

pub fn l1_block(number: u64) -> BlockRef {
    let hash_of = |number: u64| hash(&format!("l1 {number}"));
    let parent_hash = hash_of(number.wrapping_sub(1));
    BlockRef { hash: hash_of(number), number, parent_hash, timestamp: 900 + 12 * number }
}

pub fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().expect("no test panicked with it")
}

pub fn config(ids: &[u64]) -> Config {
    let chains = ids.iter().map(|id| (ChainId::from(*id), chain_config()));
    Config::new(chains.collect(), ExpiryWindow::EXPIRY_CURRENT)
}

const fn chain_config() -> ChainConfig {
    ChainConfig { activation: 0, block_time: 2 }
}

pub fn machine(ids: &[u64]) -> Supervisor {
    Supervisor::new(config(ids), Limits::default()).expect("few chains")
}

/// Serves chains truly, or says that it knows nothing, or says nothing at all.
pub struct Nodes {
    pub link: Link,
    pub world: Shared,
    pub manner: Manner,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Manner {
    Knows,
    KnowsNothing,
    Silent,
    TakesNothing,
}

impl Source for Nodes {
    fn ask(&mut self, id: AskId, query: &SupervisorQuery) -> bool {
        lock(&self.world).asked += 1;
        let answer = match self.manner {
            Manner::Knows => lock(&self.world).answer(query),
            Manner::KnowsNothing => match query {
                SupervisorQuery::Block(_) => SupervisorAnswer::Block(None),
                SupervisorQuery::Logs(_) => SupervisorAnswer::Logs(None),
                SupervisorQuery::NodeBlock(_) => SupervisorAnswer::NodeBlock(None),
                SupervisorQuery::Outputs(_) => SupervisorAnswer::Outputs(None),
                SupervisorQuery::L1(_) => SupervisorAnswer::L1(None),
            },
            Manner::Silent => return true,
            Manner::TakesNothing => return false,
        };
        let link = self.link.clone();
        tokio::spawn(async move { link.answer(id, answer).await });
        true
    }

    fn command(&mut self, chain_id: ChainId, _: NodeId, command: &NodeCommand) {
        lock(&self.world).commands.push((chain_id, command.clone()));
    }

    fn notice(&mut self, notice: &SupervisorNotice) {
        lock(&self.world).notices.push(*notice);
    }

    fn reply(&mut self, reply: nodewire::state::supervisor::RpcReply) {
        let text = reply.text.map(|text| String::from_utf8(text.to_vec()).expect("text"));
        lock(&self.world).replies.push(format!("{}: {text:?}", reply.call.0));
    }
}

impl World {
    pub fn chain(&mut self, id: u64) -> &mut Chain {
        self.chains.get_mut(&ChainId::from(id)).expect("one of the chains")
    }

    pub fn answer(&self, query: &SupervisorQuery) -> SupervisorAnswer {
        let chain = |id: &ChainId| self.chains.get(id).expect("one of the chains");
        match query {
            SupervisorQuery::Block(BlockQuery { chain_id, number }) => {
                SupervisorAnswer::Block(chain(chain_id).block(*number).map(|(block, _)| *block))
            }
            SupervisorQuery::Logs(LogsQuery { chain_id, hash }) => {
                SupervisorAnswer::Logs(chain(chain_id).find(*hash).map(|(_, logs)| logs.clone()))
            }
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, number, .. }) => {
                let block = chain(chain_id).block(*number).map(|(block, _)| block.id());
                SupervisorAnswer::NodeBlock(block)
            }
            SupervisorQuery::Outputs(OutputsQuery { chain_id, timestamp }) => {
                let mut blocks = chain(chain_id).blocks.iter().rev().map(|(block, _)| block);
                let block = blocks.find(|block| block.timestamp <= *timestamp);
                SupervisorAnswer::Outputs(block.map(|block| {
                    let output = output(block);
                    Outputs { canonical: output, pending: output }
                }))
            }
            SupervisorQuery::L1(L1Query { number }) => {
                let at = usize::try_from(*number).expect("small");
                SupervisorAnswer::L1(self.l1.get(at).copied())
            }
        }
    }

    pub fn anchor(&self, id: u64) -> SupervisorCommand {
        let chain_id = ChainId::from(id);
        let derived = self.chains[&chain_id].blocks[0].0;
        let anchor = Box::new(DerivedRefPair { source: self.l1[10], derived });
        SupervisorCommand::Anchor { chain_id, anchor }
    }

    pub fn unsafe_head(&self, id: u64) -> SupervisorRemote {
        let chain_id = ChainId::from(id);
        let unsafe_block = Some(self.chains[&chain_id].head());
        event(chain_id, NodeEvent { unsafe_block, ..NodeEvent::default() })
    }

    pub fn derived(&self, id: u64, source: usize, number: u64) -> SupervisorRemote {
        let chain_id = ChainId::from(id);
        let derived = self.chains[&chain_id].block(number).expect("it has it").0;
        let derivation_update = Some(DerivedRefPair { source: self.l1[source], derived });
        event(chain_id, NodeEvent { derivation_update, ..NodeEvent::default() })
    }
}

fn output(block: &BlockRef) -> OutputV0 {
    OutputV0 {
        state_root: hash(&format!("state {}", block.hash)),
        message_passer_storage_root: hash(&format!("passer {}", block.hash)),
        block_hash: block.hash,
    }
}

pub fn event(chain_id: ChainId, event: NodeEvent) -> SupervisorRemote {
    SupervisorRemote::Node { chain_id, node: NODE, event: Box::new(event) }
}

pub async fn attach(handle: &Handle, world: &Shared, manner: Manner) -> Link {
    let world = world.clone();
    handle.attach(|link| Nodes { link, world, manner }).await.expect("the host is there")
}

/// Waits until `done`, by virtual or by real time.
pub async fn until(handle: &Handle, done: impl Fn(&nodewire_adapter::supervisor::Status) -> bool) {
    for _ in 0..2_000 {
        let status = handle.status().await.expect("the host is there");
        if done(&status) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("it never came to that: {:?}", handle.status().await);
}
