//! What the Supervisor hears of nodes, of layer one and of clients, and what it is answered.

mod client;
mod durable;
mod rpc;
mod truth;

use arbitrary::Result;
use nodewire::codec::supervisor::{
    BlockRef, BlockReplacement, ChainId, DerivedRefPair, NodeCommand, NodeEvent, Seal,
};
use nodewire::state::supervisor::{
    BlockQuery, ChainConfig, Config, ExpiryWindow, L1Query, Limits, LogsQuery, NodeBlockQuery,
    NodeId, Outputs, OutputsQuery, Supervisor, SupervisorCommand, SupervisorMessage,
    SupervisorQuery, SupervisorRemote,
};
use nodewire::{AskId, Input, InputOf};

pub use client::ForRpcClient;
pub use durable::ForDurable;
pub use rpc::ForRpcServer;

use self::truth::{CHAINS, branch, l1, l2, output};
use super::{Given, Script, take};

/// Limits that a short script can reach.
pub fn small() -> Limits {
    let mut limits = Limits::default();
    limits.max_text = 4_000;
    limits.max_batch = 4;
    limits.max_access_entries = 12;
    limits.max_parked_calls = 3;
    limits.max_blocks_above_safe = 8;
    limits.max_logs = 6;
    limits.max_executing = 3;
    limits.max_local_safe_above_safe = 8;
    limits.max_fetches = 3;
    limits.max_parked_events = 2;
    limits.max_nodes = 2;
    limits.l1_confirmations = 1;
    limits.promotion_budget = 3;
    limits
}

/// Three chains with a short window.
pub fn config() -> Config {
    let chain = |id: &u64| (ChainId::from(*id), ChainConfig { activation: 0, block_time: 2 });
    Config::new(CHAINS.iter().map(chain).collect(), ExpiryWindow(9))
}

/// The Supervisor of three chains that exist in two branches.
pub struct ForSupervisor {
    flags: u8,
    /// Of each chain: the layer-one block and the block derived last.
    derived: [(u64, u64); 3],
    tip: u64,
    questions: Vec<(AskId, SupervisorQuery)>,
    invalidated: Vec<(ChainId, Seal)>,
}

impl ForSupervisor {
    pub fn new(flags: u8) -> Self {
        Self { flags, derived: [(0, 0); 3], tip: 0, questions: Vec::new(), invalidated: Vec::new() }
    }
}

impl Given for ForSupervisor {
    type Machine = Supervisor;

    fn machine(&self) -> Supervisor {
        let mut config = config();
        config.admin = self.flags & 8 != 0;
        let mut limits = small();
        if self.flags & 16 != 0 {
            limits.promotion_budget = 1_000;
        }
        Supervisor::new(config, limits).expect("few chains")
    }

    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Supervisor>> {
        if step < 3 {
            let slot = step as usize;
            return Ok(Input::Local(anchor(slot, l1(0, false), l2(slot, 0, false).0)));
        }
        let slot = script.int_in_range(0..=2_usize)?;
        Ok(match script.int_in_range(0..=23_u8)? {
            0..=6 => self.answer(script)?,
            7..=9 => {
                let number = script.int_in_range(0..=9)?;
                let unsafe_block = Some(l2(slot, number, branch(script)?).0);
                node(script, slot, NodeEvent { unsafe_block, ..NodeEvent::default() })?
            }
            10..=14 => {
                let event = self.derivation(script, slot)?;
                node(script, slot, event)?
            }
            15 => Input::Remote(rpc::text(script)?),
            16 => {
                self.tip = (self.tip + 1).min(9);
                Input::Remote(SupervisorRemote::L1Tip(l1(self.tip, branch(script)?)))
            }
            17 => {
                let number = script.int_in_range(0..=self.tip.min(6))?;
                Input::Remote(SupervisorRemote::L1Finalized(l1(number, branch(script)?)))
            }
            18 => {
                let (chain_id, node) = (ChainId::from(CHAINS[slot]), some_node(script)?);
                Input::Remote(if script.ratio(3, 4)? {
                    SupervisorRemote::NodeUp { chain_id, node }
                } else {
                    SupervisorRemote::NodeDown { chain_id, node }
                })
            }
            19 | 20 => self.replacement(script)?,
            21 => {
                let number = script.int_in_range(0..=9)?;
                let derived = l2(slot, number, branch(script)?).0;
                let pair = DerivedRefPair { source: l1(number / 2, branch(script)?), derived };
                let event = NodeEvent {
                    reset: script.ratio(1, 4)?.then(|| "lost".into()),
                    exhaust_l1: script.ratio(1, 2)?.then_some(pair),
                    derivation_origin_update: script.ratio(1, 2)?.then_some(pair.source),
                    derivation_update: script.ratio(1, 4)?.then_some(pair),
                    ..NodeEvent::default()
                };
                node(script, slot, event)?
            }
            22 => match script.int_in_range(0..=3_u8)? {
                0 => Input::Local(anchor(slot, l1(1, false), l2(slot, 2, false).0)),
                1 => {
                    let head = l2(slot, script.int_in_range(0..=9)?, branch(script)?).0.id();
                    let chain_id = ChainId::from(CHAINS[slot]);
                    Input::Local(SupervisorCommand::Rewind { chain_id, head })
                }
                2 => Input::Local(SupervisorCommand::Failsafe(script.arbitrary()?)),
                _ => {
                    let event = script.arbitrary()?;
                    node(script, slot, event)?
                }
            },
            _ => Input::Timeout,
        })
    }

