//! Whatever nodes, layer one, clients and answers say, and however much of it: a Supervisor holds
//! no more than its limits allow.

#![cfg(all(feature = "supervisor", feature = "sim"))]

#[path = "heap/mod.rs"]
mod heap;

use std::collections::BTreeMap;
use std::time::Duration;

use nodewire::codec::supervisor::{
    BlockRef, BlockReplacement, ChainId, DerivedRefPair, Hash, Log, NodeEvent,
};
use nodewire::sim::Rng;
use nodewire::sim::supervisor::{executing, message_of, plain};
use nodewire::state::supervisor::{
    BlockQuery, CallId, ChainConfig, Config, ExpiryWindow, L1Query, Limits, LogsQuery,
    NodeBlockQuery, NodeId, OutputsQuery, RpcText, Supervisor, SupervisorCommand, SupervisorQuery,
    SupervisorRemote,
};
use nodewire::{Action, AskId, Input, Machine, Outbox, Time};

const CHAINS: u64 = 3;
const INPUTS: u64 = if cfg!(debug_assertions) { 12_000 } else { 60_000 };

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_text = 2_000;
    limits.max_batch = 5;
    limits.max_parked_calls = 4;
    limits.max_blocks_above_safe = 16;
    limits.max_logs = 8;
    limits.max_executing = 4;
    limits.max_local_safe_above_safe = 16;
    limits.max_fetches = 4;
    limits.max_parked_events = 4;
    limits.max_nodes = 3;
    limits
}

/// From the limits alone: nothing here gets safe beyond the anchor's block, so that all there is is
/// above it. Each part with room for lists that doubled and for trees that are half full.
fn bound(limits: &Limits) -> usize {
    let block = 96 + limits.max_logs * 2 * 32 + limits.max_executing * 2 * 64;
    let blocks = limits.max_blocks_above_safe + limits.max_fetches + 1;
    let derived = (limits.max_local_safe_above_safe + 2) * 128;
    let parked = limits.max_parked_events * (1_024 + REASON);
    let nodes = limits.max_nodes * 256;
    let questions = (limits.max_fetches + 2 * limits.max_nodes + limits.max_parked_calls + 2) * 256;
    let of_chain = 4_096 + blocks * block + derived + parked + nodes + questions;
    let texts = limits.max_parked_calls * (limits.max_text * 4 + 1_024);
    8_192 + CHAINS as usize * of_chain + texts
}

/// Longest reason of a reset that is told here.
const REASON: usize = 300;

struct Hostile {
    rng: Rng,
    asked: Vec<(AskId, SupervisorQuery)>,
    calls: u64,
}

impl Hostile {
    fn chain(&mut self) -> ChainId {
        ChainId::from(10 * self.rng.between(1, CHAINS))
    }

    /// Of one of two branches that part everywhere, mostly a block that follows.
    fn block(&mut self, chain: ChainId, number: u64) -> BlockRef {
        let branch = self.rng.below(100) == 0;
        let hash = |number: u64| {
            let mut hash = [u8::from(branch && number > 0); 32];
            hash[1] = chain.0[31];
            hash[24..].copy_from_slice(&number.to_be_bytes());
            Hash(hash)
        };
        let parent_hash = number.checked_sub(1).map_or(Hash::ZERO, hash);
        BlockRef {
            hash: hash(number),
            number,
            parent_hash,
            timestamp: number.wrapping_mul(2).wrapping_add(1_000),
        }
    }

    fn number(&mut self) -> u64 {
        match self.rng.below(4) {
            0 => self.rng.below(5_000),
            1 => self.rng.next(),
            _ => self.rng.below(40),
        }
    }

    fn pair(&mut self, chain: ChainId) -> DerivedRefPair {
        let (source, derived) = (self.rng.below(40), self.number());
        DerivedRefPair {
            source: self.block(ChainId::from(1), source),
            derived: self.block(chain, derived),
        }
    }

    /// Too many, or as many as may be; none that can get safe.
    fn logs(&mut self, chain: ChainId) -> Vec<Log> {
        let count = if self.rng.below(8) == 0 { self.rng.below(40) } else { self.rng.below(8) };
        let lie = message_of(chain, (7, 1_001), 3, &plain("never said"));
        let log = |at: u64| if at % 2 == 0 { executing(&lie) } else { plain("said") };
        (0..=count).map(log).collect()
    }

    fn event(&mut self, chain: ChainId) -> NodeEvent {
        let mut event = NodeEvent::default();
        let number = self.number();
        match self.rng.below(6) {
            0 | 1 => event.unsafe_block = Some(self.block(chain, number)),
            2 => event.derivation_update = Some(self.pair(chain)),
            3 => event.exhaust_l1 = Some(self.pair(chain)),
            4 => event.reset = Some("x".repeat(self.rng.below(REASON as u64) as usize)),
            _ => {
                let replacement = self.block(chain, number);
                let invalidated = self.block(chain, number).hash;
                event.replace_block = Some(BlockReplacement { replacement, invalidated });
            }
        }
        event
    }

