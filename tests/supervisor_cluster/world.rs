//! A Supervisor, the chains it watches, and who answers its questions.

use std::collections::BTreeMap;

use nodewire::codec::supervisor::{
    BlockRef, ChainId, DerivedRefPair, Hash, NodeCommand, NodeEvent, OutputV0,
};
use nodewire::state::supervisor::{
    BlockQuery, CallId, ChainConfig, Config, ExpiryWindow, Heads, L1Query, Limits, LogsQuery,
    NodeBlockQuery, NodeId, Outputs, OutputsQuery, RpcText, Supervisor, SupervisorCommand,
    SupervisorMessage, SupervisorNotice, SupervisorQuery, SupervisorRemote,
};
use nodewire::{Action, AskId, Machine, Outbox, Time};
use serde_json::{Value, json};

use crate::chains::{Chain, executing, hash, plain};
use crate::heads;

pub const NODE: NodeId = NodeId(1);

pub struct World {
    pub supervisor: Supervisor,
    pub chains: BTreeMap<ChainId, Chain>,
    pub l1: Vec<BlockRef>,
    pub now: Time,
    pub commands: Vec<(ChainId, NodeCommand)>,
    pub notices: Vec<SupervisorNotice>,
    pub replies: Vec<Value>,
    /// Questions are kept instead of answered.
    pub silent: bool,
    pub kept: Vec<(AskId, SupervisorQuery)>,
    /// What nodes know, where it differs from the truth.
    pub nodes_know: BTreeMap<(ChainId, u64), Option<Hash>>,
    /// Outputs of blocks before they were replaced.
    pub replaced: BTreeMap<ChainId, OutputV0>,
    pub asked: usize,
}

pub fn l1_block(number: u64, branch: &str) -> BlockRef {
    BlockRef {
        hash: hash(&format!("l1 {number} {branch}")),
        number,
        parent_hash: hash(&format!("l1 {} {branch}", number.saturating_sub(1))),
        timestamp: 900 + 12 * number,
    }
}

impl World {
    /// Two or more chains anchored at layer-one block 10.
    pub fn new(ids: &[u64]) -> Self {
        Self::with_limits(ids, Limits::default())
    }

    pub fn with_limits(ids: &[u64], limits: Limits) -> Self {
        let chains: BTreeMap<_, _> =
            ids.iter().map(|id| (ChainId::from(*id), Chain::new(*id, 100 * id, 1_000))).collect();
        let configs = chains.keys().map(|id| (*id, ChainConfig { activation: 0, block_time: 2 }));
        let config = Config::new(configs.collect(), ExpiryWindow::EXPIRY_CURRENT);
        let l1 = (0..=10).map(|number| l1_block(number, "a")).collect();
        let mut world = Self {
            supervisor: Supervisor::new(config, limits).unwrap(),
            chains,
            l1,
            now: Time::ZERO,
            commands: Vec::new(),
            notices: Vec::new(),
            replies: Vec::new(),
            silent: false,
            kept: Vec::new(),
            nodes_know: BTreeMap::new(),
            replaced: BTreeMap::new(),
            asked: 0,
        };
        for id in world.chains.keys().copied().collect::<Vec<_>>() {
            world.anchor(id);
        }
        world
    }

    /// Chains 1 and 2, of which block 201 executes what was never said and is found out: that block.
    pub fn invalidated(limits: Limits) -> (Self, BlockRef) {
        let mut world = Self::with_limits(&[1, 2], limits);
        world.chain(1).grow("a", vec![plain("hello")]);
        let mut message = world.chain(1).message(101, 0);
        message.payload_hash.0[0] ^= 1;
        let bad = world.chain(2).grow("a", vec![executing(&message)]);
        world.tell_unsafe(1);
        world.tell_unsafe(2);
        world.tell_derived(1, 10, 101);
        world.tell_derived(2, 10, 201);
        (world, bad)
    }

    pub fn anchor(&mut self, chain_id: ChainId) {
        let derived = self.chains[&chain_id].blocks[0].0;
        let anchor = Box::new(DerivedRefPair { source: self.l1[10], derived });
        self.command(SupervisorCommand::Anchor { chain_id, anchor });
    }

    pub fn command(&mut self, command: SupervisorCommand) {
        let mut out = Outbox::new();
        self.supervisor.handle_local(self.now, command, &mut out).unwrap();
        self.carry_out(out);
    }

    pub fn hear(&mut self, remote: SupervisorRemote) {
        let mut out = Outbox::new();
        self.supervisor.handle_remote(self.now, remote, &mut out);
        self.carry_out(out);
    }

    pub fn node(&mut self, chain: u64, event: NodeEvent) {
        let chain_id = ChainId::from(chain);
        self.hear(SupervisorRemote::Node { chain_id, node: NODE, event: Box::new(event) });
    }

    /// The node of a chain tells its unsafe head.
    pub fn tell_unsafe(&mut self, chain: u64) {
        let unsafe_block = Some(self.chain(chain).head());
        self.node(chain, NodeEvent { unsafe_block, ..NodeEvent::default() });
    }

