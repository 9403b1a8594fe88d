//! What the trace tells of plots, keys, chain and pool, which answers all questions.

use std::collections::BTreeMap;

use nodewire::AskId;
use nodewire::codec::chia::messages::{
    RequestHeaderHash, RespondHeaderSignature, RespondPartialProof, RespondProofOfSpace,
    UnfinishedBlock,
};
use nodewire::codec::chia::{
    Blob, Bytes32, FullBlock, Message, PrependSignature, ProofOfSpace, PublicKey, SignedCoinbase,
};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::state::chia::{
    Added, Candidate, Chain, Difficulty, FarmerCommand, FarmerQuery, FullNodeCommand,
    FullNodeQuery, HarvesterCommand, HarvesterQuery, Plot, PlotId, Proven, Tip, iterations,
};
use serde_json::Value;

use super::{Said, unhex};

/// What the trace tells of plots, keys, chain and pool: the answers to all questions.
pub struct World {
    pub pools: Vec<PublicKey>,
    pub farmer_target_hash: Bytes32,
    pub fees_target: Bytes32,
    /// A plot for each quality, in the order of answers to its challenge.
    qualities: Vec<(Bytes32, Bytes32, u8)>,
    proofs: BTreeMap<Bytes32, ProofOfSpace>,
    signatures: BTreeMap<(Bytes32, Bytes32), PrependSignature>,
    coinbases: BTreeMap<u32, SignedCoinbase>,
    /// Unfinished blocks by their proof of space.
    blocks: BTreeMap<Vec<u8>, FullBlock>,
    pub chain: Chain,
}

/// The constants of the chain that the vectors were made with.
const DIFFICULTY: u64 = 5;
const IPS: u64 = 5_000;
pub const MIN_BLOCK_TIME: u64 = 2;

impl World {
    pub fn of(trace: &[Said], main: &Value) -> Self {
        let mut world = Self {
            pools: Vec::new(),
            farmer_target_hash: Bytes32([0; 32]),
            fees_target: Bytes32([0; 32]),
            qualities: Vec::new(),
            proofs: BTreeMap::new(),
            signatures: BTreeMap::new(),
            coinbases: BTreeMap::new(),
            blocks: BTreeMap::new(),
            chain: chain_at_12(main),
        };
        let mut signing = BTreeMap::new();
        for said in trace {
            match said.message() {
                Message::HarvesterHandshake(it) => world.pools = it.pool_pubkeys,
                Message::ChallengeResponse(it) => {
                    world.qualities.push((it.challenge_hash, it.quality, it.plot_size));
                }
                Message::RespondProofOfSpace(it) => {
                    let RespondProofOfSpace { quality, proof } = *it;
                    world.proofs.insert(quality, proof);
                }
                Message::RequestPartialProof(it) => {
                    world.farmer_target_hash = it.farmer_target_hash;
                }
                Message::RespondPartialProof(it) => {
                    let RespondPartialProof { quality, farmer_target_signature } = *it;
                    let signed = (quality, world.farmer_target_hash);
                    world.signatures.insert(signed, farmer_target_signature);
                }
                Message::RequestHeaderSignature(it) => {
                    signing.insert(it.quality, Bytes32(it.header_hash.0));
                }
                Message::RespondHeaderSignature(it) => {
                    let RespondHeaderSignature { quality, header_hash_signature } = *it;
                    world.signatures.insert((quality, signing[&quality]), header_hash_signature);
                }
                Message::RequestHeaderHash(it) => {
                    let RequestHeaderHash { coinbase, coinbase_signature, .. } = *it;
                    world.fees_target = it.fees_target_puzzle_hash;
                    let signed = SignedCoinbase { coinbase, coinbase_signature };
                    world.coinbases.insert(signed.coinbase.height, signed);
                }
                Message::UnfinishedBlock(it) => {
                    let UnfinishedBlock { block } = *it;
                    let proof = block.header_block.proof_of_space.to_bytes();
                    world.blocks.insert(proof, block);
                }
                _ => {}
            }
        }
        world
    }

    /// The quality of a proof of the trace.
    fn quality(&self, proof: &ProofOfSpace) -> Option<Bytes32> {
        let mut proofs = self.proofs.iter();
        proofs.find(|(_, known)| *known == proof).map(|(quality, _)| *quality)
    }

