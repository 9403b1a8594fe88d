//! Durability: what is written down of a machine, and starting again from it.

#![allow(clippy::disallowed_types)] // A clock is what the report is about.

use std::collections::BTreeMap;
use std::time::Instant;

use nodewire::codec::supervisor::journal::{FileKind, StoreFile};
use nodewire::codec::supervisor::{DerivedRefPair, Log, NodeEvent, RustCryptoKeccak256 as Keccak};
use nodewire::state::supervisor::{
    ChainConfig, Config, Durable, DurableCommand, DurableLimits, DurableQuery, ExpiryWindow,
    Limits, LogsQuery, NodeId, Recovered, Snapshot, Store, StoreAnswer, SupervisorCommand,
    SupervisorQuery, SupervisorRemote, recover, restore,
};
use nodewire::{Action, Machine, Outbox, Time};

use crate::common::{Case, Run, again};
use crate::samples::{ANCHOR, BLOCK_TIME, block, chain_id, l1, raw};

/// Logs of a block.
const LOGS: u32 = 100;

/// Chains and blocks of each in a measured case.
const SMALL: (u8, u64) = (2, 10);

/// The cases: figures are for a log.
pub fn cases() -> Vec<Case> {
    let ops = u64::from(SMALL.0) * SMALL.1 * u64::from(LOGS);
    let case = |name, make| Case { name, ops, bytes: 0, make };
    vec![
        case("journal/record", || {
            Run::Anew(Box::new(|| {
                let mut host = Host::new(SMALL.0, BTreeMap::new(), true);
                let blocks = host.blocks(SMALL.1);
                Box::new(move || {
                    host.grow(blocks);
                    drop(std::hint::black_box(host));
                })
            }))
        }),
        case("journal/replay", || {
            let mut host = Host::new(SMALL.0, BTreeMap::new(), true);
            host.grow(host.blocks(SMALL.1));
            again(host.files, |files| drop(std::hint::black_box(recovered(SMALL.0, files))))
        }),
        case("snapshot/write", || {
            let mut host = Host::new(SMALL.0, BTreeMap::new(), false);
            host.grow(host.blocks(SMALL.1));
            again(host, |host| drop(std::hint::black_box(host.snapshot())))
        }),
        case("snapshot/restore", || {
            let mut host = Host::new(SMALL.0, BTreeMap::new(), false);
            host.grow(host.blocks(SMALL.1));
            again(host.snapshot(), |bytes| {
                let restored = restore::<Keccak>(config(SMALL.0), Limits::default(), bytes);
                drop(std::hint::black_box(restored.expect("what was written")));
            })
        }),
    ]
}

/// Seconds that a restart takes with ten million logs in the snapshot and as many bytes of journal
/// after it as there are before the next snapshot. Files are in memory.
pub fn ten_million() -> f64 {
    let (chains, blocks) = (10, 10_000);
    let mut host = Host::new(chains, BTreeMap::new(), false);
    for _ in 0..100 {
        host.grow(host.blocks(blocks / 100));
    }
    let began = Instant::now();
    let snapshot = host.snapshot();
    let wrote = began.elapsed();
    let bytes = snapshot.len();
    let name = StoreFile { kind: FileKind::Snapshot, generation: 1 };
    drop(host);
    let began = Instant::now();
    let mut host = Host::new(chains, BTreeMap::from([(name, snapshot)]), true);
    let read = began.elapsed();
    let most = DurableLimits::default().snapshot_after.max(bytes as u64);
    while host.durable.journal_bytes() < most {
        host.grow(host.blocks(100));
    }
    let held = host.durable.supervisor().footprint();
    let Host { files, .. } = host;
    let began = Instant::now();
    let found = recovered(chains, &files);
    let took = began.elapsed();
    assert!(found.complete && found.exact && found.snapshot == Some(1));
    println!(
        "10 M logs: snapshot {} MB (written in {:.2} s, restored in {:.2} s), journal {} MB with \
         {} records; {} MB held",
        bytes / 1_000_000,
        wrote.as_secs_f64(),
        read.as_secs_f64(),
        found.bytes / 1_000_000,
        found.replayed,
        held / 1_000_000,
    );
    took.as_secs_f64()
}

type Files = BTreeMap<StoreFile, Vec<u8>>;

/// A durable machine, the node of each of its chains, and its disk.
struct Host {
    durable: Durable,
    chains: u8,
    /// The newest block that was told.
    head: u64,
    files: Files,
    /// Whether bytes are kept, or only said to be.
    keeps: bool,
}