    fn answer(&mut self) -> Option<SupervisorCommand> {
        // Some are never answered.
        if self.asked.len() > 200 {
            self.asked.remove(0);
        }
        let at = self.asked.len().checked_sub(1)?;
        let (id, query) = self.asked.swap_remove(self.rng.below(at as u64 + 1) as usize);
        let known = self.rng.below(8) > 0;
        Some(match query {
            SupervisorQuery::Block(BlockQuery { chain_id, number }) => {
                BlockQuery::answered(id, known.then(|| self.block(chain_id, number)))
            }
            SupervisorQuery::Logs(LogsQuery { chain_id, .. }) => {
                LogsQuery::answered(id, known.then(|| self.logs(chain_id)))
            }
            SupervisorQuery::NodeBlock(NodeBlockQuery { chain_id, number, .. }) => {
                NodeBlockQuery::answered(id, known.then(|| self.block(chain_id, number).id()))
            }
            SupervisorQuery::Outputs(_) => OutputsQuery::answered(id, None),
            SupervisorQuery::L1(L1Query { number }) => {
                L1Query::answered(id, known.then(|| self.block(ChainId::from(1), number)))
            }
        })
    }

    fn input(&mut self) -> Input<SupervisorCommand, SupervisorRemote> {
        let chain_id = self.chain();
        let node =
            NodeId(self.rng.below(200) as u32 % if self.rng.below(2) == 0 { 2 } else { 200 });
        Input::Remote(match self.rng.below(16) {
            0..=4 => return self.answer().map_or(Input::Timeout, Input::Local),
            5 => SupervisorRemote::NodeUp { chain_id, node },
            6 if self.rng.below(8) == 0 => SupervisorRemote::NodeDown { chain_id, node },
            7 => SupervisorRemote::L1Tip(self.l1()),
            8 if self.rng.below(8) == 0 => SupervisorRemote::L1Finalized(self.l1()),
            9 => {
                self.calls += 1;
                let at = 1_000 + self.rng.below(40);
                let call = format!(
                    r#"{{"jsonrpc":"2.0","id":"{}","method":"supervisor_superRootAtTimestamp","params":["{at:#x}"]}}"#,
                    "i".repeat(self.rng.below(2_500) as usize)
                );
                let text = RpcText { call: CallId(self.calls), text: call.into() };
                SupervisorRemote::Rpc(text)
            }
            _ => {
                let event = Box::new(self.event(chain_id));
                SupervisorRemote::Node { chain_id, node, event }
            }
        })
    }

    fn l1(&mut self) -> BlockRef {
        let number = self.number();
        self.block(ChainId::from(1), number)
    }
}

#[test]
fn hostile_feeds_do_not_fill_the_memory() {
    let mut worst = (0, 0, 0);
    for seed in 0..24 {
        let worst_of = run(seed);
        worst = (worst.0.max(worst_of.0), worst.1.max(worst_of.1), worst.2 + worst_of.2);
    }
    println!("at most {} bytes live, {} told, bound {}", worst.0, worst.1, bound(&limits()));
    // It was not idle: chains came to their limit.
    assert!(worst.2 >= 3, "{} chains", worst.2);
    assert!(worst.0 > bound(&limits()) / 8);
}

/// The most bytes that were live and told, and how many chains are as long as they may be.
fn run(seed: u64) -> (usize, usize, usize) {
    let chains: BTreeMap<_, _> = (1..=CHAINS)
        .map(|at| (ChainId::from(10 * at), ChainConfig { activation: 0, block_time: 2 }))
        .collect();
    let base = heap::live();
    let mut supervisor: Supervisor = heap::held(|| {
        Supervisor::new(Config::new(chains.clone(), ExpiryWindow(100)), limits())
            .expect("few chains")
    });
    let mut hostile = Hostile { rng: Rng::new(seed), asked: Vec::new(), calls: 0 };
    let most = bound(&limits());
    let (mut worst, mut now) = ((0, 0), Time::ZERO);
    for step in 0..INPUTS {
        now = now.after(Duration::from_millis(hostile.rng.below(40)));
        let mut input = hostile.input();
        // One after the other gets its anchor, so that events are parked before.
        if step % 1_000 == 500 && step / 1_000 < CHAINS {
            let chain_id = ChainId::from(10 * (step / 1_000 + 1));
            let rng = core::mem::replace(&mut hostile.rng, Rng::new(3));
            let (source, derived) =
                (hostile.block(ChainId::from(1), 0), hostile.block(chain_id, 0));
            hostile.rng = rng;
            let anchor = Box::new(DerivedRefPair { source, derived });
            input = Input::Local(SupervisorCommand::Anchor { chain_id, anchor });
        }
        let due = supervisor.deadline().is_some_and(|due| due <= now);
        let mut said = Vec::new();
        for input in due.then_some(Input::Timeout).into_iter().chain([input]) {
            let mut out = heap::held(|| {
                let mut out = Outbox::new();
                let _ = supervisor.handle(now, input, &mut out);
                out
            });
            said.extend(out.drain());
        }
        for action in said {
            if let Action::Ask(id, query) = action {
                hostile.asked.push((id, query));
            }
        }
        let (live, told) = (heap::live() - base, supervisor.footprint());
        assert!(live <= told, "step {step}: {live} bytes live, {told} told");
        assert!(told <= most, "step {step}: {told} bytes told, at most {most}");
        worst = (worst.0.max(live), worst.1.max(told));
    }
    let index = supervisor.index();
    let heads = index.slots().filter_map(|slot| index.heads(slot).local_unsafe);
    let full = heads.filter(|head| head.number == limits().max_blocks_above_safe as u64).count();
    (worst.0, worst.1, full)
}