    /// The node of a chain tells that it derived block `number` from layer-one block `source`.
    pub fn tell_derived(&mut self, chain: u64, source: u64, number: u64) {
        let source = self.l1[usize::try_from(source).unwrap()];
        let derived = self.chain(chain).block(number).unwrap().0;
        let derivation_update = Some(DerivedRefPair { source, derived });
        self.node(chain, NodeEvent { derivation_update, ..NodeEvent::default() });
    }

    pub fn grow_l1(&mut self, branch: &str) -> BlockRef {
        let number = self.l1.len() as u64;
        let mut block = l1_block(number, branch);
        block.parent_hash = self.l1.last().unwrap().hash;
        self.l1.push(block);
        block
    }

    pub fn tell_tip(&mut self) {
        self.hear(SupervisorRemote::L1Tip(*self.l1.last().unwrap()));
    }

    /// Lets time pass to the next deadline.
    pub fn wait(&mut self) {
        self.now = self.supervisor.deadline().expect("something to wait for").max(self.now);
        let mut out = Outbox::new();
        self.supervisor.handle_timeout(self.now, &mut out);
        self.carry_out(out);
    }

    /// The answer to a text.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let text = RpcText { call: CallId(1), text: text.to_string().into() };
        let before = self.replies.len();
        self.hear(SupervisorRemote::Rpc(text));
        assert_eq!(self.replies.len(), before + 1, "one reply to {method}");
        self.replies.pop().unwrap()
    }

    pub fn chain(&mut self, id: u64) -> &mut Chain {
        self.chains.get_mut(&ChainId::from(id)).unwrap()
    }

    pub fn heads(&self, id: u64) -> Heads {
        let index = self.supervisor.index();
        index.heads(index.slot(ChainId::from(id)).unwrap())
    }

    /// Local-unsafe, cross-unsafe, local-safe, cross-safe, finalized.
    pub fn numbers(&self, id: u64) -> [Option<u64>; 5] {
        let heads = self.heads(id);
        [
            heads.local_unsafe.map(|block| block.number),
            heads.cross_unsafe.map(|seal| seal.number),
            heads.local_safe.map(|entry| entry.derived.number),
            heads.cross_safe.map(|entry| entry.derived.number),
            heads.finalized.map(|seal| seal.number),
        ]
    }

    fn carry_out(&mut self, mut out: nodewire::Out<Supervisor>) {
        while let Some(action) = out.pop() {
            match action {
                Action::Send(SupervisorMessage::Reply(reply)) => {
                    let text = reply.text.expect("calls are answered");
                    self.replies.push(serde_json::from_slice(&text).unwrap());
                }
                Action::Send(SupervisorMessage::Command { chain_id, command, .. }) => {
                    self.commands.push((chain_id, *command));
                }
                Action::Notify(notice) => {
                    assert!(!matches!(notice, SupervisorNotice::Corrupted(..)), "{notice:?}");
                    self.notices.push(notice);
                }
                Action::Ask(id, query) => {
                    self.asked += 1;
                    if self.silent {
                        self.kept.push((id, query));
                    } else {
                        let answer = self.answer(id, query);
                        self.supervisor.handle_local(self.now, answer, &mut out).unwrap();
                    }
                }
                Action::Close(ending) => panic!("{ending:?}"),
            }
        }
        heads::check(self.supervisor.index());
    }

    pub fn answer(&self, id: AskId, query: SupervisorQuery) -> SupervisorCommand {
        match query {
            SupervisorQuery::Block(BlockQuery { chain_id, number }) => {
                let block = self.chains[&chain_id].block(number).map(|(block, _)| *block);
                BlockQuery::answered(id, block)
            }
            SupervisorQuery::Logs(LogsQuery { chain_id, hash }) => {
                let logs = self.chains[&chain_id].find(hash).map(|(_, logs)| logs.clone());
                LogsQuery::answered(id, logs)
            }
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, number, .. }) => {
                let block = self.chains[&chain_id].block(number).map(|(block, _)| block.id());
                let known = match self.nodes_know.get(&(chain_id, number)) {
                    Some(known) => known.and_then(|hash| {
                        block.map(|block| nodewire::codec::supervisor::BlockId { hash, ..block })
                    }),
                    None => block,
                };
                NodeBlockQuery::answered(id, known)
            }
            SupervisorQuery::Outputs(OutputsQuery { chain_id, timestamp }) => {
                let blocks = self.chains[&chain_id].blocks.iter().rev();
                let block = blocks.map(|(block, _)| *block).find(|it| it.timestamp <= timestamp);
                let outputs = block.map(|block| {
                    let canonical = output(&block);
                    let pending = self.replaced.get(&chain_id).copied().unwrap_or(canonical);
                    Outputs { canonical, pending }
                });
                OutputsQuery::answered(id, outputs)
            }
            SupervisorQuery::L1(L1Query { number }) => {
                let block = self.l1.get(usize::try_from(number).unwrap()).copied();
                L1Query::answered(id, block)
            }
        }
    }
}

pub fn output(block: &BlockRef) -> OutputV0 {
    OutputV0 {
        state_root: hash(&format!("state {}", block.hash)),
        message_passer_storage_root: hash(&format!("passer {}", block.hash)),
        block_hash: block.hash,
    }
}