fn config(chains: u8) -> Config {
    let chain = ChainConfig { activation: 0, block_time: BLOCK_TIME };
    let set = (0..chains).map(|at| (chain_id(at), chain)).collect();
    Config::new(set, ExpiryWindow::EXPIRY_CURRENT)
}

fn recovered(chains: u8, files: &Files) -> Recovered {
    let names: Vec<_> = files.keys().copied().collect();
    let read = |file: StoreFile| files.get(&file);
    recover(&config(chains), &Limits::default(), &names, read).expect("few chains")
}

impl Host {
    /// A machine of what the files tell; its chains are anchored.
    fn new(chains: u8, files: Files, keeps: bool) -> Self {
        let recovered = recovered(chains, &files);
        let index = recovered.machine.index();
        let head = index.slots().filter_map(|slot| index.heads(slot).local_unsafe);
        let head = head.map(|block| block.number).min().unwrap_or(ANCHOR);
        let mut limits = DurableLimits::default();
        limits.snapshot_after = u64::MAX;
        let mut out = Outbox::new();
        let durable = Durable::begin(Time::ZERO, recovered, limits, &mut out);
        let mut host = Self { durable, chains, head, files, keeps };
        host.carry_out(out, &[]);
        for chain in 0..chains {
            let anchor = DerivedRefPair { source: l1(ANCHOR), derived: block(chain, ANCHOR) };
            let (chain_id, anchor) = (chain_id(chain), Box::new(anchor));
            host.command(SupervisorCommand::Anchor { chain_id, anchor }, &[]);
        }
        host
    }

    /// The logs of so many more blocks of every chain.
    fn blocks(&self, count: u64) -> Vec<(u8, u64, Vec<Log>)> {
        let numbers = self.head + 1..=self.head + count;
        let of = |number| (0..self.chains).map(move |chain| (chain, number));
        let logs = |(chain, number)| (0..LOGS).map(move |at| raw(chain, number, at)).collect();
        numbers.flat_map(of).map(|(chain, number)| (chain, number, logs((chain, number)))).collect()
    }

    /// Tells blocks, and that they were derived.
    fn grow(&mut self, blocks: Vec<(u8, u64, Vec<Log>)>) {
        for (chain, number, logs) in blocks {
            let derived = block(chain, number);
            let event = NodeEvent {
                unsafe_block: Some(derived),
                derivation_update: Some(DerivedRefPair { source: l1(ANCHOR), derived }),
                ..NodeEvent::default()
            };
            let (chain_id, event) = (chain_id(chain), Box::new(event));
            let mut out = Outbox::new();
            let told = SupervisorRemote::Node { chain_id, node: NodeId(1), event };
            self.durable.handle_remote(Time::ZERO, told, &mut out);
            self.carry_out(out, &logs);
            self.head = number;
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        let (next, _) = self.durable.records();
        Snapshot::new(self.durable.supervisor().clone(), 1, next).write(usize::MAX)
    }

    fn command(&mut self, command: SupervisorCommand, logs: &[Log]) {
        let mut out = Outbox::new();
        let command = DurableCommand::Supervisor(command);
        self.durable.handle_local(Time::ZERO, command, &mut out).expect("nothing is full");
        self.carry_out(out, logs);
    }

    fn carry_out(&mut self, mut out: nodewire::Out<Durable>, logs: &[Log]) {
        while let Some(action) = out.pop() {
            let answer = match action {
                Action::Ask(id, DurableQuery::Store(store)) => {
                    self.store(&store);
                    DurableCommand::Stored(id, StoreAnswer::Durable)
                }
                Action::Ask(id, DurableQuery::Supervisor(SupervisorQuery::Logs(_))) => {
                    DurableCommand::Supervisor(LogsQuery::answered(id, Some(logs.to_vec())))
                }
                Action::Ask(_, other) => panic!("{other:?}"),
                Action::Send(_) | Action::Notify(_) => continue,
                Action::Close(ending) => panic!("{ending:?}"),
            };
            self.durable.handle_local(Time::ZERO, answer, &mut out).expect("an open question");
        }
    }

    fn store(&mut self, store: &Store) {
        if let (true, Store::Begin { bytes, .. } | Store::Append { bytes, .. }) =
            (self.keeps, store)
        {
            let file = store.file().expect("a journal");
            self.files.entry(file).or_default().extend_from_slice(bytes);
        }
    }
}
