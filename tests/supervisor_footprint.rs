//! What a Supervisor and its parts say of their memory: never less than is live, and not much more.

#![cfg(all(feature = "supervisor", feature = "sim"))]

#[path = "heap/mod.rs"]
mod heap;

use std::collections::BTreeMap;
use std::mem::size_of_val;
use std::sync::Arc;

use nodewire::codec::supervisor::{
    BlockRef, BlockReplacement, ChainId, DerivedRefPair, Hash, Keccak256, Log, NodeEvent, Profile,
    RustCryptoKeccak256 as Keccak, Served,
};
use nodewire::sim::supervisor::{executing, message_of, plain};
use nodewire::state::supervisor::{
    BlockQuery, CallId, ChainConfig, Claim, Config, Durable, DurableCommand, DurableLimits,
    DurableQuery, ExpiryWindow, Index, IndexedLog, Limits, LogIndex, LogsQuery, NodeId, RpcText,
    Server, Slot, StoreAnswer, Supervisor, SupervisorCommand, SupervisorQuery, SupervisorRemote,
    recover,
};
use nodewire::{Action, AskId, Machine, Outbox, Time};
use serde_json::{Value, json};

/// What trees and lists that doubled may say beyond what is live.
const SLACK: usize = 4_096;

/// Says so much, and not much more, for `live` bytes on the heap.
#[track_caller]
fn check(told: usize, live: usize) {
    assert!(told >= live, "{live} bytes live, {told} told");
    assert!(told <= live + live / 2 + SLACK, "{live} bytes live, {told} told");
}

fn config(chains: u64) -> Config {
    let of_chain = |id| (ChainId::from(id), ChainConfig { activation: 0, block_time: 2 });
    let chains: BTreeMap<_, _> = (1..=chains).map(of_chain).collect();
    let mut config = Config::new(chains, ExpiryWindow::EXPIRY_CURRENT);
    config.admin = true;
    config
}

/// Block `number` of a chain.
fn block(chain: u64, number: u64) -> BlockRef {
    let hash = |number: u64| {
        let mut hash = [7; 32];
        hash[..8].copy_from_slice(&chain.to_be_bytes());
        hash[24..].copy_from_slice(&number.to_be_bytes());
        Hash(hash)
    };
    let parent_hash = number.checked_sub(1).map_or(Hash::ZERO, hash);
    BlockRef { hash: hash(number), number, parent_hash, timestamp: 1_000 + 2 * number }
}

/// Chain 0 is layer one.
fn pair(source: u64, chain: u64, derived: u64) -> DerivedRefPair {
    DerivedRefPair { source: block(0, source), derived: block(chain, derived) }
}

fn said() -> IndexedLog {
    IndexedLog::of::<Keccak>(&plain("said"))
}

/// A log that claims to execute one of block 1 of a chain.
fn claims(chain: u64) -> IndexedLog {
    let executing = Some(Claim::Message {
        chain_id: ChainId::from(chain),
        block_number: 1,
        timestamp: block(chain, 1).timestamp,
        log_index: 0,
        checksum: Hash::ZERO,
    });
    IndexedLog { executing, ..said() }
}

/// Every byte: logs, executing logs and blocks without any, of more pages than one.
#[test]
fn an_index_of_logs_knows_its_bytes() {
    let set: Arc<[ChainId]> = [ChainId::from(1)].into();
    for (blocks, logs) in [(1, 0), (3, 0), (512, 0), (1_500, 0), (700, 3)] {
        let (executing, plain) = (claims(1), said());
        let logs: Vec<_> = (0..logs).map(|at| if at == 1 { executing } else { plain }).collect();
        let before = heap::live();
        let mut index = heap::held(|| {
            let mut index: LogIndex = LogIndex::new(ChainId::from(1), set.clone());
            for number in 1..=blocks {
                index.append(&block(1, number), &logs).unwrap();
            }
            index
        });
        assert_eq!(index.heap(), heap::live() - before, "{blocks} blocks");
        heap::held(|| {
            for position in 0..9 {
                index.add_log(block(1, blocks).id(), position, plain).unwrap();
            }
        });
        assert_eq!(index.heap(), heap::live() - before, "{blocks} blocks and a part of one");
    }
}

/// Of few topics, as nearly all logs are, the payload is hashed where it is.
#[test]
fn hashing_a_log_of_few_topics_allocates_nothing() {
    for topics in 0..3 {
        let log = Log { topics: vec![Hash([7; 32]); topics], ..plain("said") };
        let (before, hash) = (heap::calls(), heap::held(|| log.payload_hash::<Keccak>()));
        assert_eq!(heap::calls(), before, "{topics} topics");
        assert_eq!(hash, Keccak::keccak256(&[&log.payload()]));
    }
}

