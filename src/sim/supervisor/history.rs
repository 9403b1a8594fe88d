//! What happens in a cluster, made from a seed: blocks, layer-one blocks with what is derived from
//! them, reorganisations, finality.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::content::Author;
use super::made::hash;
use super::options::Options;
use crate::codec::supervisor::{BlockRef, ChainId, DerivedRefPair, Hash, Log};
use crate::sim::Rng;
use crate::state::supervisor::{ChainConfig, Config, ExpiryWindow};

/// The time of every anchor, in seconds.
const GENESIS: u64 = 1_700_000_000;

/// The number of the layer-one block of the anchors.
const FIRST_L1: u64 = 1_000;

/// The history of a cluster: how it begins, and what happens then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cluster {
    pub(super) seed: u64,
    pub(super) options: Options,
    pub(super) chains: Vec<(ChainId, ChainConfig)>,
    pub(super) anchors: Vec<DerivedRefPair>,
    pub(super) steps: Vec<Step>,
    /// Where the quiet end begins.
    pub(super) quiet_from: usize,
}

/// The content of a block of a chain, whatever its parent is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Body {
    /// Which branch of the chain it was made for.
    pub branch: u64,
    /// So many logs come first that a replacement keeps.
    pub deposits: usize,
    /// All its logs.
    pub logs: Arc<[Log]>,
}

/// Another branch of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replan {
    /// The chain's place in the cluster.
    pub chain: usize,
    /// The last block that stays.
    pub keep: u64,
    /// What follows it.
    pub bodies: Vec<Body>,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// A chain builds a block on its head.
    Build {
        /// The chain's place in the cluster.
        chain: usize,
        /// What is in it.
        body: Body,
    },
    /// A chain builds another branch.
    Reorganise(Replan),
    /// Layer one grows by a block.
    L1 {
        /// The block.
        block: BlockRef,
        /// The last block of each chain that can be derived, with this one and those before it.
        derived: Vec<u64>,
        /// False: nobody is told; a later tip tells it.
        told: bool,
    },
    /// Layer one loses all blocks after this number; chains may change with it.
    ReorganiseL1 {
        /// The last number that stays.
        keep: u64,
        /// The chains that change.
        chains: Vec<Replan>,
    },
    /// The layer-one block of this number is final.
    Finalize {
        /// The number.
        number: u64,
    },
}

impl Cluster {
    /// The history of a cluster of `chains` chains, until the first has about `blocks` blocks
    /// after its anchor's, with a quiet end after that.
    #[must_use]
    pub fn generate(seed: u64, chains: usize, blocks: u64, options: Options) -> Self {
        let Self { chains, anchors, .. } = Self::anchored(seed, chains, options.clone());
        let l1 = l1_block(seed, None, 0);
        let author = Author::new(seed, &options, &chains, &anchors);
        let derived = anchors.iter().map(|anchor| anchor.derived.number).collect();
        let mut past = Past {
            rng: Rng::new(seed).stream("history"),
            seed,
            options: &options,
            author,
            l1: alloc::vec![(l1, derived)],
            branch: 0,
            finalized: FIRST_L1,
            steps: Vec::new(),
        };
        let seconds = blocks.saturating_mul(chains.first().map_or(1, |it| it.1.block_time));
        for second in 1..=seconds {
            past.second(second, false);
        }
        let quiet_from = past.steps.len();
        past.author.hush();
        for second in seconds + 1..=seconds + options.tail {
            past.second(second, true);
        }
        past.finish();
        let steps = past.steps;
        Self { seed, options, chains, anchors, steps, quiet_from }
    }

    /// A cluster of `chains` chains at their anchors, with which nothing happens
    /// [yet](Self::then): all at the same time, the chain at place n with the id 10 (n + 1), as far
    /// as that has 64 bits, and an anchor of number 100 (n + 1).
    #[must_use]
    pub fn anchored(seed: u64, chains: usize, options: Options) -> Self {
        let times = options.block_times.into_iter().cycle();
        let chains: Vec<_> = (1..=chains as u64)
            .zip(times)
            .map(|(at, block_time)| {
                let config = ChainConfig { activation: 0, block_time: block_time.max(1) };
                (chain_id(at), config)
            })
            .collect();
        let l1 = l1_block(seed, None, 0);
        let anchors = (1..).zip(&chains).map(|(at, (id, _))| DerivedRefPair {
            source: l1,
            derived: BlockRef {
                hash: hash(&[&seed.to_be_bytes(), &id.0]),
                number: 100 * at,
                parent_hash: Hash::ZERO,
                timestamp: GENESIS,
            },
        });
        let anchors: Vec<_> = anchors.collect();
        Self { seed, options, chains, anchors, steps: Vec::new(), quiet_from: 0 }
    }

    /// With these steps instead, and nobody who does wrong.
    #[must_use]
    pub fn then(self, steps: Vec<Step>) -> Self {
        Self { steps, quiet_from: 0, ..self }
    }

    /// The configuration of a Supervisor for this cluster.
    #[must_use]
    pub fn config(&self) -> Config {
        let chains: BTreeMap<_, _> = self.chains.iter().copied().collect();
        Config::new(chains, ExpiryWindow(self.options.expiry_window))
    }

