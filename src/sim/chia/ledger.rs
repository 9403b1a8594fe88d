//! The chain of a full node, in memory.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::stand_in;
use crate::codec::chia::{
    Body, Bytes32, Challenge, FullBlock, HeaderHash, ProofOfSpace, ProofOfTime, Shape,
};
use crate::codec::streamable::{RustCryptoSha256, Streamable};
use crate::state::chia::{Added, Chain, Difficulty, MAX_TIPS, Tip, Weighed, iterations};

/// What blocks have to keep.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Consensus {
    /// What each block adds to the weight.
    pub difficulty: u64,
    /// Iterations a second.
    pub ips: u64,
    /// Seconds that any block takes.
    pub min_block_time: u64,
    /// k of every plot that blocks are made with.
    pub plot_size: u8,
    /// Bytes of the witness of a proof of time that is made.
    pub witness: usize,
    /// What is done about proofs and signatures.
    pub proofs: Proofs,
}

/// What a ledger does about proofs and signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "looked at or not")]
pub enum Proofs {
    /// They are stand-ins, and have to be right; difficulty and iterations too.
    StandIns,
    /// They are real, and believed.
    Unchecked,
}

impl Default for Consensus {
    /// A block each ten seconds or a little more, as small as real ones were.
    fn default() -> Self {
        Self {
            difficulty: 5,
            ips: 1_000,
            min_block_time: 10,
            plot_size: 20,
            witness: 934,
            proofs: Proofs::StandIns,
        }
    }
}

impl Consensus {
    /// Iterations that a proof needs; `None`: it is none, or needs too many.
    #[must_use]
    pub fn iterations_of(&self, proof: &ProofOfSpace) -> Option<u64> {
        self.iterations(stand_in::quality(proof)?, proof.size)
    }

    /// Iterations that a quality needs; `None`: too many.
    #[must_use]
    pub fn iterations(&self, quality: Bytes32, plot_size: u8) -> Option<u64> {
        let Self { difficulty, ips, min_block_time, .. } = *self;
        iterations(quality, Difficulty { plot_size, difficulty, ips, min_block_time })
    }

    /// The quality of a proof; `None`: it is none. Of a real one, which is believed, it is the
    /// hash.
    #[must_use]
    pub fn quality(&self, proof: &ProofOfSpace) -> Option<Bytes32> {
        match self.proofs {
            Proofs::StandIns => stand_in::quality(proof),
            Proofs::Unchecked => Some(Bytes32(proof.get_hash::<RustCryptoSha256>())),
        }
    }

    /// True if this proves its iterations.
    #[must_use]
    pub fn is_proof_of_time(&self, proof: &ProofOfTime) -> bool {
        self.proofs == Proofs::Unchecked || stand_in::is_proof_of_time(proof)
    }
}

/// A chain with its branches.
///
/// Of what a block says it checks what binds it to its parent and its own parts to each other, and
/// the [`Proofs`] if they are stand-ins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    consensus: Consensus,
    genesis: HeaderHash,
    blocks: BTreeMap<HeaderHash, Arc<FullBlock>>,
    bodies: BTreeMap<Bytes32, HeaderHash>,
    /// The header hashes of the heaviest branch, by height.
    heaviest: Vec<HeaderHash>,
    /// Heaviest first.
    tips: Vec<Tip>,
}

impl Ledger {
    /// A chain of its first block, which is believed.
    #[must_use]
    pub fn new(consensus: Consensus, genesis: FullBlock) -> Self {
        let mut ledger = Self {
            consensus,
            genesis: genesis.header_hash::<RustCryptoSha256>(),
            blocks: BTreeMap::new(),
            bodies: BTreeMap::new(),
            heaviest: Vec::new(),
            tips: Vec::new(),
        };
        let tip = ledger.keep(Arc::new(genesis));
        ledger.heaviest.push(tip.header_hash);
        ledger.tips.push(tip);
        ledger
    }