/// `chains` chains, each with `blocks` blocks logged and derived, and a last one that is only
/// logged and claims something of every chain.
fn filled(chains: u64, blocks: u64) -> Index {
    let mut index: Index = Index::new(config(chains), Limits::default()).unwrap();
    let slots = || (1..=chains).map(|chain| (Slot(u8::try_from(chain - 1).unwrap()), chain));
    for (slot, chain) in slots() {
        index.anchor(slot, &pair(10, chain, 0)).unwrap();
    }
    for number in 1..=blocks {
        for (slot, chain) in slots() {
            index.append(slot, &block(chain, number), &[]).unwrap();
            index.derive(slot, &pair(10, chain, number), &mut Vec::new()).unwrap();
        }
        index.promote(&mut Vec::new());
    }
    let all: Vec<_> = (1..=chains).map(claims).collect();
    for (slot, chain) in slots() {
        index.append(slot, &block(chain, blocks + 1), &all).unwrap();
    }
    index.promote(&mut Vec::new());
    index
}

#[test]
fn an_index_knows_its_bytes() {
    for (chains, blocks) in [(1, 0), (1, 600), (3, 40), (100, 2)] {
        let before = heap::live();
        let index = heap::held(|| filled(chains, blocks));
        let (told, live) = (index.footprint() - size_of_val(&index), heap::live() - before);
        check(told, live);
    }
}