    fn sent(&mut self, message: &SupervisorMessage) {
        if let SupervisorMessage::Command { chain_id, command, .. } = message {
            if let NodeCommand::InvalidateBlock(seal) = **command {
                self.invalidated.push((*chain_id, seal));
            }
        }
    }

    fn asked(&mut self, id: AskId, query: &SupervisorQuery) {
        self.questions.push((id, *query));
    }

    /// The heads keep their order, each on the branch of the one before it.
    fn holds(&self, supervisor: &Supervisor) {
        let index = supervisor.index();
        for slot in index.slots() {
            let heads = index.heads(slot);
            let chain = index.chain(slot).expect("a chain of the set");
            let number = |seal: Option<Seal>| seal.map(|seal| seal.number);
            let safe = heads.cross_safe.map(|entry| entry.derived);
            assert!(number(heads.cross_unsafe) <= heads.local_unsafe.map(|block| block.number));
            assert!(number(safe) <= number(heads.cross_unsafe));
            assert!(number(heads.finalized) <= number(safe));
            assert!(
                heads.local_safe.is_none_or(|local| number(safe) <= Some(local.derived.number))
            );
            for seal in [heads.cross_unsafe, safe, heads.finalized].into_iter().flatten() {
                assert_eq!(chain.logs().find(seal.number).map(|logged| logged.hash), Ok(seal.hash));
            }
        }
    }
}

impl ForSupervisor {
    /// An answer to a question: mostly the truth, of one branch.
    fn answer(&mut self, script: &mut Script<'_>) -> Result<InputOf<Supervisor>> {
        let Some((id, query)) = take(script, &mut self.questions)? else {
            let id = AskId::from_u64(script.int_in_range(0..=3)?);
            return Ok(Input::Local(L1Query::answered(id, None)));
        };
        let (known, other) = (!script.ratio(1, 8)?, branch(script)?);
        let place = |chain_id: ChainId| CHAINS.iter().position(|id| ChainId::from(*id) == chain_id);
        Ok(Input::Local(match query {
            SupervisorQuery::Block(BlockQuery { chain_id, number }) => {
                let block = place(chain_id).filter(|_| known && number < 12);
                BlockQuery::answered(id, block.map(|slot| l2(slot, number, other).0))
            }
            SupervisorQuery::Logs(LogsQuery { chain_id, hash }) => {
                let logs =
                    place(chain_id).filter(|_| known).and_then(|slot| truth::logs(slot, hash));
                LogsQuery::answered(id, logs)
            }
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, number, .. }) => {
                let block = place(chain_id).filter(|_| known && number < 12);
                NodeBlockQuery::answered(id, block.map(|slot| l2(slot, number, other).0.id()))
            }
            SupervisorQuery::Outputs(OutputsQuery { chain_id, timestamp }) => {
                let number = timestamp.saturating_sub(truth::BEGAN) / 2;
                let outputs = place(chain_id).filter(|_| known).map(|slot| {
                    let canonical = output(l2(slot, number, other).0.hash);
                    Outputs { canonical, pending: canonical }
                });
                OutputsQuery::answered(id, outputs)
            }
            SupervisorQuery::L1(L1Query { number }) => {
                L1Query::answered(id, known.then(|| l1(number, other)))
            }
        }))
    }

    /// The next step of a derivation: mostly a block more, or a layer-one block more.
    fn derivation(&mut self, script: &mut Script<'_>, slot: usize) -> Result<NodeEvent> {
        let (source, derived) = &mut self.derived[slot];
        match script.int_in_range(0..=7_u8)? {
            0..=3 => *derived = (*derived + 1).min(9),
            4..=6 => *source = (*source + 1).min(9),
            _ => (*source, *derived) = (script.int_in_range(0..=9)?, script.int_in_range(0..=9)?),
        }
        let (source, derived) = (*source, *derived);
        let derived = l2(slot, derived, branch(script)?).0;
        let pair = DerivedRefPair { source: l1(source, branch(script)?), derived };
        let unsafe_block = script.ratio(1, 2)?.then_some(derived);
        Ok(NodeEvent { derivation_update: Some(pair), unsafe_block, ..NodeEvent::default() })
    }

    /// A block in the place of one that was found invalid.
    fn replacement(&mut self, script: &mut Script<'_>) -> Result<InputOf<Supervisor>> {
        let Some((chain_id, seal)) = take(script, &mut self.invalidated)? else {
            return Ok(Input::Timeout);
        };
        let slot = CHAINS.iter().position(|id| ChainId::from(*id) == chain_id).unwrap_or(0);
        // Further blocks of the derivation come after it.
        self.derived[slot].1 = seal.number;
        let replacement = l2(slot, seal.number, branch(script)?).0;
        let replace_block = Some(BlockReplacement { replacement, invalidated: seal.hash });
        node(script, slot, NodeEvent { replace_block, ..NodeEvent::default() })
    }
}

fn anchor(slot: usize, source: BlockRef, derived: BlockRef) -> SupervisorCommand {
    let anchor = Box::new(DerivedRefPair { source, derived });
    SupervisorCommand::Anchor { chain_id: ChainId::from(CHAINS[slot]), anchor }
}

fn some_node(script: &mut Script<'_>) -> Result<NodeId> {
    Ok(NodeId(u32::from(script.ratio(1, 8)?)))
}

fn node(script: &mut Script<'_>, slot: usize, event: NodeEvent) -> Result<InputOf<Supervisor>> {
    let chain_id = ChainId::from(CHAINS[slot]);
    let (node, event) = (some_node(script)?, Box::new(event));
    Ok(Input::Remote(SupervisorRemote::Node { chain_id, node, event }))
}
