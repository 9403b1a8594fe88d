//! Whatever order chains tell their blocks in, heads end at the same blocks, at the same sources,
//! and the same blocks are replaced (D-15); also if unsafe blocks are dropped meanwhile, and told
//! again.

use std::collections::BTreeMap;

use nodewire::codec::supervisor::{
    BlockRef, ChainId, ChecksumArgs, DerivedRefPair, Hash, Keccak256, RustCryptoKeccak256 as Keccak,
};
use nodewire::state::supervisor::{
    ChainConfig, Claim, Config, Consequence, ExpiryWindow, Heads, Index, IndexedLog, Limits, Slot,
};

use crate::heads;

/// Splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

#[derive(Clone)]
enum Event {
    Append(Slot, BlockRef, Vec<IndexedLog>),
    Derive(Slot, DerivedRefPair),
    Finalize(BlockRef),
}

const CHAINS: u64 = 4;

fn hash(text: &str) -> Hash {
    Keccak::keccak256(&[text.as_bytes()])
}

fn l1(number: u64) -> BlockRef {
    BlockRef {
        hash: hash(&format!("l1 {number}")),
        number,
        parent_hash: hash(&format!("l1 {}", number.saturating_sub(1))),
        timestamp: number,
    }
}

fn block(chain: u64, number: u64) -> BlockRef {
    let name = |number: u64| hash(&format!("{chain} {number}"));
    BlockRef {
        hash: name(number),
        number,
        parent_hash: name(number - 1),
        timestamp: 1_000 + 2 * (number - 100),
    }
}

fn log_hash(chain: u64, number: u64, position: u64) -> Hash {
    hash(&format!("{chain} {number} {position}"))
}

/// Logs of one block; some execute logs of any chain at any time, some lie.
fn logs(dice: &mut Dice, chain: u64, number: u64, heights: &[u64]) -> Vec<IndexedLog> {
    let count = dice.below(4);
    let log = |position| {
        let log_hash = log_hash(chain, number, position);
        let executing = (dice.below(3) == 0).then(|| {
            let target = dice.below(CHAINS);
            let reach = if dice.below(12) == 0 { number + 1 } else { number };
            let oldest = number.saturating_sub(3).max(101);
            let block_number = oldest + dice.below(reach - oldest + 1);
            let log_index = dice.below(4);
            let lie = dice.below(40) == 0 || block_number > heights[target as usize];
            let mut args = ChecksumArgs {
                block_number,
                log_index: log_index as u32,
                timestamp: block(target, block_number).timestamp,
                chain_id: ChainId::from(target),
                log_hash: self::log_hash(target, block_number, log_index),
            };
            if lie {
                args.log_hash.0[0] ^= 1;
            }
            Claim::Message {
                chain_id: args.chain_id,
                block_number,
                timestamp: args.timestamp,
                log_index: args.log_index,
                checksum: args.checksum::<Keccak>(),
            }
        });
        IndexedLog { log_hash, executing }
    };
    (0..count).map(log).collect()
}

/// What each chain tells, in its order.
fn told(seed: u64) -> Vec<Vec<Event>> {
    let mut dice = Dice(seed);
    let heights: Vec<u64> = (0..CHAINS).map(|_| 103 + dice.below(6)).collect();
    let mut streams = Vec::new();
    for chain in 0..CHAINS {
        let slot = Slot(chain as u8);
        let (mut unsafe_blocks, mut derived) = (Vec::new(), Vec::new());
        let mut source = 10;
        for number in 101..=heights[chain as usize] {
            let logs = logs(&mut dice, chain, number, &heights);
            unsafe_blocks.push(Event::Append(slot, block(chain, number), logs));
            for _ in 0..dice.below(3) {
                source += 1;
                let pair = DerivedRefPair { source: l1(source), derived: block(chain, number - 1) };
                derived.push(Event::Derive(slot, pair));
            }
            let pair = DerivedRefPair { source: l1(source), derived: block(chain, number) };
            derived.push(Event::Derive(slot, pair));
        }
        streams.push(unsafe_blocks);
        streams.push(derived);
    }
    let finals = (0..2).map(|_| Event::Finalize(l1(10 + dice.below(8))));
    let mut finals: Vec<_> = finals.collect();
    finals.sort_by_key(|event| match event {
        Event::Finalize(block) => block.number,
        _ => 0,
    });
    streams.push(finals);
    streams
}

/// Of a chain: how far it is on each level, and how many of its blocks were invalidated.
type Ends = Vec<(Heads, u64)>;

/// An index, and the nodes that tell it.
struct World {
    index: Index<Keccak>,
    /// The logs of every block that was told.
    logs: BTreeMap<Hash, Vec<IndexedLog>>,
    invalidated: Vec<u64>,
}