fn call(id: &str, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn text(number: u64, text: &Value) -> RpcText {
    RpcText { call: CallId(number), text: text.to_string().into() }
}

/// Many texts of one call, and few of many, some of them answered.
#[test]
fn a_server_knows_its_bytes() {
    let served =
        Served { extensions: true, dependency_set_v1: false, admin: true, max_access_entries: 100 };
    for (texts, calls, id) in [(0, 0, 0), (1_000, 1, 1), (2, 500, 1), (10, 90, 200)] {
        let id = "i".repeat(id);
        // Of every three calls one is refused at once, and one is answered.
        let methods = ["supervisor_syncStatus", "supervisor_nothing", "supervisor_finalizedL1"];
        let batch: Vec<_> =
            (0..calls).map(|at| call(&id, methods[at % methods.len()], &json!([]))).collect();
        let before = heap::live();
        let mut server = heap::held(|| Server::new(Limits::default(), Profile::Seed, served));
        for number in 0..texts {
            let text = text(number, &json!(batch));
            let mut out = Outbox::new();
            heap::held(|| server.handle_remote(Time::ZERO, text, &mut out));
        }
        assert_eq!(server.waiting() as u64, texts);
        check(server.footprint() - size_of_val(&server), heap::live() - before);
    }
}

/// A Supervisor, what it asked, and what its memory was before it.
struct Held {
    supervisor: Supervisor,
    asked: Vec<(AskId, SupervisorQuery)>,
    before: usize,
}

impl Held {
    fn new(chains: u64) -> Self {
        let config = config(chains);
        let before = heap::live();
        let supervisor = heap::held(|| Supervisor::new(config, Limits::default()).unwrap());
        Self { supervisor, asked: Vec::new(), before }
    }

    fn hear(&mut self, input: SupervisorRemote) {
        let mut out = heap::held(|| {
            let mut out = Outbox::new();
            self.supervisor.handle_remote(Time::ZERO, input, &mut out);
            out
        });
        self.note(&mut out);
    }

    fn command(&mut self, input: SupervisorCommand) {
        let mut out = heap::held(|| {
            let mut out = Outbox::new();
            self.supervisor.handle_local(Time::ZERO, input, &mut out).unwrap();
            out
        });
        self.note(&mut out);
    }

    fn note(&mut self, out: &mut nodewire::Out<Supervisor>) {
        let asked = out.drain().filter_map(|action| match action {
            Action::Ask(id, query) => Some((id, query)),
            _ => None,
        });
        self.asked.extend(asked);
    }

    fn anchor(&mut self, chain: u64) {
        let (chain_id, anchor) = (ChainId::from(chain), Box::new(pair(10, chain, 0)));
        self.command(SupervisorCommand::Anchor { chain_id, anchor });
    }

    fn node(&mut self, chain: u64, event: NodeEvent) {
        let chain_id = ChainId::from(chain);
        self.hear(SupervisorRemote::Node { chain_id, node: NodeId(1), event: Box::new(event) });
    }

    /// Answers the newest question, which is about logs, and then an older one about a block.
    fn tell_logs(&mut self, logs: Vec<Log>) {
        let Some((id, SupervisorQuery::Logs(_))) = self.asked.pop() else { panic!("about logs") };
        let before = std::mem::take(&mut self.asked);
        self.command(LogsQuery::answered(id, Some(logs)));
        for (id, _) in before {
            self.command(BlockQuery::answered(id, None));
        }
        assert_eq!(self.asked, []);
    }

    /// How many bytes are live beside the machine itself.
    #[track_caller]
    fn check(&self) -> usize {
        let live = heap::live() - self.before;
        let told = self.supervisor.footprint() - size_of_val(&self.supervisor);
        assert!(told >= live, "{live} bytes live, {told} told");
        assert!(told <= 2 * live + SLACK, "{live} bytes live, {told} told");
        live
    }
}

#[test]
fn a_supervisor_knows_the_bytes_of_its_chains_and_nodes() {
    for chains in [1, 20, 100] {
        let mut held = Held::new(chains);
        let empty = held.check();
        for chain in 1..=chains {
            for node in 0..8 {
                let chain_id = ChainId::from(chain);
                held.hear(SupervisorRemote::NodeUp { chain_id, node: NodeId(node) });
            }
        }
        assert!(held.check() > empty);
    }
}

#[test]
fn a_supervisor_knows_the_bytes_of_events_that_wait_for_an_anchor() {
    let mut held = Held::new(1);
    let empty = held.check();
    for number in 0..100 {
        let unsafe_block = Some(block(1, number));
        let reset = Some("a long reason ".repeat(1_000));
        held.node(1, NodeEvent { unsafe_block, reset, ..NodeEvent::default() });
    }
    let parked = Limits::default().max_parked_events * size_of::<NodeEvent>();
    assert!(held.check() > empty + parked);
}

/// Blocks with their logs, but for the first, so that none can be indexed.
#[test]
fn a_supervisor_knows_the_bytes_of_blocks_that_wait_for_others() {
    let mut held = Held::new(1);
    held.anchor(1);
    let empty = held.check();
    let unsafe_block = Some(block(1, 40));
    held.node(1, NodeEvent { unsafe_block, ..NodeEvent::default() });
    while let Some((id, query)) = held.asked.pop() {
        match query {
            SupervisorQuery::Block(BlockQuery { number, .. }) => {
                held.command(BlockQuery::answered(id, Some(block(1, number))));
            }
            SupervisorQuery::Logs(LogsQuery { hash, .. }) if hash != block(1, 1).hash => {
                let logs = vec![plain("said"); 200];
                held.command(LogsQuery::answered(id, Some(logs)));
            }
            _ => {}
        }
    }
    let waiting = (Limits::default().max_fetches - 1) * 200 * size_of::<IndexedLog>();
    assert!(held.check() > empty + waiting);
}

/// Every block executes what was never said, is found out and replaced.
#[test]
fn a_supervisor_knows_the_bytes_of_blocks_that_were_replaced() {
    let mut held = Held::new(1);
    held.anchor(1);
    let lie = message_of(ChainId::from(1), (0, 1_000), 3, &plain("never said"));
    for number in 1..=300 {
        let replacement = block(1, number);
        let bad = BlockRef { hash: block(2, number).hash, ..replacement };
        let invalidated = bad.hash;
        let derivation_update = Some(DerivedRefPair { derived: bad, ..pair(10, 1, number) });
        let replace_block = Some(BlockReplacement { replacement, invalidated });
        let event = NodeEvent { unsafe_block: Some(bad), ..NodeEvent::default() };
        held.node(1, event);
        held.tell_logs(vec![executing(&lie)]);
        held.node(1, NodeEvent { derivation_update, ..NodeEvent::default() });
        held.node(1, NodeEvent { replace_block, ..NodeEvent::default() });
        held.tell_logs(Vec::new());
    }
    let head = held.supervisor.index().heads(Slot(0)).cross_safe.unwrap();
    assert_eq!(head.derived, block(1, 300).seal());
    held.check();
}

#[test]
fn a_supervisor_knows_the_bytes_of_super_roots_that_wait() {
    let mut held = Held::new(60);
    (1..=60).for_each(|chain| held.anchor(chain));
    let empty = held.check();
    for number in 0..300 {
        let root = call("i", "supervisor_superRootAtTimestamp", &json!(["0x3e8"]));
        held.hear(SupervisorRemote::Rpc(text(number, &root)));
    }
    assert!(held.check() > empty + 300 * 60 * 64);
}

/// Replies that may not go out before the records are on the disk.
#[test]
fn a_durable_supervisor_knows_the_bytes_of_replies_that_wait() {
    let recovered =
        recover::<Keccak, Vec<u8>>(&config(2), &Limits::default(), &[], |_| None).unwrap();
    let before = heap::live();
    let mut out = Outbox::new();
    let mut durable =
        heap::held(|| Durable::begin(Time::ZERO, recovered, DurableLimits::default(), &mut out));
    let Some(Action::Ask(begin, DurableQuery::Store(_))) = out.pop() else { panic!("a journal") };
    let batch: Vec<_> = (0..200).map(|_| call("i", "supervisor_syncStatus", &json!([]))).collect();
    for number in 0..20 {
        let text = heap::held(|| SupervisorRemote::Rpc(text(number, &json!(batch))));
        heap::held(|| durable.handle_remote(Time::ZERO, text, &mut out));
    }
    assert!(out.pop().is_none());
    let live = heap::live() - before;
    let told = durable.footprint() - size_of_val(&durable);
    assert!(told >= live && told <= 3 * live, "{live} bytes live, {told} told");
    let stored = DurableCommand::Stored(begin, StoreAnswer::Durable);
    heap::held(|| durable.handle_local(Time::ZERO, stored, &mut out)).unwrap();
    let replies = std::iter::from_fn(|| out.pop()).filter(|it| matches!(it, Action::Send(_)));
    assert_eq!(replies.count(), 20);
}
