//! What is true of a cluster after each step: layer one, what is derived from it, every chain with
//! the blocks that were replaced.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::history::{Body, Cluster, Step};
use super::made::{hash, output_of};
use crate::codec::supervisor::{BlockId, BlockRef, BlockReplacement, ChainId, Hash, Log, Seal};
use crate::state::supervisor::Outputs;

/// What is true now. Whoever is asked, a node or layer one, answers from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Truth {
    seed: u64,
    chains: Vec<Chain>,
    /// Layer-one blocks with the last block of each chain derived from them.
    l1: Vec<(BlockRef, Vec<u64>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Chain {
    id: ChainId,
    block_time: u64,
    /// What the blocks after the anchor's are made of.
    bodies: Vec<Body>,
    replaced: BTreeMap<u64, Replaced>,
    /// From the anchor's on.
    blocks: Vec<BlockRef>,
    /// The logs of every block there ever was.
    logs: BTreeMap<Hash, Arc<[Log]>>,
}

/// An invalidated block in whose place there is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Replaced {
    invalid: BlockRef,
    /// The number of the layer-one block at which the replacement is safe; what follows it is
    /// derived from there on. Unknown until the Supervisor tells it.
    since: Option<u64>,
}

/// From where a block is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From this layer-one block.
    Known(u64),
    /// It is not to be had yet.
    Later,
    /// Nobody knows before the Supervisor tells at which layer-one block a replacement is safe.
    Awaited,
}

impl Truth {
    /// What is true at the anchors.
    #[must_use]
    pub fn new(cluster: &Cluster) -> Self {
        let chains =
            cluster.chains.iter().zip(&cluster.anchors).map(|((id, config), anchor)| Chain {
                id: *id,
                block_time: config.block_time,
                bodies: Vec::new(),
                replaced: BTreeMap::new(),
                blocks: alloc::vec![anchor.derived],
                logs: BTreeMap::new(),
            });
        let derived = cluster.anchors.iter().map(|anchor| anchor.derived.number).collect();
        let first = cluster.anchors.first().map(|anchor| anchor.source);
        let l1 = first.map(|first| (first, derived)).into_iter().collect();
        Self { seed: cluster.seed, chains: chains.collect(), l1 }
    }

    /// What a step makes true.
    pub fn apply(&mut self, step: &Step) {
        let seed = self.seed;
        match step {
            Step::Build { chain, body } => {
                if let Some(chain) = self.chains.get_mut(*chain) {
                    chain.bodies.push(body.clone());
                    chain.build(seed);
                }
            }
            Step::Reorganise(replan) => {
                if let Some(chain) = self.chains.get_mut(replan.chain) {
                    chain.replan(seed, replan.keep, &replan.bodies);
                }
            }
            Step::L1 { block, derived, .. } => self.l1.push((*block, derived.clone())),
            Step::ReorganiseL1 { keep, chains } => {
                self.l1.retain(|(block, _)| block.number <= *keep);
                for chain in &mut self.chains {
                    // What was replaced by layer-one blocks that are gone is derived anew.
                    chain.forget(seed, |_, it| it.since.is_none_or(|since| since > *keep));
                }
                for replan in chains {
                    if let Some(chain) = self.chains.get_mut(replan.chain) {
                        chain.replan(seed, replan.keep, &replan.bodies);
                    }
                }
            }
            Step::Finalize { .. } => {}
        }
    }

