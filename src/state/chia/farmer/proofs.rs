//! From a quality to its proof, and what is asked for when the proof is good (F-4, F-5).

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::qualities::{Held, Progress, Quality};
use super::{Asked, Farmer, FarmerQuery, Kept};
use crate::codec::chia::messages::{
    ChallengeResponse, RequestHeaderHash, RequestPartialProof, RequestProofOfSpace,
    RespondProofOfSpace,
};
use crate::codec::chia::{Bytes32, NodeType, ProofOfSpace};
use crate::codec::streamable::{Sha256, Streamable};
use crate::machine::Out;
use crate::state::chia::iterations::{Difficulty, iterations};
use crate::state::chia::role::{ConnectionId, Delivery};
use crate::state::chia::rules;

/// Below this height only the best quality of a challenge is followed (F-4).
const FAIR_START: u32 = 1_000;

impl<H: Sha256> Farmer<H> {
    /// A harvester found a quality: is it good enough to be asked for (F-4)?
    pub(super) fn quality(
        &mut self,
        from: ConnectionId,
        it: &ChallengeResponse,
        out: &mut Out<Self>,
    ) -> Kept {
        let ChallengeResponse { challenge_hash, quality, plot_size } = *it;
        if !(1..=63).contains(&plot_size) {
            return Err(&rules::PLOT_SIZE);
        }
        let Some(challenge) = self.challenges.get(challenge_hash).copied() else { return Ok(()) };
        if self.qualities.get(quality).is_some() {
            return Ok(());
        }
        let of = Difficulty {
            plot_size,
            difficulty: challenge.difficulty,
            ips: self.ips,
            min_block_time: self.config.min_block_time,
        };
        let Some(iterations) = iterations(quality, of) else { return Ok(()) };
        let improves = self.challenges.improves(challenge_hash, iterations);
        if challenge.height < FAIR_START && !improves {
            return Ok(());
        }
        if self.counts_for_pool(iterations) || self.becomes_block(iterations) {
            let progress = Progress::ProofRequested;
            let followed = Quality {
                challenge_hash,
                plot_size,
                iterations,
                harvester: from,
                pos_hash: None,
                progress,
            };
            self.qualities.follow(quality, followed, self.config.limits.max_qualities);
            out.send(Delivery::To(from, RequestProofOfSpace { quality }.into()));
        }
        Ok(())
    }

    fn counts_for_pool(&self, iterations: u64) -> bool {
        self.takes_less_than(iterations, self.config.pool_share_threshold)
    }

    fn becomes_block(&self, iterations: u64) -> bool {
        self.takes_less_than(iterations, self.config.propagate_threshold)
    }

    fn takes_less_than(&self, iterations: u64, seconds: u64) -> bool {
        u128::from(iterations) < u128::from(self.ips).saturating_mul(u128::from(seconds))
    }

    /// The proof of a quality that was asked for (F-5).
    pub(super) fn proof(
        &mut self,
        from: ConnectionId,
        it: RespondProofOfSpace,
        out: &mut Out<Self>,
    ) -> Kept {
        let RespondProofOfSpace { quality, proof } = it;
        let Some(asked) = self.qualities.get_mut(quality) else { return Ok(()) };
        if asked.harvester != from || asked.progress != Progress::ProofRequested {
            return Ok(());
        }
        let fits = proof.challenge_hash == asked.challenge_hash
            && proof.size == asked.plot_size
            && self.config.pool_public_keys.contains(&proof.pool_pubkey);
        if !fits {
            self.qualities.drop_one(quality);
            return Err(&rules::WRONG_PROOF);
        }
        asked.progress = Progress::Verifying;
        let proof = Box::new(proof);
        if let Ok(id) = self.asks.open(Asked::Proof { quality, proof: proof.clone() }) {
            out.ask(id, FarmerQuery::VerifyProof(proof));
        } else {
            // While saturated nothing is to come; what comes all the same is not followed up.
            self.qualities.drop_one(quality);
        }
        Ok(())
    }

    /// Whether a proof is good, and what follows from it (F-5).
    pub(super) fn verified(
        &mut self,
        quality: Bytes32,
        proof: ProofOfSpace,
        found: Option<Bytes32>,
        out: &mut Out<Self>,
    ) {
        let Some(followed) = self.qualities.get_mut(quality) else { return };
        let Quality { challenge_hash, iterations, harvester, .. } = *followed;
        if found != Some(quality) {
            self.qualities.drop_one(quality);
            out.send(Delivery::Penalise(harvester, &rules::WRONG_PROOF));
            return;
        }
        let (partial, block) = (self.counts_for_pool(iterations), self.becomes_block(iterations));
        let request = block.then(|| self.block_request(challenge_hash, quality, &proof)).flatten();
        if let Some(followed) = self.qualities.get_mut(quality) {
            followed.progress = Progress::ProofHeld(Box::new(Held {
                proof,
                partial_requested: partial,
                header: None,
                signing: VecDeque::new(),
                is_submitted: false,
            }));
        }
        if partial {
            let request = RequestPartialProof { quality, farmer_target_hash: self.target_hash };
            out.send(Delivery::To(harvester, request.into()));
        }
        if let Some((pos_hash, request)) = request {
            self.qualities.name_proof(pos_hash, quality);
            out.send(Delivery::Broadcast(NodeType::FullNode, request.into()));
        }
    }

    /// The request for a block, if its coinbase is at hand and nobody is far ahead.
    fn block_request(
        &self,
        challenge_hash: Bytes32,
        quality: Bytes32,
        proof: &ProofOfSpace,
    ) -> Option<(Bytes32, RequestHeaderHash)> {
        let challenge = self.challenges.get(challenge_hash)?;
        let signed = self.challenges.coinbase(challenge.height.saturating_add(1))?;
        let weight = challenge.weight.saturating_add(challenge.difficulty);
        let better = self.arrivals(weight).filter(|arrived| *arrived > quality).count();
        if self.config.yield_to.is_some_and(|most| better >= most) {
            return None;
        }
        let request = RequestHeaderHash {
            challenge_hash,
            coinbase: signed.coinbase.clone(),
            coinbase_signature: signed.coinbase_signature,
            fees_target_puzzle_hash: self.config.fees_target_puzzle_hash,
            proof_of_space: proof.clone(),
        };
        Some((Bytes32(proof.get_hash::<H>()), request))
    }
}