    /// What its blocks have to keep.
    #[must_use]
    pub const fn consensus(&self) -> &Consensus {
        &self.consensus
    }

    /// How many blocks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Never: there is a first block.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Where it stands.
    #[must_use]
    pub fn chain(&self) -> Chain {
        let (lca, lca_height) = self.common_ancestor();
        let ips = self.consensus.ips;
        Chain { genesis: self.genesis, tips: self.tips.clone(), lca, lca_height, ips }
    }

    /// The header hash of the heaviest branch at a height.
    #[must_use]
    pub fn header_hash_at(&self, height: u32) -> Option<HeaderHash> {
        self.heaviest.get(height as usize).copied()
    }

    /// The block with this header hash.
    #[must_use]
    pub fn block(&self, hash: HeaderHash) -> Option<&Arc<FullBlock>> {
        self.blocks.get(&hash)
    }

    /// The body with this hash.
    #[must_use]
    pub fn body(&self, hash: Bytes32) -> Option<&Body> {
        Some(&self.block(*self.bodies.get(&hash)?)?.body)
    }

    /// The header hashes from the first block to this one.
    #[must_use]
    pub fn hashes_to(&self, tip: HeaderHash) -> Option<Vec<HeaderHash>> {
        let height = self.block(tip)?.height() as usize;
        if self.heaviest.get(height) == Some(&tip) {
            return Some(self.heaviest.iter().take(height.saturating_add(1)).copied().collect());
        }
        let mut hashes: Vec<_> = self.branch(tip).collect();
        hashes.reverse();
        Some(hashes)
    }

    /// The ancestor of a block at this height, or the block itself.
    #[must_use]
    pub fn ancestor(&self, of: HeaderHash, height: u32) -> Option<HeaderHash> {
        for hash in self.branch(of) {
            let at = self.block(hash)?.height();
            // From here on down the branch is the heaviest one.
            if self.header_hash_at(at) == Some(hash) {
                return if height <= at { self.header_hash_at(height) } else { None };
            }
            if at <= height {
                return (at == height).then_some(hash);
            }
        }
        None
    }

    /// Takes a block in, if it is good and its parent is there.
    pub fn add(&mut self, block: FullBlock) -> Added {
        let hash = block.header_hash::<RustCryptoSha256>();
        if self.blocks.contains_key(&hash) {
            return Added::AlreadyHave;
        }
        let Some(parent) = self.blocks.get(&block.prev_header_hash()) else {
            return Added::Disconnected;
        };
        if !self.may_follow(parent, &block) {
            return Added::Invalid;
        }
        let tip = self.keep(Arc::new(block));
        let lightest = self.tips.last().map_or(0, |tip| tip.weight);
        if tip.weight <= lightest {
            return Added::Orphan;
        }
        let is_heaviest = self.tips.first().is_none_or(|first| tip.weight > first.weight);
        let place = self.tips.partition_point(|other| other.weight >= tip.weight);
        self.tips.insert(place, tip);
        self.tips.truncate(MAX_TIPS);
        if is_heaviest {
            self.follow(tip.header_hash);
        }
        Added::Tip(Box::new(self.chain()))
    }

    /// The quality and the iterations of an unfinished block; `None`: it is not valid.
    #[must_use]
    pub fn judge_unfinished(&self, block: &FullBlock) -> Option<(Bytes32, u64)> {
        let parent = self.blocks.get(&block.prev_header_hash())?;
        if block.shape() != Shape::Unfinished || !self.is_bound(parent, block) {
            return None;
        }
        let proof = &block.header_block.proof_of_space;
        let quality = self.consensus.quality(proof)?;
        Some((quality, self.consensus.iterations(quality, proof.size)?))
    }

    /// Whether a finished block may follow on this parent.
    fn may_follow(&self, parent: &FullBlock, block: &FullBlock) -> bool {
        let of = &block.header_block;
        let before = parent.header_block.challenge.as_ref();
        before.is_some_and(|before| self.consensus.weigh(before, of) == Weighed::Good)
            && of.height() == Some(block.height())
            && self.is_bound(parent, block)
    }