    /// The ids of the chains, by their place.
    pub fn chain_ids(&self) -> impl Iterator<Item = ChainId> + '_ {
        self.chains.iter().map(|chain| chain.id)
    }

    /// A chain's place.
    #[must_use]
    pub fn place(&self, chain_id: ChainId) -> Option<usize> {
        self.chains.iter().position(|chain| chain.id == chain_id)
    }

    /// The newest layer-one block.
    #[must_use]
    pub fn tip(&self) -> Option<BlockRef> {
        self.l1.last().map(|(block, _)| *block)
    }

    /// The layer-one block of a number.
    #[must_use]
    pub fn l1(&self, number: u64) -> Option<BlockRef> {
        self.l1_at(number).map(|(block, _)| *block)
    }

    fn l1_at(&self, number: u64) -> Option<&(BlockRef, Vec<u64>)> {
        let first = self.l1.first()?.0.number;
        self.l1.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// The newest block of the chain at this place.
    #[must_use]
    pub fn head(&self, chain: usize) -> Option<BlockRef> {
        self.chains.get(chain)?.blocks.last().copied()
    }

    /// The blocks of the chain at this place, from the anchor's on.
    #[must_use]
    pub fn blocks(&self, chain: usize) -> &[BlockRef] {
        self.chains.get(chain).map_or(&[], |chain| &chain.blocks)
    }

    /// A block of the chain at this place.
    #[must_use]
    pub fn block(&self, chain: usize, number: u64) -> Option<BlockRef> {
        self.chains.get(chain)?.block(number)
    }

    /// The logs of a block, also of one that is there no more.
    #[must_use]
    pub fn logs(&self, chain: usize, hash: Hash) -> Option<&[Log]> {
        self.chains.get(chain)?.logs.get(&hash).map(|logs| &**logs)
    }

    /// The block that was replaced by the one of this number.
    #[must_use]
    pub fn replaced(&self, chain: usize, number: u64) -> Option<BlockRef> {
        self.chains.get(chain)?.replaced.get(&number).map(|replaced| replaced.invalid)
    }

    /// The outputs of a chain's last block up to a time.
    #[must_use]
    pub fn outputs(&self, chain: usize, timestamp: u64) -> Option<Outputs> {
        let chain = self.chains.get(chain)?;
        let block = chain.blocks.iter().rev().find(|block| block.timestamp <= timestamp)?;
        let pending = chain.replaced.get(&block.number).map_or(*block, |it| it.invalid);
        Some(Outputs { canonical: output_of(block), pending: output_of(&pending) })
    }

    /// From where a block is derived.
    pub(super) fn source(&self, chain: usize, number: u64) -> Source {
        let Some(of) = self.chains.get(chain) else { return Source::Later };
        let first = self
            .l1
            .partition_point(|(_, derived)| derived.get(chain).is_none_or(|last| *last < number));
        let Some((planned, _)) = self.l1.get(first) else { return Source::Later };
        let mut number_of = planned.number;
        for replaced in of.replaced.range(..=number).map(|(_, replaced)| replaced) {
            match replaced.since {
                Some(since) => number_of = number_of.max(since),
                None => return Source::Awaited,
            }
        }
        if self.l1(number_of).is_some() { Source::Known(number_of) } else { Source::Later }
    }

    /// What is in the place of an invalidated block, made now or before.
    pub(super) fn replace(&mut self, chain: usize, seal: Seal) -> Option<BlockReplacement> {
        let seed = self.seed;
        let chain = self.chains.get_mut(chain)?;
        let there = chain.block(seal.number)?;
        if chain.replaced.get(&seal.number).is_some_and(|it| it.invalid.hash == seal.hash) {
            return Some(BlockReplacement { replacement: there, invalidated: seal.hash });
        }
        // The anchor's block is never replaced.
        if there.seal() != seal || chain.blocks.first() == Some(&there) {
            return None;
        }
        chain.replaced.insert(seal.number, Replaced { invalid: there, since: None });
        chain.cut(seal.number);
        chain.build(seed);
        let replacement = chain.block(seal.number)?;
        Some(BlockReplacement { replacement, invalidated: seal.hash })
    }

    /// A node is reset: what it derives after `number` it derives as if nothing that is not safe yet
    /// had been replaced.
    pub(super) fn derive_anew(&mut self, chain: usize, number: u64) {
        let seed = self.seed;
        if let Some(chain) = self.chains.get_mut(chain) {
            chain.forget(seed, |at, replaced| at > number && replaced.since.is_none());
        }
    }

    /// Takes in that a replacement is safe at a layer-one block, if that was not known.
    pub(super) fn settle(&mut self, chain: usize, derived: BlockId, source: BlockId) -> bool {
        if self.l1(source.number).is_none_or(|block| block.id() != source) {
            return false;
        }
        let Some(chain) = self.chains.get_mut(chain) else { return false };
        if chain.block(derived.number).is_none_or(|block| block.id() != derived) {
            return false;
        }
        match chain.replaced.get_mut(&derived.number) {
            Some(replaced @ Replaced { since: None, .. }) => {
                replaced.since = Some(source.number);
                true
            }
            _ => false,
        }
    }
}

impl Chain {
    fn block(&self, number: u64) -> Option<BlockRef> {
        let first = self.blocks.first()?.number;
        self.blocks.get(usize::try_from(number.checked_sub(first)?).ok()?).copied()
    }

    /// Drops the blocks from `number` on.
    fn cut(&mut self, number: u64) {
        self.blocks.retain(|block| block.number < number);
    }

    /// Builds what is missing.
    fn build(&mut self, seed: u64) {
        while let Some(body) = self.bodies.get(self.blocks.len().saturating_sub(1)) {
            let Some(parent) = self.blocks.last().copied() else { return };
            let number = parent.number + 1;
            let replaced = self.replaced.contains_key(&number);
            let hash = hash(&[
                &seed.to_be_bytes(),
                &self.id.0,
                &number.to_be_bytes(),
                &parent.hash.0,
                &body.branch.to_be_bytes(),
                &[u8::from(replaced)],
            ]);
            let timestamp = parent.timestamp.saturating_add(self.block_time);
            let block = BlockRef { hash, number, parent_hash: parent.hash, timestamp };
            let logs = match body.logs.get(..body.deposits) {
                Some(deposits) if replaced => deposits.into(),
                _ => body.logs.clone(),
            };
            self.logs.insert(hash, logs);
            self.blocks.push(block);
        }
    }

    fn replan(&mut self, seed: u64, keep: u64, bodies: &[Body]) {
        self.replaced.split_off(&keep.saturating_add(1));
        self.cut(keep.saturating_add(1));
        self.bodies.truncate(self.blocks.len().saturating_sub(1));
        self.bodies.extend(bodies.iter().cloned());
        self.build(seed);
    }

    /// What was replaced is there again, from the first of these on.
    fn forget(&mut self, seed: u64, gone: impl Fn(u64, &Replaced) -> bool) {
        let mut replaced = self.replaced.iter();
        let first = replaced.find(|(number, it)| gone(**number, it)).map(|(number, _)| *number);
        if let Some(first) = first {
            self.replaced.split_off(&first);
            self.cut(first);
            self.build(seed);
        }
    }
}