impl World {
    fn new(budget: usize) -> Self {
        let chains = (0..CHAINS)
            .map(|chain| (ChainId::from(chain), ChainConfig { activation: 0, block_time: 2 }));
        let config = Config::new(chains.collect::<BTreeMap<_, _>>(), ExpiryWindow(1_000));
        let mut limits = Limits::default();
        limits.promotion_budget = budget;
        let mut index = Index::<Keccak>::new(config, limits).unwrap();
        for chain in 0..CHAINS {
            let anchor = DerivedRefPair { source: l1(10), derived: block(chain, 100) };
            index.anchor(Slot(chain as u8), &anchor).unwrap();
        }
        Self { index, logs: BTreeMap::new(), invalidated: vec![0; CHAINS as usize] }
    }

    /// What does not fit any more came after an invalidated block.
    fn handle(&mut self, event: Event) {
        let mut then = Vec::new();
        match event {
            Event::Append(slot, block, logs) => {
                let _ = self.index.append(slot, &block, &logs);
                self.logs.insert(block.hash, logs);
            }
            Event::Derive(slot, pair) => drop(self.index.derive(slot, &pair, &mut then)),
            Event::Finalize(block) => drop(self.index.finalize_l1(block, &mut then)),
        }
        self.settle(then);
    }

    /// Heads advance; nodes replace what is invalidated at once.
    fn settle(&mut self, mut then: Vec<Consequence>) {
        while !self.index.promote(&mut then) {}
        // Layer one has what was derived from.
        if let Some(number) = self.index.unconfirmed_l1() {
            (0..=number).for_each(|it| self.index.confirm_l1(l1(it).id(), &mut then));
        }
        while let Some(consequence) = then.pop() {
            match consequence {
                Consequence::Invalidated(slot, seal) => {
                    self.invalidated[slot.index()] += 1;
                    let old = block(u64::from(slot.0), seal.number);
                    let hash = hash(&format!("{} {} replaced", slot.0, seal.number));
                    let replacement = BlockRef { hash, ..old };
                    // It keeps the logs of deposits, which come first.
                    let logs = self.logs[&seal.hash].iter().copied();
                    let kept: Vec<_> = logs.take_while(|log| log.executing.is_none()).collect();
                    self.index.replace(slot, &replacement, seal.hash, &kept, &mut then).unwrap();
                    self.logs.insert(hash, kept);
                    while !self.index.promote(&mut then) {}
                }
                Consequence::Corrupted(slot, code) => panic!("{slot:?}: {code}"),
                _ => {}
            }
        }
        heads::check(&self.index);
    }

    /// Unsafe blocks of one chain are dropped, and told again.
    fn rewind(&mut self, dice: &mut Dice) {
        let slot = Slot(dice.below(CHAINS) as u8);
        let heads = self.index.heads(slot);
        let (safe, head) = (heads.cross_safe.unwrap().derived, heads.local_unsafe.unwrap());
        if head.number == safe.number {
            return;
        }
        let kept = safe.number + dice.below(head.number - safe.number);
        let logged = self.index.chain(slot).unwrap().logs();
        let open = |number| logged.open(number).unwrap().reference();
        let dropped: Vec<_> = (kept + 1..=head.number).map(open).collect();
        let mut then = Vec::new();
        self.index.rewind_logs(slot, open(kept).id(), &mut then).unwrap();
        self.settle(then);
        for block in dropped {
            let logs = self.logs[&block.hash].clone();
            self.handle(Event::Append(slot, block, logs));
        }
    }
}

/// The heads after all was told, in an order that the dice choose, with rewinds or not.
fn run(seed: u64, order: u64, budget: usize, rewinds: bool) -> Ends {
    let mut world = World::new(budget);
    let mut dice = Dice(order);
    let mut streams: Vec<_> = told(seed).into_iter().map(Vec::into_iter).collect();
    while !streams.is_empty() {
        let at = dice.below(streams.len() as u64) as usize;
        match streams[at].next() {
            Some(event) => world.handle(event),
            None => drop(streams.remove(at)),
        }
        if rewinds && dice.below(4) == 0 {
            world.rewind(&mut dice);
        }
    }
    let World { index, invalidated, .. } = world;
    index.slots().map(|slot| (index.heads(slot), invalidated[slot.index()])).collect()
}

#[test]
fn heads_do_not_depend_on_the_order_of_chains() {
    let seeds = if cfg!(debug_assertions) { 40 } else { 3_000 };
    let (mut invalid, mut safe) = (0, 0);
    for seed in 0..seeds {
        let first = run(seed, 1, 10_000, false);
        let orders = [(2, 10_000, false), (3, 10_000, false), (4, 1, false), (5, 10_000, true)];
        for (order, budget, rewinds) in orders {
            let other = run(seed, order, budget, rewinds);
            assert_eq!(first, other, "seed {seed}, order {order}");
        }
        invalid += first.iter().map(|(_, count)| count).sum::<u64>();
        let got_on = |heads: &Heads| heads.cross_safe.is_some_and(|it| it.derived.number > 102);
        safe += first.iter().filter(|(heads, _)| got_on(heads)).count();
    }
    println!("{invalid} blocks invalidated, {safe} chains got on");
    assert!(invalid > seeds / 10 && safe > seeds as usize / 2);
}