    /// Whether header, body and proof of space belong together, and to this parent.
    fn is_bound(&self, parent: &FullBlock, block: &FullBlock) -> bool {
        let of = &block.header_block;
        let data = &of.header.data;
        let proof = &of.proof_of_space;
        let follows =
            parent.header_block.challenge.as_ref().map(Challenge::hash::<RustCryptoSha256>);
        follows == Some(proof.challenge_hash)
            && parent.height().checked_add(1) == Some(block.height())
            && data.proof_of_space_hash.0 == proof.get_hash::<RustCryptoSha256>()
            && data.body_hash.0 == block.body.get_hash::<RustCryptoSha256>()
            && (self.consensus.proofs == Proofs::Unchecked || is_signed(block))
    }

    /// Puts a good block among the others; what it is as a tip.
    fn keep(&mut self, block: Arc<FullBlock>) -> Tip {
        let header_hash = block.header_hash::<RustCryptoSha256>();
        let of = &block.header_block;
        let challenge = of.challenge.as_ref();
        let quality = self.consensus.quality(&of.proof_of_space);
        let tip = Tip {
            header_hash,
            height: block.height(),
            weight: block.weight(),
            total_iters: challenge.map_or(0, |challenge| challenge.total_iters),
            challenge_hash: challenge.map_or(Bytes32([0; 32]), Challenge::hash::<RustCryptoSha256>),
            quality: quality.unwrap_or(Bytes32([0; 32])),
            child_difficulty: self.consensus.difficulty,
        };
        self.bodies.insert(of.header.data.body_hash, header_hash);
        self.blocks.insert(header_hash, block);
        tip
    }

    /// Makes this the heaviest branch.
    fn follow(&mut self, tip: HeaderHash) {
        let mut newer = Vec::new();
        for hash in self.branch(tip) {
            let height = self.block(hash).map_or(0, |block| block.height());
            if self.header_hash_at(height) == Some(hash) {
                break;
            }
            newer.push((height, hash));
        }
        if let Some((lowest, _)) = newer.last() {
            self.heaviest.truncate(*lowest as usize);
        }
        self.heaviest.extend(newer.into_iter().rev().map(|(_, hash)| hash));
    }

    /// A block and its ancestors, down to the first.
    fn branch(&self, tip: HeaderHash) -> impl Iterator<Item = HeaderHash> + '_ {
        let mut next = self.blocks.contains_key(&tip).then_some(tip);
        core::iter::from_fn(move || {
            let this = next?;
            let parent = self.blocks.get(&this)?.prev_header_hash();
            next = self.blocks.contains_key(&parent).then_some(parent);
            Some(this)
        })
    }

    /// The highest block that all tips descend from, and its height.
    fn common_ancestor(&self) -> (HeaderHash, u32) {
        let height = |hash: HeaderHash| self.block(hash).map_or(0, |block| block.height());
        let mut tips = self.tips.iter().map(|tip| tip.header_hash);
        let first = tips.next().unwrap_or(self.genesis);
        let common = tips.fold(first, |mut one, mut other| {
            while one != other {
                let lower = if height(one) > height(other) { &mut one } else { &mut other };
                let Some(block) = self.block(*lower) else { return self.genesis };
                *lower = block.prev_header_hash();
            }
            one
        });
        (common, height(common))
    }
}

/// True if the pool signed the coinbase and the plot the header.
fn is_signed(block: &FullBlock) -> bool {
    let FullBlock { header_block, body } = block;
    let proof = &header_block.proof_of_space;
    let data = header_block.header.data.hash::<RustCryptoSha256>();
    let coinbase = body.coinbase.to_bytes();
    stand_in::is_signed(proof.pool_pubkey, &coinbase, &body.coinbase_signature)
        && stand_in::is_signed(proof.plot_pubkey, &data.0, &header_block.header.harvester_signature)
}