    /// The ids of the chains, by their place.
    pub fn chain_ids(&self) -> impl Iterator<Item = ChainId> + '_ {
        self.chains.iter().map(|(id, _)| *id)
    }

    /// Where each chain starts, by its place.
    #[must_use]
    pub fn anchors(&self) -> &[DerivedRefPair] {
        &self.anchors
    }

    /// What happens, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What it was made with.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }
}

/// Every fourth chain has an id beyond 64 bits.
fn chain_id(at: u64) -> ChainId {
    let mut id = ChainId::from(10 * at);
    if at % 4 == 0 {
        if let Some(high) = id.0.first_mut() {
            *high = 1;
        }
    }
    id
}

/// The layer-one block after `parent`; those of different branches differ.
pub(super) fn l1_block(seed: u64, parent: Option<BlockRef>, branch: u64) -> BlockRef {
    let number = parent.map_or(FIRST_L1, |parent| parent.number.saturating_add(1));
    let parent_hash = parent.map(|parent| parent.hash).unwrap_or_default();
    let parts: [&[u8]; 4] = [b"l1", &seed.to_be_bytes(), &parent_hash.0, &branch.to_be_bytes()];
    let timestamp = GENESIS.saturating_add(12 * number.saturating_sub(FIRST_L1));
    BlockRef { hash: hash(&parts), number, parent_hash, timestamp }
}

/// A history while it is made.
struct Past<'a> {
    rng: Rng,
    seed: u64,
    options: &'a Options,
    author: Author,
    /// Layer-one blocks with the last block of each chain derived from them.
    l1: Vec<(BlockRef, Vec<u64>)>,
    branch: u64,
    finalized: u64,
    steps: Vec<Step>,
}

impl Past<'_> {
    fn second(&mut self, second: u64, quiet: bool) {
        let now = GENESIS.saturating_add(second);
        for chain in 0..self.author.chains() {
            while self.author.is_behind(chain, now) {
                let body = self.author.build(chain);
                self.steps.push(Step::Build { chain, body });
            }
            if !quiet && self.rng.chance(self.options.unsafe_reorgs) {
                self.reorganise(chain);
            }
        }
        // About every four seconds, so that there is more than one for some blocks.
        if self.rng.below(4) != 0 {
            return;
        }
        self.grow(true);
        if !quiet && self.rng.chance(self.options.l1_reorgs) {
            self.reorganise_l1();
        }
        if self.rng.chance(self.options.finality) {
            let tip = self.l1.last().map_or(0, |(tip, _)| tip.number);
            self.finalize(tip.saturating_sub(3));
        }
    }

    fn derived(&self, chain: usize) -> u64 {
        self.l1.last().and_then(|(_, derived)| derived.get(chain)).copied().unwrap_or(0)
    }

    fn reorganise(&mut self, chain: usize) {
        let (derived, head) = (self.derived(chain), self.author.head(chain));
        if derived < head {
            let keep = self.rng.between(derived, head - 1);
            let fewer = self.rng.below(2);
            let replan = self.author.replan(chain, keep, head.saturating_sub(fewer));
            self.steps.push(Step::Reorganise(replan));
        }
    }

    fn grow(&mut self, told: bool) {
        let Some((tip, before)) = self.l1.last() else { return };
        let block = l1_block(self.seed, Some(*tip), self.branch);
        let heads = before.iter().enumerate().map(|(at, derived)| (*derived, self.author.head(at)));
        let rng = &mut self.rng;
        let derived: Vec<_> = heads
            .map(|(derived, head)| match rng.below(3) {
                0 => derived.max(head.saturating_sub(6)),
                _ => rng.between(derived.max(head.saturating_sub(6)), head),
            })
            .collect();
        self.l1.push((block, derived.clone()));
        self.steps.push(Step::L1 { block, derived, told });
    }

    fn reorganise_l1(&mut self) {
        let Some((tip, _)) = self.l1.last() else { return };
        let lowest = self.finalized.max(tip.number.saturating_sub(4));
        if lowest >= tip.number {
            return;
        }
        let keep = self.rng.between(lowest, tip.number - 1);
        let lost = tip.number - keep;
        self.l1.retain(|(block, _)| block.number <= keep);
        self.branch += 1;
        let mut chains = Vec::new();
        for chain in 0..self.author.chains() {
            let (derived, head) = (self.derived(chain), self.author.head(chain));
            if derived < head && self.rng.below(2) == 0 {
                chains.push(self.author.replan(chain, derived, head));
            }
        }
        self.steps.push(Step::ReorganiseL1 { keep, chains });
        for more in 0..=lost {
            let told = more == lost || self.rng.below(2) == 0;
            self.grow(told);
        }
    }

    fn finalize(&mut self, number: u64) {
        if number > self.finalized {
            self.finalized = number;
            self.steps.push(Step::Finalize { number });
        }
    }

    /// Everything there is is derived, and some layer-one blocks follow.
    fn finish(&mut self) {
        let heads: Vec<_> = (0..self.author.chains()).map(|at| self.author.head(at)).collect();
        for _ in 0..4 {
            let Some((tip, _)) = self.l1.last() else { return };
            let block = l1_block(self.seed, Some(*tip), self.branch);
            self.l1.push((block, heads.clone()));
            self.steps.push(Step::L1 { block, derived: heads.clone(), told: true });
        }
        let tip = self.l1.last().map_or(0, |(tip, _)| tip.number);
        self.finalize(tip.saturating_sub(2));
    }
}