    pub fn plots(&self) -> Vec<Plot> {
        let plot = |(number, (_, quality, size)): (usize, &(Bytes32, Bytes32, u8))| {
            let plot_pubkey = self.proofs.get(quality).map(|proof| proof.plot_pubkey);
            Plot {
                id: PlotId(u32::try_from(number).unwrap()),
                pool_pubkey: self.pools[0],
                plot_pubkey: plot_pubkey.unwrap_or(self.pools[0]),
                size: *size,
            }
        };
        self.qualities.iter().enumerate().map(plot).collect()
    }

    pub fn harvester(&self, id: AskId, query: HarvesterQuery) -> HarvesterCommand {
        let of = |plot: PlotId| self.qualities[plot.0 as usize];
        match query {
            HarvesterQuery::LookupQualities { plot, challenge_hash } => {
                let (challenge, quality, _) = of(plot);
                let found = (challenge == challenge_hash).then(|| Blob(quality.0.to_vec().into()));
                HarvesterCommand::Qualities(id, Some(found.into_iter().collect()))
            }
            HarvesterQuery::FetchProof { plot, .. } => {
                HarvesterCommand::Proof(id, Some(self.proofs[&of(plot).1].proof.clone()))
            }
            HarvesterQuery::Sign { plot, hash } => {
                HarvesterCommand::Signature(id, Some(self.signatures[&(of(plot).1, hash)]))
            }
        }
    }

    pub fn farmer(&self, id: AskId, query: FarmerQuery) -> FarmerCommand {
        match query {
            FarmerQuery::GetCoinbase { height } => {
                FarmerCommand::Coinbase(id, self.coinbases.get(&height).cloned().map(Box::new))
            }
            FarmerQuery::VerifyProof(proof) => FarmerCommand::Quality(id, self.quality(&proof)),
            FarmerQuery::VerifySignature(_) => FarmerCommand::Verdict(id, true),
        }
    }

    pub fn full_node(&mut self, id: AskId, query: FullNodeQuery) -> FullNodeCommand {
        match query {
            FullNodeQuery::VerifyProofOfSpace(proof) => {
                FullNodeCommand::Quality(id, self.quality(&proof))
            }
            FullNodeQuery::VerifyCoinbase(_) | FullNodeQuery::VerifySignature(_) => {
                FullNodeCommand::Verdict(id, true)
            }
            FullNodeQuery::BuildCandidate(wanted) => {
                let FullBlock { header_block, body } =
                    self.blocks[&wanted.request.proof_of_space.to_bytes()].clone();
                let candidate = Candidate { body, header_data: header_block.header.data };
                FullNodeCommand::Candidate(id, Some(Box::new(candidate)))
            }
            FullNodeQuery::ValidateUnfinished(block) => {
                let proof = &block.header_block.proof_of_space;
                let quality = self.quality(proof).unwrap();
                let of = Difficulty {
                    plot_size: proof.size,
                    difficulty: DIFFICULTY,
                    ips: IPS,
                    min_block_time: MIN_BLOCK_TIME,
                };
                let iterations = iterations(quality, of).unwrap();
                FullNodeCommand::Validated(id, Some(Proven { quality, iterations }))
            }
            FullNodeQuery::AddBlock(block) => {
                let quality = self.quality(&block.header_block.proof_of_space).unwrap();
                self.chain.tips.insert(0, tip(&block, quality));
                self.chain.tips.truncate(3);
                FullNodeCommand::Added(id, Added::Tip(Box::new(self.chain.clone())))
            }
            other => panic!("{other:?}"),
        }
    }
}

fn tip(block: &FullBlock, quality: Bytes32) -> Tip {
    let challenge = block.header_block.challenge.as_ref().unwrap();
    Tip {
        header_hash: block.header_hash::<RustCryptoSha256>(),
        height: challenge.height,
        weight: challenge.total_weight,
        total_iters: challenge.total_iters,
        challenge_hash: challenge.hash::<RustCryptoSha256>(),
        quality,
        child_difficulty: DIFFICULTY,
    }
}

/// The chain of the vectors, whose tips are its blocks of height 12, 11 and 10.
fn chain_at_12(main: &Value) -> Chain {
    let at = |height: usize| {
        let entry = &main[height];
        assert_eq!(entry["height"], height);
        let block = FullBlock::from_bytes(&unhex(&entry["block"])).unwrap();
        tip(&block, Bytes32(unhex(&entry["quality"]).try_into().unwrap()))
    };
    let (genesis, lca) = (at(0).header_hash, at(10).header_hash);
    Chain { genesis, tips: vec![at(12), at(11), at(10)], lca, lca_height: 10, ips: IPS }
}
